//! When a broken connection is mended, and how.

use crate::{call::backoff::backoff, protocol::Role};
use std::time::Duration;

/// How long before each attempt after the first, in seconds; the last one repeats. Long enough for
/// the one before to show whether it helped.
const LADDER: [u64; 4] = [3, 5, 8, 12];

/// How long before the second attempt where the first was made in a hurry: browsers learn of the
/// addresses of a new network half a second late, and the first may have been without them.
const SECOND_AFTER: Duration = Duration::from_millis(1200);

/// After so many attempts to mend a connection, it takes a new one.
const RESTART_LIMIT: usize = 3;

/// By so much the callee is later than the caller, so that in most cases only one of them tries.
const CALLEE_LATER: Duration = Duration::from_millis(500);

/// What to do about a broken connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Look for other ways between the two (RFC 8445, section 2.4).
    RestartIce,
    /// Give it up and make a new one.
    Reconnect,
}

/// One connection's way back.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recovery {
    attempts: usize,
    /// No attempt before this.
    earliest: Duration,
    next: Option<Duration>,
    hurried: bool,
}

impl Recovery {
    /// The connection works.
    pub(super) fn done(&mut self) {
        *self = Self::default();
    }

    /// What is left to do for a connection that takes the place of one that was not mended.
    pub(super) fn succeed(self) -> Self {
        Self { next: None, ..self }
    }

    /// The connection is broken: it is to be mended from `first` on, by the caller before the callee,
    /// and not before the last attempt had its time.
    pub(super) fn want(&mut self, first: Duration, role: Role) {
        let first = match role {
            Role::Caller => first,
            Role::Callee => first + CALLEE_LATER,
        };
        let first = first.max(self.earliest);
        self.next = Some(self.next.map_or(first, |next| next.min(first)));
    }

    /// Waiting helps nobody: this side tries at once.
    pub(super) fn hurry(&mut self, now: Duration) {
        (self.earliest, self.next, self.hurried) = (now, Some(now), true);
    }

    /// When there is something to do.
    pub(super) fn due(&self) -> Option<Duration> {
        self.next
    }

    /// What to do now. `hopeless`: the connection will not come back by itself.
    pub(super) fn step(&mut self, hopeless: bool, now: Duration) -> Option<Step> {
        self.next.take_if(|next| *next <= now)?;
        let wait = backoff(&LADDER, self.attempts);
        self.attempts += 1;
        let hurried = std::mem::take(&mut self.hurried);
        self.earliest = now + if hurried { SECOND_AFTER } else { Duration::from_secs(wait) };
        let anew = hopeless || self.attempts > RESTART_LIMIT;
        Some(if anew { Step::Reconnect } else { Step::RestartIce })
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
        caller.hurry(millis(43_000));
        assert_eq!(caller.step(true, millis(43_000)), Some(Step::Reconnect));
        caller.want(millis(0), Role::Caller);
        assert_eq!(caller.due(), Some(millis(44_200)), "it may have been too early");
        caller.done();
        assert_eq!(caller.due(), None);
    }
}
