//! Watchers: people outside who are told what happens in a room.

use super::{Bucket, ConnId, Context, Rate, Room, Standing};
use crate::protocol::{RoomState, ServerMessage};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Maximum rate of updates to the watchers of a room; further changes are combined.
const UPDATE_RATE: Rate = Rate::new(1, Duration::from_millis(500));

/// The watchers of one room.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    /// Each with a value that stands for its address.
    all: BTreeMap<ConnId, u64>,
    /// Watchers without the latest state; the one waiting longest comes first.
    behind: Vec<ConnId>,
    /// Limits the updates.
    updates: Bucket,
    /// The last state shown while access was restricted.
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
        if self.all.remove(&conn).is_some() {
            self.behind.retain(|behind| *behind != conn);
        }
    }

    /// Marks all watchers as outdated.
    fn outdate(&mut self) {
        if self.behind.len() < self.all.len() {
            let behind: BTreeSet<_> = self.behind.iter().copied().collect();
            let others = self.all.keys().filter(|conn| !behind.contains(conn));
            self.behind.extend(others);
        }
    }
}

impl Room {
    pub(super) fn watch(&mut self, conn: ConnId, address: u64, cx: &mut Context<'_>) {
        self.withdraw(conn, cx);
        self.watchers.all.insert(conn, address);
        self.moved(conn, Some(Standing::Watching));
        self.show(vec![conn], cx);
    }

    /// Updates the watchers: at once or, during many changes, a little later.
    pub(super) fn tell_watchers(&mut self, cx: &mut Context<'_>) {
        if self.watchers.is_empty() {
            return;
        }
        let closed = Some(self.seen_from_outside(cx.now)).filter(|state| state.gate.is_some());
        // Watchers who may not see inside need no update about it.
        if closed.is_none() || self.watchers.shown != closed {
            self.watchers.outdate();
        }
        self.tell_behind(cx);
    }

    /// Updates the remaining watchers, if it is time.
    pub(super) fn tell_behind(&mut self, cx: &mut Context<'_>) {
        if self.watchers.behind.is_empty() {
            return;
        }
        if let Err(wait) = self.watchers.updates.take(UPDATE_RATE, cx.now) {
            self.deadlines.insert(cx.now + wait);
            return;
        }
        let behind = std::mem::take(&mut self.watchers.behind);
        self.show(behind, cx);
    }

    /// Updates some watchers, and leaves those above their limit for later.
    fn show(&mut self, whom: Vec<ConnId>, cx: &mut Context<'_>) {
        let state = self.seen_from_outside(cx.now);
        self.watchers.shown = state.gate.is_some().then(|| state.clone());
        let (bytes, mut next, mut told) = (bytes(&state), None::<Duration>, Vec::new());
        for conn in whom {
            let Some(address) = self.watchers.all.get(&conn) else { continue };
            match cx.limits.watcher_bytes.take_many(bytes, *address, cx.now) {
                Ok(()) => told.push(conn),
                Err(wait) => {
                    self.watchers.behind.push(conn);
                    next = Some(next.map_or(wait, |next| next.min(wait)));
                }
            }
        }
        self.deadlines.extend(next.map(|wait| cx.now + wait));
        self.broadcast(told, ServerMessage::RoomState { room: self.name.clone(), state });
    }
}

/// Approximate length of the serialised state.
fn bytes(state: &RoomState) -> u32 {
    let people = state.people.iter().map(|person| 128 + person.presence.name.as_str().len());
    u32::try_from(64 + people.sum::<usize>()).unwrap_or(u32::MAX)
}
