//! The seats of one room, in the order in which they were first taken.

use super::{Bucket, ConnId, Refusal, peer_map::PeerMap};
use crate::protocol::{
    ErrorCode, PeerId, Person, Presence, Signal, TrackSource, limits::CANDIDATES_PER_DESCRIPTION,
};
use std::{collections::BTreeSet, time::Duration};

/// Validity of a seat token. Every join renews it.
pub const SEAT_TOKEN_TTL: Duration = Duration::from_secs(12 * 60 * 60);

/// A person who takes a seat, verified by the owner of the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Fresh and random, or that of the claimed seat.
    pub id: PeerId,
    /// When the seat was first taken.
    pub since: Duration,
    /// Token that later proves the seat; `None` if not requested.
    pub token: Option<String>,
    /// Whether they proved an earlier seat.
    pub returning: bool,
    /// The generation of the host key that they showed.
    pub host: Option<u64>,
    /// The number of the invitation that they showed.
    pub invitation: Option<u64>,
    /// The hash of the passcode that they know or set.
    pub passcode_hash: Option<String>,
    /// Whether their passcode was compared with that of the room, or hashed.
    pub passcode_checked: bool,
    /// Keyed hash of their address, with another key in each run of the server.
    pub address: u64,
}

/// Whether the participant is connected.
#[derive(Debug)]
pub(super) enum Occupancy {
    Connected(ConnId),
    /// Reserved until this time.
    Reserved(Duration),
}

#[derive(Debug)]
pub(super) struct Seat {
    pub(super) occupancy: Occupancy,
    pub(super) id: PeerId,
    pub(super) presence: Presence,
    /// The participants with a known connection to this one, and the number of its `ready`; 0 if
    /// this one has returned since, and may not have received it.
    pub(super) linked: PeerMap<u64>,
    /// The participants that this client was told about. It is told only of their leaving.
    pub(super) known: PeerMap<()>,
    /// Number of candidates sent to each participant since the last description.
    pub(super) candidates: PeerMap<usize>,
    /// Whether the seat is reserved when the connection is lost.
    pub(super) resumable: bool,
    /// Whether they are a host.
    pub(super) host: bool,
    /// The invitations they used.
    pub(super) invitations: BTreeSet<u64>,
    /// Limits how often they are told to connect to another participant.
    pub(super) pairings: Bucket,
    /// Limits how often the others are sent this person's presence.
    pub(super) updates: Bucket,
    /// Whether an update is pending.
    pub(super) is_update_pending: bool,
    /// What a host has muted and this person has not reported as off since: a message to a
    /// connection that is about to be lost may not arrive.
    pub(super) unconfirmed_mutes: Vec<TrackSource>,
    /// Whether this person's address is hidden.
    pub(super) hidden: bool,
    since: Duration,
}

impl Seat {
    pub(super) fn new(conn: ConnId, identity: &Identity, presence: Presence) -> Self {
        Self {
            occupancy: Occupancy::Connected(conn),
            id: identity.id,
            presence,
            linked: PeerMap::default(),
            known: PeerMap::default(),
            candidates: PeerMap::default(),
            resumable: identity.token.is_some(),
            host: identity.host.is_some(),
            invitations: BTreeSet::new(),
            pairings: Bucket::default(),
            updates: Bucket::default(),
            is_update_pending: false,
            unconfirmed_mutes: Vec::new(),
            hidden: false,
            since: identity.since,
        }
    }

    pub(super) fn person(&self, now: Duration) -> Person {
        let seconds = now.saturating_sub(self.since).as_secs();
        Person { id: self.id, presence: self.presence.clone(), seconds }
    }

    pub(super) fn conn(&self) -> Option<ConnId> {
        match self.occupancy {
            Occupancy::Connected(conn) => Some(conn),
            Occupancy::Reserved(_) => None,
        }
    }

    /// Records which mutes this person's own report of their devices confirms.
    pub(super) fn confirm_mutes(&mut self, reported: &Presence) {
        self.unconfirmed_mutes.retain(|source| reported.is_on(*source));
    }

    /// Counts a message to another participant. Each description may start a new generation of
    /// candidates (RFC 8839, section 4.4.1.1.1).
    pub(super) fn count(&mut self, to: PeerId, signal: &Signal) -> Result<(), Refusal> {
        match signal {
            Signal::Offer(_) | Signal::Answer(_) => drop(self.candidates.remove(to)),
            Signal::Candidate(_) => {
                let sent = self.candidates.get(to).copied().unwrap_or_default();
                if sent >= CANDIDATES_PER_DESCRIPTION {
                    let message = format!(
                        "A description has at most {CANDIDATES_PER_DESCRIPTION} candidates."
                    );
                    return Err((ErrorCode::TooManyCandidates, message));
                }
                self.candidates.insert(to, sent + 1);
            }
            Signal::Reception(_) => {}
        }
        Ok(())
    }

    /// The order of participants: by time of joining, ties by id.
    fn order(&self) -> (Duration, PeerId) {
        (self.since, self.id)
    }

    /// Whether this participant joined earlier, and therefore calls the other one.
    pub(super) fn precedes(&self, other: &Self) -> bool {
        self.order() < other.order()
    }
}

#[derive(Debug, Default)]
pub(super) struct Seats(Vec<Seat>);

impl Seats {
    pub(super) fn add(&mut self, seat: Seat) {
        // Most rooms are small, and stay as they are.
        self.0.reserve_exact(1);
        let place = self.0.partition_point(|other| other.precedes(&seat));
        self.0.insert(place, seat);
    }

    pub(super) fn remove(&mut self, id: PeerId) {
        self.0.retain(|seat| seat.id != id);
        for seat in &mut self.0 {
            seat.linked.remove(id);
            seat.known.remove(id);
            seat.candidates.remove(id);
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

    /// The participants whose reservation has expired.
    pub(super) fn expired(&self, now: Duration) -> Vec<PeerId> {
        let over =
            |seat: &&Seat| matches!(seat.occupancy, Occupancy::Reserved(until) if until <= now);
        self.0.iter().filter(over).map(|seat| seat.id).collect()
    }

    /// The participants with pending updates.
    pub(super) fn with_pending_updates(&self) -> Vec<PeerId> {
        self.0.iter().filter(|seat| seat.is_update_pending).map(|seat| seat.id).collect()
    }

    pub(super) fn others(&self, id: PeerId) -> impl Iterator<Item = &Seat> {
        self.0.iter().filter(move |seat| seat.id != id)
    }

    pub(super) fn others_mut(&mut self, id: PeerId) -> impl Iterator<Item = &mut Seat> {
        self.0.iter_mut().filter(move |seat| seat.id != id)
    }

    /// Makes one person the only host.
    pub(super) fn set_host(&mut self, id: PeerId) {
        for seat in &mut self.0 {
            seat.host = seat.id == id;
        }
    }

    /// Frees all seats.
    pub(super) fn take(&mut self) -> Vec<Seat> {
        std::mem::take(&mut self.0)
    }

    /// The connections of all other participants who know about this one.
    pub(super) fn others_here(&self, id: PeerId) -> Vec<ConnId> {
        self.others(id).filter(|seat| seat.known.contains(id)).filter_map(Seat::conn).collect()
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
