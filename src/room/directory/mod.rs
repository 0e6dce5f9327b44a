//! Finds a room by its name, and knows what is beside the rooms: the connections, what is counted
//! across rooms, what is kept of rooms in which nobody is, and what waits for the disk.

mod barrier;
mod clocks;
mod connections;
mod deferred;
mod heartbeat;
mod limits;
mod routing;
mod shelf;

use super::{ConnId, Identity, Keeping, Refusal, Room, refusal};
use crate::protocol::{
    ClientMessage, ErrorCode, ParseError, PeerId, RoomName, RoomState, ServerMessage,
};
use barrier::Barrier;
pub use barrier::WRITTEN_WITHIN;
pub use clocks::Clocks;
use connections::Connections;
use deferred::{Asker, Deferred};
pub use deferred::{Check, Checked};
use heartbeat::Due;
use limits::{Census, Footprint};
pub(super) use limits::{Limits, Space, Vacancy};
use shelf::Shelf;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// How often to look for what is kept in vain.
pub(super) const SWEEP: Duration = Duration::from_secs(60 * 60);

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
    /// [`Directory::poll_timeout`] has come.
    Tick,
}

/// What the owner of the sockets is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Write a message. The [`IceGrant`](crate::protocol::IceGrant) in it, if there is one, is empty
    /// here: credentials are made when it is written, for whom [`Directory::seat`] names.
    Send(ConnId, ServerMessage),
    /// Write the same message to several sockets. It holds nothing that is for one of them alone.
    Broadcast(Vec<ConnId>, ServerMessage),
    /// Ask for a sign of life (RFC 6455, section 5.5.2).
    Ping(ConnId),
    /// Close a socket that has gone silent. Its state is forgotten already.
    Close(ConnId),
    /// Keep what the hosts of a room decided, for [`Input::Loaded`].
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
    /// Hand this to [`Directory::handle`] again: what it depends on is known now. Who sent it is to
    /// be identified again.
    Resume(Box<Input>),
    /// Answer an [`Input::Look`].
    Answer(u64, RoomState),
    /// Send the room's host key of this generation.
    SendHostKey(ConnId, RoomName, u64),
    /// Close a socket that is used for nothing. Its state is forgotten already.
    CloseUnused(ConnId),
}

/// All rooms and all connections of one server.
#[derive(Debug)]
pub struct Directory {
    pub(super) config: Config,
    /// Where anybody is: who sits, waits or watches.
    pub(super) rooms: BTreeMap<RoomName, Room>,
    /// When which room has something to do.
    deadlines: BTreeSet<(Duration, RoomName)>,
    pub(super) shelf: Shelf,
    census: Census,
    pub(super) limits: Limits,
    barrier: Barrier,
    deferred: Deferred,
    connections: Connections,
    /// When to look for what is kept in vain.
    sweep: Duration,
    /// Until then, people whose seats are older than this directory may still come back.
    pub(super) gathered: Duration,
    commands: VecDeque<Command>,
}

impl Directory {
    /// Nobody is connected at `now`, though some may have had seats in the rooms that were here
    /// before. Something is `kept` of these rooms, for [`Command::Load`]; with when those were used
    /// that were used on one day only.
    #[must_use]
    pub fn new(
        config: Config,
        now: Duration,
        kept: impl IntoIterator<Item = (RoomName, Option<Duration>)>,
    ) -> Self {
        let connections = Connections::new(config.clocks, config.placeless);
        Self {
            gathered: now + config.clocks.hold,
            config,
            rooms: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            shelf: Shelf::new(kept),
            census: Census::default(),
            limits: Limits::new(),
            barrier: Barrier::default(),
            deferred: Deferred::default(),
            connections,
            sweep: now + SWEEP,
            commands: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`, a time since some fixed start that never runs backwards.
    pub fn handle(&mut self, input: Input, now: Duration) {
        match input {
            Input::Opened(conn) => self.connections.open(conn, now),
            Input::Message { conn, message, identity } => {
                // A message may still be on its way from a socket that was just given up.
                if self.connections.contains(conn) {
                    self.connections.heartbeat.heard(conn, now);
                    self.message(conn, message, identity, now);
                }
            }
            Input::Heard(conn) => self.connections.heartbeat.heard(conn, now),
            Input::Unloaded(conn) => {
                let Clocks { hold, reload, .. } = self.config.clocks;
                self.vacate(conn, now + hold.min(reload), now);
            }
            Input::Closed(conn) => self.close(conn, now + self.config.clocks.hold, now),
            Input::Look(question, room) => self.look(question, &room, now),
            Input::Synced(number, written) => self.synced(number, written),
            Input::Loaded(room, kept) => self.loaded(&room, kept, now),
            Input::Swept(rooms) => self.shelf.swept(&rooms),
            Input::Checked(ticket, checked) => self.checked(ticket, checked),
            Input::Tick => self.tick(now),
        }
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// When to call [`Directory::handle`] with [`Input::Tick`] at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let rooms = self.deadlines.first().map(|(deadline, _)| *deadline);
        let unused = self.kept_count() == 0 && self.limits.is_empty();
        let sweep = Some(self.sweep).filter(|_| !unused);
        let elsewhere = self.barrier.next().into_iter().chain(self.shelf.next());
        let all = self.connections.next().into_iter().chain(rooms).chain(sweep);
        all.chain(elsewhere).min()
    }

    /// What somebody outside may know of a room.
    #[must_use]
    pub fn seen_from_outside(&self, room: &RoomName, now: Duration) -> RoomState {
        if let Some(room) = self.rooms.get(room) {
            return room.seen_from_outside(now);
        }
        let empty = RoomState { people: Vec::new(), limit: self.config.people, gate: None };
        super::behind_gate(empty, self.shelf.keeping(room))
    }

    /// Which seat in which room a connection has.
    #[must_use]
    pub fn seat(&self, conn: ConnId) -> Option<(&RoomName, PeerId)> {
        self.connections.seat(conn)
    }

    /// The connection of a person in the same room as another connection's.
    #[must_use]
    pub fn beside(&self, conn: ConnId, id: PeerId) -> Option<ConnId> {
        let (name, _) = self.seat(conn)?;
        self.rooms.get(name)?.seats.get(id)?.conn()
    }

    /// How many rooms somebody sits in, waits for or watches.
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
        self.connections.len()
    }

    /// Whether somebody is still to be told to connect to somebody.
    #[cfg(test)]
    pub(crate) fn is_introducing(&self) -> bool {
        self.rooms.values().any(Room::is_pairing)
    }

    /// Whether a connection is remembered.
    #[cfg(test)]
    pub(super) fn knows(&self, conn: ConnId) -> bool {
        self.connections.contains(conn)
    }

    /// Of how many rooms something is kept.
    pub(super) fn kept_count(&self) -> usize {
        self.census.kept + self.shelf.len()
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
                    // Nothing was heard for a while already.
                    let Clocks { hold, silence, .. } = self.config.clocks;
                    self.close(conn, now + hold.saturating_sub(silence), now);
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
        for room in self.shelf.over(now) {
            self.forget(&room, now);
        }
        if self.shelf.is_on_disk() {
            self.commands.push_back(Command::Sweep(now));
        }
    }

    /// What was kept up to this number is written down, or will not be in time: people are told, and
    /// a host whose decision it was knows how long it holds.
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

    /// Tells a connection something, once what it may be about is written down.
    fn tell(&mut self, conn: ConnId, command: Command) {
        self.commands.extend(self.barrier.tell(conn, command));
    }
}

fn not_kept() -> Refusal {
    refusal(
        ErrorCode::NotKept,
        "That is in force, but could not be saved yet: until it is, a restart of the server undoes it.",
    )
}
