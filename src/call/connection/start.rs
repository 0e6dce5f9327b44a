//! How the first connection to a person begins, and what keeps it from beginning.

use super::types::{Intent, Obstacle, PeerInput};
use crate::protocol::{Failure, SessionDescription, Signal};
use std::time::Duration;

/// How long a connection may take to begin before it is said that it does not, and why. Ten times what
/// one takes over a slow line.
pub(super) const BEGINS_WITHIN: Duration = Duration::from_secs(10);

/// What is known of a connection that was never up.
#[derive(Debug)]
pub(super) struct Start {
    /// When it was made.
    made: Duration,
    /// When the first one to this person was.
    first: Duration,
    /// What the browser could not do.
    failure: Option<Failure>,
    /// Whether this side has found a candidate, and whether it has looked for all of them.
    found: bool,
    gathered: bool,
    /// Whether the other side has described itself, and whether it has named a candidate.
    described: bool,
    reachable: bool,
    /// What the other side says of itself.
    theirs: Option<Failure>,
    /// What kept the connection before this one from beginning.
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
            theirs: None,
            before: None,
        }
    }

    /// Takes the place of one that has not begun. Until more is known, what kept that one is taken to
    /// keep this one, too.
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
            PeerInput::Signal(signal) => self.hear(signal),
            _ => {}
        }
    }

    fn hear(&mut self, signal: &Signal) {
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
            Signal::Reception(reception) => self.theirs = reception.failure,
        }
    }

    /// What is wrong on this side, for certain: waiting helps nobody.
    pub(super) fn fault(&self) -> Option<Failure> {
        let unreachable = self.gathered && !self.found;
        self.failure.or_else(|| unreachable.then_some(Failure::NoCandidates))
    }

    /// Whether the other side has described itself.
    pub(super) fn is_answered(&self) -> bool {
        self.described
    }

    /// When it was made.
    pub(super) fn made(&self) -> Duration {
        self.made
    }

    /// When what there is to say changes by itself.
    pub(super) fn told(&self, now: Duration) -> Option<Duration> {
        let late = [self.first, self.made].map(|since| since + BEGINS_WITHIN);
        late.into_iter().filter(|late| *late > now).min()
    }

    fn is_late(&self, now: Duration) -> bool {
        now >= self.made + BEGINS_WITHIN
    }

    /// What the other side is told.
    pub(super) fn failure(&self, now: Duration) -> Option<Failure> {
        let silent = !self.described && self.is_late(now);
        self.fault().or_else(|| silent.then_some(Failure::NoAnswer))
    }

    /// What keeps the connection from beginning, if anything does.
    pub(super) fn obstacle(&self, now: Duration) -> Option<Obstacle> {
        let is_certain = |failure: &Failure| !matches!(failure, Failure::NoAnswer | Failure::Other);
        let here = self.fault().map(Obstacle::Here);
        let there = self.theirs.filter(is_certain).map(Obstacle::There);
        let overdue = (now >= self.first + BEGINS_WITHIN).then_some(Obstacle::Between);
        here.or(there).or_else(|| match self.is_late(now) {
            true => Some(self.guess()),
            false => self.before.or(overdue),
        })
    }

    /// The likeliest, where nothing is certain.
    fn guess(&self) -> Obstacle {
        match (self.described, self.reachable) {
            (false, _) => Obstacle::Here(Failure::NoAnswer),
            (true, false) => Obstacle::There(Failure::NoCandidates),
            (true, true) => Obstacle::Between,
        }
    }
}
