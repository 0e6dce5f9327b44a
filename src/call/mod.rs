//! A call as one person's browser sees it: the phases they go through, their socket, and one
//! [`Peer`] for every other person. Pure: no browser, clock or randomness in here.
//!
//! Contract: call [`Call::handle`] with an input and the time, then drain [`Call::poll`], then call
//! `handle` with [`Input::Tick`] at [`Call::poll_timeout`] if nothing came before.

mod chat;
pub mod corner;
pub mod ear;
mod files;
pub mod grid;
mod health;
mod ice;
mod negotiation;
mod peer;
pub mod places;
pub mod probe;
mod quality;
mod reconnect;
mod repair;
mod seal;
pub mod speaker;
pub mod statistics;
#[cfg(test)]
mod tests;
mod view;
mod waits;

use crate::protocol::{
    ChatText, ClientMessage, Desk, ErrorCode, HostAction, IceGrant, IceServer, Join, MediaKind,
    Pass, PeerId, Person, Presence, Reaction, Report, Role, RoomName, RoomState, Rules, SeatClaim,
    ServerMessage, Signal, Talk,
};
use chat::{Chat, ChatCommand};
pub use chat::{ChatView, Message};
use files::Files;
pub use files::{FileCommand, FileInput, FileKey, FileState, FileView, FilesView, OFFERS};
pub use health::{Arrival, Path, Reading};
use ice::Ice;
pub use ice::PeerConfig;
pub use negotiation::{ChannelInput, Intent, PeerCommand, PeerInput, SignalingState};
pub use peer::{ConnectionState, IceConnectionState, Link, Peer, PeerKey};
pub use quality::Verdict;
use quality::{Pair, verdict};
pub use reconnect::Contact;
use reconnect::{Socket, Step};
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

/// Something the person did, or that their browser reports.
#[derive(Clone, Debug)]
pub enum Input {
    /// The time since the Unix epoch at the start of all others.
    Epoch(Duration),
    /// The page of a room was opened.
    Watch(RoomName),
    /// The page was opened by somebody who had a seat in the room a moment ago: the next
    /// [`Input::Join`] takes it again.
    Return(String),
    /// What was said in the room before the page was loaded again.
    Recall(Vec<Message>),
    /// The person says something to everybody in the room.
    Say(ChatText),
    /// Something about files.
    File(FileInput),
    /// The person shows a sign.
    Show(Reaction),
    /// What opens the room's doors to this person.
    SetPass(Pass, Option<String>),
    /// The person says the room's passcode with the next [`Input::Join`].
    SetPasscode(Option<String>),
    /// The person does something as a host.
    Host(HostAction),
    /// Join was pressed.
    Join,
    /// Leave was pressed, or waiting was stopped.
    Leave,
    /// The person wants nobody to learn their address, or has nothing against that any more. In a
    /// call, every connection is made anew for it.
    Hide(bool),
    /// The name was edited, or the microphone or camera switched.
    SetPresence(Presence),
    /// The socket is open.
    SocketOpened(Generation),
    /// The server said something.
    SocketMessage(Generation, ServerMessage),
    /// The socket is closed, or could not be opened.
    SocketClosed {
        /// Which.
        generation: Generation,
        /// Whether the server said that it restarts.
        restarting: bool,
        /// Fresh randomness, 0 to 1, that spreads the reconnections of many clients.
        jitter: f32,
    },
    /// The page is looked at again: a good moment to reconnect, and to see whether all is well.
    Awake,
    /// The person wants to reach the server now.
    Hurry,
    /// There is a network again, or the device woke up: what was open before went through a network
    /// that may be gone.
    NetworkChanged,
    /// A picture of somebody else is on the screen.
    Seen,
    /// A peer connection reports something.
    Peer(PeerKey, PeerInput),
    /// [`Call::poll_timeout`] has come.
    Tick,
}

impl Input {
    /// Whether there may be hundreds of these in a second, after which nothing else is to be seen
    /// than that a file is a little further.
    #[must_use]
    pub fn is_bulk(&self) -> bool {
        let bulk = matches!(
            self,
            Self::Peer(_, PeerInput::Channel(ChannelInput::Bytes(_) | ChannelInput::Drained))
        );
        bulk || matches!(self, Self::File(FileInput::Read(..) | FileInput::Wrote(..)))
    }
}

/// What the browser is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open a socket to the server. One that was open before is given up.
    OpenSocket(Generation),
    /// Write to the open socket.
    Send(ClientMessage),
    /// Make a peer connection, with the local tracks added.
    OpenPeer {
        /// Its name.
        key: PeerKey,
        /// Whether this side makes the first offer.
        role: Role,
        /// Its configuration.
        config: PeerConfig,
    },
    /// Configure all peer connections anew. It counts from their next restart of ICE on.
    Configure(PeerConfig),
    /// Close a peer connection.
    ClosePeer(PeerKey),
    /// Do something with a peer connection.
    Peer(PeerKey, PeerCommand),
    /// Say something on the data channel of a peer connection.
    Talk(PeerKey, Talk),
    /// Send bytes on the second data channel of a peer connection. Answered by
    /// [`ChannelInput::Drained`].
    Pour(PeerKey, Vec<Vec<u8>>),
    /// Close those channels.
    CloseChannel(PeerKey),
    /// Do something for files.
    File(FileCommand),
    /// Keep the room's host key for later visits: it is good.
    KeepHostKey(String),
    /// Forget the host key that came with the link: it is not.
    DropHostKey,
    /// Switch something off that this person sends: a host wants that.
    Mute(MediaKind),
    /// Tell the person that something was not done.
    Tell(ErrorCode),
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
    /// What was done as a host while nobody was there to hear it.
    unsaid: Vec<HostAction>,
    /// To whom the connection was kept when the seat was last asked for.
    kept: Vec<PeerId>,
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
    chat: Chat,
    files: Files,
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
            Input::Epoch(epoch) => self.epoch = epoch,
            Input::Watch(room) => self.watch(room, now),
            Input::Return(seat) => self.seat = Some(seat),
            Input::Recall(messages) => self.chat.recall(messages),
            Input::Say(text) => {
                self.chat.say(self.presence.name.clone(), text, self.epoch + now);
            }
            Input::File(input) => self.files.handle(input),
            Input::Show(sign) => self.show(sign),
            Input::SetPass(pass, spare_key) => (self.pass, self.spare_key) = (pass, spare_key),
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
        self.look_after_chat();
        self.look_after_files();
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
        let own = credentials.into_iter().chain(self.waits.due());
        socket.chain(mending).chain(words).chain(own).min()
    }

    /// What to keep for [`Input::Return`] while the person is in the call, and what the others are
    /// told of them.
    #[must_use]
    pub fn seat(&self) -> Option<(&str, &Presence)> {
        let inside = matches!(self.phase, Phase::Joining | Phase::InCall { .. });
        self.seat.as_deref().filter(|_| inside).map(|seat| (seat, &self.presence))
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
            chat: self.chat.view(),
            files: self.files.view(),
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

    fn watch(&mut self, room: RoomName, now: Duration) {
        self.leave(now);
        self.phase = Phase::Lobby;
        self.room = Some(room);
        self.state = RoomState::default();
        self.open_socket();
    }

    fn join(&mut self) {
        if matches!(self.phase, Phase::Lobby | Phase::Left { .. }) && self.room.is_some() {
            self.phase = Phase::Joining;
            self.waits.press(self.now);
            self.moved = false;
            self.refusal = None;
            let open = self.state.gate.is_none() || self.pass.host.is_some();
            self.expects_seat =
                self.seat.is_some() || !self.socket.is_lost() && self.state.has_space() && open;
            // The seat goes to the connection that was opened last.
            match self.seat.is_some() && self.socket.is_connected() {
                true => self.open_socket(),
                false => self.ask_to_join(),
            }
        }
    }

    fn leave(&mut self, now: Duration) {
        self.phase = match self.phase {
            Phase::Lobby | Phase::Left { .. } => return,
            Phase::Joining | Phase::Waiting | Phase::Knocking { .. } => Phase::Lobby,
            Phase::InCall { since } => Phase::Left { after: now.saturating_sub(since) },
        };
        self.send(ClientMessage::Leave);
        self.waits = Waits::default();
        let seat = self.seat.take();
        self.give_up_seat();
        // An invitation for one person is used up, but not for that person.
        self.left_seat = seat.filter(|_| self.pass.invitation.is_some());
        // Answers to what was asked before must not be taken for answers to what comes next.
        self.open_socket();
    }

    fn show(&mut self, sign: Reaction) {
        self.sign = Some((sign, self.now));
        self.tell_everybody(&Talk::Sign(sign));
    }

    /// Says something to everybody who can be talked to past the server.
    fn tell_everybody(&mut self, talk: &Talk) {
        let reached: Vec<_> = self.chat.reached().filter_map(|id| self.key_of(id)).collect();
        self.commands.extend(reached.into_iter().map(|key| Command::Talk(key, talk.clone())));
    }

    /// What a host does while the server is away is done when it is back.
    fn host(&mut self, action: HostAction) {
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
        self.tell_everybody(&Talk::Presence(presence));
    }

    fn hide(&mut self, hidden: bool) {
        if self.ice.hide(hidden) {
            self.outdated = self.generations;
            self.sit_down_anew();
        }
    }

    /// Takes the seat again where the server does not know yet whether to keep the address back.
    fn sit_down_anew(&mut self) {
        if self.me.is_some() && !self.ice.is_told() {
            self.open_socket();
        }
    }

    /// Tells a fresh connection what this person wants.
    fn greet(&mut self) {
        let Some(room) = self.room.clone() else { return };
        match self.phase {
            Phase::Lobby | Phase::Left { .. } | Phase::Waiting => {
                self.send(ClientMessage::Watch(room));
            }
            Phase::Joining | Phase::Knocking { .. } | Phase::InCall { .. } => {
                self.me = None;
                self.ask_to_join();
            }
        }
    }

    fn ask_to_join(&mut self) {
        let Some(room) = self.room.clone() else { return };
        let fresh = |peer: &&Peer| peer.key().generation > self.outdated;
        let intact = self.peers.iter().filter(fresh).filter(|peer| peer.is_intact());
        self.kept = intact.map(|peer| peer.key().id).collect();
        let token = self.seat.clone().or_else(|| self.left_seat.clone());
        let seat = Some(SeatClaim { token, linked: self.kept.clone() });
        let (presence, hidden) = (self.presence.clone(), self.ice.tell());
        let pass = self.pass.clone();
        self.send(ClientMessage::Join(Join { room, presence, seat, pass, hidden }));
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
                let mut fresh = Peer::new(key, role, link, peer.presence);
                fresh.spend(self.presence.quality, now);
                let place = self.peers.iter_mut().find(|before| before.key().id == peer.id);
                match place {
                    Some(place) => {
                        self.commands.push_back(Command::ClosePeer(place.key()));
                        *place = fresh.succeed(place, now);
                        self.channel(peer.id, ChannelInput::Closed);
                    }
                    None => {
                        self.peers.push(fresh);
                        self.chat.came(peer.id);
                    }
                }
                let config = self.ice.config().clone();
                self.commands.push_back(Command::OpenPeer { key, role, config });
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
            ServerMessage::Waiting { place, hosted } => match self.phase {
                Phase::Joining => {
                    // From here on they wait for a person, not for the server.
                    self.waits = Waits::default();
                    self.phase = Phase::Knocking { since: now, place, hosted };
                }
                Phase::Knocking { since, .. } => {
                    self.phase = Phase::Knocking { since, place, hosted };
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
                self.commands.push_back(Command::KeepHostKey(key));
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

    fn joined(&mut self, id: PeerId, state: RoomState, now: Duration) {
        let since = match self.phase {
            Phase::Lobby | Phase::Left { .. } => return,
            Phase::Joining | Phase::Waiting | Phase::Knocking { .. } => now,
            Phase::InCall { since } => since,
        };
        // The connections that were kept go on; the server brings the others together anew.
        let known = |peer: &Peer| {
            let id = peer.key().id;
            self.kept.contains(&id) || state.people.iter().any(|person| person.id == id)
        };
        let gone: Vec<_> = self.peers.iter().filter(|peer| !known(peer)).map(Peer::key).collect();
        for key in gone {
            self.close_peer(key.id);
        }
        self.phase = Phase::InCall { since };
        let report = self.waits.sit(state.people.is_empty(), now);
        self.report(report);
        self.me = Some(id);
        let others = state.people.iter().map(|person| person.id);
        let present: Vec<_> = others.chain(self.peers.iter().map(|peer| peer.key().id)).collect();
        self.chat.sit(id);
        self.chat.meet(&present);
        self.files.meet(&present);
        for person in &state.people {
            self.with_peer(person.id, |peer| peer.set_presence(person.presence.clone(), now));
        }
        let elsewhere = std::mem::take(&mut self.elsewhere);
        for id in self.kept.clone() {
            self.with_peer(id, |peer| peer.returned(elsewhere, now));
        }
        self.state = state;
        for action in std::mem::take(&mut self.unsaid) {
            self.send(ClientMessage::Host(action));
        }
    }

    fn refused(&mut self, code: ErrorCode, now: Duration) {
        let asks = matches!(self.phase, Phase::Joining | Phase::Knocking { .. });
        if !asks && !matches!(self.phase, Phase::InCall { .. }) {
            return;
        }
        use ErrorCode as E;
        match code {
            E::RoomFull if asks || self.me.is_none() => {
                self.give_up_seat();
                self.waits = Waits::default();
                self.phase = Phase::Waiting;
                self.watch_again();
            }
            E::BadSeat => {
                // Only who still hears somebody of those days goes on with what was said.
                let said = self.chat.view().messages;
                let goes_on = !self.kept.is_empty();
                self.give_up_seat();
                if goes_on {
                    self.chat.recall(said.to_vec());
                }
                self.ask_to_join();
            }
            // The seat stays theirs: they can have it back here.
            E::SeatMoved => {
                let seat = self.seat.take();
                self.leave(now);
                self.seat = seat;
                self.moved = true;
            }
            E::BadKey => {
                let refused = self.pass.host.take();
                self.pass.host = self.spare_key.take().filter(|key| Some(key) != refused.as_ref());
                self.commands.push_back(Command::DropHostKey);
                self.ask_to_join();
            }
            E::BadInvitation => {
                self.pass.invitation = None;
                self.refusal = Some(code);
                self.ask_to_join();
            }
            E::RoomLocked
            | E::PasscodeNeeded
            | E::BadPasscode
            | E::TryLater
            | E::LineFull
            | E::TooManyRooms
                if self.me.is_none() =>
            {
                self.turn_back(code, now);
            }
            E::TurnedAway | E::Removed | E::CallEnded => self.turn_back(code, now),
            E::RoomFull | E::TooMany | E::TooManyRooms | E::TryLater => {
                self.commands.push_back(Command::Tell(code));
            }
            _ => {}
        }
    }

    /// Back outside, for a reason.
    fn turn_back(&mut self, code: ErrorCode, now: Duration) {
        self.pass.passcode = None;
        self.waits = Waits::default();
        match self.phase {
            Phase::InCall { since } => {
                self.phase = Phase::Left { after: now.saturating_sub(since) };
            }
            _ => self.phase = Phase::Lobby,
        }
        self.give_up_seat();
        self.refusal = Some(code);
        self.watch_again();
    }

    fn watch_again(&mut self) {
        if let Some(room) = self.room.clone() {
            self.send(ClientMessage::Watch(room));
        }
    }

    fn give_up_seat(&mut self) {
        self.close_peers();
        self.chat = Chat::default();
        self.files.leave();
        self.me = None;
        (self.seat, self.left_seat) = (None, None);
        self.desk = Desk::default();
        self.hosting = false;
        self.unsaid.clear();
    }

    fn peer(&mut self, key: PeerKey, input: PeerInput) {
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.key() == key) else { return };
        let input = match input {
            PeerInput::Channel(input) => return self.channel(key.id, input),
            input => input,
        };
        peer.handle(input, self.now);
        let doubtful = peer.doubts();
        self.obey(key);
        if doubtful {
            self.doubt_socket();
        }
    }

    fn channel(&mut self, id: PeerId, input: ChannelInput) {
        match input {
            ChannelInput::Opened => {
                if self.chat.opened(id) {
                    self.files.opened(id);
                }
            }
            ChannelInput::Heard(text) => self.hear(id, Talk::parse(&text)),
            ChannelInput::Bytes(bytes) => {
                if !self.files.take_in(id, &bytes) {
                    self.hear(id, None);
                }
            }
            ChannelInput::Drained => self.files.drained(id),
            ChannelInput::Closed => {
                self.chat.closed(id);
                self.files.closed(id);
            }
        }
    }

    /// Somebody says something on a channel; what is not understood counts, too.
    fn hear(&mut self, id: PeerId, talk: Option<Talk>) {
        let peer = self.peers.iter().find(|peer| peer.key().id == id);
        let name = peer.map(|peer| peer.name().clone()).unwrap_or_default();
        let is_other =
            |talk: &Talk| matches!(talk, Talk::File(..) | Talk::Sign(_) | Talk::Presence(_));
        let others = talk.clone().filter(is_other);
        let heard = self.chat.hear(id, &name, talk, self.epoch + self.now);
        match others {
            // Nor is anything given to them.
            _ if !heard => self.files.closed(id),
            Some(Talk::File(number, news)) => self.files.hear(id, &name, number, news),
            Some(Talk::Presence(presence)) => {
                let now = self.now;
                self.with_peer(id, |peer| peer.switch(&presence, now));
            }
            Some(Talk::Sign(sign)) => {
                let now = self.now;
                self.with_peer(id, |peer| peer.show(sign, now));
            }
            _ => {}
        }
    }

    fn look_after_files(&mut self) {
        while let Some(command) = self.files.poll() {
            let command = match command {
                files::Command::Send(id, talk) => {
                    self.key_of(id).map(|key| Command::Talk(key, talk))
                }
                files::Command::Pour(id, bytes) => {
                    self.key_of(id).map(|key| Command::Pour(key, bytes))
                }
                files::Command::Do(command) => Some(Command::File(command)),
            };
            self.commands.extend(command);
        }
    }

    fn look_after_chat(&mut self) {
        while let Some(command) = self.chat.poll() {
            let (ChatCommand::Send(id, _) | ChatCommand::Close(id)) = command;
            self.commands.extend(self.key_of(id).map(|key| match command {
                ChatCommand::Send(_, talk) => Command::Talk(key, talk),
                ChatCommand::Close(_) => Command::CloseChannel(key),
            }));
        }
    }

    /// The connection to somebody that is in use.
    fn key_of(&self, id: PeerId) -> Option<PeerKey> {
        self.peers.iter().map(Peer::key).find(|key| key.id == id)
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
            let (anew, news) = (peer.step(now), peer.news(&pairs));
            if anew {
                self.send(ClientMessage::Reconnect { to: key.id, link });
            }
            if let Some(news) = news {
                let (to, signal) = (Some(key.id), Signal::Reception(news));
                self.send(ClientMessage::Signal { to, link: Some(link), signal });
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
        self.chat.left(id);
        self.files.left(id);
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

    /// What is said while no socket is open is dropped: [`Call::greet`] says it anew.
    fn send(&mut self, message: ClientMessage) {
        if self.socket.is_connected() {
            self.commands.push_back(Command::Send(message));
        }
    }
}
