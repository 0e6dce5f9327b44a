//! The seats of one room, in the order in which they were first taken.

use super::ConnId;
use crate::protocol::{PeerId, Person, Presence};
use std::{collections::BTreeMap, time::Duration};

/// Who takes a seat, vouched for by the owner of the rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Fresh and random, or that of the seat which is claimed.
    pub id: PeerId,
    /// When the seat was taken for the first time.
    pub since: Duration,
    /// Proves later that the seat is this person's; none if they did not ask for it.
    pub token: Option<String>,
    /// Whether they proved that the seat was theirs before.
    pub returning: bool,
    /// Whether they showed the room's host key.
    pub host: bool,
    /// The number of the invitation that they showed.
    pub invitation: Option<u64>,
    /// The hash of the passcode that they know, or set.
    pub passcode: Option<String>,
}

/// Who sits there, or is expected back.
#[derive(Debug)]
pub(super) enum Sitter {
    Here(ConnId),
    /// Until when the seat is held.
    Away(Duration),
}

#[derive(Debug)]
pub(super) struct Seat {
    pub(super) sitter: Sitter,
    pub(super) id: PeerId,
    pub(super) presence: Presence,
    /// To whom this person has a connection, as far as is known, and the number of its `ready`; 0
    /// where that was given by the rooms that were here before.
    pub(super) linked: BTreeMap<PeerId, u64>,
    /// Whether the seat is held while the connection is gone.
    pub(super) holds: bool,
    /// Whether they are a host.
    pub(super) host: bool,
    /// Whether nobody is to learn this person's address.
    pub(super) hidden: bool,
    since: Duration,
}

impl Seat {
    pub(super) fn new(conn: ConnId, identity: &Identity, presence: Presence) -> Self {
        Self {
            sitter: Sitter::Here(conn),
            id: identity.id,
            presence,
            linked: BTreeMap::new(),
            holds: identity.token.is_some(),
            host: identity.host,
            hidden: false,
            since: identity.since,
        }
    }

    pub(super) fn person(&self, now: Duration) -> Person {
        let seconds = now.saturating_sub(self.since).as_secs();
        Person { id: self.id, presence: self.presence.clone(), seconds }
    }

    pub(super) fn conn(&self) -> Option<ConnId> {
        match self.sitter {
            Sitter::Here(conn) => Some(conn),
            Sitter::Away(_) => None,
        }
    }

    /// The order of a room: who came first, and among those who came at once, anyone.
    fn order(&self) -> (Duration, PeerId) {
        (self.since, self.id)
    }

    /// Whether this person was here before that one, and so calls them.
    pub(super) fn precedes(&self, other: &Self) -> bool {
        self.order() < other.order()
    }
}

#[derive(Debug, Default)]
pub(super) struct Seats(Vec<Seat>);

impl Seats {
    pub(super) fn add(&mut self, seat: Seat) {
        let place = self.0.partition_point(|other| other.precedes(&seat));
        self.0.insert(place, seat);
    }

    pub(super) fn remove(&mut self, id: PeerId) {
        self.0.retain(|seat| seat.id != id);
        for seat in &mut self.0 {
            seat.linked.remove(&id);
        }
    }

    pub(super) fn get(&self, id: PeerId) -> Option<&Seat> {
        self.0.iter().find(|seat| seat.id == id)
    }

    pub(super) fn get_mut(&mut self, id: PeerId) -> Option<&mut Seat> {
        self.0.iter_mut().find(|seat| seat.id == id)
    }

    pub(super) fn others(&self, id: PeerId) -> impl Iterator<Item = &Seat> {
        self.0.iter().filter(move |seat| seat.id != id)
    }

    /// Makes one person the only host.
    pub(super) fn set_host(&mut self, id: PeerId) {
        for seat in &mut self.0 {
            seat.host = seat.id == id;
        }
    }

    /// Frees all of them.
    pub(super) fn take(&mut self) -> Vec<Seat> {
        std::mem::take(&mut self.0)
    }

    /// The connections of everybody else who is here.
    pub(super) fn others_here(&self, id: PeerId) -> Vec<ConnId> {
        self.others(id).filter_map(Seat::conn).collect()
    }

    pub(super) fn all(&self) -> &[Seat] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn people(&self, now: Duration) -> Vec<Person> {
        self.0.iter().map(|seat| seat.person(now)).collect()
    }
}
