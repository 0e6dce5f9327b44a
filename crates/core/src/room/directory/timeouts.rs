//! Timeouts for silent and disconnected participants.

use std::time::Duration;

/// Timeouts for silent and disconnected participants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Silence after which a connection is pinged, and the interval of further pings.
    pub ping_interval: Duration,
    /// Silence after which a connection is closed.
    pub ping_timeout: Duration,
    /// Time for which a seat is reserved after its page was unloaded, as it may be reloading. At most
    /// `reconnect_grace`.
    pub reload_grace: Duration,
    /// Time for which a seat is reserved after its connection was lost; zero frees it at once.
    pub reconnect_grace: Duration,
}

impl Timeouts {
    /// The defaults with this `ping_timeout`, within which a connection is pinged twice.
    #[must_use]
    pub fn with_ping_timeout(ping_timeout: Duration) -> Self {
        Self { ping_interval: ping_timeout / 3, ping_timeout, ..Self::default() }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(4),
            ping_timeout: Duration::from_secs(12),
            reload_grace: Duration::from_secs(5),
            reconnect_grace: Duration::from_secs(15),
        }
    }
}
