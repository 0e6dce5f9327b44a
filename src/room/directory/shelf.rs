//! What is kept of rooms in which nobody is. What was not used for long stays on disk, and in memory
//! are the names of these rooms alone; so that rooms of which nothing is kept, which are most, need
//! no look at the disk.

use super::{
    super::{Bucket, Dormant},
    Asker, Command, Directory, Keeping, Refusal, refusal,
};
use crate::protocol::{ErrorCode, RoomName, RoomState};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// How long the disk is waited for.
const LOADED_WITHIN: Duration = Duration::from_secs(2);
/// How many rooms may be on their way from the disk.
const LOADING: usize = 1000;
/// Of how many rooms in which nobody is all that is kept stays in memory: about 10 KB each where
/// all invitations are given.
const IDLE: usize = 500;

#[derive(Debug)]
struct Loading {
    until: Duration,
    askers: Vec<Asker>,
}

#[derive(Debug, Default)]
pub(in super::super) struct Shelf {
    /// What is in memory.
    pub(in super::super) dormant: BTreeMap<RoomName, Dormant>,
    /// Those, as they were loaded or became empty, the last one last.
    idle: VecDeque<RoomName>,
    /// The rooms of which something is on disk, and nothing but their names in memory; when those
    /// were used that were used on one day only.
    names: BTreeMap<RoomName, Option<Duration>>,
    /// These, the one that was unused the longest first.
    brief: BTreeSet<(Duration, RoomName)>,
    loading: BTreeMap<RoomName, Loading>,
}

impl Shelf {
    /// With what is on disk.
    pub(super) fn new(rooms: impl IntoIterator<Item = (RoomName, Option<Duration>)>) -> Self {
        let mut shelf = Self::default();
        rooms.into_iter().for_each(|(room, used)| shelf.put(room, used));
        shelf
    }

    /// Of how many rooms it holds something.
    pub(super) fn len(&self) -> usize {
        self.dormant.len() + self.names.len()
    }

    pub(super) fn is_on_disk(&self) -> bool {
        !self.names.is_empty()
    }

    /// Whether what is kept of a room has to be loaded.
    pub(super) fn holds(&self, room: &RoomName) -> bool {
        self.names.contains_key(room)
    }

    /// What is kept of a room, if that is in memory.
    pub(super) fn keeping(&self, room: &RoomName) -> Option<&Keeping> {
        self.dormant.get(room).map(|dormant| &dormant.keeping)
    }

    /// Candidates for the room that was unused the longest of those that were used on one day only,
    /// each with when it was used.
    pub(super) fn brief(&self) -> impl Iterator<Item = (Duration, &RoomName)> {
        let brief = self.dormant.iter().filter(|(_, dormant)| dormant.keeping.brief);
        let in_memory = brief.map(|(room, dormant)| (dormant.keeping.used, room));
        in_memory.chain(self.brief.first().map(|(used, room)| (*used, room)))
    }

    /// The rooms in memory that are over.
    pub(super) fn over(&self, now: Duration) -> Vec<RoomName> {
        let over = self.dormant.iter().filter(|(_, dormant)| dormant.keeping.is_over(now));
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

    /// Forgets what is on disk, and returns whether it was there.
    fn unload(&mut self, room: &RoomName) -> bool {
        let Some(used) = self.names.remove(room) else { return false };
        if let Some(used) = used {
            self.brief.remove(&(used, room.clone()));
        }
        true
    }

    /// Somebody comes to a room.
    pub(super) fn take(&mut self, room: &RoomName) -> Option<Dormant> {
        let dormant = self.dormant.remove(room)?;
        self.idle.retain(|idle| idle != room);
        Some(dormant)
    }

    /// Nobody is in a room any more. What was unused the longest goes back to the disk, unless
    /// somebody guesses at its passcode.
    pub(super) fn rest(&mut self, room: &RoomName, dormant: Dormant, now: Duration) {
        self.dormant.insert(room.clone(), dormant);
        self.idle.push_back(room.clone());
        if self.idle.len() <= IDLE {
            return;
        }
        let may_go = |room: &RoomName| {
            self.dormant.get(room).is_none_or(|dormant| dormant.guesses.is_full(now))
        };
        let Some(index) = self.idle.iter().position(may_go) else { return };
        let Some(longest) = self.idle.remove(index) else { return };
        if let Some(Dormant { keeping, .. }) = self.dormant.remove(&longest) {
            self.put(longest, keeping.brief.then_some(keeping.used));
        }
    }

    /// These rooms are over, and gone from the disk.
    pub(super) fn swept(&mut self, rooms: &[RoomName]) {
        for room in rooms {
            self.unload(room);
        }
    }

    /// When to give up what is loaded just now.
    pub(super) fn next(&self) -> Option<Duration> {
        self.loading.values().map(|loading| loading.until).min()
    }

    fn overdue(&mut self, now: Duration) -> Vec<Asker> {
        let late = self.loading.extract_if(.., |_, loading| loading.until <= now);
        late.flat_map(|(_, loading)| loading.askers).collect()
    }
}

impl Directory {
    /// Has a room loaded for somebody who waits for it.
    pub(super) fn load(
        &mut self,
        room: &RoomName,
        asker: Asker,
        now: Duration,
    ) -> Result<(), Refusal> {
        let loading = &mut self.shelf.loading;
        if !loading.contains_key(room) && loading.len() >= LOADING {
            return Err(unread());
        }
        let fresh = || {
            self.commands.push_back(Command::Load(room.clone()));
            Loading { until: now + LOADED_WITHIN, askers: Vec::new() }
        };
        loading.entry(room.clone()).or_insert_with(fresh).askers.push(asker);
        Ok(())
    }

    /// Takes in what is kept of a room.
    pub(super) fn loaded(&mut self, room: &RoomName, kept: Option<Keeping>, now: Duration) {
        if self.shelf.unload(room)
            && let Some(keeping) = kept
        {
            self.shelf.rest(room, Dormant { keeping, guesses: Bucket::default() }, now);
        }
        let loading = self.shelf.loading.remove(room);
        for asker in loading.into_iter().flat_map(|loading| loading.askers) {
            match asker {
                Asker::Page(question, room) => self.answer(question, &room, now),
                Asker::Message(ticket, input) => self.resume(ticket, *input),
            }
        }
    }

    /// Nobody waits for the disk any longer.
    pub(super) fn give_up_loading(&mut self, now: Duration) {
        for asker in self.shelf.overdue(now) {
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
        "The server cannot read what was decided about this room: try again in a moment.",
    )
}
