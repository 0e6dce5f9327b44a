//! Who looks into a room from outside, and how often they are told what they see.

use super::{Bucket, ConnId, Place, Rate, Refusal, Rooms};
use crate::protocol::{RoomName, RoomState, ServerMessage};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How often the watchers of a room are told of changes: of many together.
const NEWS: Rate = Rate::new(1, Duration::from_millis(500));
/// How many bytes the watchers at one address are told, about: 2 MiB at once, then 128 KiB a second.
/// The lobbies of a whole office stay far below that; beyond it they learn of changes later.
pub(super) const TOLD_AT_ADDRESS: Rate = Rate::new(2 << 20, Duration::from_secs(16));

/// The watchers of one room.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    /// Each with what stands for its address.
    all: BTreeMap<ConnId, u64>,
    /// Who has not been told the latest yet; who waits longest comes first.
    behind: Vec<ConnId>,
    /// Limits how often they are told.
    news: Bucket,
    /// What they were told last while the room was closed to them.
    shown: Option<RoomState>,
}

impl Watchers {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn connections(&self) -> impl Iterator<Item = ConnId> {
        self.all.keys().copied()
    }

    pub(super) fn remove(&mut self, conn: ConnId) {
        self.all.remove(&conn);
        self.behind.retain(|behind| *behind != conn);
    }

    /// Notes that there is news for all of them.
    fn outdate(&mut self) {
        if self.behind.len() < self.all.len() {
            let behind: BTreeSet<_> = self.behind.iter().copied().collect();
            let others = self.all.keys().filter(|conn| !behind.contains(conn));
            self.behind.extend(others);
        }
    }
}

impl Rooms {
    pub(super) fn watch(
        &mut self,
        conn: ConnId,
        name: &RoomName,
        address: u64,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.refuse_seated(conn)?;
        self.vacate(conn, now, now);
        self.rooms.entry(name.clone()).or_default().watchers.all.insert(conn, address);
        self.put(conn, Place::Watching(name.clone()));
        self.show(name, vec![conn], now);
        Ok(())
    }

    /// Tells the watchers that something has changed: at once, or, where much happens, soon.
    pub(super) fn tell_watchers(&mut self, name: &RoomName, now: Duration) {
        if self.rooms.get(name).is_none_or(|room| room.watchers.is_empty()) {
            return;
        }
        let closed = Some(self.seen_from_outside(name, now)).filter(|state| state.gate.is_some());
        let Some(room) = self.rooms.get_mut(name) else { return };
        // That something happens inside is no news to those who are not to know what.
        if closed.is_none() || room.watchers.shown != closed {
            room.watchers.outdate();
        }
        self.tell_behind(name, now);
    }

    /// Tells the watchers who have not been told yet, if it is time.
    pub(super) fn tell_behind(&mut self, name: &RoomName, now: Duration) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        if room.watchers.behind.is_empty() {
            return;
        }
        if let Err(wait) = room.watchers.news.take(NEWS, now) {
            self.deadlines.insert((now + wait, name.clone()));
            return;
        }
        let behind = std::mem::take(&mut room.watchers.behind);
        self.show(name, behind, now);
    }

    /// Tells some watchers what they see, and the others later who have been told too much already.
    fn show(&mut self, name: &RoomName, whom: Vec<ConnId>, now: Duration) {
        let state = self.seen_from_outside(name, now);
        let Some(room) = self.rooms.get_mut(name) else { return };
        let watchers = &mut room.watchers;
        watchers.shown = state.gate.is_some().then(|| state.clone());
        let (bytes, mut next, mut told) = (bytes(&state), None::<Duration>, Vec::new());
        for conn in whom {
            let Some(address) = watchers.all.get(&conn) else { continue };
            match self.shows.take_many(bytes, *address, now) {
                Ok(()) => told.push(conn),
                Err(wait) => {
                    watchers.behind.push(conn);
                    next = Some(next.map_or(wait, |next| next.min(wait)));
                }
            }
        }
        self.deadlines.extend(next.map(|wait| (now + wait, name.clone())));
        for conn in told {
            self.send(conn, ServerMessage::Room { room: name.clone(), state: state.clone() });
        }
    }
}

/// About how long it is when it is written.
fn bytes(state: &RoomState) -> u32 {
    let people = state.people.iter().map(|person| 128 + person.presence.name.as_str().len());
    u32::try_from(64 + people.sum::<usize>()).unwrap_or(u32::MAX)
}
