//! The seats of one room, in the order in which they were taken.

use super::ConnId;
use crate::protocol::{PeerId, Person, Presence};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Seat {
    pub(super) conn: ConnId,
    pub(super) id: PeerId,
    presence: Presence,
    since: Duration,
}

impl Seat {
    pub(super) fn person(&self, now: Duration) -> Person {
        let seconds = now.saturating_sub(self.since).as_secs();
        Person { id: self.id, presence: self.presence.clone(), seconds }
    }
}

#[derive(Debug, Default)]
pub(super) struct Seats(Vec<Seat>);

impl Seats {
    /// Seats a connection last. Should the random id be taken in this room, the next free one is
    /// used, so that an id never names two people.
    pub(super) fn add(
        &mut self,
        conn: ConnId,
        mut id: PeerId,
        presence: Presence,
        now: Duration,
    ) -> Person {
        while self.0.iter().any(|seat| seat.id == id) {
            id = PeerId(id.0.wrapping_add(1));
        }
        let seat = Seat { conn, id, presence, since: now };
        let person = seat.person(now);
        self.0.push(seat);
        person
    }

    pub(super) fn remove(&mut self, conn: ConnId) {
        self.0.retain(|seat| seat.conn != conn);
    }

    pub(super) fn others(&self, conn: ConnId) -> impl Iterator<Item = &Seat> {
        self.0.iter().filter(move |seat| seat.conn != conn)
    }

    pub(super) fn people(&self, now: Duration) -> Vec<Person> {
        self.0.iter().map(|seat| seat.person(now)).collect()
    }

    /// Returns whether anything changed.
    pub(super) fn set_presence(&mut self, conn: ConnId, presence: &Presence) -> bool {
        let seat = self.0.iter_mut().find(|seat| seat.conn == conn);
        let Some(seat) = seat.filter(|seat| seat.presence != *presence) else { return false };
        seat.presence.clone_from(presence);
        true
    }
}
