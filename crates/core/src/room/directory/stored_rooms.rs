//! Stored rooms without people. Rooms that were not used recently are on disk, with only their
//! names in memory, so that a room that is not stored, as most are, needs no disk access.

use super::{
    super::{Bucket, Dormant},
    Asker, Command, Decisions, Directory, Refusal, refusal,
};
use crate::protocol::{ErrorCode, RoomName, RoomState};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// Timeout for loading a room.
const LOAD_TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum number of rooms being loaded.
const MAX_LOADING: usize = 1000;
/// Maximum number of empty rooms kept in memory: about 10 KB each with all invitations.
const MAX_IDLE: usize = 500;

#[derive(Debug)]
struct Loading {
    until: Duration,
    askers: Vec<Asker>,
}

#[derive(Debug, Default)]
pub(in super::super) struct StoredRooms {
    /// What is in memory.
    pub(in super::super) dormant: BTreeMap<RoomName, Dormant>,
    /// Their names, in the order in which they were loaded or became empty.
    idle: VecDeque<RoomName>,
    /// Names of the rooms that are only on disk, with the time of use of those used on a single
    /// day.
    names: BTreeMap<RoomName, Option<Duration>>,
    /// Rooms used on a single day, the least recently used first.
    brief: BTreeSet<(Duration, RoomName)>,
    loading: BTreeMap<RoomName, Loading>,
}

impl StoredRooms {
    /// With the rooms on disk.
    pub(super) fn new(rooms: impl IntoIterator<Item = (RoomName, Option<Duration>)>) -> Self {
        let mut stored_rooms = Self::default();
        rooms.into_iter().for_each(|(room, used)| stored_rooms.put(room, used));
        stored_rooms
    }

    /// Number of stored rooms.
    pub(super) fn len(&self) -> usize {
        self.dormant.len() + self.names.len()
    }

    pub(super) fn is_on_disk(&self) -> bool {
        !self.names.is_empty()
    }

    /// Whether a room has to be loaded from disk.
    pub(super) fn is_only_on_disk(&self, room: &RoomName) -> bool {
        self.names.contains_key(room)
    }

    /// What is stored of a room, if it is in memory.
    pub(super) fn decisions(&self, room: &RoomName) -> Option<&Decisions> {
        self.dormant.get(room).map(|dormant| &dormant.decisions)
    }

    /// Candidates for eviction: rooms used on a single day, with the time of use, least recently
    /// used first.
    pub(super) fn brief(&self) -> impl Iterator<Item = (Duration, &RoomName)> {
        let brief = self.dormant.iter().filter(|(_, dormant)| dormant.decisions.brief);
        let in_memory = brief.map(|(room, dormant)| (dormant.decisions.used, room));
        in_memory.chain(self.brief.first().map(|(used, room)| (*used, room)))
    }

    /// The rooms in memory that have expired.
    pub(super) fn expired(&self, now: Duration) -> Vec<RoomName> {
        let over = self.dormant.iter().filter(|(_, dormant)| dormant.decisions.is_expired(now));
        over.map(|(room, _)| room.clone()).collect()
    }

    fn put(&mut self, room: RoomName, used: Option<Duration>) {
        self.forget(&room);
        self.brief.extend(used.map(|used| (used, room.clone())));
        self.names.insert(room, used);
    }

    pub(super) fn forget(&mut self, room: &RoomName) {
        self.take(room);
        self.unload(room);
    }

    /// Removes a name on disk, and returns whether it was there.
    fn unload(&mut self, room: &RoomName) -> bool {
        let Some(used) = self.names.remove(room) else { return false };
        if let Some(used) = used {
            self.brief.remove(&(used, room.clone()));
        }
        true
    }

    /// Takes a room that someone enters.
    pub(super) fn take(&mut self, room: &RoomName) -> Option<Dormant> {
        let dormant = self.dormant.remove(room)?;
        self.idle.retain(|idle| idle != room);
        Some(dormant)
    }

    /// Puts back a room that everyone has left. The least recently used one goes back to disk,
    /// unless its passcode is under attack.
    pub(super) fn put_back(&mut self, room: &RoomName, dormant: Dormant, now: Duration) {
        self.dormant.insert(room.clone(), dormant);
        self.idle.push_back(room.clone());
        if self.idle.len() <= MAX_IDLE {
            return;
        }
        let may_go = |room: &RoomName| {
            self.dormant.get(room).is_none_or(|dormant| dormant.passcode_attempts.is_full(now))
        };
        let Some(index) = self.idle.iter().position(may_go) else { return };
        let Some(longest) = self.idle.remove(index) else { return };
        if let Some(Dormant { decisions, .. }) = self.dormant.remove(&longest) {
            self.put(longest, decisions.brief.then_some(decisions.used));
        }
    }

    /// Removes rooms that have expired and are gone from the disk.
    pub(super) fn swept(&mut self, rooms: &[RoomName]) {
        for room in rooms {
            self.unload(room);
        }
    }

    /// The next deadline for loading a room.
    pub(super) fn next(&self) -> Option<Duration> {
        self.loading.values().map(|loading| loading.until).min()
    }

    fn overdue(&mut self, now: Duration) -> Vec<Asker> {
        let late = self.loading.extract_if(.., |_, loading| loading.until <= now);
        late.flat_map(|(_, loading)| loading.askers).collect()
    }
}

impl Directory {
    /// Loads a room for a waiting message.
    pub(super) fn load(
        &mut self,
        room: &RoomName,
        asker: Asker,
        now: Duration,
    ) -> Result<(), Refusal> {
        let loading = &mut self.stored_rooms.loading;
        if !loading.contains_key(room) && loading.len() >= MAX_LOADING {
            return Err(unread());
        }
        let fresh = || {
            self.commands.push_back(Command::Load(room.clone()));
            Loading { until: now + LOAD_TIMEOUT, askers: Vec::new() }
        };
        loading.entry(room.clone()).or_insert_with(fresh).askers.push(asker);
        Ok(())
    }

    /// Handles the loaded content of a room.
    pub(super) fn loaded(&mut self, room: &RoomName, decisions: Option<Decisions>, now: Duration) {
        if self.stored_rooms.unload(room)
            && let Some(decisions) = decisions
        {
            self.stored_rooms.put_back(
                room,
                Dormant { decisions, passcode_attempts: Bucket::default() },
                now,
            );
        }
        let loading = self.stored_rooms.loading.remove(room);
        for asker in loading.into_iter().flat_map(|loading| loading.askers) {
            match asker {
                Asker::Page(question, room) => self.answer(question, &room, now),
                Asker::Message(ticket, input) => self.resume(ticket, *input),
            }
        }
    }

    /// Gives up loading rooms that take too long.
    pub(super) fn give_up_loading(&mut self, now: Duration) {
        for asker in self.stored_rooms.overdue(now) {
            match asker {
                Asker::Page(question, _) => {
                    self.commands.push_back(Command::Answer(question, RoomState::default()));
                }
                Asker::Message(ticket, input) => self.refuse_deferred(ticket, &input, unread()),
            }
        }
    }
}

fn unread() -> Refusal {
    refusal(
        ErrorCode::TryLater,
        "The server cannot read the settings of this room. Try again in a moment.",
    )
}
