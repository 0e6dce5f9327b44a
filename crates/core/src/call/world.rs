//! Several calls, the real rooms between them, and just enough of a browser for each: for the tests
//! and the fuzzer.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test and the fuzzer learn of a fault"
)]

use super::*;
use crate::{
    content::{ChannelInput, FileCommand, FileInput, FileKey, FileState},
    protocol::{
        HostAction, IceCandidate, Join, Pass, Role, SdpType, SessionDescription, TrackInfo,
        TrackSource,
    },
    room::{self, ConnId, Decisions, Directory, Identity},
};
use std::collections::BTreeMap;

/// A peer connection's signaling state machine, and what it last agreed on.
#[derive(Default)]
struct Pc {
    signaling: SignalingState,
    operation: Option<PeerCommand>,
    local_offer: Option<String>,
    remote_offer: Option<String>,
    agreed: bool,
    /// The first offer that was agreed on, which only the two ends of a connection have in common.
    first: Option<String>,
    /// Nothing comes through until ICE is restarted; or never again.
    lost: Option<Loss>,
    /// ICE is to be restarted with the next offer.
    restart: bool,
    /// How many changes its person has made, how many of them its last offer contains, and how many
    /// have been agreed on.
    changes: u32,
    offered: u32,
    negotiated: u32,
    /// It goes through relays only.
    hidden: bool,
    /// The data channel is open.
    open: bool,
    /// What it was told that the other side's sections bring.
    tracks: Vec<TrackInfo>,
}

/// The media sections of every description.
const SECTIONS: &str =
    "m=audio 9 x\r\na=mid:0\r\nm=video 9 x\r\na=mid:1\r\nm=video 9 x\r\na=mid:2\r\n";

/// What these sources bring, in the order of the sections.
fn tracks(sources: [TrackSource; 3]) -> Vec<TrackInfo> {
    let mids = ["0", "1", "2"].map(|mid| mid.to_owned().try_into().unwrap());
    mids.into_iter().zip(sources).map(|(mid, source)| TrackInfo { mid, source }).collect()
}

/// What can happen to the path between two people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Another path can be found.
    Path,
    /// The connection is beyond repair.
    Connection,
}

struct Person {
    call: Call,
    /// The socket of the call's current generation, if it has one.
    socket: Option<(Generation, ConnId)>,
    opening: Option<Generation>,
    /// The socket is open and brings nothing: to the server, and from it.
    stalled: (bool, bool),
    upstream: VecDeque<ClientMessage>,
    downstream: VecDeque<ServerMessage>,
    pcs: BTreeMap<PeerKey, Pc>,
    /// The client says which section brings what: its screen comes first. Others are understood by
    /// the order of their sections.
    maps: bool,
    /// The browser makes no peer connections.
    disabled: bool,
    /// Those that it did not make.
    unmade: Vec<PeerKey>,
    /// The room's host key, as the browser has stored it.
    host_key: Option<String>,
    /// Join was the last thing that was pressed.
    wants_in: bool,
    /// What was shown last.
    shown: View,
}

/// Several people with their browsers, one room, and its server.
pub struct World {
    now: Duration,
    rooms: Directory,
    people: Vec<Person>,
    counter: u64,
    limit: usize,
    made: u64,
    /// What is under way on data channels.
    talks: VecDeque<(usize, PeerKey, ChannelInput)>,
    /// What the server has stored.
    kept: BTreeMap<RoomName, Decisions>,
    /// Connections that could not be made, which is reported when the call's turn is over.
    failed: Vec<(usize, PeerKey)>,
}

/// The size of every file, in bytes: one is sent in several messages.
const FILE: u64 = 150_000;

/// How long seats are held.
const HOLD: Duration = Duration::from_secs(15);

fn room_name() -> RoomName {
    "room".parse().unwrap()
}

fn rooms_of(people: usize) -> room::Config {
    let join_timeout = Duration::from_secs(10);
    let timeouts = room::Timeouts { reconnect_grace: HOLD, ..room::Timeouts::default() };
    room::Config {
        max_participants: people,
        timeouts,
        max_rooms: 100,
        max_stored_rooms: 100,
        join_timeout,
    }
}

impl World {
    /// So many people who look at one room, which has room for `limit`.
    #[must_use]
    pub fn new(people: usize, limit: usize) -> Self {
        let config = rooms_of(limit);
        let person = |index: usize| Person {
            call: Call::new(),
            socket: None,
            opening: None,
            stalled: (false, false),
            upstream: VecDeque::new(),
            downstream: VecDeque::new(),
            pcs: BTreeMap::new(),
            maps: index.is_multiple_of(2),
            disabled: false,
            unmade: Vec::new(),
            host_key: None,
            wants_in: false,
            shown: View::default(),
        };
        let mut world = Self {
            now: Duration::ZERO,
            rooms: Directory::new(config, Duration::ZERO, []),
            people: (0..people).map(person).collect(),
            counter: 0,
            limit,
            made: 0,
            talks: VecDeque::new(),
            kept: BTreeMap::new(),
            failed: Vec::new(),
        };
        for person in 0..people {
            world.handle(person, Input::Watch(room_name()));
        }
        world
    }

    /// Where somebody is.
    #[must_use]
    pub fn phase(&self, person: usize) -> Phase {
        self.people[person].call.view().admission.phase
    }

    /// Somebody presses Join.
    pub fn join(&mut self, person: usize) {
        self.people[person].wants_in = true;
        let presence = self.people[person].call.presence.clone();
        self.handle(person, Input::Join(presence, None));
    }

    /// Somebody presses Leave.
    pub fn leave(&mut self, person: usize) {
        self.people[person].wants_in = false;
        self.handle(person, Input::Leave);
    }

    /// Somebody switches something, or raises a hand.
    pub fn switch(&mut self, person: usize, switch: impl FnOnce(&mut Presence)) {
        let mut presence = self.people[person].call.presence.clone();
        switch(&mut presence);
        self.handle(person, Input::SetPresence(presence));
    }

    /// Somebody writes to everybody.
    pub fn say(&mut self, person: usize, text: &str) {
        self.handle(person, Input::Say(text.into()));
    }

    /// Somebody offers a file to everybody.
    pub fn offer(&mut self, person: usize) {
        self.counter += 1;
        let file = FileInput::Offer(self.counter, "notes.txt".into(), FILE);
        self.handle(person, Input::File(file));
    }

    /// Somebody does the same with all files of the others: takes, pauses or declines them.
    pub fn treat_files(&mut self, person: usize, treat: fn(FileKey) -> FileInput) {
        let files = self.people[person].call.content.files().files;
        for file in files.iter().filter(|file| file.key.owner.is_some()) {
            self.handle(person, Input::File(treat(file.key)));
        }
    }

    /// Somebody opens a link with the room's host key.
    pub fn give_host_key(&mut self, index: usize) {
        let generation = self.kept.get(&room_name()).map_or(0, |kept| kept.generation);
        let person = &mut self.people[index];
        person.host_key = Some(generation.to_string());
        // The lobby is shown again.
        person.wants_in &=
            !matches!(person.call.admission.phase, Phase::Lobby | Phase::Left { .. });
        self.give_pass(index);
    }

    fn give_pass(&mut self, person: usize) {
        let pass = Pass { host: self.people[person].host_key.clone(), ..Pass::default() };
        self.handle(person, Input::SetPass(pass, None));
    }

    /// Somebody does something that only hosts may do.
    pub fn host(&mut self, person: usize, action: HostAction) {
        self.handle(person, Input::Host(action));
    }

    /// Who somebody is in the room.
    #[must_use]
    pub fn id(&self, person: usize) -> Option<PeerId> {
        self.people[person].call.me
    }

    /// The network of somebody's device has changed.
    pub fn change_network(&mut self, person: usize) {
        self.handle(person, Input::NetworkChanged);
    }

    /// Somebody loads the page again, which returns to the seat that it had.
    pub fn reload(&mut self, index: usize) {
        if let Person { socket: Some((_, conn)), stalled: (false, _), .. } = self.people[index] {
            self.rooms.handle(room::Input::Unloaded(conn), self.now);
        }
        self.hang_up(index);
        let person = &mut self.people[index];
        let before = std::mem::take(&mut person.call);
        (person.opening, person.wants_in) = (None, false);
        person.pcs.clear();
        person.unmade.clear();
        self.talks.retain(|(to, ..)| *to != index);
        self.handle(index, Input::HideAddress(before.ice.config().hidden));
        self.give_pass(index);
        self.handle(index, Input::Watch(room_name()));
        let Some((token, since, presence)) = before.seat() else { return };
        self.handle(index, Input::RestoreSeat(token.to_owned(), since));
        self.handle(index, Input::RestoreChat(before.content.messages().to_vec()));
        self.handle(index, Input::SetPresence(presence.clone()));
        self.join(index);
    }

    /// WebRTC is switched off in somebody's browser.
    pub fn disable(&mut self, person: usize) {
        self.people[person].disabled = true;
    }

    /// It is switched on again.
    pub fn enable(&mut self, person: usize) {
        self.people[person].disabled = false;
    }

    /// How the connections to all others are, as somebody sees them.
    #[must_use]
    pub fn links(&self, person: usize) -> Vec<Link> {
        self.people[person].call.view().tiles.iter().map(|tile| tile.link).collect()
    }

    /// Somebody hides their address, or does not any more.
    pub fn hide_address(&mut self, person: usize, hidden: bool) {
        self.handle(person, Input::HideAddress(hidden));
    }

    /// Somebody changes their mind about hiding their address.
    pub fn toggle_hiding(&mut self, person: usize) {
        let hidden = self.people[person].call.ice.config().hidden;
        self.hide_address(person, !hidden);
    }

    /// The socket breaks: what was under way in both directions is lost.
    pub fn cut(&mut self, person: usize) {
        if let Some(generation) = self.hang_up(person) {
            self.handle(person, Input::SocketClosed { generation, restarting: false, jitter: 0.5 });
        }
    }

    fn hang_up(&mut self, person: usize) -> Option<Generation> {
        let (generation, conn) = self.people[person].socket.take()?;
        self.people[person].upstream.clear();
        self.people[person].downstream.clear();
        let (deaf, _) = std::mem::take(&mut self.people[person].stalled);
        // A server that hears nothing does not hear of the end either.
        if !deaf {
            self.rooms.handle(room::Input::Closed(conn), self.now);
        }
        self.route();
        Some(generation)
    }

    /// The socket stays open and brings nothing any more: TCP loses nothing in between.
    pub fn stall(&mut self, person: usize, up: bool, down: bool) {
        let Person { socket: Some(_), stalled, .. } = &mut self.people[person] else { return };
        *stalled = (stalled.0 || up, stalled.1 || down);
    }

    /// Nothing comes through any more between two people who were connected.
    pub fn lose(&mut self, one: usize, two: usize, loss: Loss) {
        let key = |from: usize, to: usize| {
            let to = self.people[to].call.me?;
            let lives = |(key, pc): &(&PeerKey, &Pc)| key.id == to && pc.agreed;
            self.people[from].pcs.iter().find(lives).map(|(key, _)| *key)
        };
        let (Some(there), Some(back)) = (key(one, two), key(two, one)) else { return };
        for (person, key) in [(one, there), (two, back)] {
            if let Some(pc) = self.people[person].pcs.get_mut(&key) {
                pc.lost = Some(loss);
            }
            let event = match loss {
                Loss::Path => PeerInput::IceConnection(IceConnectionState::Disconnected),
                Loss::Connection => PeerInput::Connection(ConnectionState::Failed),
            };
            self.handle(person, Input::Peer(key, event));
        }
    }

    /// A moment passes, which somebody's browser notices.
    pub fn elapse(&mut self, person: usize) {
        self.now += Duration::from_millis(200);
        self.tick_rooms();
        self.handle(person, Input::Tick);
    }

    /// Lets everything that is under way arrive and everything that is begun finish.
    pub fn settle(&mut self) {
        for _ in 0..20_000 {
            if self.round() {
                return;
            }
        }
        panic!("never comes to rest");
    }

    /// Lets so much time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.round();
        }
    }

    /// Everybody does one thing; returns whether there was none to do.
    fn round(&mut self) -> bool {
        let mut quiet = !self.rooms.is_pairing();
        for person in 0..self.people.len() {
            quiet &= !self.busy(person);
            self.deliver_up(person);
            self.deliver_down(person);
            self.complete(person, 0);
            self.pass_on();
            self.now += Duration::from_millis(50);
            self.tick_rooms();
            if self.people[person].call.poll_timeout().is_some_and(|due| due <= self.now) {
                self.handle(person, Input::Tick);
            }
        }
        quiet
    }

    /// Everybody inside is linked to everybody else inside, exactly once and in agreement.
    pub fn check(&self) {
        let state = self.rooms.seen_from_outside(&room_name(), self.now);
        let inside: Vec<_> = self.people.iter().filter(|person| person.call.me.is_some()).collect();
        let mut ids: Vec<_> = inside.iter().filter_map(|person| person.call.me).collect();
        assert_eq!(ids.len(), self.rooms.participant_count(), "ghosts");
        // Who is behind a door is not told.
        assert!(state.gate.is_some() || ids.len() == state.people.len(), "not seen from outside");
        ids.sort();
        for person in &self.people {
            person.check_admission(&state, ids.len() >= self.limit);
            person.check_files(&ids);
            let participants = &person.call.participants;
            let mut seen: Vec<_> = participants.iter().map(Participant::id).collect();
            let Some(me) = person.call.me else {
                assert!(seen.is_empty() && person.pcs.is_empty(), "peers outside of a call");
                continue;
            };
            seen.push(me);
            seen.sort();
            assert_eq!(seen, ids);
            assert_eq!(person.pcs.len() + 1, ids.len(), "a connection too many or too few");
            for (key, pc) in &person.pcs {
                assert!(pc.agreed && pc.signaling == SignalingState::Stable, "{key:?} not linked");
                assert_eq!(pc.lost, None, "nothing comes through");
                assert!(!pc.needs_negotiation(), "something was never offered");
                let other = self.people.iter().find(|other| other.call.me == Some(key.id));
                assert_eq!(pc.tracks, other.unwrap().tracks(), "taken for something else");
                let known = participants.get(key.id).map(Participant::presence);
                assert_eq!(known, Some(&other.unwrap().call.presence), "an earlier presence");
                assert_eq!(pc.hidden, person.call.ice.config().hidden);
                assert!(person.call.ice.is_requested(), "the server does not know what to hide");
                assert_eq!(participants.route(key.id), Some(*key), "reached by another connection");
                let connection = participants.connections().find(|one| one.key() == *key);
                assert!(connection.is_some_and(|connection| !connection.is_negotiating()));
            }
            assert_eq!(participants.connections().count(), person.pcs.len());
            assert!(!person.call.view().introducing, "never drawn");
            let tiles = person.call.view().tiles;
            let shown: Vec<_> = tiles.iter().map(|tile| tile.key).collect();
            assert!(shown.iter().all(|key| person.pcs.contains_key(key)), "shown by no connection");
            assert_eq!(shown.len(), person.pcs.len());
            let chat = person.call.content.chat();
            let own = chat.messages.iter().filter(|message| chat.is_own(message));
            for message in own {
                assert_eq!(chat.missing(message.number), 0, "not everybody has got it");
                for other in &inside {
                    let messages = other.call.content.chat().messages;
                    let same = messages.iter().filter(|other| {
                        (other.author, other.number) == (message.author, message.number)
                    });
                    assert_eq!(same.count(), 1, "everybody reads it once");
                }
            }
        }
    }

    /// Everybody leaves and closes the page.
    pub fn end(&mut self) {
        for person in 0..self.people.len() {
            self.leave(person);
            self.settle();
        }
        self.wait();
        self.check();
        for person in &self.people {
            if let Some((_, conn)) = person.socket {
                self.rooms.handle(room::Input::Closed(conn), self.now);
            }
        }
        assert_eq!((self.rooms.room_count(), self.rooms.connection_count()), (0, 0));
    }

    fn busy(&self, person: usize) -> bool {
        let person = &self.people[person];
        let working = person.pcs.values().any(|pc| pc.operation.is_some() || pc.lost.is_some());
        let linked = person.pcs.len() == person.call.participants.iter().count();
        let waiting = person.socket.is_none() || person.stalled != (false, false) || !linked;
        working || waiting || !person.upstream.is_empty() || !person.downstream.is_empty()
    }

    fn handle(&mut self, person: usize, input: Input) {
        self.people[person].call.handle(input, self.now);
        self.people[person].look();
        while let Some(command) = self.people[person].call.poll() {
            self.execute(person, command);
        }
        for (person, key) in std::mem::take(&mut self.failed) {
            self.handle(person, Input::Peer(key, PeerInput::NotOpened));
        }
    }

    fn execute(&mut self, index: usize, command: Command) {
        let person = &mut self.people[index];
        match command {
            Command::OpenSocket(generation) => {
                person.opening = None;
                // A socket that is closed in order still delivers what it was given.
                while !self.people[index].upstream.is_empty() {
                    self.deliver_up(index);
                }
                self.hang_up(index);
                self.people[index].opening = Some(generation);
            }
            Command::Send(message) => {
                // Messages cross the wire as text.
                let text = message.to_json();
                person.upstream.push_back(ClientMessage::parse(&text).unwrap());
            }
            Command::KeepHostKey(key) => person.host_key = Some(key),
            Command::DropHostKey => person.host_key = None,
            Command::HandOutHostKey(_) | Command::Notify(_) => {}
            Command::Mute(TrackSource::Microphone) => {
                self.switch(index, |presence| presence.mic = false);
            }
            Command::Mute(_) => self.switch(index, |presence| presence.camera = false),
            Command::SendBytes(key, messages) => {
                if let Some((to, back)) = self.other_end(index, key) {
                    let bytes = |bytes| (to, back, ChannelInput::Bytes(bytes));
                    self.talks.extend(messages.into_iter().map(bytes));
                    self.talks.push_back((index, key, ChannelInput::Drained));
                }
            }
            Command::File(command) => {
                if let Some(done) = execute_file_command(command) {
                    self.handle(index, Input::File(done));
                }
            }
            Command::OpenPeer { key, role, config } => {
                self.made += 1;
                if person.disabled {
                    person.unmade.push(key);
                    self.failed.push((index, key));
                    return;
                }
                // The caller adds its sections at once.
                let changes = u32::from(role == Role::Caller);
                let pc = Pc { hidden: config.hidden, changes, ..Pc::default() };
                assert!(person.pcs.insert(key, pc).is_none());
                self.handle(index, Input::Peer(key, PeerInput::NegotiationNeeded));
            }
            Command::Configure(_) => {}
            Command::SendMessage(key, talk) => {
                if let Some((to, back)) = self.other_end(index, key) {
                    self.talks.push_back((to, back, ChannelInput::Heard(talk.to_json())));
                }
            }
            Command::CloseChannel(key) => panic!("{key:?} says too much"),
            Command::ClosePeer(key) => {
                let was_there = person.pcs.remove(&key).is_some();
                assert!(was_there || person.unmade.contains(&key), "closed twice");
            }
            Command::Peer(key, command) => {
                let Some(pc) = person.pcs.get_mut(&key) else {
                    assert!(person.unmade.contains(&key), "a command for a closed connection");
                    return;
                };
                match command {
                    PeerCommand::AddCandidate(_) => {
                        assert!(pc.agreed || pc.remote_offer.is_some(), "too early");
                    }
                    PeerCommand::RestartIce => {
                        pc.restart = true;
                        self.handle(index, Input::Peer(key, PeerInput::NegotiationNeeded));
                    }
                    PeerCommand::LimitPicture(_) => {}
                    operation => {
                        assert!(pc.operation.replace(operation).is_none(), "two at a time");
                    }
                }
            }
        }
    }

    /// Who is at the other end of a connection that is open on both sides, and what they call it.
    fn other_end(&self, index: usize, key: PeerKey) -> Option<(usize, PeerKey)> {
        let name = |person: &Person| person.call.content.chat().me;
        let me = name(&self.people[index]);
        let to = self.people.iter().position(|person| name(person) == Some(key.id))?;
        let mut pcs = self.people[to].pcs.iter();
        let back = pcs.find(|(back, pc)| Some(back.id) == me && pc.agreed)?.0;
        self.people[index].pcs.get(&key)?.agreed.then_some((to, *back))
    }

    fn pass_on(&mut self) {
        while self.pass_one() {}
    }

    /// The oldest message on the data channels arrives; returns whether there was one.
    pub fn pass_one(&mut self) -> bool {
        let Some((to, key, input)) = self.talks.pop_front() else { return false };
        self.handle(to, Input::Peer(key, PeerInput::Channel(input)));
        true
    }

    /// Data channels open on both sides at once.
    fn open_channel(&mut self, index: usize, key: PeerKey) {
        let Some((other, back)) = self.other_end(index, key) else { return };
        for (person, key) in [(index, key), (other, back)] {
            let pc = self.people[person].pcs.get_mut(&key).unwrap();
            if !std::mem::replace(&mut pc.open, true) {
                for input in [ChannelInput::Opened, ChannelInput::Drained] {
                    self.handle(person, Input::Peer(key, PeerInput::Channel(input)));
                }
            }
        }
        self.pass_on();
    }

    /// Somebody changes a connection in a way that has to be negotiated: the one that `pick` chooses.
    pub fn renegotiate(&mut self, person: usize, pick: usize) {
        let mut pcs: Vec<_> = self.people[person].pcs.iter_mut().collect();
        let count = pcs.len().max(1);
        if let Some((key, pc)) = pcs.get_mut(pick % count) {
            pc.changes += 1;
            let key = **key;
            self.handle(person, Input::Peer(key, PeerInput::NegotiationNeeded));
        }
    }

    /// The oldest message of this person reaches the server, or their new socket does.
    pub fn deliver_up(&mut self, index: usize) {
        self.counter += 1;
        let person = &mut self.people[index];
        if let Some(generation) = person.opening.take() {
            let conn = ConnId(self.counter);
            person.socket = Some((generation, conn));
            self.rooms.handle(room::Input::Opened(conn), self.now);
            self.handle(index, Input::SocketOpened(generation));
            return;
        }
        let Some((_, conn)) = person.socket else { return };
        if let (Some(message), (false, _)) = (person.upstream.pop_front(), person.stalled) {
            let identity = self.identify(&message);
            let input =
                room::Input::Message { conn, message: Ok(message), identity: Box::new(identity) };
            self.rooms.handle(input, self.now);
            self.route();
        }
    }

    /// What the server's task adds to a message. Its proofs are not signed here.
    fn identify(&self, message: &ClientMessage) -> Identity {
        let fresh = Identity { id: PeerId(self.counter), since: self.now, ..Identity::default() };
        let ClientMessage::Join(Join { seat: Some(claim), pass, .. }) = message else {
            return fresh;
        };
        let proven = claim.token.as_ref().map(|token| {
            let (id, since) = token.split_once('/').unwrap();
            let since = Duration::from_millis(since.parse().unwrap());
            Identity { id: id.parse().unwrap(), since, returning: true, ..Identity::default() }
        });
        let identity = proven.unwrap_or(fresh);
        let token = format!("{}/{}", identity.id, identity.since.as_millis());
        let host = pass.host.as_ref().map(|key| key.parse().unwrap());
        Identity { token: Some(token), host, ..identity }
    }

    /// The server is killed and started again: every socket breaks, and the rooms are empty.
    pub fn restart(&mut self) {
        let config = rooms_of(self.limit);
        let kept = self.kept.keys().map(|room| (room.clone(), None));
        self.rooms = Directory::new(config, self.now, kept);
        for index in 0..self.people.len() {
            let person = &mut self.people[index];
            person.upstream.clear();
            person.downstream.clear();
            person.stalled = (false, false);
            if let Some((generation, _)) = person.socket.take() {
                self.handle(
                    index,
                    Input::SocketClosed { generation, restarting: false, jitter: 0.5 },
                );
            }
        }
    }

    /// How many peer connections have been made so far.
    #[must_use]
    pub fn connections_made(&self) -> u64 {
        self.made
    }

    /// The oldest message of the server reaches this person.
    pub fn deliver_down(&mut self, index: usize) {
        let person = &mut self.people[index];
        let Some((generation, _)) = person.socket else { return };
        if let (Some(message), (_, false)) = (person.downstream.pop_front(), person.stalled) {
            let message = ServerMessage::parse(&message.to_json()).unwrap();
            self.handle(index, Input::SocketMessage(generation, message));
        }
    }

    /// Browsers answer pings, so nobody who has a socket is ever silent.
    fn tick_rooms(&mut self) {
        for person in &self.people {
            if let (Some((_, conn)), (false, _)) = (person.socket, person.stalled) {
                self.rooms.handle(room::Input::Heard(conn), self.now);
            }
        }
        self.rooms.handle(room::Input::Tick, self.now);
        self.route();
    }

    /// Lets more time pass than any seat is held.
    pub fn wait(&mut self) {
        for _ in 0..40 {
            self.now += Duration::from_millis(500);
            self.tick_rooms();
            self.settle();
        }
        self.notice_closed();
        self.settle();
    }

    /// Browsers notice that the other end of a connection is closed.
    fn notice_closed(&mut self) {
        let pcs = || {
            self.people.iter().enumerate().flat_map(|(index, person)| {
                person.pcs.iter().map(move |(key, pc)| (index, *key, pc))
            })
        };
        let is_other_end =
            |pc: &Pc, other: &Pc| pc.first == other.first || pc.first == other.local_offer;
        let has_other_end =
            |index, pc: &Pc| pcs().any(|(other, _, far)| other != index && is_other_end(pc, far));
        let is_closed =
            |(index, _, pc): &(usize, PeerKey, &Pc)| pc.agreed && !has_other_end(*index, pc);
        let closed: Vec<_> = pcs().filter(is_closed).map(|(index, key, _)| (index, key)).collect();
        for (index, key) in closed {
            if let Some(pc) = self.people[index].pcs.get_mut(&key) {
                pc.lost = Some(Loss::Connection);
                let failed = PeerInput::Connection(ConnectionState::Failed);
                self.handle(index, Input::Peer(key, failed));
            }
        }
    }

    fn route(&mut self) {
        while let Some(command) = self.rooms.poll() {
            let (to, message) = match command {
                room::Command::Send(conn, message) => (vec![conn], message),
                room::Command::Broadcast(to, message) => (to, message),
                room::Command::SendHostKey(conn, _, generation) => {
                    (vec![conn], ServerMessage::HostKey(generation.to_string()))
                }
                other => {
                    self.execute_room_command(other);
                    continue;
                }
            };
            let is_recipient =
                |person: &Person| person.socket.is_some_and(|(_, of)| to.contains(&of));
            for person in self.people.iter_mut().filter(|person| is_recipient(person)) {
                person.downstream.push_back(message.clone());
            }
        }
    }

    /// Stores what the rooms want to have stored.
    fn execute_room_command(&mut self, command: room::Command) {
        let done = match command {
            room::Command::Sync(number) => room::Input::Synced(number, true),
            room::Command::Load(room) => {
                let kept = self.kept.get(&room).cloned();
                room::Input::Loaded(room, kept)
            }
            room::Command::Resume(input) => *input,
            room::Command::Store(room, kept) => {
                self.kept.insert(room, kept);
                return;
            }
            room::Command::Forget(room) => {
                self.kept.remove(&room);
                return;
            }
            _ => return,
        };
        self.rooms.handle(done, self.now);
    }

    /// A browser finishes what it does with a connection: the one that `pick` chooses.
    pub fn complete(&mut self, index: usize, pick: usize) {
        self.counter += 1;
        let (counter, maps) = (self.counter, self.people[index].maps);
        let working = |(_, pc): &(&PeerKey, &mut Pc)| pc.operation.is_some();
        let mut pcs: Vec<_> = self.people[index].pcs.iter_mut().filter(working).collect();
        let count = pcs.len().max(1);
        let Some((key, pc)) = pcs.get_mut(pick % count) else { return };
        let (key, input) = (**key, pc.complete(counter, maps));
        let connected = pc.agreed && pc.lost.is_none();
        let again = pc.needs_negotiation() && pc.signaling == SignalingState::Stable;
        self.handle(index, Input::Peer(key, input));
        if connected {
            for event in [
                PeerInput::IceConnection(IceConnectionState::Connected),
                PeerInput::Connection(ConnectionState::Connected),
            ] {
                self.handle(index, Input::Peer(key, event));
            }
        }
        self.open_channel(index, key);
        if again {
            // Another negotiation was first, or something was changed meanwhile (W3C WebRTC, section
            // 4.7.3).
            self.handle(index, Input::Peer(key, PeerInput::NegotiationNeeded));
        }
        let candidate = IceCandidate { candidate: "c".to_owned(), ..IceCandidate::default() };
        let found = PeerInput::LocalCandidate(Some(candidate));
        self.handle(index, Input::Peer(key, found));
    }
}

/// What the sections bring of a client that says so.
fn mapped() -> Vec<TrackInfo> {
    tracks([TrackSource::Microphone, TrackSource::Screen, TrackSource::Camera])
}

/// What a browser does for files. All bytes of one are the same, and its hash is its number.
fn execute_file_command(command: FileCommand) -> Option<FileInput> {
    Some(match command {
        FileCommand::Read(number, to, from, length) => {
            FileInput::Read(number, to, from, Some(vec![0; length]))
        }
        FileCommand::Write(key, at, bytes) => {
            FileInput::Wrote(key, Some(at + u64::try_from(bytes.len()).unwrap()))
        }
        FileCommand::Sum(key) => FileInput::Summed(key, Some(format!("{:064x}", key.number))),
        FileCommand::Open(_) | FileCommand::Save(..) | FileCommand::Forget(_) => return None,
    })
}

impl Person {
    /// What is shown follows what is reported to have changed.
    fn look(&mut self) {
        let (has_changed, view) = (self.call.take_change(), self.call.view());
        assert!(has_changed || view == self.shown, "a change that is not shown");
        self.shown = view;
    }

    /// Who wants in is inside, or knows why not.
    fn check_admission(&self, state: &RoomState, is_full: bool) {
        let view = self.call.view().admission;
        match view.phase {
            Phase::Lobby | Phase::Left { .. } => {
                assert!(!self.wants_in || view.refusal.is_some(), "outside for no reason");
            }
            Phase::Joining => panic!("not answered"),
            Phase::Waiting => assert!(is_full, "waits in front of a room with space"),
            Phase::Knocking { .. } => {
                assert!(state.gate.is_some() || is_full, "waits at an open door");
            }
            Phase::InCall { .. } => assert!(self.wants_in && self.call.me.is_some()),
        }
    }

    /// No file is on its way between people who are inside.
    fn check_files(&self, inside: &[PeerId]) {
        for file in self.call.content.files().files.iter() {
            let owner = file.key.owner.map(|owner| (owner, file.state));
            for (other, state) in owner.into_iter().chain(file.receivers.iter().copied()) {
                let moves = matches!(state, FileState::Transferring(_) | FileState::Checking);
                assert!(!moves || !inside.contains(&other), "{:?} does not arrive", file.key);
            }
        }
    }

    /// What this person's sections bring.
    fn tracks(&self) -> Vec<TrackInfo> {
        match self.maps {
            true => mapped(),
            false => tracks([TrackSource::Microphone, TrackSource::Camera, TrackSource::Screen]),
        }
    }
}

impl Pc {
    fn needs_negotiation(&self) -> bool {
        self.restart || self.changes > self.negotiated
    }

    fn agree(&mut self, sdp: &str) {
        (self.signaling, self.agreed) = (SignalingState::Stable, true);
        self.first.get_or_insert_with(|| sdp.to_owned());
        if sdp.contains("restart") {
            self.restart = false;
            self.lost = self.lost.filter(|loss| *loss == Loss::Connection);
        }
    }

    /// Finishes the operation under way (W3C WebRTC, section 4.4.1.5). An answer repeats the name
    /// of the offer it belongs to.
    fn complete(&mut self, counter: u64, maps: bool) -> PeerInput {
        use SignalingState::{HaveLocalOffer, HaveRemoteOffer, Stable};
        match self.operation.take() {
            Some(PeerCommand::SetLocal(Intent::Offer)) => {
                assert_eq!(self.signaling, Stable);
                let restart = if self.restart { " restart" } else { "" };
                // A line as there is one in every description, which may be read on the way.
                let sdp = format!("s=offer {counter}{restart}\r\n{SECTIONS}");
                self.local_offer = Some(sdp.clone());
                (self.signaling, self.offered) = (HaveLocalOffer, self.changes);
                let tracks = if maps { mapped() } else { Vec::new() };
                let offer = SessionDescription { kind: SdpType::Offer, sdp, tracks };
                PeerInput::LocalDone(Intent::Offer, Some(offer), self.signaling)
            }
            Some(PeerCommand::SetLocal(Intent::Answer)) => {
                assert_eq!(self.signaling, HaveRemoteOffer);
                let sdp = self.remote_offer.clone().unwrap();
                self.agree(&sdp);
                let tracks = if maps { mapped() } else { Vec::new() };
                let answer = SessionDescription { kind: SdpType::Answer, sdp, tracks };
                PeerInput::LocalDone(Intent::Answer, Some(answer), self.signaling)
            }
            Some(PeerCommand::SetRemote(remote)) => {
                self.tracks = remote.tracks;
                match remote.kind {
                    SdpType::Offer => {
                        self.local_offer = None;
                        self.remote_offer = Some(remote.sdp);
                        self.signaling = HaveRemoteOffer;
                    }
                    _ => {
                        let offer = self.local_offer.clone();
                        assert_eq!(Some(&remote.sdp), offer.as_ref(), "an answer to another offer");
                        self.agree(&remote.sdp);
                        self.negotiated = self.offered;
                    }
                }
                PeerInput::RemoteDone(true, self.signaling)
            }
            other => panic!("nothing to complete: {other:?}"),
        }
    }
}
