//! Time that stops while the program is suspended. When the process is stopped, or the machine sleeps or
//! is overloaded, clients cannot be heard, and must not be closed for their silence.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, sleep};
use tracing::warn;

/// Interval at which timers read the clock.
pub(super) const TURN: Duration = Duration::from_secs(1);
/// Maximum time that counts between two readings: one turn, and one second for a busy machine.
const MAX_STEP: Duration = Duration::from_secs(2);

/// Wall-clock time since the Unix epoch.
pub(super) fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The hub's clock. It has to be read at least once per [`TURN`].
#[derive(Debug)]
pub(super) struct Clock {
    now: Duration,
    read: Instant,
}

impl Clock {
    /// Creates a clock that starts at `now`.
    pub(super) fn new(now: Duration) -> Self {
        Self { now, read: Instant::now() }
    }

    /// Returns the current time. It never runs backwards and stops while the program is suspended.
    pub(super) fn now(&mut self) -> Duration {
        let read = Instant::now();
        let passed = read.saturating_duration_since(self.read);
        if passed > MAX_STEP {
            warn!(seconds = passed.as_secs_f32(), "the process was suspended or starved");
        }
        self.read = read;
        self.now += passed.min(MAX_STEP);
        self.now
    }

    /// Returns when to read the clock again: at `at`, or after a turn.
    pub(super) fn wake(&self, at: Option<Duration>) -> Instant {
        let wait = at.map_or(TURN, |at| at.saturating_sub(self.now).min(TURN));
        self.read + wait
    }
}

/// Sleeps for `left`, not counting time while the program is suspended.
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
    async fn a_stall_is_subtracted_from_the_clock() {
        let mut clock = Clock::new(Duration::from_secs(100));
        advance(Duration::from_millis(1500)).await;
        assert_eq!(clock.now(), Duration::from_millis(101_500));
        advance(Duration::from_secs(15)).await;
        assert_eq!(clock.now(), Duration::from_millis(103_500));
        assert_eq!(clock.wake(Some(Duration::ZERO)), Instant::now());
        assert_eq!(clock.wake(None), Instant::now() + TURN);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_follows_the_clock() {
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
