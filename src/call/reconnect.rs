//! When to open the socket again after it was lost.

use super::Generation;
use std::time::Duration;

/// Upper ends of the waits before each attempt, in milliseconds; the last one repeats. The actual
/// wait is a random part of it, so that clients of a restarted server do not come in step.
const LADDER: [u64; 6] = [0, 300, 1200, 2700, 4800, 7000];

/// How many attempts in a row may fail before the person is told.
const QUIET_ATTEMPTS: usize = 2;

#[derive(Debug, Default)]
enum State {
    #[default]
    Unused,
    Opening(Generation),
    Open(Generation),
    Lost {
        retry: Duration,
    },
}

/// The socket's side of the call.
#[derive(Debug, Default)]
pub(super) struct Socket {
    state: State,
    attempts: usize,
}

impl Socket {
    pub(super) fn open(&mut self, generation: Generation) {
        self.state = State::Opening(generation);
    }

    /// Returns whether this is the socket that was waited for.
    pub(super) fn opened(&mut self, generation: Generation) -> bool {
        let expected = matches!(self.state, State::Opening(current) if current == generation);
        if expected {
            self.state = State::Open(generation);
        }
        expected
    }

    /// The server has said something: only now is the socket known to be of use. One that is opened
    /// and closed again and again is not tried in a hurry.
    pub(super) fn answered(&mut self) {
        self.attempts = 0;
    }

    pub(super) fn closed(&mut self, generation: Generation, jitter: f32, now: Duration) {
        let (State::Opening(current) | State::Open(current)) = self.state else { return };
        if current == generation {
            let rung = LADDER.get(self.attempts).or(LADDER.last()).copied().unwrap_or_default();
            self.attempts += 1;
            let wait = Duration::from_millis(rung).mul_f32(jitter.clamp(0.0, 1.0));
            self.state = State::Lost { retry: now + wait };
        }
    }

    /// Makes a pending attempt due at once.
    pub(super) fn hurry(&mut self, now: Duration) {
        if let State::Lost { retry } = &mut self.state {
            *retry = (*retry).min(now);
        }
    }

    pub(super) fn due(&self) -> Option<Duration> {
        match self.state {
            State::Lost { retry } => Some(retry),
            State::Unused | State::Opening(_) | State::Open(_) => None,
        }
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.due().is_some_and(|retry| retry <= now)
    }

    pub(super) fn is_open(&self, generation: Generation) -> bool {
        matches!(self.state, State::Open(current) if current == generation)
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.attempts < QUIET_ATTEMPTS
    }
}
