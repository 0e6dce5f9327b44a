//! The directory: finds a room by its name, and knows everything beyond single rooms: connections,
//! counts across rooms, stored rooms without people, and pending writes.

mod barrier;
mod connections;
mod deferred;
mod heartbeat;
mod limits;
mod routing;
mod stored_rooms;
mod timeouts;

use super::{Answer, ConnId, Decisions, Forwarding, Identity, Refusal, Room, RoomInput, refusal};
use crate::protocol::{
    ClientMessage, ErrorCode, ParseError, PeerId, RoomName, RoomState, ServerMessage,
};
use barrier::Barrier;
pub use barrier::WRITE_TIMEOUT;
use connections::Connections;
use deferred::{Asker, Deferred};
pub use deferred::{Check, Checked};
use heartbeat::Due;
use limits::{Census, Footprint};
pub(super) use limits::{Limits, Space, Vacancy};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};
use stored_rooms::StoredRooms;
pub use timeouts::Timeouts;

/// Interval at which expired rooms are looked for.
pub(super) const SWEEP: Duration = Duration::from_secs(60 * 60);

/// The operator's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Maximum number of participants in one room; at least 1.
    pub max_participants: usize,
    /// Maximum number of participants who connect directly to each other. With more, the server forwards the media
    /// of the room.
    pub max_direct: usize,
    /// Timeouts for silent and disconnected participants.
    pub timeouts: Timeouts,
    /// Maximum number of rooms with people inside or waiting.
    pub max_rooms: usize,
    /// Maximum number of stored rooms.
    pub max_stored_rooms: usize,
    /// Time after which a connection is closed that neither watches a room nor is in one.
    pub join_timeout: Duration,
}

/// An event of a socket, or the passing of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A socket is open.
    Opened(ConnId),
    /// A socket received a message.
    Message {
        /// The socket.
        conn: ConnId,
        /// The message, or why it could not be parsed.
        message: Result<ClientMessage, ParseError>,
        /// The sender's identity, in case the message takes a seat.
        identity: Box<Identity>,
    },
    /// A socket answered a ping or gave another sign of life.
    Alive(ConnId),
    /// The page of a socket is being closed or reloaded: the socket will close.
    Unloaded(ConnId),
    /// A socket is gone.
    Closed(ConnId),
    /// A page asks for the public state of a room. [`Command::Answer`] carries the same number.
    Query(u64, RoomName),
    /// The writes before this [`Command::Sync`] are done, or have failed.
    Synced(u64, bool),
    /// The content of the room in [`Command::Load`], if it is stored.
    Loaded(RoomName, Option<Decisions>),
    /// Rooms that [`Command::Sweep`] found expired.
    Swept(Vec<RoomName>),
    /// The result of the [`Command::Check`] with this ticket.
    Checked(u64, Checked),
    /// The answer to a [`Forwarding::Offer`].
    Answered {
        /// The room.
        room: RoomName,
        /// The participant.
        seat: PeerId,
        /// The number of their connection.
        link: u64,
        /// The answer.
        answer: Answer,
    },
    /// [`Directory::poll_timeout`] has been reached.
    Tick,
}

/// An action for the owner of the sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send a message. Its [`IceGrant`](crate::protocol::IceGrant), if any, is empty here:
    /// credentials are created when it is sent, for the seat in [`Directory::seat`].
    Send(ConnId, ServerMessage),
    /// Send the same message to several sockets. It contains nothing specific to one of them.
    Broadcast(Vec<ConnId>, ServerMessage),
    /// Ask for a sign of life (RFC 6455, section 5.5.2).
    Ping(ConnId),
    /// Close a socket that has gone silent. Its state is already gone.
    Close(ConnId),
    /// Store the decisions of a room's hosts, for [`Input::Loaded`].
    Store(RoomName, Decisions),
    /// Delete everything stored about a room.
    Forget(RoomName),
    /// Return [`Input::Synced`] when everything before this is stored.
    Sync(u64),
    /// Return [`Input::Loaded`] with the stored content of a room.
    Load(RoomName),
    /// Delete rooms that have expired at this time, and return [`Input::Swept`].
    Sweep(Duration),
    /// Check a passcode.
    Check(Check),
    /// Hand this to [`Directory::handle`] again: its dependency is available now. The sender must
    /// be identified again.
    Resume(Box<Input>),
    /// Answer an [`Input::Query`].
    Answer(u64, RoomState),
    /// Send the room's host key of this generation.
    SendHostKey(ConnId, RoomName, u64),
    /// Record that somebody has this seat, connected or about to return, or that nobody has it any more.
    Seat(PeerId, bool),
    /// Tell the media plane about a participant of a room whose media it forwards. An offer is answered with
    /// [`Input::Answered`].
    Forward(RoomName, Forwarding),
    /// Close an idle socket. Its state is already gone.
    CloseUnused(ConnId),
}

/// All rooms and all connections of one server.
#[derive(Debug)]
pub struct Directory {
    pub(super) config: Config,
    /// Rooms with people inside, waiting or watching.
    pub(super) rooms: BTreeMap<RoomName, Box<Room>>,
    /// The next deadline of each room.
    deadlines: BTreeSet<(Duration, RoomName)>,
    pub(super) stored_rooms: StoredRooms,
    census: Census,
    pub(super) limits: Limits,
    barrier: Barrier,
    deferred: Deferred,
    connections: Connections,
    /// When to look for expired rooms.
    sweep: Duration,
    /// Until this time, people with seats from before the start may still return.
    pub(super) resume_window_ends: Duration,
    commands: VecDeque<Command>,
}

impl Directory {
    /// No connections at `now`, though people may have had seats before. These rooms are stored,
    /// for [`Command::Load`], with the time of use of those used on a single day.
    #[must_use]
    pub fn new(
        config: Config,
        now: Duration,
        stored: impl IntoIterator<Item = (RoomName, Option<Duration>)>,
    ) -> Self {
        let connections = Connections::new(config.timeouts, config.join_timeout);
        Self {
            resume_window_ends: now + config.timeouts.reconnect_grace,
            config,
            rooms: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            stored_rooms: StoredRooms::new(stored),
            census: Census::default(),
            limits: Limits::new(),
            barrier: Barrier::default(),
            deferred: Deferred::default(),
            connections,
            sweep: now + SWEEP,
            commands: VecDeque::new(),
        }
    }

    /// Handles an input at `now`, a time since some fixed start that never runs backwards.
    pub fn handle(&mut self, input: Input, now: Duration) {
        match input {
            Input::Opened(conn) => self.connections.open(conn, now),
            Input::Message { conn, message, identity } => {
                // A message may still arrive from a socket that was just closed.
                if self.connections.contains(conn) {
                    self.connections.heartbeat.alive(conn, now);
                    self.message(conn, message, identity, now);
                }
            }
            Input::Alive(conn) => self.connections.heartbeat.alive(conn, now),
            Input::Unloaded(conn) => {
                let Timeouts { reconnect_grace, reload_grace, .. } = self.config.timeouts;
                self.vacate(conn, now + reconnect_grace.min(reload_grace), now);
            }
            Input::Closed(conn) => {
                self.close(conn, now + self.config.timeouts.reconnect_grace, now);
            }
            Input::Query(question, room) => self.query(question, &room, now),
            Input::Synced(number, written) => self.synced(number, written),
            Input::Loaded(room, decisions) => self.loaded(&room, decisions, now),
            Input::Swept(rooms) => self.stored_rooms.swept(&rooms),
            Input::Checked(ticket, checked) => self.checked(ticket, checked),
            Input::Answered { room, seat, link, answer } => {
                // The room may be gone by now.
                if self.rooms.contains_key(&room) {
                    self.in_room(&room, RoomInput::Answered(seat, link, answer), now);
                }
            }
            Input::Tick => self.tick(now),
        }
    }

    /// The next command, until there is none.
    pub fn poll(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// When to call [`Directory::handle`] with [`Input::Tick`] at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let rooms = self.deadlines.first().map(|(deadline, _)| *deadline);
        let unused = self.stored_count() == 0 && self.limits.is_empty();
        let sweep = Some(self.sweep).filter(|_| !unused);
        let elsewhere = self.barrier.next().into_iter().chain(self.stored_rooms.next());
        let all = self.connections.next().into_iter().chain(rooms).chain(sweep);
        all.chain(elsewhere).min()
    }

    /// What people outside may know about a room.
    #[must_use]
    pub fn seen_from_outside(&self, room: &RoomName, now: Duration) -> RoomState {
        if let Some(room) = self.room(room) {
            return room.seen_from_outside(now);
        }
        let empty =
            RoomState { people: Vec::new(), limit: self.config.max_participants, gate: None };
        super::behind_gate(empty, self.stored_rooms.decisions(room))
    }

    /// The seat of a connection, and its room.
    #[must_use]
    pub fn seat(&self, conn: ConnId) -> Option<(&RoomName, PeerId)> {
        self.connections.seat(conn)
    }

    /// The connection of a participant in the room of another connection.
    #[must_use]
    pub fn conn_of_peer(&self, conn: ConnId, id: PeerId) -> Option<ConnId> {
        let (name, _) = self.seat(conn)?;
        self.room(name)?.seats.get(id)?.conn()
    }

    fn room(&self, name: &RoomName) -> Option<&Room> {
        self.rooms.get(name).map(Box::as_ref)
    }

    /// Number of rooms with people inside, waiting or watching.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// Number of seats taken or reserved.
    #[must_use]
    pub fn participant_count(&self) -> usize {
        self.rooms.values().map(|room| room.seats.all().len()).sum()
    }

    /// Number of known connections.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.connections.len()
    }

    /// Whether a pair is still waiting to connect.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn is_pairing(&self) -> bool {
        self.rooms.values().any(|room| room.is_pairing())
    }

    /// Whether a connection is known.
    #[cfg(test)]
    pub(super) fn knows(&self, conn: ConnId) -> bool {
        self.connections.contains(conn)
    }

    /// Number of stored rooms.
    pub(super) fn stored_count(&self) -> usize {
        self.census.stored + self.stored_rooms.len()
    }

    fn tick(&mut self, now: Duration) {
        if let Some(number) = self.barrier.overdue(now) {
            self.synced(number, false);
        }
        self.give_up_loading(now);
        while let Some((conn, due)) = self.connections.heartbeat.expire(now) {
            match due {
                Due::Ping => self.commands.push_back(Command::Ping(conn)),
                Due::End => {
                    // It has been silent for a while already.
                    let Timeouts { reconnect_grace, ping_timeout, .. } = self.config.timeouts;
                    self.close(conn, now + reconnect_grace.saturating_sub(ping_timeout), now);
                    self.commands.push_back(Command::Close(conn));
                }
            }
        }
        while let Some(conn) = self.connections.overdue(now) {
            self.close(conn, now, now);
            self.commands.push_back(Command::CloseUnused(conn));
        }
        while self.deadlines.first().is_some_and(|(due, _)| *due <= now) {
            let Some((_, room)) = self.deadlines.pop_first() else { return };
            self.tick_room(&room, now);
        }
        if now >= self.sweep {
            self.sweep = now + SWEEP;
            self.forget_unused(now);
        }
    }

    fn forget_unused(&mut self, now: Duration) {
        self.limits.forget_full(now);
        self.sweep_rooms(now);
        for room in self.stored_rooms.expired(now) {
            self.forget(&room, now);
        }
        if self.stored_rooms.is_on_disk() {
            self.commands.push_back(Command::Sweep(now));
        }
    }

    /// The write with this number is done or late: people are told, and a host learns how durable
    /// the decision is.
    fn synced(&mut self, number: u64, written: bool) {
        let (told, hosts) = self.barrier.pass(number);
        self.commands.extend(told);
        for conn in hosts.into_iter().filter(|_| !written) {
            self.refuse(conn, not_kept());
        }
    }

    fn refuse(&mut self, conn: ConnId, (code, message): Refusal) {
        self.send(conn, ServerMessage::Error { code, message });
    }

    fn send(&mut self, conn: ConnId, message: ServerMessage) {
        self.tell(conn, Command::Send(conn, message));
    }

    /// Sends a command to a connection, once the writes it depends on are done.
    fn tell(&mut self, conn: ConnId, command: Command) {
        self.commands.extend(self.barrier.tell(conn, command));
    }
}

fn not_kept() -> Refusal {
    refusal(
        ErrorCode::NotKept,
        "This is in effect, but could not be saved yet. A restart of the server would undo it.",
    )
}
