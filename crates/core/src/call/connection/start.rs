//! The start of the first connection to a participant, and what prevents it.

use super::types::{Intent, Obstacle, PeerInput};
use crate::protocol::{Failure, SessionDescription, Signal};
use std::time::Duration;

/// Time after which a connection that has not started is reported, with the reason. Ten times what
/// a slow line needs.
pub(super) const BEGINS_WITHIN: Duration = Duration::from_secs(10);

/// The state of a connection that has never been up.
#[derive(Debug)]
pub(super) struct Start {
    /// When it was created.
    made: Duration,
    /// When the first connection to this participant was created.
    first: Duration,
    /// The failure that the browser reported.
    failure: Option<Failure>,
    /// Whether this side has found a candidate, and whether gathering has ended.
    found: bool,
    gathered: bool,
    /// Whether the other side has sent a description, and whether it has named a candidate.
    described: bool,
    reachable: bool,
    /// The failure that the other side reports.
    remote: Option<Failure>,
    /// The obstacle of the replaced connection.
    before: Option<Obstacle>,
}

impl Start {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            made: now,
            first: now,
            failure: None,
            found: false,
            gathered: false,
            described: false,
            reachable: false,
            remote: None,
            before: None,
        }
    }

    /// Replaces a connection that has not started. Until more is known, its obstacle counts for
    /// this one as well.
    pub(super) fn succeed(self, before: &Self, now: Duration) -> Self {
        Self { first: before.first, before: before.obstacle(now), ..self }
    }

    pub(super) fn note(&mut self, input: &PeerInput) {
        match input {
            PeerInput::NotOpened | PeerInput::LocalDone(Intent::Offer, None, _) => {
                self.failure.get_or_insert(Failure::NoConnection);
            }
            PeerInput::RemoteDone(false, _) | PeerInput::LocalDone(Intent::Answer, None, _) => {
                self.failure.get_or_insert(Failure::BadDescription);
            }
            PeerInput::LocalCandidate(candidate) => match candidate {
                Some(_) => self.found = true,
                None => self.gathered = true,
            },
            PeerInput::Signal(signal) => self.on_signal(signal),
            _ => {}
        }
    }

    fn on_signal(&mut self, signal: &Signal) {
        match signal {
            Signal::Offer(SessionDescription { sdp, .. })
            | Signal::Answer(SessionDescription { sdp, .. }) => {
                self.described = true;
                self.reachable |= sdp.contains("a=candidate:");
            }
            Signal::Candidate(candidate) => {
                let candidate = candidate.as_ref();
                self.reachable |= candidate.is_some_and(|one| !one.candidate.is_empty());
            }
            Signal::Reception(reception) => self.remote = reception.failure,
        }
    }

    /// A certain failure on this side, for which waiting has no benefit.
    pub(super) fn fault(&self) -> Option<Failure> {
        let unreachable = self.gathered && !self.found;
        self.failure.or_else(|| unreachable.then_some(Failure::NoCandidates))
    }

    /// Whether the other side has sent a description.
    pub(super) fn is_answered(&self) -> bool {
        self.described
    }

    /// When it was created.
    pub(super) fn made(&self) -> Duration {
        self.made
    }

    /// When the report next changes by itself.
    pub(super) fn changes_at(&self, now: Duration) -> Option<Duration> {
        let late = [self.first, self.made].map(|since| since + BEGINS_WITHIN);
        late.into_iter().filter(|late| *late > now).min()
    }

    fn is_late(&self, now: Duration) -> bool {
        now >= self.made + BEGINS_WITHIN
    }

    /// The failure to report to the other side.
    pub(super) fn failure(&self, now: Duration) -> Option<Failure> {
        let silent = !self.described && self.is_late(now);
        self.fault().or_else(|| silent.then_some(Failure::NoAnswer))
    }

    /// The obstacle to the connection, if there is one.
    pub(super) fn obstacle(&self, now: Duration) -> Option<Obstacle> {
        let is_certain = |failure: &Failure| !matches!(failure, Failure::NoAnswer | Failure::Other);
        let here = self.fault().map(Obstacle::Here);
        let there = self.remote.filter(is_certain).map(Obstacle::There);
        let overdue = (now >= self.first + BEGINS_WITHIN).then_some(Obstacle::Between);
        here.or(there).or_else(|| match self.is_late(now) {
            true => Some(self.guess()),
            false => self.before.or(overdue),
        })
    }

    /// The most likely obstacle if none is certain.
    fn guess(&self) -> Obstacle {
        match (self.described, self.reachable) {
            (false, _) => Obstacle::Here(Failure::NoAnswer),
            (true, false) => Obstacle::There(Failure::NoCandidates),
            (true, true) => Obstacle::Between,
        }
    }
}
