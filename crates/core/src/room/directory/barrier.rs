//! A write barrier: decisions about a room are stored before anyone is told.
//!
//! Each write has a number. Messages to the people in its room wait until the write is done, or
//! until it has taken too long: a full or locked disk must not interrupt a call. Other rooms are
//! not affected.

use super::{Command, ConnId};
use crate::protocol::{RoomName, ServerMessage};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// Maximum time that messages wait for a write.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum number of commands that wait for one connection. Beyond that they no longer wait,
/// because forwarded descriptions are large.
const MAX_WAITING_COMMANDS: usize = 128;

#[derive(Debug)]
struct Write {
    number: u64,
    until: Duration,
    /// The host who is told if it fails.
    host: Option<ConnId>,
}

/// The last write that a connection waits for.
#[derive(Debug, Default)]
struct Held {
    number: u64,
    /// Number of commands held back since the last write ended.
    commands: usize,
}

/// Pending writes, and the commands that wait for them. Writes end in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Barrier {
    last: u64,
    writes: VecDeque<Write>,
    rooms: BTreeMap<RoomName, u64>,
    held: BTreeMap<ConnId, Held>,
    /// By write, and then in their original order.
    waiting: BTreeMap<(u64, u64), Command>,
    given: u64,
    /// Too many commands wait for the writes up to this one.
    crowded: Option<u64>,
}

impl Barrier {
    /// Begins a write of a room's state, which these connections will be told about. Returns its
    /// number.
    pub(super) fn begin(
        &mut self,
        room: &RoomName,
        told: impl IntoIterator<Item = ConnId>,
        host: Option<ConnId>,
        now: Duration,
    ) -> u64 {
        self.last += 1;
        self.writes.push_back(Write { number: self.last, until: now + WRITE_TIMEOUT, host });
        self.rooms.insert(room.clone(), self.last);
        for conn in told {
            self.held.entry(conn).or_default().number = self.last;
        }
        self.last
    }

    /// Makes a connection wait like everyone else in the room it enters.
    pub(super) fn hold(&mut self, conn: ConnId, room: &RoomName) {
        let Some(&number) = self.rooms.get(room) else { return };
        let held = self.held.entry(conn).or_default();
        held.number = held.number.max(number);
    }

    /// Returns the command if it can be sent now, otherwise holds it back.
    pub(super) fn tell(&mut self, conn: ConnId, command: Command) -> Option<Command> {
        match self.hold_back(conn) {
            Some(number) => self.wait(number, command),
            None => Some(command),
        }
    }

    /// The same for a message to several connections, some of which may have to wait.
    pub(super) fn tell_all(&mut self, to: Vec<ConnId>, message: ServerMessage) -> Option<Command> {
        let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for conn in to {
            groups.entry(self.hold_back(conn)).or_default().push(conn);
        }
        let now = groups.remove(&None);
        for (number, to) in groups {
            self.wait(number.unwrap_or_default(), Command::Broadcast(to, message.clone()));
        }
        now.map(|to| Command::Broadcast(to, message))
    }

    /// The write that one more message to a connection has to wait for, if any.
    fn hold_back(&mut self, conn: ConnId) -> Option<u64> {
        let held = self.held.get_mut(&conn)?;
        held.commands += 1;
        let number = held.number;
        if held.commands > MAX_WAITING_COMMANDS {
            self.crowded = self.crowded.max(Some(number));
        }
        Some(number)
    }

    /// The same for a command about a room that is not for one of its connections.
    pub(super) fn tell_of(&mut self, room: &RoomName, command: Command) -> Option<Command> {
        match self.rooms.get(room) {
            Some(&number) => self.wait(number, command),
            None => Some(command),
        }
    }

    fn wait(&mut self, number: u64, command: Command) -> Option<Command> {
        self.given += 1;
        self.waiting.insert((number, self.given), command);
        None
    }

    /// Stops waiting for the writes up to this number. Returns the released commands, and the hosts
    /// of these writes.
    pub(super) fn pass(&mut self, number: u64) -> (Vec<Command>, Vec<ConnId>) {
        let later = self.waiting.split_off(&(number + 1, 0));
        let told = std::mem::replace(&mut self.waiting, later).into_values().collect();
        self.rooms.retain(|_, last| *last > number);
        self.held.retain(|_, held| held.number > number);
        self.held.values_mut().for_each(|held| held.commands = 0);
        self.crowded = self.crowded.filter(|crowded| *crowded > number);
        let mut hosts = Vec::new();
        while let Some(write) = self.writes.pop_front_if(|write| write.number <= number) {
            hosts.extend(write.host.filter(|host| hosts.last() != Some(host)));
        }
        (told, hosts)
    }

    /// The last write that has taken too long.
    pub(super) fn overdue(&self, now: Duration) -> Option<u64> {
        let late = self.writes.iter().take_while(|write| write.until <= now).last();
        self.crowded.max(late.map(|write| write.number))
    }

    /// The next time to call [`Self::overdue`].
    pub(super) fn next(&self) -> Option<Duration> {
        match self.crowded {
            Some(_) => Some(Duration::ZERO),
            None => self.writes.front().map(|write| write.until),
        }
    }

    /// Drops the commands for a closed connection.
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.held.remove(&conn);
    }
}
