//! A write barrier: what was decided about a room is written down before anybody is told of it.
//!
//! Each write that somebody is told of has a number. What is said to the people of its room from
//! then on waits until the write is done, or until it has taken too long: a full or locked disk
//! stops no call. Other rooms wait for nothing.

use super::{Command, ConnId};
use crate::protocol::{RoomName, ServerMessage};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// How long people wait for a write.
pub const WRITTEN_WITHIN: Duration = Duration::from_secs(2);
/// The most commands that wait for one connection. Beyond that the write is waited for no longer:
/// relayed descriptions are large.
const WAITING: usize = 128;

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
    /// How much was held back since a write ended.
    commands: usize,
}

/// The writes under way and what waits for them. Writes end in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Barrier {
    last: u64,
    writes: VecDeque<Write>,
    rooms: BTreeMap<RoomName, u64>,
    held: BTreeMap<ConnId, Held>,
    /// In the order of the writes, and then as they were given.
    waiting: BTreeMap<(u64, u64), Command>,
    given: u64,
    /// Too much waits for the writes up to this one.
    crowded: Option<u64>,
}

impl Barrier {
    /// Begins a write of what is known of a room, of which these connections are told. Returns its
    /// number.
    pub(super) fn begin(
        &mut self,
        room: &RoomName,
        told: impl IntoIterator<Item = ConnId>,
        host: Option<ConnId>,
        now: Duration,
    ) -> u64 {
        self.last += 1;
        self.writes.push_back(Write { number: self.last, until: now + WRITTEN_WITHIN, host });
        self.rooms.insert(room.clone(), self.last);
        for conn in told {
            self.held.entry(conn).or_default().number = self.last;
        }
        self.last
    }

    /// Lets a connection wait as everybody else does in a room that it comes to.
    pub(super) fn hold(&mut self, conn: ConnId, room: &RoomName) {
        let Some(&number) = self.rooms.get(room) else { return };
        let held = self.held.entry(conn).or_default();
        held.number = held.number.max(number);
    }

    /// Returns what can be told to a connection now, and keeps what has to wait.
    pub(super) fn tell(&mut self, conn: ConnId, command: Command) -> Option<Command> {
        match self.hold_back(conn) {
            Some(number) => self.wait(number, command),
            None => Some(command),
        }
    }

    /// The same for what several connections are told, of whom some may have to wait.
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

    /// The write for which a connection waits with one more message, if it does.
    fn hold_back(&mut self, conn: ConnId) -> Option<u64> {
        let held = self.held.get_mut(&conn)?;
        held.commands += 1;
        let number = held.number;
        if held.commands > WAITING {
            self.crowded = self.crowded.max(Some(number));
        }
        Some(number)
    }

    /// The same for what is told of a room to somebody who has no connection.
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

    /// The writes up to this number are waited for no longer: returns what can be told now, and
    /// whose writes these were.
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

    /// The last write that was waited for too long.
    pub(super) fn overdue(&self, now: Duration) -> Option<u64> {
        let late = self.writes.iter().take_while(|write| write.until <= now).last();
        self.crowded.max(late.map(|write| write.number))
    }

    /// When [`Self::overdue`] is to be asked.
    pub(super) fn next(&self) -> Option<Duration> {
        match self.crowded {
            Some(_) => Some(Duration::ZERO),
            None => self.writes.front().map(|write| write.until),
        }
    }

    /// A connection is gone. What waits for it is told to nobody.
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.held.remove(&conn);
    }
}
