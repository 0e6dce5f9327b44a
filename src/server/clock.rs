//! Time while the program runs. When it is stopped, or its machine is suspended or far too busy,
//! nobody could be heard: such a standstill counts for nothing, so that nobody is closed for it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, sleep};
use tracing::warn;

/// Who waits looks at the clock so often.
pub(super) const TURN: Duration = Duration::from_secs(1);
/// What passes between two looks counts up to here: one turn, and one second for a busy machine.
const LATEST: Duration = Duration::from_secs(2);

/// The time of day, since the Unix epoch.
pub(super) fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The hub's time. It is to be looked at once in each [`TURN`].
#[derive(Debug)]
pub(super) struct Clock {
    now: Duration,
    looked: Instant,
}

impl Clock {
    /// It is `now`.
    pub(super) fn new(now: Duration) -> Self {
        Self { now, looked: Instant::now() }
    }

    /// A time that never runs backwards and stands still with the program.
    pub(super) fn look(&mut self) -> Duration {
        let looked = Instant::now();
        let passed = looked.saturating_duration_since(self.looked);
        if passed > LATEST {
            warn!(seconds = passed.as_secs_f32(), "the program stood still");
        }
        self.looked = looked;
        self.now += passed.min(LATEST);
        self.now
    }

    /// When to look again: at this time, or after a turn.
    pub(super) fn wake(&self, at: Option<Duration>) -> Instant {
        let wait = at.map_or(TURN, |at| at.saturating_sub(self.now).min(TURN));
        self.looked + wait
    }
}

/// Waits for this long while the program runs: each turn counts as one, however late it ends.
pub(super) async fn running(mut left: Duration) {
    while !left.is_zero() {
        let turn = left.min(TURN);
        sleep(turn).await;
        left -= turn;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn a_standstill_counts_as_a_turn_at_most() {
        let mut clock = Clock::new(Duration::from_secs(100));
        advance(Duration::from_millis(1500)).await;
        assert_eq!(clock.look(), Duration::from_millis(101_500));
        advance(Duration::from_secs(15)).await;
        assert_eq!(clock.look(), Duration::from_millis(103_500));
        assert_eq!(clock.wake(Some(Duration::ZERO)), Instant::now());
        assert_eq!(clock.wake(None), Instant::now() + TURN);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_waits_for_the_program_s_time() {
        let waiting = tokio::spawn(running(Duration::from_secs(10)));
        tokio::task::yield_now().await;
        for _ in 0..9 {
            advance(Duration::from_secs(15)).await;
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
        }
        advance(TURN).await;
        waiting.await.unwrap();
    }
}
