//! Several calls, the real rooms between them, and just enough of a browser for each.

use super::*;
use crate::{
    protocol::{IceCandidate, SdpType, SessionDescription, TrackInfo, TrackSource},
    room::{self, ConnId, Directory, Identity},
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
    /// Nothing comes through until ICE is restarted; or never again.
    lost: Option<Loss>,
    /// ICE is to be restarted with the next offer.
    restart: bool,
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
pub(super) enum Loss {
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
}

pub(super) struct World {
    now: Duration,
    rooms: Directory,
    people: Vec<Person>,
    counter: u64,
    limit: usize,
    made: u64,
    /// What is under way on data channels.
    talks: VecDeque<(usize, PeerKey, String)>,
    /// Connections that could not be made, which is reported when the call's turn is over.
    failed: Vec<(usize, PeerKey)>,
}

/// How long seats are held.
const HOLD: Duration = Duration::from_secs(15);

fn rooms_of(people: usize) -> room::Config {
    let placeless = Duration::from_secs(10);
    let clocks = room::Clocks { hold: HOLD, ..room::Clocks::default() };
    room::Config { people, clocks, rooms: 100, kept: 100, placeless }
}

impl World {
    pub(super) fn new(people: usize, limit: usize) -> Self {
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
        };
        let mut world = Self {
            now: Duration::ZERO,
            rooms: Directory::new(config, Duration::ZERO, []),
            people: (0..people).map(person).collect(),
            counter: 0,
            limit,
            made: 0,
            talks: VecDeque::new(),
            failed: Vec::new(),
        };
        for person in 0..people {
            world.tell(person, Input::Watch("room".parse().unwrap()));
        }
        world
    }

    pub(super) fn phase(&self, person: usize) -> Phase {
        self.people[person].call.view().phase
    }

    pub(super) fn join(&mut self, person: usize) {
        self.tell(person, Input::Join);
    }

    pub(super) fn leave(&mut self, person: usize) {
        self.tell(person, Input::Leave);
    }

    /// WebRTC is switched off in somebody's browser.
    pub(super) fn disable(&mut self, person: usize) {
        self.people[person].disabled = true;
    }

    pub(super) fn enable(&mut self, person: usize) {
        self.people[person].disabled = false;
    }

    pub(super) fn links(&self, person: usize) -> Vec<Link> {
        self.people[person].call.view().tiles.iter().map(|tile| tile.link).collect()
    }

    pub(super) fn hide(&mut self, person: usize, hidden: bool) {
        self.tell(person, Input::Hide(hidden));
    }

    /// The socket breaks: what was under way in both directions is lost.
    pub(super) fn cut(&mut self, person: usize) {
        if let Some(generation) = self.hang_up(person) {
            self.tell(person, Input::SocketClosed { generation, restarting: false, jitter: 0.5 });
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
    pub(super) fn stall(&mut self, person: usize, up: bool, down: bool) {
        let Person { socket: Some(_), stalled, .. } = &mut self.people[person] else { return };
        *stalled = (stalled.0 || up, stalled.1 || down);
    }

    /// Nothing comes through any more between two people who were connected.
    pub(super) fn lose(&mut self, one: usize, two: usize, loss: Loss) {
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
            let news = match loss {
                Loss::Path => PeerInput::IceConnection(IceConnectionState::Disconnected),
                Loss::Connection => PeerInput::Connection(ConnectionState::Failed),
            };
            self.tell(person, Input::Peer(key, news));
        }
    }

    pub(super) fn step(&mut self, action: u8, pick: usize) {
        let person = pick % self.people.len();
        match action {
            0 => self.join(person),
            1 if pick.is_multiple_of(3) => self.leave(person),
            2 if pick.is_multiple_of(4) => self.cut(person),
            3 => self.renegotiate(person, pick),
            4 if pick.is_multiple_of(16) => self.restart(),
            4 if pick.is_multiple_of(15) => self.tell(person, Input::NetworkChanged),
            4 if pick.is_multiple_of(13) => {
                self.stall(person, pick.is_multiple_of(2), !pick.is_multiple_of(3));
            }
            4 if pick.is_multiple_of(9) => {
                self.tell(person, Input::Say(format!("{pick}").as_str().into()));
                self.pass_on();
            }
            4 if pick.is_multiple_of(7) => {
                let hidden = self.people[person].call.ice.config().hidden;
                self.hide(person, !hidden);
            }
            4 if pick.is_multiple_of(11) => {
                let loss = if pick.is_multiple_of(2) { Loss::Path } else { Loss::Connection };
                self.lose(person, (pick + 1) % self.people.len(), loss);
            }
            4 => {
                self.now += Duration::from_millis(200);
                self.tick_rooms();
                self.tell(person, Input::Tick);
            }
            5 | 6 => self.deliver_up(person),
            7 | 8 => self.deliver_down(person),
            _ => self.complete(person, pick),
        }
    }

    /// Lets everything that is under way arrive and everything that is begun finish.
    pub(super) fn settle(&mut self) {
        for _ in 0..20_000 {
            if self.round() {
                return;
            }
        }
        panic!("never comes to rest");
    }

    /// Lets so much time pass.
    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.round();
        }
    }

    /// Everybody does one thing; returns whether there was none to do.
    fn round(&mut self) -> bool {
        let mut quiet = !self.rooms.is_introducing();
        for person in 0..self.people.len() {
            quiet &= !self.busy(person);
            self.deliver_up(person);
            self.deliver_down(person);
            self.complete(person, 0);
            self.pass_on();
            self.now += Duration::from_millis(50);
            self.tick_rooms();
            if self.people[person].call.poll_timeout().is_some_and(|due| due <= self.now) {
                self.tell(person, Input::Tick);
            }
        }
        quiet
    }

    /// Everybody inside is linked to everybody else inside, exactly once and in agreement.
    pub(super) fn check(&self) {
        let state = self.rooms.seen_from_outside(&"room".parse().unwrap(), self.now);
        let inside: Vec<_> = self.people.iter().filter(|person| person.call.me.is_some()).collect();
        let mut ids: Vec<_> = inside.iter().filter_map(|person| person.call.me).collect();
        assert_eq!(ids.len(), state.people.len(), "ghosts");
        ids.sort();
        for person in &self.people {
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
                let other = self.people.iter().find(|other| other.call.me == Some(key.id));
                assert_eq!(pc.tracks, other.unwrap().tracks(), "taken for something else");
                assert_eq!(pc.hidden, person.call.ice.config().hidden);
                assert!(person.call.ice.is_told(), "the server does not know what to hide");
                assert_eq!(participants.route(key.id), Some(*key), "reached by another connection");
                let connection = participants.connections().find(|one| one.key() == *key);
                assert!(connection.is_some_and(|connection| !connection.is_negotiating()));
            }
            assert_eq!(participants.connections().count(), person.pcs.len());
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
    pub(super) fn end(&mut self) {
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

    fn tell(&mut self, person: usize, input: Input) {
        self.people[person].call.handle(input, self.now);
        while let Some(command) = self.people[person].call.poll() {
            self.obey(person, command);
        }
        for (person, key) in std::mem::take(&mut self.failed) {
            self.tell(person, Input::Peer(key, PeerInput::NotOpened));
        }
    }

    fn obey(&mut self, index: usize, command: Command) {
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
            Command::KeepHostKey(_)
            | Command::HandOutHostKey(_)
            | Command::DropHostKey
            | Command::Mute(_)
            | Command::Tell(_)
            | Command::Pour(..)
            | Command::File(_) => {}
            Command::OpenPeer { key, config, .. } => {
                self.made += 1;
                if person.disabled {
                    person.unmade.push(key);
                    self.failed.push((index, key));
                    return;
                }
                let pc = Pc { hidden: config.hidden, ..Pc::default() };
                assert!(person.pcs.insert(key, pc).is_none());
                self.tell(index, Input::Peer(key, PeerInput::NegotiationNeeded));
            }
            Command::Configure(_) => {}
            Command::Talk(key, talk) => {
                if let Some((to, back)) = self.other_end(index, key) {
                    self.talks.push_back((to, back, talk.to_json()));
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
                        self.tell(index, Input::Peer(key, PeerInput::NegotiationNeeded));
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
        while let Some((to, key, text)) = self.talks.pop_front() {
            let heard = PeerInput::Channel(ChannelInput::Heard(text));
            self.tell(to, Input::Peer(key, heard));
        }
    }

    /// Data channels open on both sides at once.
    fn open_channel(&mut self, index: usize, key: PeerKey) {
        let Some((other, back)) = self.other_end(index, key) else { return };
        for (person, key) in [(index, key), (other, back)] {
            let pc = self.people[person].pcs.get_mut(&key).unwrap();
            if !std::mem::replace(&mut pc.open, true) {
                self.tell(person, Input::Peer(key, PeerInput::Channel(ChannelInput::Opened)));
            }
        }
        self.pass_on();
    }

    fn renegotiate(&mut self, person: usize, pick: usize) {
        let keys: Vec<_> = self.people[person].pcs.keys().copied().collect();
        if let Some(key) = keys.get(pick % keys.len().max(1)) {
            self.tell(person, Input::Peer(*key, PeerInput::NegotiationNeeded));
        }
    }

    /// The oldest message of this person reaches the server, or their new socket does.
    fn deliver_up(&mut self, index: usize) {
        self.counter += 1;
        let person = &mut self.people[index];
        if let Some(generation) = person.opening.take() {
            let conn = ConnId(self.counter);
            person.socket = Some((generation, conn));
            self.rooms.handle(room::Input::Opened(conn), self.now);
            self.tell(index, Input::SocketOpened(generation));
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
        let ClientMessage::Join(Join { seat: Some(claim), .. }) = message else { return fresh };
        let proven = claim.token.as_ref().map(|token| {
            let (id, since) = token.split_once('/').unwrap();
            let since = Duration::from_millis(since.parse().unwrap());
            Identity { id: id.parse().unwrap(), since, returning: true, ..Identity::default() }
        });
        let identity = proven.unwrap_or(fresh);
        let token = format!("{}/{}", identity.id, identity.since.as_millis());
        Identity { token: Some(token), ..identity }
    }

    /// The server is killed and started again: every socket breaks, and the rooms are empty.
    pub(super) fn restart(&mut self) {
        let config = rooms_of(self.limit);
        self.rooms = Directory::new(config, self.now, []);
        for index in 0..self.people.len() {
            let person = &mut self.people[index];
            person.upstream.clear();
            person.downstream.clear();
            person.stalled = (false, false);
            if let Some((generation, _)) = person.socket.take() {
                self.tell(
                    index,
                    Input::SocketClosed { generation, restarting: false, jitter: 0.5 },
                );
            }
        }
    }

    /// How many peer connections have been made so far.
    pub(super) fn connections_made(&self) -> u64 {
        self.made
    }

    fn deliver_down(&mut self, index: usize) {
        let person = &mut self.people[index];
        let Some((generation, _)) = person.socket else { return };
        if let (Some(message), (_, false)) = (person.downstream.pop_front(), person.stalled) {
            let message = ServerMessage::parse(&message.to_json()).unwrap();
            self.tell(index, Input::SocketMessage(generation, message));
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
    pub(super) fn wait(&mut self) {
        for _ in 0..40 {
            self.now += Duration::from_millis(500);
            self.tick_rooms();
            self.settle();
        }
    }

    fn route(&mut self) {
        while let Some(command) = self.rooms.poll() {
            if let room::Command::Sync(number) = command {
                self.rooms.handle(room::Input::Synced(number, true), self.now);
            }
            let (to, message) = match command {
                room::Command::Send(conn, message) => (vec![conn], message),
                room::Command::Broadcast(to, message) => (to, message),
                _ => continue,
            };
            let is_told = |person: &Person| person.socket.is_some_and(|(_, of)| to.contains(&of));
            for person in self.people.iter_mut().filter(|person| is_told(person)) {
                person.downstream.push_back(message.clone());
            }
        }
    }

    fn complete(&mut self, index: usize, pick: usize) {
        let (counter, maps) = (self.counter, self.people[index].maps);
        let working = |(_, pc): &(&PeerKey, &mut Pc)| pc.operation.is_some();
        let mut pcs: Vec<_> = self.people[index].pcs.iter_mut().filter(working).collect();
        let count = pcs.len().max(1);
        let Some((key, pc)) = pcs.get_mut(pick % count) else { return };
        let (key, input) = (**key, pc.complete(counter, maps));
        let (connected, again) = (pc.agreed && pc.lost.is_none(), pc.restart);
        let again = again && pc.signaling == SignalingState::Stable;
        self.tell(index, Input::Peer(key, input));
        if connected {
            for news in [
                PeerInput::IceConnection(IceConnectionState::Connected),
                PeerInput::Connection(ConnectionState::Connected),
            ] {
                self.tell(index, Input::Peer(key, news));
            }
        }
        self.open_channel(index, key);
        if again {
            // Another negotiation was first (W3C WebRTC, section 4.7.3).
            self.tell(index, Input::Peer(key, PeerInput::NegotiationNeeded));
        }
        let candidate = IceCandidate { candidate: "c".to_owned(), ..IceCandidate::default() };
        let found = PeerInput::LocalCandidate(Some(candidate));
        self.tell(index, Input::Peer(key, found));
    }
}

/// What the sections bring of a client that says so.
fn mapped() -> Vec<TrackInfo> {
    tracks([TrackSource::Microphone, TrackSource::Screen, TrackSource::Camera])
}

impl Person {
    /// What this person's sections bring.
    fn tracks(&self) -> Vec<TrackInfo> {
        match self.maps {
            true => mapped(),
            false => tracks([TrackSource::Microphone, TrackSource::Camera, TrackSource::Screen]),
        }
    }
}

impl Pc {
    fn agree(&mut self, sdp: &str) {
        (self.signaling, self.agreed) = (SignalingState::Stable, true);
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
                self.signaling = HaveLocalOffer;
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
                    }
                }
                PeerInput::RemoteDone(true, self.signaling)
            }
            other => panic!("nothing to complete: {other:?}"),
        }
    }
}
