//! When and how a broken connection is repaired.

use crate::{call::backoff::backoff, protocol::Role};
use std::time::Duration;

/// Delays in seconds before each attempt after the first; the last one repeats. Long enough for the
/// previous attempt to take effect.
const LADDER: [u64; 4] = [3, 5, 8, 12];

/// Delay before the second attempt if the first was made immediately: browsers learn the addresses
/// of a new network half a second late, so the first may have been made without them.
const SECOND_AFTER: Duration = Duration::from_millis(1200);

/// Number of ICE restarts before the connection is replaced.
const RESTART_LIMIT: usize = 3;

/// Additional delay of the callee, so that in most cases only the caller tries.
const CALLEE_LATER: Duration = Duration::from_millis(500);

/// Time after the server can be reached again in which a pause is repaired at once: two readings of the
/// statistics of a calm connection.
const RECENT_RETURN: Duration = Duration::from_secs(4);

/// What to do about a broken connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Restart ICE on this connection (RFC 8445, section 2.4).
    RestartIce,
    /// Replace the connection.
    Reconnect,
}

/// The recovery state of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recovery {
    attempts: usize,
    /// No attempt before this.
    earliest: Duration,
    next: Option<Duration>,
    immediate: bool,
    /// When the server was last reached again.
    returned: Option<Duration>,
}

impl Recovery {
    /// Resets the state: the connection works.
    pub(super) fn done(&mut self) {
        *self = Self { returned: self.returned, ..Self::default() };
    }

    /// Records that the server can be reached again.
    pub(super) fn server_returned(&mut self, now: Duration) {
        self.returned = Some(now);
    }

    /// Whether the server was reached again a moment ago; true once.
    pub(super) fn take_recent_return(&mut self, now: Duration) -> bool {
        self.returned.take().is_some_and(|at| now < at + RECENT_RETURN)
    }

    /// The initial state of a connection that replaces one that was not repaired.
    pub(super) fn succeed(self) -> Self {
        Self { next: None, ..self }
    }

    /// Schedules a repair at `first`, a little later for the callee, and not before the previous
    /// attempt could take effect.
    pub(super) fn want(&mut self, first: Duration, role: Role) {
        let first = match role {
            Role::Caller => first,
            Role::Callee => first + CALLEE_LATER,
        };
        let first = first.max(self.earliest);
        self.next = Some(self.next.map_or(first, |next| next.min(first)));
    }

    /// Schedules a repair immediately, because waiting has no benefit.
    pub(super) fn repair_now(&mut self, now: Duration) {
        (self.earliest, self.next, self.immediate) = (now, Some(now), true);
    }

    /// Time of the scheduled repair.
    pub(super) fn due(&self) -> Option<Duration> {
        self.next
    }

    /// The step that is due now, if any. `hopeless`: the connection will not recover by itself.
    pub(super) fn step(&mut self, hopeless: bool, now: Duration) -> Option<Step> {
        self.next.take_if(|next| *next <= now)?;
        let wait = backoff(&LADDER, self.attempts);
        self.attempts += 1;
        let immediate = std::mem::take(&mut self.immediate);
        self.earliest = now + if immediate { SECOND_AFTER } else { Duration::from_secs(wait) };
        let reconnects = hopeless || self.attempts > RESTART_LIMIT;
        Some(if reconnects { Step::Reconnect } else { Step::RestartIce })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_rarer_and_the_caller_is_first() {
        let millis = Duration::from_millis;
        let (mut caller, mut callee) = (Recovery::default(), Recovery::default());
        caller.want(millis(2000), Role::Caller);
        callee.want(millis(2000), Role::Callee);
        assert_eq!((caller.due(), callee.due()), (Some(millis(2000)), Some(millis(2500))));
        assert_eq!(caller.step(false, millis(1999)), None);
        let mut times = Vec::new();
        use Step::{Reconnect, RestartIce};
        let steps = [RestartIce, RestartIce, RestartIce, Reconnect, Reconnect, Reconnect];
        while times.len() < 6 {
            let due = caller.due().unwrap();
            assert_eq!(caller.step(false, due), Some(steps[times.len()]));
            times.push(due.as_secs());
            caller.want(millis(0), Role::Caller);
        }
        assert_eq!(times, [2, 5, 10, 18, 30, 42]);
        caller.repair_now(millis(43_000));
        assert_eq!(caller.step(true, millis(43_000)), Some(Step::Reconnect));
        caller.want(millis(0), Role::Caller);
        assert_eq!(caller.due(), Some(millis(44_200)), "it may have been too early");
        caller.done();
        assert_eq!(caller.due(), None);
    }
}
