//! Who is in which room, who calls whom, and who has gone silent. Pure: no socket, clock or
//! randomness in here.
//!
//! Contract: call [`Rooms::handle`] with an input and the time, then drain [`Rooms::poll`], then
//! call `handle` with [`Input::Tick`] at [`Rooms::poll_timeout`] if nothing came before.

mod barrier;
mod clocks;
mod deferred;
mod door;
mod entering;
mod heartbeat;
mod hidden;
mod hosts;
mod keeping;
mod leaving;
mod linking;
mod rules;
mod seats;
mod shelf;
#[cfg(test)]
mod tests;
mod watching;

use crate::{
    protocol::{
        ClientMessage, ErrorCode, IceGrant, ParseError, PeerId, Presence, RoomName, RoomState,
        ServerMessage,
    },
    rate_limit::{Bucket, Buckets, Rate},
};
use barrier::Barrier;
pub use barrier::WRITTEN_WITHIN;
pub use clocks::Clocks;
use deferred::{Asker, Deferred};
pub use deferred::{Check, Checked};
use door::{GUESSES_OF_ADDRESS, GUESSES_OF_ROOM, Waiter};
use heartbeat::{Heartbeat, Verdict};
pub use keeping::{Guest, INVITATIONS, INVITED_FOR, Invited, KEPT_BRIEFLY, KEPT_FOR, Keeping};
use rules::KEPT_FOR_ADDRESS;
use seats::Seats;
pub use seats::{Identity, SEAT_VALID};
use shelf::Shelf;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};
use watching::{TOLD_AT_ADDRESS, Watchers};

/// How often to look for what is kept in vain.
const SWEEP: Duration = Duration::from_secs(60 * 60);

/// One open socket. Never used twice while the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many people fit into one room; at least 1.
    pub people: usize,
    /// How long is waited for people of whom nothing is heard.
    pub clocks: Clocks,
    /// How many rooms there may be at once in which somebody sits, or in front of which somebody waits.
    pub rooms: usize,
    /// How many rooms there may be of which something is kept.
    pub kept: usize,
    /// How long a connection may neither watch nor sit in a room.
    pub placeless: Duration,
}

/// Something that happened to a socket, or time that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A socket is open.
    Opened(ConnId),
    /// A socket said something.
    Message {
        /// Which.
        conn: ConnId,
        /// What, or why it could not be understood.
        message: Result<ClientMessage, ParseError>,
        /// Who the sender is, should this message give it a seat.
        identity: Box<Identity>,
    },
    /// A socket answered a ping or gave another sign of life.
    Heard(ConnId),
    /// The page of a socket is being closed, or loaded again: the socket will be gone.
    Unloaded(ConnId),
    /// A socket is gone.
    Closed(ConnId),
    /// A page wants to know what may be known of a room from outside. Its number is answered.
    Look(u64, RoomName),
    /// What was to be kept before this [`Command::Sync`] is written down, or could not be.
    Synced(u64, bool),
    /// What is kept of a room that [`Command::Load`] named, if anything is.
    Loaded(RoomName, Option<Keeping>),
    /// Rooms that [`Command::Sweep`] found to be over.
    Swept(Vec<RoomName>),
    /// What came of the [`Command::Check`] with this ticket.
    Checked(u64, Checked),
    /// [`Rooms::poll_timeout`] has come.
    Tick,
}

/// What the owner of the sockets is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Write a message. The [`IceGrant`] in it, if there is one, is empty here: credentials are made
    /// when it is written, for whom [`Rooms::seat`] names.
    Send(ConnId, ServerMessage),
    /// Ask for a sign of life (RFC 6455, section 5.5.2).
    Ping(ConnId),
    /// Close a socket that has gone silent. Its state is forgotten already.
    Close(ConnId),
    /// Keep what the hosts of a room decided, for [`Rooms::restore`] and [`Input::Loaded`].
    Keep(RoomName, Keeping),
    /// Nothing of a room is to be kept any more.
    Forget(RoomName),
    /// Say [`Input::Synced`] when everything before this is kept.
    Sync(u64),
    /// Say [`Input::Loaded`] with what is kept of a room.
    Load(RoomName),
    /// Keep no room any more that is over at this time, and say [`Input::Swept`].
    Sweep(Duration),
    /// Work on a passcode.
    Check(Check),
    /// Hand this to [`Rooms::handle`] again: what it depends on is known now. Who sent it is to be
    /// identified anew.
    Resume(Box<Input>),
    /// Answer an [`Input::Look`].
    Answer(u64, RoomState),
    /// Send the room's host key of this generation.
    GiveKey(ConnId, RoomName, u64),
    /// Close a socket that is used for nothing. Its state is forgotten already.
    CloseUnused(ConnId),
}

/// What a connection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Has asked for nothing yet, or has left; until when that is suffered.
    Nowhere(Duration),
    /// Is told who is in a room.
    Watching(RoomName),
    /// Waits in front of a room until a host lets them in.
    Waiting(RoomName),
    /// Sits in a room.
    Seated(RoomName, PeerId),
}

impl Place {
    /// Until when a connection may be there, if not for as long as it likes.
    fn suffered(&self) -> Option<Duration> {
        match self {
            Self::Nowhere(until) => Some(*until),
            Self::Watching(_) | Self::Waiting(_) | Self::Seated(..) => None,
        }
    }
}

/// One room: who sits in it, who waits in front of it and who looks in from outside. Forgotten when
/// it has none of them. Somebody whose seat is held counts as sitting in it.
#[derive(Debug, Default)]
struct Room {
    seats: Seats,
    watchers: Watchers,
    /// Pairs who are to connect to each other as soon as it is their turn, in the order they came.
    unmet: Vec<(PeerId, PeerId)>,
    /// Who may know the host key that is good now: who has shown it or was given it in this call.
    keyholders: Vec<PeerId>,
    /// Who waits to be let in, in the order they came.
    line: Vec<Waiter>,
    /// Limits how often the line and the hosts are told who waits.
    news: Bucket,
    /// Whether they have to be told.
    is_news: bool,
    /// Limits what hosts do.
    actions: Bucket,
    /// Whether what its hosts decide ends with the call, because too much is kept already.
    for_this_call: bool,
    /// For which address something began to be kept of it.
    keeper: Option<u64>,
    /// The last place that was given to somebody who raised a hand.
    hands: u32,
}

impl Room {
    fn is_occupied(&self) -> bool {
        !self.seats.is_empty() || !self.line.is_empty()
    }

    /// Everybody who is told something of it.
    fn connections(&self) -> impl Iterator<Item = ConnId> {
        let seated = self.seats.all().iter().filter_map(seats::Seat::conn);
        let waiting = self.line.iter().map(|waiter| waiter.conn);
        seated.chain(waiting).chain(self.watchers.connections())
    }
}

/// How often the others are told of one person's presence: of many changes together.
const NEWS: Rate = Rate::new(16, Duration::from_secs(2));

/// The last place in the line of raised hands that somebody may claim.
const LAST_HAND: u32 = 1 << 24;

impl Room {
    /// Puts somebody in line who has raised a hand. Who stood there keeps the place, also from the
    /// rooms that were here before.
    fn line_up(&mut self, before: Option<u32>, presence: &mut Presence) {
        presence.hand = presence.hand.map(|said| match (before, said) {
            (Some(place), _) => place,
            (None, 1..LAST_HAND) => said,
            (None, _) => self.hands.saturating_add(1),
        });
        self.hands = self.hands.max(presence.hand.unwrap_or_default());
    }
}

/// All rooms and all connections.
#[derive(Debug)]
pub struct Rooms {
    config: Config,
    rooms: BTreeMap<RoomName, Room>,
    /// What hosts decided, for the rooms where they did and that are in memory.
    kept: BTreeMap<RoomName, Keeping>,
    shelf: Shelf,
    barrier: Barrier,
    deferred: Deferred,
    /// When the input came that is handled, and from whom, if it is a message.
    acting: (Duration, Option<ConnId>),
    /// Limits the passcodes that are tried, for each room.
    guesses: Buckets<RoomName>,
    /// Limits the passcodes that are tried and set, for each address.
    guessers: Buckets<u64>,
    /// Limits the rooms of which something begins to be kept, for each address.
    keepers: Buckets<u64>,
    /// Limits what watchers are told, for each address.
    shows: Buckets<u64>,
    /// When to look for what is kept in vain.
    sweep: Duration,
    places: BTreeMap<ConnId, Place>,
    heartbeat: Heartbeat,
    /// When to close the connections that are nowhere.
    placeless: BTreeSet<(Duration, ConnId)>,
    /// When to look after a room: for seats that are held no longer, and for what had to wait.
    deadlines: BTreeSet<(Duration, RoomName)>,
    /// Until then, people whose seats are older than these rooms may still come back.
    gathered: Duration,
    /// The number of the last `ready`. Higher than any of the rooms that were here before.
    links: u64,
    commands: VecDeque<Command>,
}

/// A refusal: its code and its sentence.
type Refusal = (ErrorCode, String);

fn refusal(code: ErrorCode, sentence: &str) -> Refusal {
    (code, sentence.to_owned())
}

fn nobody() -> Refusal {
    (ErrorCode::NoSuchPeer, "Nobody with that id is in the room.".to_owned())
}

fn seat_moved() -> Refusal {
    (ErrorCode::SeatMoved, "Your seat is used from another tab now.".to_owned())
}

impl Rooms {
    /// No rooms and nobody connected at `now`, though some may have had seats in the rooms that
    /// were here before.
    #[must_use]
    pub fn new(config: Config, now: Duration) -> Self {
        let heartbeat = Heartbeat::new(config.clocks);
        Self {
            gathered: now + config.clocks.hold,
            links: u64::try_from(now.as_millis()).unwrap_or_default(),
            config,
            rooms: BTreeMap::new(),
            kept: BTreeMap::new(),
            shelf: Shelf::default(),
            barrier: Barrier::default(),
            deferred: Deferred::default(),
            acting: (now, None),
            guesses: Buckets::new(GUESSES_OF_ROOM),
            guessers: Buckets::new(GUESSES_OF_ADDRESS),
            keepers: Buckets::new(KEPT_FOR_ADDRESS),
            shows: Buckets::new(TOLD_AT_ADDRESS),
            sweep: now + SWEEP,
            places: BTreeMap::new(),
            heartbeat,
            placeless: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            commands: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`, a time since some fixed start that never runs backwards.
    pub fn handle(&mut self, input: Input, now: Duration) {
        self.acting = (now, None);
        match input {
            Input::Opened(conn) => {
                self.displace(conn, now);
                self.heartbeat.open(conn, now);
            }
            Input::Message { conn, message, identity } => {
                // A message may still be on its way from a socket that was just given up.
                if !self.places.contains_key(&conn) {
                    return;
                }
                self.heartbeat.heard(conn, now);
                self.acting.1 = Some(conn);
                let refusal = |error: ParseError| (error.code(), error.to_string());
                let done = message
                    .map_err(refusal)
                    .and_then(|message| self.hear(conn, message, identity, now));
                if let Err((code, message)) = done {
                    self.send(conn, ServerMessage::Error { code, message });
                }
            }
            Input::Heard(conn) => self.heartbeat.heard(conn, now),
            Input::Unloaded(conn) => {
                let Clocks { hold, reload, .. } = self.config.clocks;
                self.vacate(conn, now + hold.min(reload), now);
            }
            Input::Closed(conn) => self.close(conn, now + self.config.clocks.hold, now),
            Input::Look(question, room) => self.look(question, &room, now),
            Input::Synced(number, written) => self.synced(number, written),
            Input::Loaded(room, kept) => self.loaded(&room, kept, now),
            Input::Swept(rooms) => self.swept(rooms),
            Input::Checked(ticket, checked) => self.checked(ticket, checked),
            Input::Tick => self.tick(now),
        }
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// When to call [`Rooms::handle`] with [`Input::Tick`] at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let held = self.deadlines.first().map(|(deadline, _)| *deadline);
        let placeless = self.placeless.first().map(|(deadline, _)| *deadline);
        let unused = self.kept_count() == 0
            && self.guesses.is_empty()
            && self.guessers.is_empty()
            && self.keepers.is_empty()
            && self.shows.is_empty();
        let sweep = Some(self.sweep).filter(|_| !unused);
        let elsewhere = self.barrier.next().into_iter().chain(self.shelf.next());
        let all = self.heartbeat.next().into_iter().chain(held).chain(placeless).chain(sweep);
        all.chain(elsewhere).min()
    }

    /// Who is in a room; nobody, if it is not known.
    fn state(&self, room: &RoomName, now: Duration) -> RoomState {
        let people = self.rooms.get(room).map(|room| room.seats.people(now)).unwrap_or_default();
        RoomState { people, limit: self.config.people, gate: None }
    }

    /// What somebody outside may know of a room.
    #[must_use]
    pub fn seen_from_outside(&self, room: &RoomName, now: Duration) -> RoomState {
        let state = self.state(room, now);
        match self.kept.get(room).and_then(Keeping::gate) {
            None => state,
            gate => {
                let limit = if state.has_space() { state.limit } else { 0 };
                RoomState { people: Vec::new(), limit, gate }
            }
        }
    }

    /// Which seat in which room a connection has.
    #[must_use]
    pub fn seat(&self, conn: ConnId) -> Option<(&RoomName, PeerId)> {
        match self.places.get(&conn) {
            Some(Place::Seated(name, id)) => Some((name, *id)),
            _ => None,
        }
    }

    /// The connection of a person in the same room as another connection's.
    #[must_use]
    pub fn beside(&self, conn: ConnId, id: PeerId) -> Option<ConnId> {
        let (name, _) = self.seat(conn)?;
        self.rooms.get(name)?.seats.get(id)?.conn()
    }

    /// How many rooms are remembered: those that somebody sits in or watches.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// How many seats are taken or held.
    #[must_use]
    pub fn person_count(&self) -> usize {
        self.rooms.values().map(|room| room.seats.all().len()).sum()
    }

    /// How many connections are remembered.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.places.len()
    }

    fn message(
        &mut self,
        conn: ConnId,
        message: ClientMessage,
        identity: Identity,
        now: Duration,
    ) -> Result<(), Refusal> {
        match message {
            ClientMessage::Watch(room) => self.watch(conn, &room, identity.address, now),
            ClientMessage::Join(join) => self.join(conn, join, identity, now),
            ClientMessage::Leave => {
                if !matches!(self.places.get(&conn), Some(Place::Waiting(_))) {
                    self.seat_of(conn)?;
                }
                self.vacate(conn, now, now);
                Ok(())
            }
            ClientMessage::Presence(presence) => self.presence(conn, presence, now),
            ClientMessage::Host(action) => self.host(conn, action, identity, now),
            ClientMessage::Ping => {
                self.send(conn, ServerMessage::Pong);
                Ok(())
            }
            ClientMessage::Ice => {
                self.seat_of(conn)?;
                self.send(conn, ServerMessage::Ice(IceGrant::default()));
                Ok(())
            }
            // The hub counts it.
            ClientMessage::Report(_) => self.seat_of(conn).map(|_| ()),
            ClientMessage::Reconnect { to, link } => self.reconnect(conn, to, link, now),
            ClientMessage::Signal { to, link, signal } => self.relay(conn, to, link, signal),
        }
    }

    fn presence(&mut self, conn: ConnId, presence: Presence, now: Duration) -> Result<(), Refusal> {
        if let Some(Place::Waiting(name)) = self.places.get(&conn).cloned() {
            self.rename_waiter(&name, conn, presence, now);
            return Ok(());
        }
        let (name, from) = self.seat_of(conn)?;
        self.set_presence(&name, from, presence, now);
        Ok(())
    }

    /// Changes what the others know of somebody, and tells them.
    fn set_presence(&mut self, name: &RoomName, from: PeerId, presence: Presence, now: Duration) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let said = presence.hand;
        let mut presence = presence;
        // A place is for who comes back to it.
        presence.hand = said.map(|_| 0);
        let before = room.seats.get(from).and_then(|seat| seat.presence.hand);
        room.line_up(before, &mut presence);
        let Some(seat) = room.seats.get_mut(from).filter(|seat| seat.presence != presence) else {
            return;
        };
        seat.presence.clone_from(&presence);
        let conn = seat.conn().filter(|_| presence.hand != said);
        if let Some(conn) = conn {
            self.send(conn, ServerMessage::Presence { from, presence });
        }
        self.tell_presence(name, from, now);
        self.tell_watchers(name, now);
    }

    /// Tells the others somebody's presence: at once, or, where it changes much, soon.
    fn tell_presence(&mut self, name: &RoomName, from: PeerId, now: Duration) {
        let seat = self.rooms.get_mut(name).and_then(|room| room.seats.get_mut(from));
        let Some(seat) = seat else { return };
        let taken = seat.news.take(NEWS, now);
        seat.is_news = taken.is_err();
        let presence = seat.presence.clone();
        match taken {
            Ok(()) => self.tell_others(name, from, &ServerMessage::Presence { from, presence }),
            Err(wait) => drop(self.deadlines.insert((now + wait, name.clone()))),
        }
    }

    /// Notes what a connection is doing from now on. Only this and [`Self::close`] change it.
    fn put(&mut self, conn: ConnId, place: Place) {
        let until = place.suffered();
        let before = self.places.insert(conn, place);
        if let Some(until) = before.as_ref().and_then(Place::suffered) {
            self.placeless.remove(&(until, conn));
        }
        self.placeless.extend(until.map(|until| (until, conn)));
    }

    fn displace(&mut self, conn: ConnId, now: Duration) {
        self.put(conn, Place::Nowhere(now + self.config.placeless));
    }

    fn tick(&mut self, now: Duration) {
        if let Some(number) = self.barrier.overdue(now) {
            self.synced(number, false);
        }
        self.give_up_loading(now);
        while let Some((conn, verdict)) = self.heartbeat.expire(now) {
            match verdict {
                Verdict::Ping => self.commands.push_back(Command::Ping(conn)),
                Verdict::Silent => {
                    // Nothing was heard for a while already.
                    let Clocks { hold, silence, .. } = self.config.clocks;
                    let hold = now + hold.saturating_sub(silence);
                    self.close(conn, hold, now);
                    self.commands.push_back(Command::Close(conn));
                }
            }
        }
        while let Some(&(until, conn)) = self.placeless.first().filter(|(until, _)| *until <= now) {
            self.placeless.remove(&(until, conn));
            self.close(conn, now, now);
            self.commands.push_back(Command::CloseUnused(conn));
        }
        while self.deadlines.first().is_some_and(|(deadline, _)| *deadline <= now) {
            let Some((_, name)) = self.deadlines.pop_first() else { return };
            self.catch_up(&name, now);
        }
        if now >= self.sweep {
            self.sweep = now + SWEEP;
            self.forget_unused(now);
        }
    }

    fn tell_others(&mut self, name: &RoomName, id: PeerId, message: &ServerMessage) {
        let Some(room) = self.rooms.get(name) else { return };
        for conn in room.seats.others_here(id) {
            self.send(conn, message.clone());
        }
    }

    fn seat_of(&self, conn: ConnId) -> Result<(RoomName, PeerId), Refusal> {
        match self.seat(conn) {
            Some((name, id)) => Ok((name.clone(), id)),
            None => Err((ErrorCode::NotJoined, "Join a room first.".to_owned())),
        }
    }

    fn send(&mut self, conn: ConnId, message: ServerMessage) {
        self.tell(conn, Command::Send(conn, message));
    }

    /// Tells a connection something, once what it may be about is written down.
    fn tell(&mut self, conn: ConnId, command: Command) {
        let now = self.barrier.tell(conn, command);
        self.commands.extend(now);
    }

    fn look(&mut self, question: u64, room: &RoomName, now: Duration) {
        if !self.shelf.holds(room) {
            return self.answer(question, room, now);
        }
        let asker = Asker::Page(question, room.clone());
        if self.load(room, asker, now).is_err() {
            self.commands.push_back(Command::Answer(question, RoomState::default()));
        }
    }

    fn answer(&mut self, question: u64, room: &RoomName, now: Duration) {
        let answer = Command::Answer(question, self.seen_from_outside(room, now));
        let now = self.barrier.tell_of(room, answer);
        self.commands.extend(now);
    }
}
