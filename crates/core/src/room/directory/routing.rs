//! Routes inputs to rooms, and turns their outputs into commands.

use super::{
    super::{Context, Refusal, Room, RoomInput, RoomOutput, Standing, Terms, not_joined, refusal},
    Asker, Command, ConnId, Directory, Footprint, Identity, Space, Vacancy,
};
use crate::protocol::{
    ClientMessage, ErrorCode, Join, ParseError, RoomName, RoomState, ServerMessage,
};
use std::time::Duration;

impl Room {
    fn footprint(&self) -> Footprint {
        Footprint {
            is_occupied: self.is_occupied(),
            is_stored: self.settings.decisions.is_some(),
            due: self.poll_timeout(),
        }
    }
}

impl Directory {
    pub(super) fn message(
        &mut self,
        conn: ConnId,
        message: Result<ClientMessage, ParseError>,
        identity: Box<Identity>,
        now: Duration,
    ) {
        let refusal = |error: ParseError| (error.code(), error.to_string());
        let done =
            message.map_err(refusal).and_then(|message| self.receive(conn, message, identity, now));
        if let Err(refusal) = done {
            self.refuse(conn, refusal);
        }
    }

    /// Routes a message to its room.
    pub(super) fn route(
        &mut self,
        conn: ConnId,
        message: ClientMessage,
        identity: Box<Identity>,
        now: Duration,
    ) -> Result<(), Refusal> {
        let name = match &message {
            ClientMessage::Ping => {
                self.send(conn, ServerMessage::Pong);
                return Ok(());
            }
            ClientMessage::Watch(room) | ClientMessage::Join(Join { room, .. }) => {
                self.refuse_seated(conn)?;
                room
            }
            _ => self.connections.room(conn).ok_or_else(not_joined)?,
        };
        let name = name.clone();
        self.in_room(&name, RoomInput::Message { conn, message, identity }, now);
        Ok(())
    }

    fn refuse_seated(&self, conn: ConnId) -> Result<(), Refusal> {
        if self.seat(conn).is_none() {
            return Ok(());
        }
        let sentence = "This connection is already in a room; leave it first.";
        Err(refusal(ErrorCode::AlreadyJoined, sentence))
    }

    pub(super) fn close(&mut self, conn: ConnId, reserved_until: Duration, now: Duration) {
        self.vacate(conn, reserved_until, now);
        self.connections.close(conn);
        self.barrier.forget(conn);
        self.deferred.forget(conn);
    }

    /// Takes a connection out of its room.
    pub(super) fn vacate(&mut self, conn: ConnId, reserved_until: Duration, now: Duration) {
        if let Some(room) = self.connections.room(conn).cloned() {
            self.in_room(&room, RoomInput::Gone { conn, reserved_until }, now);
        }
    }

    pub(super) fn tick_room(&mut self, name: &RoomName, now: Duration) {
        self.in_room(name, RoomInput::Tick, now);
    }

    pub(super) fn sweep_rooms(&mut self, now: Duration) {
        let stored = self.rooms.iter().filter(|(_, room)| room.settings.decisions.is_some());
        for name in stored.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            self.in_room(&name, RoomInput::Sweep, now);
        }
    }

    /// Has a room handle an input, and executes its outputs.
    pub(super) fn in_room(&mut self, name: &RoomName, input: RoomInput, now: Duration) {
        let by = match &input {
            RoomInput::Message { conn, .. } => Some(*conn),
            _ => None,
        };
        let space = self.space(name, by, &input);
        let outputs = self.enter(name, now, |room, limits| {
            room.handle(input, &mut Context { now, by, limits, space });
            room.take_outputs()
        });
        for output in outputs {
            self.execute(name, output, now);
        }
    }

    /// Opens a room, closes it again if it is empty, and updates the counts.
    pub(in super::super) fn enter<T>(
        &mut self,
        name: &RoomName,
        now: Duration,
        act: impl FnOnce(&mut Room, &mut super::Limits) -> T,
    ) -> T {
        let terms = Terms {
            max_participants: self.config.max_participants,
            max_direct: self.config.max_direct,
            resume_window_ends: self.resume_window_ends,
        };
        let before = self.room(name).map(Room::footprint).unwrap_or_default();
        let Self { rooms, stored_rooms, limits, .. } = self;
        let fresh = || Box::new(Room::new(name.clone(), terms, stored_rooms.take(name), now));
        let room = rooms.entry(name.clone()).or_insert_with(fresh);
        let done = act(room, limits);
        let after = if room.is_live() {
            room.footprint()
        } else {
            if let Some(dormant) = rooms.remove(name).and_then(|room| room.into_dormant()) {
                stored_rooms.put_back(name, dormant, now);
            }
            Footprint::default()
        };
        self.update_counts(name, before, after);
        done
    }

    fn update_counts(&mut self, name: &RoomName, before: Footprint, after: Footprint) {
        self.census.update(before, after);
        if before.due != after.due {
            if let Some(due) = before.due {
                self.deadlines.remove(&(due, name.clone()));
            }
            self.deadlines.extend(after.due.map(|due| (due, name.clone())));
        }
    }

    /// Whether there is capacity for one more room.
    fn space(&self, name: &RoomName, by: Option<ConnId>, input: &RoomInput) -> Space {
        let is_occupied = self.room(name).is_some_and(Room::is_occupied);
        let others = self.census.occupied.saturating_sub(usize::from(is_occupied));
        let most = self.config.max_rooms;
        let occupied = if others < most { Ok(()) } else { Err(most) };
        let most = self.config.max_stored_rooms;
        let is_stored = self.room(name).is_some_and(Room::is_stored);
        let stored = if is_stored || self.stored_count() < most {
            Vacancy::Free
        } else if may_store(input) && self.least_used(name, by).is_some() {
            Vacancy::Displacing
        } else {
            Vacancy::None { most }
        };
        Space { occupied, stored }
    }

    /// The room to evict first, if any, apart from this one: the least recently used empty room
    /// that was used on a single day.
    fn least_used(&self, but: &RoomName, leaving: Option<ConnId>) -> Option<RoomName> {
        let empty = self.rooms.iter().filter(|(_, room)| !room.is_occupied_beside(leaving));
        let stored =
            empty.filter_map(|(name, room)| Some((name, room.settings.decisions.as_ref()?)));
        let brief = stored
            .filter(|(_, decisions)| decisions.brief)
            .map(|(name, decisions)| (decisions.used, name));
        let all = brief.chain(self.stored_rooms.brief()).filter(|(_, name)| *name != but);
        all.min().map(|(_, name)| name.clone())
    }

    /// Forgets the decisions about a room.
    pub(super) fn forget(&mut self, name: &RoomName, now: Duration) {
        if self.rooms.contains_key(name) {
            return self.in_room(name, RoomInput::Forget, now);
        }
        self.stored_rooms.forget(name);
        self.commands.push_back(Command::Forget(name.clone()));
    }

    /// Executes the output of a room.
    fn execute(&mut self, name: &RoomName, output: RoomOutput, now: Duration) {
        match output {
            RoomOutput::Send(conn, message) => self.send(conn, message),
            RoomOutput::Broadcast(to, message) => {
                self.commands.extend(self.barrier.tell_all(to, message));
            }
            RoomOutput::SendHostKey(conn, generation) => {
                self.tell(conn, Command::SendHostKey(conn, name.clone(), generation));
            }
            RoomOutput::Moved(conn, standing) => self.moved(conn, name, standing, now),
            RoomOutput::Seat(seat, is_taken) => {
                self.commands.push_back(Command::Seat(seat, is_taken));
            }
            RoomOutput::Forward(forwarding) => {
                self.commands.push_back(Command::Forward(name.clone(), forwarding));
            }
            RoomOutput::Check(unchecked) => self.check(name, *unchecked),
            RoomOutput::Displace => {
                if let Some(other) = self.least_used(name, None) {
                    self.forget(&other, now);
                }
            }
            RoomOutput::Store(decisions) => {
                self.commands.push_back(Command::Store(name.clone(), decisions));
            }
            RoomOutput::Forget => self.commands.push_back(Command::Forget(name.clone())),
            RoomOutput::Sync { told, host } => {
                let number = self.barrier.begin(name, told, host, now);
                self.commands.push_back(Command::Sync(number));
            }
        }
    }

    /// Records a connection's standing in a room; it can be in one only.
    fn moved(&mut self, conn: ConnId, name: &RoomName, standing: Option<Standing>, now: Duration) {
        let Some(standing) = standing else { return self.connections.set_idle(conn, now) };
        if self.connections.room(conn).is_some_and(|room| room != name) {
            self.vacate(conn, now, now);
        }
        self.connections.set_in(conn, name, standing);
    }

    pub(super) fn query(&mut self, question: u64, room: &RoomName, now: Duration) {
        if !self.stored_rooms.is_only_on_disk(room) {
            return self.answer(question, room, now);
        }
        let asker = Asker::Page(question, room.clone());
        if self.load(room, asker, now).is_err() {
            self.commands.push_back(Command::Answer(question, RoomState::default()));
        }
    }

    pub(super) fn answer(&mut self, question: u64, room: &RoomName, now: Duration) {
        let answer = Command::Answer(question, self.seen_from_outside(room, now));
        self.commands.extend(self.barrier.tell_of(room, answer));
    }
}

/// Whether this input may start storing a room.
fn may_store(input: &RoomInput) -> bool {
    let RoomInput::Message { message, identity, .. } = input else { return false };
    match message {
        ClientMessage::Host(_) => true,
        ClientMessage::Join(_) => identity.host.is_some(),
        _ => false,
    }
}
