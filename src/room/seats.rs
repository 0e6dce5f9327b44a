//! The seats of one room, in the order in which they were first taken.

use super::{Bucket, ConnId, Refusal};
use crate::protocol::{
    ErrorCode, PeerId, Person, Presence, Signal, limits::CANDIDATES_PER_DESCRIPTION,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How long the proof of a seat is good for after it was given. A new one is given at every join.
pub const SEAT_VALID: Duration = Duration::from_secs(12 * 60 * 60);

/// Who takes a seat, vouched for by the owner of the directory.
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
    /// The generation of the host key of this room that they showed.
    pub host: Option<u64>,
    /// The number of the invitation that they showed.
    pub invitation: Option<u64>,
    /// The hash of the passcode that they know, or set.
    pub passcode: Option<String>,
    /// Whether the passcode that they gave was compared with that of the room.
    pub tried: bool,
    /// Stands for the address from which they come.
    pub address: u64,
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
    /// Whom this person's client was told of. Nobody else's leaving is news to it.
    pub(super) met: BTreeSet<PeerId>,
    /// How many candidates this person sent to each other since the last description.
    pub(super) candidates: BTreeMap<PeerId, usize>,
    /// Whether the seat is held while the connection is gone.
    pub(super) holds: bool,
    /// Whether they are a host.
    pub(super) host: bool,
    /// The invitations they came by.
    pub(super) invitations: BTreeSet<u64>,
    /// Limits how often they are told to connect to somebody.
    pub(super) meetings: Bucket,
    /// Limits how often the others are told of this person's presence.
    pub(super) news: Bucket,
    /// Whether they have to be told.
    pub(super) is_news: bool,
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
            met: BTreeSet::new(),
            candidates: BTreeMap::new(),
            holds: identity.token.is_some(),
            host: identity.host.is_some(),
            invitations: BTreeSet::new(),
            meetings: Bucket::default(),
            news: Bucket::default(),
            is_news: false,
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

    /// Counts what this person sends to another. Each description may begin a new generation of
    /// candidates (RFC 8839, section 4.4.1.1.1).
    pub(super) fn count(&mut self, to: PeerId, signal: &Signal) -> Result<(), Refusal> {
        match signal {
            Signal::Offer(_) | Signal::Answer(_) => drop(self.candidates.remove(&to)),
            Signal::Candidate(_) => {
                let sent = self.candidates.entry(to).or_default();
                if *sent >= CANDIDATES_PER_DESCRIPTION {
                    let message = format!(
                        "A description has at most {CANDIDATES_PER_DESCRIPTION} candidates."
                    );
                    return Err((ErrorCode::TooManyCandidates, message));
                }
                *sent += 1;
            }
            Signal::Reception(_) => {}
        }
        Ok(())
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
            seat.met.remove(&id);
            seat.candidates.remove(&id);
        }
    }

    pub(super) fn get(&self, id: PeerId) -> Option<&Seat> {
        self.0.iter().find(|seat| seat.id == id)
    }

    pub(super) fn get_mut(&mut self, id: PeerId) -> Option<&mut Seat> {
        self.0.iter_mut().find(|seat| seat.id == id)
    }

    /// The seat of a connection.
    pub(super) fn of(&self, conn: ConnId) -> Option<&Seat> {
        self.0.iter().find(|seat| seat.conn() == Some(conn))
    }

    pub(super) fn of_mut(&mut self, conn: ConnId) -> Option<&mut Seat> {
        self.0.iter_mut().find(|seat| seat.conn() == Some(conn))
    }

    pub(super) fn hosts(&self) -> impl Iterator<Item = &Seat> {
        self.0.iter().filter(|seat| seat.host)
    }

    /// Who was away for too long.
    pub(super) fn over(&self, now: Duration) -> Vec<PeerId> {
        let over = |seat: &&Seat| matches!(seat.sitter, Sitter::Away(until) if until <= now);
        self.0.iter().filter(over).map(|seat| seat.id).collect()
    }

    /// Of whom the others have to be told something.
    pub(super) fn with_news(&self) -> Vec<PeerId> {
        self.0.iter().filter(|seat| seat.is_news).map(|seat| seat.id).collect()
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

    /// The connections of everybody else who is here and was told of this person.
    pub(super) fn others_here(&self, id: PeerId) -> Vec<ConnId> {
        self.others(id).filter(|seat| seat.met.contains(&id)).filter_map(Seat::conn).collect()
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
