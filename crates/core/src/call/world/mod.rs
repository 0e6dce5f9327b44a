//! Several calls, the real rooms between them, and just enough of a browser for each: for the tests
//! and the fuzzer.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test and the fuzzer learn of a fault"
)]

mod browser;
mod check;
mod events;
mod pc;
mod server;

use super::*;
use crate::{
    content::{ChannelInput, FileCommand, FileInput, FileKey, FileState},
    protocol::{
        ControlMessage, HostAction, IceCandidate, Join, Pass, Role, SdpType, SessionDescription,
        TrackInfo, TrackSource,
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
    /// Number of people above which the server forwards.
    max_direct: usize,
    made: u64,
    /// What is under way on data channels.
    talks: VecDeque<(usize, PeerKey, PeerInput)>,
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

fn rooms_of(people: usize, max_direct: usize) -> room::Config {
    let join_timeout = Duration::from_secs(10);
    let timeouts = room::Timeouts { reconnect_grace: HOLD, ..room::Timeouts::default() };
    room::Config {
        max_participants: people,
        max_direct,
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
        Self::with_forwarding(people, limit, limit)
    }

    /// The same, where the server forwards with more than `max_direct` people.
    #[must_use]
    pub fn with_forwarding(people: usize, limit: usize, max_direct: usize) -> Self {
        let config = rooms_of(limit, max_direct);
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
            max_direct,
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

    /// Who somebody is in the room.
    #[must_use]
    pub fn id(&self, person: usize) -> Option<PeerId> {
        self.people[person].call.me
    }

    /// How the connections to all others are, as somebody sees them.
    #[must_use]
    pub fn links(&self, person: usize) -> Vec<Link> {
        self.people[person].call.view().tiles.iter().map(|tile| tile.link).collect()
    }

    /// How many peer connections have been made so far.
    #[must_use]
    pub fn connections_made(&self) -> u64 {
        self.made
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

    fn busy(&self, person: usize) -> bool {
        let person = &self.people[person];
        let working = person.pcs.values().any(|pc| pc.operation.is_some() || pc.lost.is_some());
        let linked = match person.is_forwarded() {
            true => person.pcs.len() == 1,
            false => person.pcs.len() == person.call.participants.iter().count(),
        };
        let waiting = person.socket.is_none() || person.stalled != (false, false) || !linked;
        working || waiting || !person.upstream.is_empty() || !person.downstream.is_empty()
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
}
