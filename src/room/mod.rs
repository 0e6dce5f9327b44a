//! Who is in which room, who calls whom, and who has gone silent. Pure: no socket, clock or
//! randomness in here.
//!
//! Contract: call [`Rooms::handle`] with an input and the time, then drain [`Rooms::poll`], then
//! call `handle` with [`Input::Tick`] at [`Rooms::poll_timeout`] if nothing came before.

mod heartbeat;
mod seats;
#[cfg(test)]
mod tests;

use crate::protocol::{
    ClientMessage, ErrorCode, IceServer, Join, ParseError, PeerId, Presence, Role, RoomName,
    RoomState, ServerMessage, Signal,
};
use heartbeat::{Heartbeat, Verdict};
pub use heartbeat::{PING_AFTER, SILENT_AFTER};
use seats::Seats;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// One open socket. Never used twice while the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many people fit into one room; at least 1.
    pub people: usize,
    /// What people configure their peer connections with.
    pub ice_servers: Vec<IceServer>,
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
        /// Fresh randomness: the sender's identity, should this message give it a seat.
        id: PeerId,
    },
    /// A socket answered a ping or gave another sign of life.
    Heard(ConnId),
    /// A socket is gone.
    Closed(ConnId),
    /// [`Rooms::poll_timeout`] has come.
    Tick,
}

/// What the owner of the sockets is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Write a message.
    Send(ConnId, ServerMessage),
    /// Ask for a sign of life (RFC 6455, section 5.5.2).
    Ping(ConnId),
    /// Close a socket that has gone silent. Its state is forgotten already.
    Close(ConnId),
}

/// What a connection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Has asked for nothing yet, or has left.
    Nowhere,
    /// Is told who is in a room.
    Watching(RoomName),
    /// Sits in a room.
    Seated(RoomName, PeerId),
}

/// One room: who sits in it and who looks in from outside. Forgotten when it has neither.
#[derive(Debug, Default)]
struct Room {
    seats: Seats,
    watchers: BTreeSet<ConnId>,
}

impl Room {
    /// Whom a relayed message is for.
    fn recipient(&self, from: ConnId, to: Option<PeerId>) -> Result<ConnId, Refusal> {
        let mut others = self.seats.others(from);
        if let Some(to) = to {
            return others.find(|seat| seat.id == to).map(|seat| seat.conn).ok_or_else(nobody);
        }
        match (others.next(), others.next()) {
            (Some(only), None) => Ok(only.conn),
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
    places: BTreeMap<ConnId, Place>,
    heartbeat: Heartbeat,
    commands: VecDeque<Command>,
}

/// A refusal: its code and its sentence.
type Refusal = (ErrorCode, String);

fn nobody() -> Refusal {
    (ErrorCode::NoSuchPeer, "Nobody with that id is in the room.".to_owned())
}

impl Rooms {
    /// No rooms and nobody connected.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            rooms: BTreeMap::new(),
            places: BTreeMap::new(),
            heartbeat: Heartbeat::default(),
            commands: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`, a time since some fixed start that never runs backwards.
    pub fn handle(&mut self, input: Input, now: Duration) {
        match input {
            Input::Opened(conn) => {
                self.places.insert(conn, Place::Nowhere);
                self.heartbeat.open(conn, now);
            }
            Input::Message { conn, message, id } => {
                // A message may still be on its way from a socket that was just given up.
                if !self.places.contains_key(&conn) {
                    return;
                }
                self.heartbeat.heard(conn, now);
                let refusal = |error: ParseError| (error.code(), error.to_string());
                let done = message
                    .map_err(refusal)
                    .and_then(|message| self.message(conn, message, id, now));
                if let Err((code, message)) = done {
                    self.send(conn, ServerMessage::Error { code, message });
                }
            }
            Input::Heard(conn) => self.heartbeat.heard(conn, now),
            Input::Closed(conn) => self.close(conn, now),
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
        self.heartbeat.next()
    }

    /// Who is in a room; nobody, if it is not known.
    #[must_use]
    pub fn state(&self, room: &RoomName, now: Duration) -> RoomState {
        let people = self.rooms.get(room).map(|room| room.seats.people(now)).unwrap_or_default();
        RoomState { people, limit: self.config.people }
    }

    /// How many rooms are remembered: those that somebody sits in or watches.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.rooms.len()
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
        id: PeerId,
        now: Duration,
    ) -> Result<(), Refusal> {
        match message {
            ClientMessage::Watch(room) => self.watch(conn, room, now),
            ClientMessage::Join(join) => self.join(conn, join, id, now),
            ClientMessage::Leave => {
                self.seat_of(conn)?;
                self.vacate(conn, now);
                Ok(())
            }
            ClientMessage::Presence(presence) => self.presence(conn, &presence, now),
            ClientMessage::Signal { to, signal } => self.relay(conn, to, signal),
        }
    }

    fn watch(&mut self, conn: ConnId, room: RoomName, now: Duration) -> Result<(), Refusal> {
        self.refuse_seated(conn)?;
        self.vacate(conn, now);
        self.rooms.entry(room.clone()).or_default().watchers.insert(conn);
        let state = self.state(&room, now);
        self.places.insert(conn, Place::Watching(room.clone()));
        self.send(conn, ServerMessage::Room { room, state });
        Ok(())
    }

    fn join(
        &mut self,
        conn: ConnId,
        Join { room: name, presence }: Join,
        id: PeerId,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.refuse_seated(conn)?;
        let state = self.state(&name, now);
        if !state.has_space() {
            let (inside, limit) = (state.people.len(), state.limit);
            return Err((ErrorCode::RoomFull, format!("{inside} of {limit} are inside.")));
        }
        self.vacate(conn, now);
        let room = self.rooms.entry(name.clone()).or_default();
        let newcomer = room.seats.add(conn, id, presence, now);
        let others: Vec<_> =
            room.seats.others(conn).map(|seat| (seat.conn, seat.person(now))).collect();
        self.places.insert(conn, Place::Seated(name.clone(), newcomer.id));
        let ice_servers = self.config.ice_servers.clone();
        self.send(conn, ServerMessage::Joined { id: newcomer.id, state, ice_servers });
        for (other, person) in others {
            self.send(other, ServerMessage::Ready { role: Role::Caller, peer: newcomer.clone() });
            self.send(conn, ServerMessage::Ready { role: Role::Callee, peer: person });
        }
        self.tell_watchers(&name, now);
        Ok(())
    }

    fn presence(
        &mut self,
        conn: ConnId,
        presence: &Presence,
        now: Duration,
    ) -> Result<(), Refusal> {
        let (name, from) = self.seat_of(conn)?;
        let Some(room) = self.rooms.get_mut(&name) else { return Ok(()) };
        if !room.seats.set_presence(conn, presence) {
            return Ok(());
        }
        let others: Vec<_> = room.seats.others(conn).map(|seat| seat.conn).collect();
        for other in others {
            self.send(other, ServerMessage::Presence { from, presence: presence.clone() });
        }
        self.tell_watchers(&name, now);
        Ok(())
    }

    fn relay(&mut self, conn: ConnId, to: Option<PeerId>, signal: Signal) -> Result<(), Refusal> {
        let (name, from) = self.seat_of(conn)?;
        let recipient = self.rooms.get(&name).map(|room| room.recipient(conn, to));
        let target = recipient.unwrap_or_else(|| Err(nobody()))?;
        self.send(target, ServerMessage::Signal { from, signal });
        Ok(())
    }

    fn close(&mut self, conn: ConnId, now: Duration) {
        self.vacate(conn, now);
        self.places.remove(&conn);
        self.heartbeat.close(conn);
    }

    fn tick(&mut self, now: Duration) {
        while let Some((conn, verdict)) = self.heartbeat.expire(now) {
            match verdict {
                Verdict::Ping => self.commands.push_back(Command::Ping(conn)),
                Verdict::Silent => {
                    self.close(conn, now);
                    self.commands.push_back(Command::Close(conn));
                }
            }
        }
    }

    /// Takes a connection out of the room it watches or sits in, and tells who needs to know.
    fn vacate(&mut self, conn: ConnId, now: Duration) {
        let Some(place) = self.places.get_mut(&conn) else { return };
        let (name, left) = match std::mem::replace(place, Place::Nowhere) {
            Place::Nowhere => return,
            Place::Watching(name) => (name, None),
            Place::Seated(name, id) => (name, Some(id)),
        };
        let Some(room) = self.rooms.get_mut(&name) else { return };
        room.watchers.remove(&conn);
        room.seats.remove(conn);
        let remaining: Vec<_> = room.seats.others(conn).map(|seat| seat.conn).collect();
        if remaining.is_empty() && room.watchers.is_empty() {
            self.rooms.remove(&name);
        } else if let Some(peer) = left {
            for other in remaining {
                self.send(other, ServerMessage::Left { peer });
            }
            self.tell_watchers(&name, now);
        }
    }

    fn tell_watchers(&mut self, name: &RoomName, now: Duration) {
        let Some(room) = self.rooms.get(name) else { return };
        let watchers: Vec<_> = room.watchers.iter().copied().collect();
        if watchers.is_empty() {
            return;
        }
        let state = self.state(name, now);
        for conn in watchers {
            self.send(conn, ServerMessage::Room { room: name.clone(), state: state.clone() });
        }
    }

    fn seat_of(&self, conn: ConnId) -> Result<(RoomName, PeerId), Refusal> {
        match self.places.get(&conn) {
            Some(Place::Seated(name, id)) => Ok((name.clone(), *id)),
            _ => Err((ErrorCode::NotJoined, "Join a room first.".to_owned())),
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

    fn send(&mut self, conn: ConnId, message: ServerMessage) {
        self.commands.push_back(Command::Send(conn, message));
    }
}
