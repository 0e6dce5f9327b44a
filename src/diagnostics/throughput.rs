//! How much gets through: a relay, and to the server.

use std::time::Duration;

/// What a relay has carried from a page to itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throughput {
    /// There and back.
    pub round_trip: Duration,
    /// Bits per second, up to the relay and down from it at the same time.
    pub rate: f64,
}

/// How fast something was sent to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum UploadResult {
    /// That is not known yet.
    #[default]
    Waiting,
    /// In bits per second.
    About(f64),
    /// It did not arrive in time.
    TooSlow,
    /// The server did not take it.
    Failed,
    /// It was not waited for any longer.
    Dropped,
}
