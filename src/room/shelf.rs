//! What is kept of rooms that nobody uses stays on disk. In memory are the names of these rooms, so
//! that rooms of which nothing is kept, which are most, need no look at the disk.

use super::{Asker, Command, Keeping, Refusal, Rooms, refusal};
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
pub(super) struct Shelf {
    /// The rooms of which something is kept, and nothing but their names in memory; when those were
    /// used that were used on one day only.
    names: BTreeMap<RoomName, Option<Duration>>,
    /// These, the one that was unused the longest first.
    brief: BTreeSet<(Duration, RoomName)>,
    /// Rooms that were loaded or became empty, the last one last. Some may be in use again.
    idle: VecDeque<RoomName>,
    loading: BTreeMap<RoomName, Loading>,
}

impl Shelf {
    pub(super) fn holds(&self, room: &RoomName) -> bool {
        self.names.contains_key(room)
    }

    /// Of those that were used on one day only, the one that was unused the longest, and when it was
    /// used.
    pub(super) fn least_used(&self) -> Option<(Duration, &RoomName)> {
        self.brief.first().map(|(used, room)| (*used, room))
    }

    fn put(&mut self, room: RoomName, used: Option<Duration>) {
        self.forget(&room);
        self.brief.extend(used.map(|used| (used, room.clone())));
        self.names.insert(room, used);
    }

    /// Returns whether it was there.
    pub(super) fn forget(&mut self, room: &RoomName) -> bool {
        let Some(used) = self.names.remove(room) else { return false };
        if let Some(used) = used {
            self.brief.remove(&(used, room.clone()));
        }
        true
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// All rooms have the same time, so the next one is among the few that are loaded just now.
    pub(super) fn next(&self) -> Option<Duration> {
        self.loading.values().map(|loading| loading.until).min()
    }

    fn overdue(&mut self, now: Duration) -> Vec<Asker> {
        let late = self.loading.extract_if(.., |_, loading| loading.until <= now);
        late.flat_map(|(_, loading)| loading.askers).collect()
    }
}

impl Rooms {
    /// Notes rooms of which something is kept, for [`Command::Load`], before anybody is there; and when
    /// those were used that were used on one day only.
    pub fn shelve(&mut self, rooms: impl IntoIterator<Item = (RoomName, Option<Duration>)>) {
        for (room, used) in rooms {
            self.shelf.put(room, used);
        }
    }

    /// Of how many rooms something is kept.
    pub(super) fn kept_count(&self) -> usize {
        self.kept.len() + self.shelf.len()
    }

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
        if self.shelf.forget(room)
            && let Some(kept) = kept
        {
            self.kept.insert(room.clone(), kept);
            self.rest(room);
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

    /// What is kept of a room in which nobody is goes back to the disk when it has not been used for
    /// long.
    pub(super) fn rest(&mut self, room: &RoomName) {
        if !self.kept.contains_key(room) {
            return;
        }
        self.shelf.idle.push_back(room.clone());
        if self.shelf.idle.len() <= IDLE {
            return;
        }
        let Some(longest) = self.shelf.idle.pop_front() else { return };
        if !self.rooms.contains_key(&longest)
            && let Some(kept) = self.kept.remove(&longest)
        {
            self.shelf.put(longest, kept.brief.then_some(kept.used));
        }
    }

    /// These rooms are over, and gone from the disk.
    pub(super) fn swept(&mut self, rooms: Vec<RoomName>) {
        for room in rooms {
            self.shelf.forget(&room);
        }
    }
}

fn unread() -> Refusal {
    refusal(
        ErrorCode::TryLater,
        "The server cannot read what was decided about this room: try again in a moment.",
    )
}
