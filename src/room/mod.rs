//! Who is in which room, who calls whom, and who has gone silent. Pure: no socket, clock or
//! randomness in here.
//!
//! Contract: call [`Rooms::handle`] with an input and the time, then drain [`Rooms::poll`], then
//! call `handle` with [`Input::Tick`] at [`Rooms::poll_timeout`] if nothing came before.

mod bucket;
mod heartbeat;
mod hidden;
mod hosts;
mod keeping;
mod seats;
#[cfg(test)]
mod tests;

use crate::protocol::{
    ClientMessage, ErrorCode, IceGrant, Join, ParseError, PeerId, Presence, Role, RoomName,
    RoomState, ServerMessage, Signal, limits::PEOPLE_PER_ROOM_MAX,
};
use bucket::Buckets;
pub use bucket::{Bucket, Rate};
use heartbeat::{Heartbeat, Verdict};
pub use heartbeat::{PING_AFTER, SILENT_AFTER};
use hidden::conceal;
use hosts::{Entry, GUESSES_OF_ADDRESS, GUESSES_OF_ROOM, KEPT_FOR_ADDRESS, Waiter};
pub use keeping::{INVITATIONS, INVITED_FOR, Invited, KEPT_FOR, Keeping};
pub use seats::Identity;
use seats::{Seat, Seats, Sitter};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// How long a seat is held for a page that is perhaps being loaded again, if seats are held at all.
pub const RELOAD: Duration = Duration::from_secs(5);

/// How often to look for what is kept in vain.
const SWEEP: Duration = Duration::from_secs(60 * 60);

/// How often somebody may have their connections made anew: a whole room's at once, then one a second.
const RECONNECTS: Rate = Rate::new(16, Duration::from_secs(16));

/// One open socket. Never used twice while the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many people fit into one room; at least 1.
    pub people: usize,
    /// How long a seat is held for somebody whose connection is gone.
    pub hold: Duration,
    /// How many rooms there may be at once in which somebody sits, or in front of which somebody waits.
    pub rooms: usize,
    /// How many rooms there may be of which something is kept.
    pub kept: usize,
    /// How long a connection may neither watch nor sit in a room.
    pub placeless: Duration,
}

/// Something that happened to a socket, or time that passed.
#[derive(Clone, Debug)]
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
    /// Keep what the hosts of a room decided, for [`Rooms::restore`].
    Keep(RoomName, Keeping),
    /// Nothing of a room is to be kept any more.
    Forget(RoomName),
    /// Send the room's host key that is good after so many handovers.
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
    watchers: BTreeSet<ConnId>,
    /// Who waits to be let in, in the order they came.
    line: Vec<Waiter>,
    /// Limits how often the line and the hosts are told who waits.
    news: Bucket,
    /// Whether they have to be told.
    is_news: bool,
    /// Limits what hosts do.
    actions: Bucket,
    /// What watchers were told last while the room was closed to them.
    shown: Option<RoomState>,
    /// The last place that was given to somebody who raised a hand.
    hands: u32,
}

impl Room {
    fn is_occupied(&self) -> bool {
        !self.seats.is_empty() || !self.line.is_empty()
    }
}

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

    /// Whom a relayed message is for.
    fn recipient(&self, from: PeerId, to: Option<PeerId>) -> Result<&Seat, Refusal> {
        let mut others = self.seats.others(from);
        if let Some(to) = to {
            return others.find(|seat| seat.id == to).ok_or_else(nobody);
        }
        match (others.next(), others.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err((ErrorCode::NoSuchPeer, "Nobody else is in the room yet.".to_owned())),
            (Some(_), Some(_)) => {
                let whom = "Three or more people are inside: say \"to\" whom.".to_owned();
                Err((ErrorCode::RecipientNeeded, whom))
            }
        }
    }
}

/// All rooms and all connections.
#[derive(Debug)]
pub struct Rooms {
    config: Config,
    rooms: BTreeMap<RoomName, Room>,
    /// What hosts decided, for the rooms where they did.
    kept: BTreeMap<RoomName, Keeping>,
    /// Limits the passcodes that are tried, for each room.
    guesses: Buckets<RoomName>,
    /// Limits the passcodes that are tried and set, for each address.
    guessers: Buckets<u64>,
    /// Limits the rooms of which something begins to be kept, for each address.
    keepers: Buckets<u64>,
    /// When to look for what is kept in vain.
    sweep: Duration,
    places: BTreeMap<ConnId, Place>,
    heartbeat: Heartbeat,
    /// When to close the connections that are nowhere.
    placeless: BTreeSet<(Duration, ConnId)>,
    /// When to look for seats that are held no longer.
    deadlines: BTreeSet<(Duration, RoomName)>,
    /// Until then, people whose seats are older than these rooms may still come back.
    gathered: Duration,
    /// The number of the last `ready`. Higher than any of the rooms that were here before.
    links: u64,
    commands: VecDeque<Command>,
}

/// A refusal: its code and its sentence.
type Refusal = (ErrorCode, String);

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
        Self {
            gathered: now + config.hold,
            links: u64::try_from(now.as_millis()).unwrap_or_default(),
            config,
            rooms: BTreeMap::new(),
            kept: BTreeMap::new(),
            guesses: Buckets::new(GUESSES_OF_ROOM),
            guessers: Buckets::new(GUESSES_OF_ADDRESS),
            keepers: Buckets::new(KEPT_FOR_ADDRESS),
            sweep: now + SWEEP,
            places: BTreeMap::new(),
            heartbeat: Heartbeat::default(),
            placeless: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            commands: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`, a time since some fixed start that never runs backwards.
    pub fn handle(&mut self, input: Input, now: Duration) {
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
                let refusal = |error: ParseError| (error.code(), error.to_string());
                let done = message
                    .map_err(refusal)
                    .and_then(|message| self.message(conn, message, *identity, now));
                if let Err((code, message)) = done {
                    self.send(conn, ServerMessage::Error { code, message });
                }
            }
            Input::Heard(conn) => self.heartbeat.heard(conn, now),
            Input::Unloaded(conn) => {
                self.vacate(conn, now + self.config.hold.min(RELOAD), now);
            }
            Input::Closed(conn) => self.close(conn, now + self.config.hold, now),
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
        let unused = self.kept.is_empty()
            && self.guesses.is_empty()
            && self.guessers.is_empty()
            && self.keepers.is_empty();
        let sweep = Some(self.sweep).filter(|_| !unused);
        self.heartbeat.next().into_iter().chain(held).chain(placeless).chain(sweep).min()
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
            ClientMessage::Watch(room) => self.watch(conn, room, now),
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

    fn watch(&mut self, conn: ConnId, room: RoomName, now: Duration) -> Result<(), Refusal> {
        self.refuse_seated(conn)?;
        self.vacate(conn, now, now);
        self.rooms.entry(room.clone()).or_default().watchers.insert(conn);
        let state = self.seen_from_outside(&room, now);
        if let Some(watched) = self.rooms.get_mut(&room) {
            watched.shown = state.gate.is_some().then(|| state.clone());
        }
        self.put(conn, Place::Watching(room.clone()));
        self.send(conn, ServerMessage::Room { room, state });
        Ok(())
    }

    fn join(
        &mut self,
        conn: ConnId,
        join: Join,
        identity: Identity,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.refuse_seated(conn)?;
        let claim = join.seat.as_ref().and_then(|claim| claim.token.as_ref());
        if !identity.returning && claim.is_some() {
            let message = "The proof of your seat is wrong or too old; join without it.".to_owned();
            return Err((ErrorCode::BadSeat, message));
        }
        let seat = self.rooms.get(&join.room).and_then(|room| room.seats.get(identity.id));
        // A message of a connection that this person has given up may come late.
        if seat.and_then(Seat::conn).is_some_and(|newer| newer > conn) {
            return Err(seat_moved());
        }
        match self.door(&join, &identity, now)? {
            Entry::In => self.sit(conn, join, identity, now),
            Entry::Wait => self.queue(conn, join, identity, now),
        }
    }

    /// Gives a seat to somebody who may have one.
    fn sit(
        &mut self,
        conn: ConnId,
        Join { room: name, presence, seat: claim, hidden, .. }: Join,
        identity: Identity,
        now: Duration,
    ) -> Result<(), Refusal> {
        let id = identity.id;
        let is_heir = self.is_heir(&name, &identity);
        let held = self.rooms.get(&name).is_some_and(|room| room.seats.get(id).is_some());
        let state = self.state(&name, now);
        // After a restart, nobody takes the place of somebody who is on their way back. Not even a
        // collector of old proofs makes a room more than twice as full as it may be.
        let owed = identity.returning
            && now < self.gathered
            && state.people.len() < 2 * self.config.people;
        if !held && !owed && !state.has_space() {
            let (inside, limit) = (state.people.len(), state.limit);
            return Err((ErrorCode::RoomFull, format!("{inside} of {limit} are inside.")));
        }
        self.refuse_another(&name)?;
        self.vacate(conn, now, now);
        self.use_invitation(&name, &identity, &presence.name, now);
        let room = self.rooms.entry(name.clone()).or_default();
        let mut presence = presence;
        if !identity.returning {
            presence.hand = presence.hand.map(|_| 0);
        }
        room.line_up(room.seats.get(id).and_then(|seat| seat.presence.hand), &mut presence);
        if held {
            self.take_back(conn, &name, &identity, presence, now);
        } else {
            room.seats.add(Seat::new(conn, &identity, presence));
        }
        let mut keyless = false;
        if let Some(seat) = self.rooms.get_mut(&name).and_then(|room| room.seats.get_mut(id)) {
            seat.hidden = hidden;
            seat.host |= is_heir;
            keyless = seat.host && !identity.host;
        }
        if let Some(kept) = self.kept.get_mut(&name) {
            kept.spare(id, identity.since);
        }
        self.put(conn, Place::Seated(name.clone(), id));
        let state = self.state(&name, now);
        let people = state.people.into_iter().filter(|person| person.id != id).collect();
        let (state, rules) = (RoomState { people, ..state }, self.rules(&name));
        let (ice, seat) = (IceGrant::default(), identity.token);
        self.send(conn, ServerMessage::Joined { id, state, ice, seat, rules });
        if keyless {
            self.give_key(conn, &name);
        }
        if identity.host || keyless {
            self.tell_rules(&name, Some(id));
            self.tell_line(&name, now);
        }
        let linked = claim.filter(|_| identity.returning).map(|claim| claim.linked);
        self.link(&name, id, linked.unwrap_or_default(), now);
        self.tell_watchers(&name, now);
        if self.kept.get_mut(&name).is_some_and(|kept| kept.touch(now)) {
            self.keep(&name);
        }
        Ok(())
    }

    /// Puts a person back on their seat. Whoever used it until now, in another tab, is told.
    fn take_back(
        &mut self,
        conn: ConnId,
        name: &RoomName,
        identity: &Identity,
        presence: Presence,
        now: Duration,
    ) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some(seat) = room.seats.get_mut(identity.id) else { return };
        let before = std::mem::replace(&mut seat.sitter, Sitter::Here(conn));
        seat.presence = presence;
        seat.host |= identity.host;
        if let Sitter::Here(elsewhere) = before {
            self.displace(elsewhere, now);
            let (code, message) = seat_moved();
            self.send(elsewhere, ServerMessage::Error { code, message });
        }
    }

    /// Brings a person who has just sat down together with everybody who is here. Those who both
    /// say that they have a connection already are left alone.
    fn link(&mut self, name: &RoomName, id: PeerId, linked: Vec<PeerId>, now: Duration) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some(seat) = room.seats.get_mut(id) else { return };
        let known = std::mem::take(&mut seat.linked);
        let number = |other| (other, known.get(&other).copied().unwrap_or_default());
        let linked = linked.into_iter().filter(|other| *other != id);
        seat.linked = linked.take(PEOPLE_PER_ROOM_MAX).map(number).collect();
        let others: Vec<_> = room.seats.others(id).map(|seat| seat.id).collect();
        for other in others {
            self.introduce(name, id, other, now);
        }
        // Who is not here has left, unless nobody has had the time to come back yet.
        if now >= self.gathered {
            self.forget_absent(name);
        } else {
            self.deadlines.insert((self.gathered, name.clone()));
        }
    }

    /// Tells two people to connect to each other, unless both say that they are connected, or one
    /// of them is away: then it is done when they are back.
    fn introduce(&mut self, name: &RoomName, id: PeerId, other: PeerId, now: Duration) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let (Some(mine), Some(theirs)) = (room.seats.get(id), room.seats.get(other)) else {
            return;
        };
        if mine.linked.contains_key(&other) && theirs.linked.contains_key(&id) {
            let back = ServerMessage::Back { peer: id, presence: mine.presence.clone() };
            if let Some(conn) = theirs.conn() {
                self.send(conn, back);
            }
            return;
        }
        let meeting = match (mine.conn(), theirs.conn()) {
            (Some(my_conn), Some(their_conn)) if mine.precedes(theirs) => Some([
                (my_conn, Role::Caller, theirs.person(now)),
                (their_conn, Role::Callee, mine.person(now)),
            ]),
            (Some(my_conn), Some(their_conn)) => Some([
                (their_conn, Role::Caller, mine.person(now)),
                (my_conn, Role::Callee, theirs.person(now)),
            ]),
            _ => None,
        };
        if meeting.is_some() {
            self.links += 1;
        }
        let link = self.links;
        for (one, two) in [(id, other), (other, id)] {
            if let Some(seat) = room.seats.get_mut(one) {
                seat.candidates.remove(&two);
                match meeting {
                    Some(_) => seat.linked.insert(two, link),
                    None => seat.linked.remove(&two),
                };
            }
        }
        for (conn, role, peer) in meeting.into_iter().flatten() {
            self.send(conn, ServerMessage::Ready { role, peer, link });
        }
    }

    /// Tells people of everybody they believe to be connected to who is not in the room.
    fn forget_absent(&mut self, name: &RoomName) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let present: BTreeSet<_> = room.seats.all().iter().map(|seat| seat.id).collect();
        let mut news = Vec::new();
        for id in &present {
            let Some(seat) = room.seats.get_mut(*id) else { continue };
            let linked = seat.linked.keys().copied();
            let absent: Vec<_> = linked.filter(|other| !present.contains(other)).collect();
            for peer in absent {
                seat.linked.remove(&peer);
                news.extend(seat.conn().map(|conn| (conn, peer)));
            }
        }
        for (conn, peer) in news {
            self.send(conn, ServerMessage::Left { peer });
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
        let news = ServerMessage::Presence { from, presence };
        self.tell_others(name, from, &news);
        if let Some(conn) = conn {
            self.send(conn, news);
        }
        self.tell_watchers(name, now);
    }

    /// Connects two people anew who cannot repair their connection. Both may ask for it: what is
    /// done already is not done again.
    fn reconnect(
        &mut self,
        conn: ConnId,
        to: PeerId,
        link: u64,
        now: Duration,
    ) -> Result<(), Refusal> {
        let (name, from) = self.seat_of(conn)?;
        let Some(room) = self.rooms.get_mut(&name) else { return Err(nobody()) };
        if to == from || room.seats.get(to).is_none() {
            return Err(nobody());
        }
        let Some(seat) = room.seats.get_mut(from) else { return Err(nobody()) };
        if seat.linked.get(&to).is_some_and(|current| *current == link || *current == 0) {
            if seat.reconnects.take(RECONNECTS, now).is_err() {
                let message = "You ask for new connections too often: try again in a second.";
                return Err((ErrorCode::TryLater, message.to_owned()));
            }
            seat.linked.remove(&to);
            self.introduce(&name, from, to, now);
        }
        Ok(())
    }

    fn relay(
        &mut self,
        conn: ConnId,
        to: Option<PeerId>,
        link: Option<u64>,
        signal: Signal,
    ) -> Result<(), Refusal> {
        let (name, from) = self.seat_of(conn)?;
        let Some(room) = self.rooms.get_mut(&name) else { return Err(nobody()) };
        let hidden = room.seats.get(from).is_some_and(|seat| seat.hidden);
        let recipient = room.recipient(from, to)?;
        let (to, target) = (recipient.id, recipient.conn());
        if let Some(seat) = room.seats.get_mut(from) {
            seat.count(to, &signal)?;
        }
        let signal = if hidden { conceal(signal) } else { Some(signal) };
        let Some(signal) = signal else { return Ok(()) };
        match target {
            Some(target) => self.send(target, ServerMessage::Signal { from, link, signal }),
            // They will be told again.
            None if matches!(signal, Signal::Reception(_)) => {}
            // What is lost now cannot be made up for: the two are introduced anew.
            None => {
                if let Some(seat) = room.seats.get_mut(from) {
                    seat.linked.remove(&to);
                }
            }
        }
        Ok(())
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

    fn close(&mut self, conn: ConnId, hold: Duration, now: Duration) {
        self.vacate(conn, hold, now);
        if let Some(until) = self.places.remove(&conn).as_ref().and_then(Place::suffered) {
            self.placeless.remove(&(until, conn));
        }
        self.heartbeat.close(conn);
    }

    fn tick(&mut self, now: Duration) {
        while let Some((conn, verdict)) = self.heartbeat.expire(now) {
            match verdict {
                Verdict::Ping => self.commands.push_back(Command::Ping(conn)),
                Verdict::Silent => {
                    // Nothing was heard for a while already.
                    let hold = now + self.config.hold.saturating_sub(SILENT_AFTER);
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
            self.give_up(&name, now);
        }
        if now >= self.sweep {
            self.sweep = now + SWEEP;
            self.forget_unused(now);
        }
    }

    /// Frees the seats in a room that are held no longer.
    fn give_up(&mut self, name: &RoomName, now: Duration) {
        let Some(room) = self.rooms.get(name) else { return };
        let over = |seat: &&Seat| matches!(seat.sitter, Sitter::Away(until) if until <= now);
        let gone: Vec<_> = room.seats.all().iter().filter(over).map(|seat| seat.id).collect();
        if room.is_news {
            self.tell_line(name, now);
        }
        for id in gone {
            self.free(name, id, now);
        }
        if now >= self.gathered {
            self.forget_absent(name);
        }
    }

    /// Takes a connection out of the room it watches or sits in, and tells who needs to know. The
    /// seat of somebody who asked for that is held until `hold`.
    fn vacate(&mut self, conn: ConnId, hold: Duration, now: Duration) {
        let Some(place) = self.places.get(&conn).cloned() else { return };
        if !matches!(place, Place::Nowhere(_)) {
            self.displace(conn, now);
        }
        match place {
            Place::Nowhere(_) => {}
            Place::Watching(name) => {
                if let Some(room) = self.rooms.get_mut(&name) {
                    room.watchers.remove(&conn);
                }
                self.forget_empty(&name);
            }
            Place::Waiting(name) => {
                if let Some(room) = self.rooms.get_mut(&name) {
                    room.line.retain(|waiter| waiter.conn != conn);
                }
                self.tell_line(&name, now);
                self.forget_empty(&name);
            }
            Place::Seated(name, id) => {
                let seat = self.rooms.get_mut(&name).and_then(|room| room.seats.get_mut(id));
                match seat.filter(|seat| seat.holds && hold > now) {
                    Some(seat) => {
                        seat.sitter = Sitter::Away(hold);
                        self.deadlines.insert((hold, name));
                    }
                    None => self.free(&name, id, now),
                }
            }
        }
    }

    fn free(&mut self, name: &RoomName, id: PeerId, now: Duration) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let told: Vec<_> = room.seats.others_here(id);
        let was_host = room.seats.get(id).is_some_and(|seat| seat.host);
        room.seats.remove(id);
        for conn in told {
            self.send(conn, ServerMessage::Left { peer: id });
        }
        if was_host {
            self.tell_rules(name, None);
            self.tell_line(name, now);
        }
        self.tell_watchers(name, now);
        self.forget_empty(name);
    }

    fn forget_empty(&mut self, name: &RoomName) {
        if self.rooms.get(name).is_some_and(|room| !room.is_occupied() && room.watchers.is_empty())
        {
            self.rooms.remove(name);
        }
    }

    fn tell_others(&mut self, name: &RoomName, id: PeerId, message: &ServerMessage) {
        let Some(room) = self.rooms.get(name) else { return };
        for conn in room.seats.others_here(id) {
            self.send(conn, message.clone());
        }
    }

    fn tell_watchers(&mut self, name: &RoomName, now: Duration) {
        let Some(room) = self.rooms.get(name) else { return };
        let watchers: Vec<_> = room.watchers.iter().copied().collect();
        if watchers.is_empty() {
            return;
        }
        let state = self.seen_from_outside(name, now);
        let closed = state.gate.is_some().then(|| state.clone());
        // That something happens inside is no news to those who are not to know what.
        if let Some(room) = self.rooms.get_mut(name)
            && std::mem::replace(&mut room.shown, closed.clone()) == closed
            && closed.is_some()
        {
            return;
        }
        for conn in watchers {
            self.send(conn, ServerMessage::Room { room: name.clone(), state: state.clone() });
        }
    }

    fn seat_of(&self, conn: ConnId) -> Result<(RoomName, PeerId), Refusal> {
        match self.seat(conn) {
            Some((name, id)) => Ok((name.clone(), id)),
            None => Err((ErrorCode::NotJoined, "Join a room first.".to_owned())),
        }
    }

    fn refuse_seated(&self, conn: ConnId) -> Result<(), Refusal> {
        match self.places.get(&conn) {
            Some(Place::Seated(..)) => {
                let message = "This connection sits in a room already; leave it first.".to_owned();
                Err((ErrorCode::AlreadyJoined, message))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a room that would be one more than there may be.
    fn refuse_another(&self, name: &RoomName) -> Result<(), Refusal> {
        let most = self.config.rooms;
        let occupied = || self.rooms.values().filter(|room| room.is_occupied()).count();
        // Who watches holds no room.
        if self.rooms.len() < most
            || self.rooms.get(name).is_some_and(Room::is_occupied)
            || occupied() < most
        {
            return Ok(());
        }
        let message = format!("There are {most} rooms, as many as this server has; try again.");
        Err((ErrorCode::TooManyRooms, message))
    }

    fn send(&mut self, conn: ConnId, message: ServerMessage) {
        self.commands.push_back(Command::Send(conn, message));
    }
}
