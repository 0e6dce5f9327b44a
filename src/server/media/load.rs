//! How busy the media thread is.

use std::time::{Duration, Instant};

/// The share of the time is measured over this time.
const MEASURED_OVER: Duration = Duration::from_secs(1);
/// Above this share, packets begin to wait for each other: nobody else is connected.
const LIMIT: f64 = 0.75;

/// The share of the time that is spent with packets.
#[derive(Debug)]
pub(super) struct Load {
    since: Instant,
    busy: Duration,
    share: f64,
}

impl Load {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, busy: Duration::ZERO, share: 0.0 }
    }

    /// Records that something was handled from `began` until `now`.
    pub(super) fn note(&mut self, began: Instant, now: Instant) {
        self.busy += now.saturating_duration_since(began);
        let time = now.saturating_duration_since(self.since);
        if time >= MEASURED_OVER {
            self.share = self.busy.as_secs_f64() / time.as_secs_f64();
            (self.since, self.busy) = (now, Duration::ZERO);
        }
    }

    /// Whether more connections would make those wait that there are.
    pub(super) fn is_high(&self) -> bool {
        self.share > LIMIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t25_the_load_of_the_last_second_counts() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut load = Load::new(start);
        for (began, ended, expected) in [
            (0, 800, false),
            (900, 1000, true),
            (1100, 1200, true),
            (1300, 2100, true),
            (2900, 3200, false),
        ] {
            load.note(at(began), at(ended));
            assert_eq!(load.is_high(), expected, "{began} to {ended}");
        }
    }
}
