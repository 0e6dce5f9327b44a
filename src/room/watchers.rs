//! Who looks into a room from outside, and how often they are told what they see.

use super::{Bucket, ConnId, Context, Rate, Room, Standing};
use crate::protocol::{RoomState, ServerMessage};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How often the watchers of a room are told of changes: of many together.
const NEWS: Rate = Rate::new(1, Duration::from_millis(500));

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
        if self.all.remove(&conn).is_some() {
            self.behind.retain(|behind| *behind != conn);
        }
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

impl Room {
    pub(super) fn watch(&mut self, conn: ConnId, address: u64, cx: &mut Context<'_>) {
        self.withdraw(conn, cx);
        self.watchers.all.insert(conn, address);
        self.moved(conn, Some(Standing::Watching));
        self.show(vec![conn], cx);
    }

    /// Tells the watchers that something has changed: at once, or, where much happens, soon.
    pub(super) fn tell_watchers(&mut self, cx: &mut Context<'_>) {
        if self.watchers.is_empty() {
            return;
        }
        let closed = Some(self.seen_from_outside(cx.now)).filter(|state| state.gate.is_some());
        // That something happens inside is no news to those who are not to know what.
        if closed.is_none() || self.watchers.shown != closed {
            self.watchers.outdate();
        }
        self.tell_behind(cx);
    }

    /// Tells the watchers who have not been told yet, if it is time.
    pub(super) fn tell_behind(&mut self, cx: &mut Context<'_>) {
        if self.watchers.behind.is_empty() {
            return;
        }
        if let Err(wait) = self.watchers.news.take(NEWS, cx.now) {
            self.deadlines.insert(cx.now + wait);
            return;
        }
        let behind = std::mem::take(&mut self.watchers.behind);
        self.show(behind, cx);
    }

    /// Tells some watchers what they see, and the others later who have been told too much already.
    fn show(&mut self, whom: Vec<ConnId>, cx: &mut Context<'_>) {
        let state = self.seen_from_outside(cx.now);
        self.watchers.shown = state.gate.is_some().then(|| state.clone());
        let (bytes, mut next, mut told) = (bytes(&state), None::<Duration>, Vec::new());
        for conn in whom {
            let Some(address) = self.watchers.all.get(&conn) else { continue };
            match cx.limits.shows.take_many(bytes, *address, cx.now) {
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

/// About how long it is when it is written.
fn bytes(state: &RoomState) -> u32 {
    let people = state.people.iter().map(|person| 128 + person.presence.name.as_str().len());
    u32::try_from(64 + people.sum::<usize>()).unwrap_or(u32::MAX)
}
