//! Distinguishes a socket or connection from the ones before it.

/// Distinguishes a socket or peer connection from the ones that it has replaced, whose events are
/// ignored.
pub type Generation = u64;
