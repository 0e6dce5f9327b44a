//! Throughput: of a relay, and of the upload to the server.

use std::time::Duration;

/// The throughput of a relay, measured from a page to itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throughput {
    /// Round-trip time.
    pub round_trip: Duration,
    /// Bits per second, sent to the relay and received from it at the same time.
    pub rate: f64,
}

/// The speed of an upload to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum UploadResult {
    /// Not known yet.
    #[default]
    Waiting,
    /// In bits per second.
    About(f64),
    /// It did not arrive in time.
    TooSlow,
    /// The server did not accept it.
    Failed,
    /// The test was cancelled.
    Dropped,
}
