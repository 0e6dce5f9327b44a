//! Tells what is open from what was open before it.

/// Tells a socket or peer connection from the ones that had its place before. Whatever an older
/// one still reports is ignored.
pub type Generation = u64;
