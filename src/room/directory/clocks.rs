//! Timeouts for silent and disconnected participants.

use std::time::Duration;

/// How long a silent, closed or broken connection keeps its seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// Silence after which a connection is pinged, and the interval of further pings.
    pub ping: Duration,
    /// Silence after which a connection is closed.
    pub silence: Duration,
    /// How long a seat is reserved for a page that may be reloading, if seats are reserved at all.
    pub reload: Duration,
    /// How long a seat is reserved after its connection is lost; zero frees it at once.
    pub hold: Duration,
}

impl Clocks {
    /// A connection is closed after `silence`, and pinged twice before that.
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
