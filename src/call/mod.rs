//! A call as one person's browser sees it: the phases they go through, their socket, and one
//! [`Peer`] for every other person. Pure: no browser, clock or randomness in here.
//!
//! Contract: call [`Call::handle`] with an input and the time, then drain [`Call::poll`], then call
//! `handle` with [`Input::Tick`] at [`Call::poll_timeout`] if nothing came before.

mod data_channels;
mod health;
mod ice;
mod input;
mod join;
mod negotiation;
mod peer;
mod quality;
mod repair;
pub mod sdp;
mod seal;
mod signaling;
mod start;
#[cfg(test)]
mod tests;
mod view;
mod waits;

use crate::{
    content::{ChannelInput, Content},
    protocol::{
        ClientMessage, Desk, ErrorCode, HostAction, IceGrant, IceServer, Pass, PeerId, Person,
        Presence, Reaction, Report, RoomName, RoomState, Rules, ServerMessage, Signal, Talk,
    },
};
pub use health::{Arrival, Path, Reading};
use ice::Ice;
pub use ice::PeerConfig;
pub use input::{Command, Input};
pub use negotiation::{Intent, PeerCommand, PeerInput, SignalingState};
pub use peer::{ConnectionState, IceConnectionState, Link, Peer, PeerKey};
pub use quality::Verdict;
use quality::{Pair, verdict};
pub use signaling::Contact;
use signaling::{Socket, Step};
pub use start::Obstacle;
use std::{collections::VecDeque, time::Duration};
pub use view::{Phase, Tile, View};
use waits::Waits;

/// Tells a socket or peer connection from the ones that had its place before. Whatever an older
/// one still reports is ignored.
pub type Generation = u64;

/// How long to wait before an attempt, after so many that failed; the last rung repeats.
fn rung(ladder: &[u64], attempts: usize) -> u64 {
    ladder.get(attempts).or(ladder.last()).copied().unwrap_or_default()
}

/// One person's part in one room.
#[derive(Debug, Default)]
pub struct Call {
    phase: Phase,
    room: Option<RoomName>,
    presence: Presence,
    state: RoomState,
    me: Option<PeerId>,
    /// Whether nothing spoke against entering when Join was pressed.
    expects_seat: bool,
    /// Proves to the server whose seat this is.
    seat: Option<String>,
    /// Whether the seat is used in another tab.
    moved: bool,
    pass: Pass,
    /// The host key to try if that of the pass is refused.
    spare_key: Option<String>,
    /// The proof of the seat that was left, where it may be needed to come in again.
    left_seat: Option<String>,
    /// Why the person is not, or no longer, inside.
    refusal: Option<ErrorCode>,
    rules: Rules,
    /// Whether the person is a host, as far as is known: also while they come back.
    hosting: bool,
    desk: Desk,
    /// Whether the person has asked for a new host key and waits for it.
    renews: bool,
    /// What was done as a host while nobody was there to hear it.
    unsaid: Vec<HostAction>,
    /// To whom the connection was kept when the seat was last asked for.
    kept: Vec<PeerId>,
    /// Since when the seat has been theirs, in time since the Unix epoch.
    came: Option<Duration>,
    /// The network is another one since the seat was last taken.
    elsewhere: bool,
    /// When the last input was handled.
    now: Duration,
    ice: Ice,
    /// Connections of this generation, and of earlier ones, give the address away that is to be
    /// hidden, or take a detour that is not wanted any more.
    outdated: Generation,
    /// In the order they came. Few enough to be searched one by one.
    peers: Vec<Peer>,
    socket: Socket,
    waits: Waits,
    epoch: Duration,
    content: Content,
    /// The sign that this person showed last, and when.
    sign: Option<(Reaction, Duration)>,
    generations: Generation,
    commands: VecDeque<Command>,
}

impl Call {
    /// Somebody who has opened no room yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what happened at `now`, a time since some fixed start that never runs backwards.
    pub fn handle(&mut self, input: Input, now: Duration) {
        self.now = now;
        match input {
            Input::Epoch(epoch) => self.set_clock(epoch),
            Input::Watch(room) => self.watch(room, now),
            Input::Return(seat, since) => (self.seat, self.came) = (Some(seat), Some(since)),
            Input::Recall(messages) => self.content.recall(messages),
            Input::Say(text) => {
                self.content.say(self.presence.name.clone(), text, self.epoch + now);
            }
            Input::File(input) => self.content.handle_file(input),
            Input::Show(sign) => self.show(sign),
            Input::SetPass(pass, spare_key) => self.set_pass(pass, spare_key),
            Input::SetPasscode(passcode) => self.pass.passcode = passcode,
            Input::Host(action) => self.host(action),
            Input::Join => self.join(),
            Input::Leave => self.leave(now),
            Input::SetPresence(presence) => self.set_presence(presence, now),
            Input::Hide(hidden) => self.hide(hidden),
            Input::SocketOpened(generation) => {
                if self.socket.opened(generation, now) {
                    self.greet();
                }
            }
            Input::SocketMessage(generation, message) => {
                if self.socket.heard(generation, message.answers(), now) {
                    self.message(message, now);
                }
            }
            Input::SocketClosed { generation, restarting, jitter } => {
                self.socket.closed(generation, restarting, jitter, now);
            }
            Input::Awake => self.doubt_socket(),
            Input::Hurry => self.socket.abandon(now),
            Input::NetworkChanged => {
                self.elsewhere = true;
                self.socket.abandon(now);
            }
            Input::Seen => {
                let report = self.waits.see(now);
                self.report(report);
            }
            Input::Peer(key, input) => self.peer(key, input),
            Input::Tick => {}
        }
        self.poll_content();
        self.look_after_peers();
        if self.can_speak() && self.ice.step(now) {
            self.send(ClientMessage::Ice);
        }
        if let Some(step) = self.socket.step(now) {
            self.look_after_socket(step);
        }
        self.look_at_the_clock(now);
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// When to call [`Call::handle`] with [`Input::Tick`] at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let speaks = self.can_speak();
        let mending = self.peers.iter().filter(|_| speaks).filter_map(Peer::due);
        let words = self.peers.iter().filter_map(|peer| peer.told(self.now));
        let socket = self.socket.due().into_iter().chain(self.socket.told(self.now));
        let credentials = self.ice.due().filter(|_| speaks);
        let questions = self.content.poll_timeout().map(|due| due.saturating_sub(self.epoch));
        let own = credentials.into_iter().chain(self.waits.due()).chain(questions);
        socket.chain(mending).chain(words).chain(own).min()
    }

    /// A clock that is set back takes nothing of the time inside. One that is set forward is taken for
    /// one that stood while the device slept.
    fn set_clock(&mut self, epoch: Duration) {
        let back = self.epoch.saturating_sub(epoch);
        self.epoch = epoch;
        self.came = self.came.map(|came| came.saturating_sub(back));
        if let Phase::InCall { since } = &mut self.phase {
            *since = since.saturating_sub(back);
        }
    }

    /// What to keep for [`Input::Return`] while the person is in the call, and what the others are
    /// told of them.
    #[must_use]
    pub fn seat(&self) -> Option<(&str, Duration, &Presence)> {
        let inside = matches!(self.phase, Phase::Joining | Phase::InCall { .. });
        let seat = self.seat.as_deref().filter(|_| inside).zip(self.came);
        seat.map(|(seat, since)| (seat, since, &self.presence))
    }

    /// What the person is to see.
    #[must_use]
    pub fn view(&self) -> View {
        View {
            phase: self.phase,
            state: self.state.clone(),
            presence: self.presence.clone(),
            tiles: self.peers.iter().map(|peer| peer.tile(&self.presence, self.now)).collect(),
            inside: match self.phase {
                Phase::InCall { .. } => true,
                Phase::Joining => self.expects_seat,
                Phase::Lobby | Phase::Waiting | Phase::Knocking { .. } | Phase::Left { .. } => {
                    false
                }
            },
            introducing: self.is_introducing(),
            moved: self.moved,
            refusal: self.refusal,
            rules: self.rules.clone(),
            desk: self.desk.clone(),
            hosting: self.hosting,
            has_pass: self.pass.host.is_some()
                || self.pass.invitation.is_some()
                || self.seat.is_some(),
            contact: self.contact(),
            verdict: verdict(&self.pairs()),
            chat: self.content.chat(),
            files: self.content.files(),
            sign: self.sign,
        }
    }

    /// Whether the server has answered all that it was asked.
    #[must_use]
    pub fn server_answers(&self) -> bool {
        self.socket.answers()
    }

    /// How long the server took for its last answer, while it can be reached.
    #[must_use]
    pub fn server_round_trip(&self) -> Option<Duration> {
        self.socket.round_trip()
    }

    /// The servers that connections are made with, and this person's credentials for them. None
    /// before they have a seat.
    #[must_use]
    pub fn ice_servers(&self) -> &[IceServer] {
        &self.ice.config().ice_servers
    }

    fn pairs(&self) -> Vec<Pair> {
        self.peers.iter().map(Peer::pair).collect()
    }

    fn contact(&self) -> Contact {
        let broken = |peer: &Peer| peer.broken().is_some();
        let alone = !self.peers.is_empty() && self.peers.iter().all(broken);
        self.socket.contact(alone, self.now)
    }

    fn is_introducing(&self) -> bool {
        let is_met = |person: &Person| self.peers.iter().any(|peer| peer.key().id == person.id);
        matches!(self.phase, Phase::InCall { .. })
            && (self.me.is_none()
                || self.peers.iter().any(|peer| peer.is_new(self.now))
                || !self.state.people.iter().all(is_met))
    }

    /// What a host does while the server is away is done when it is back.
    fn host(&mut self, action: HostAction) {
        self.renews |= action == HostAction::RenewKey;
        match self.can_speak() {
            true => self.send(ClientMessage::Host(action)),
            false => self.unsaid.push(action),
        }
    }

    fn set_presence(&mut self, presence: Presence, now: Duration) {
        // Who has raised a hand knows their place from the server.
        let hand = presence.hand.map(|hand| self.presence.hand.unwrap_or(hand));
        let presence = Presence { hand, ..presence };
        if presence == self.presence {
            return;
        }
        self.presence = presence.clone();
        self.peers.iter_mut().for_each(|peer| peer.spend(presence.quality, now));
        if matches!(self.phase, Phase::Joining | Phase::Knocking { .. } | Phase::InCall { .. }) {
            self.send(ClientMessage::Presence(presence.clone()));
        }
        // The server may be away, and who is muted there is not played.
        self.content.send_to_all(&Talk::Presence(presence));
    }

    fn hide(&mut self, hidden: bool) {
        if self.ice.hide(hidden) {
            self.outdated = self.generations;
            self.sit_down_anew();
        }
    }

    fn message(&mut self, message: ServerMessage, now: Duration) {
        match message {
            ServerMessage::Room { room, state } => {
                if Some(&room) != self.room.as_ref() {
                    return;
                }
                self.state = state;
                if self.phase == Phase::Waiting && self.state.has_space() {
                    self.ask_to_join();
                }
            }
            ServerMessage::Joined { id, state, ice, seat, rules } => {
                self.hosting = rules.hosts.contains(&id);
                if let Some(key) = self.pass.host.clone().filter(|_| self.hosting) {
                    self.commands.push_back(Command::KeepHostKey(key));
                }
                (self.seat, self.rules) = (seat, rules);
                self.joined(id, state, now);
                self.granted(ice, now);
                self.sit_down_anew();
            }
            ServerMessage::Ready { role, peer, link } => {
                if self.me.is_none() {
                    return;
                }
                let key = PeerKey { id: peer.id, generation: self.next_generation() };
                let mut fresh = Peer::new(key, role, link, peer.presence, now);
                fresh.spend(self.presence.quality, now);
                let place = self.peers.iter_mut().find(|before| before.key().id == peer.id);
                match place {
                    Some(place) => {
                        self.commands.push_back(Command::ClosePeer(place.key()));
                        *place = fresh.succeed(place, now);
                        self.handle_channel(peer.id, ChannelInput::Closed);
                    }
                    None => {
                        self.peers.push(fresh);
                        self.content.came(peer.id);
                    }
                }
                let config = self.ice.config().clone();
                self.commands.push_back(Command::OpenPeer { key, role, config });
                self.with_peer(peer.id, |peer| peer.look(now));
            }
            ServerMessage::Signal { from, link, signal } => {
                // What belongs to a connection that was replaced came too late.
                let meant = |peer: &&Peer| {
                    peer.key().id == from && link.is_none_or(|link| link == peer.link_number())
                };
                let key = self.peers.iter().find(meant).map(Peer::key);
                if let Some(key) = key {
                    self.peer(key, PeerInput::Signal(signal));
                }
            }
            ServerMessage::Presence { from, presence } if Some(from) == self.me => {
                let hand = &mut self.presence.hand;
                *hand = hand.and(presence.hand);
            }
            ServerMessage::Presence { from, presence } => {
                self.with_peer(from, |peer| peer.set_presence(presence, now));
            }
            ServerMessage::Back { peer, presence } => self.with_peer(peer, |peer| {
                peer.set_presence(presence, now);
                peer.repeat();
            }),
            ServerMessage::Waiting { place, hosted, locked } => match self.phase {
                Phase::Joining => {
                    // From here on they wait for a person, not for the server.
                    self.waits = Waits::default();
                    self.phase = Phase::Knocking { since: now, place, hosted, locked };
                }
                Phase::Knocking { since, .. } => {
                    self.phase = Phase::Knocking { since, place, hosted, locked };
                }
                _ => {}
            },
            ServerMessage::Rules(rules) => {
                self.hosting = self.me.is_some_and(|me| rules.hosts.contains(&me));
                self.rules = rules;
            }
            ServerMessage::Desk(desk) => self.desk = desk,
            ServerMessage::HostKey(key) => {
                self.pass.host = Some(key.clone());
                self.commands.push_back(Command::KeepHostKey(key.clone()));
                if std::mem::take(&mut self.renews) {
                    self.commands.push_back(Command::HandOutHostKey(key));
                }
            }
            ServerMessage::Muted(what) => self.commands.push_back(Command::Mute(what)),
            ServerMessage::Pong => {}
            ServerMessage::Ice(grant) => self.granted(grant, now),
            ServerMessage::Left { peer } => {
                self.state.people.retain(|person| person.id != peer);
                self.close_peer(peer);
            }
            ServerMessage::Error { code, .. } => self.refused(code, now),
        }
    }

    fn granted(&mut self, grant: IceGrant, now: Duration) {
        self.ice.granted(grant, now);
        if !self.peers.is_empty() {
            self.commands.push_back(Command::Configure(self.ice.config().clone()));
        }
    }

    fn peer(&mut self, key: PeerKey, input: PeerInput) {
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.key() == key) else { return };
        let input = match input {
            PeerInput::Channel(input) => return self.handle_channel(key.id, input),
            input => input,
        };
        peer.handle(input, self.now);
        let doubtful = peer.doubts();
        self.obey(key);
        if doubtful {
            self.doubt_socket();
        }
    }

    fn can_speak(&self) -> bool {
        self.me.is_some() && self.socket.is_connected()
    }

    /// Mends what is broken and tells the others what arrives of them, while the server relays it.
    fn look_after_peers(&mut self) {
        if !self.can_speak() {
            return;
        }
        let (now, pairs) = (self.now, self.pairs());
        let keys: Vec<_> = self.peers.iter().map(Peer::key).collect();
        for key in keys {
            let Some(peer) = self.peers.iter_mut().find(|peer| peer.key() == key) else { continue };
            let link = peer.link_number();
            let (news, anew) = (peer.news(&pairs, now), peer.step(now));
            // First, for what is said of a connection that was replaced comes too late.
            if let Some(news) = news {
                let (to, signal) = (Some(key.id), Signal::Reception(news));
                self.send(ClientMessage::Signal { to, link: Some(link), signal });
            }
            if anew {
                self.send(ClientMessage::Reconnect { to: key.id, link });
            }
            self.obey(key);
        }
    }

    /// Notes how long the person waits.
    fn look_at_the_clock(&mut self, now: Duration) {
        if matches!(self.phase, Phase::InCall { .. }) && !self.socket.is_connected() {
            self.waits.lose(now);
        }
        let report = self.waits.end(now);
        self.report(report);
    }

    fn report(&mut self, report: Option<Report>) {
        if let Some(report) = report {
            self.send(ClientMessage::Report(report));
        }
    }

    fn look_after_socket(&mut self, step: Step) {
        match step {
            Step::Ask => self.send(ClientMessage::Ping),
            Step::Open => self.open_socket(),
        }
    }

    /// Has the socket prove itself.
    fn doubt_socket(&mut self) {
        if let Some(step) = self.socket.hurry(self.now) {
            self.look_after_socket(step);
        }
    }

    fn with_peer(&mut self, id: PeerId, action: impl FnOnce(&mut Peer)) {
        if let Some(peer) = self.peers.iter_mut().find(|peer| peer.key().id == id) {
            action(peer);
            let key = peer.key();
            self.obey(key);
        }
    }

    /// Carries out what a peer wants done. What it says while nobody is there to relay it is lost,
    /// and that is noted.
    fn obey(&mut self, key: PeerKey) {
        let heard = self.can_speak();
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.key() == key) else { return };
        let link = Some(peer.link_number());
        let commands: Vec<_> = std::iter::from_fn(|| peer.poll()).collect();
        if !heard && commands.iter().any(|command| matches!(command, PeerCommand::Send(_))) {
            peer.lose_words();
        }
        for command in commands {
            match command {
                PeerCommand::Send(signal) if heard => {
                    self.send(ClientMessage::Signal { to: Some(key.id), link, signal });
                }
                PeerCommand::Send(_) => {}
                command => self.commands.push_back(Command::Peer(key, command)),
            }
        }
    }

    fn close_peer(&mut self, id: PeerId) {
        self.content.left(id);
        if let Some(index) = self.peers.iter().position(|peer| peer.key().id == id) {
            let peer = self.peers.remove(index);
            self.commands.push_back(Command::ClosePeer(peer.key()));
        }
    }

    fn close_peers(&mut self) {
        for peer in std::mem::take(&mut self.peers) {
            self.commands.push_back(Command::ClosePeer(peer.key()));
        }
    }

    fn open_socket(&mut self) {
        let generation = self.next_generation();
        self.socket.open(generation, self.now);
        self.commands.push_back(Command::OpenSocket(generation));
    }

    fn next_generation(&mut self) -> Generation {
        self.generations += 1;
        self.generations
    }

    /// What is said while no socket is open is dropped: [`Call::greet`] says it again.
    fn send(&mut self, message: ClientMessage) {
        if self.socket.is_connected() {
            self.commands.push_back(Command::Send(message));
        }
    }
}
