//! How long is waited for people of whom nothing is heard.

use std::time::Duration;

/// What a silent, closed or broken connection is given before its seat is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// After this much silence a connection is asked for a sign of life, and again each time it passes.
    pub ping: Duration,
    /// After this much silence a connection is given up.
    pub silence: Duration,
    /// How long a seat is held for a page that is perhaps being loaded again, if seats are held at all.
    pub reload: Duration,
    /// How long a seat is held for somebody whose connection is gone; zero frees it at once.
    pub hold: Duration,
}

impl Clocks {
    /// After `silence` a connection is given up; before that it is asked twice for a sign of life.
    #[must_use]
    pub fn with_silence(silence: Duration) -> Self {
        Self { ping: silence / 3, silence, ..Self::default() }
    }
}

impl Default for Clocks {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(4),
            silence: Duration::from_secs(12),
            reload: Duration::from_secs(5),
            hold: Duration::from_secs(15),
        }
    }
}
