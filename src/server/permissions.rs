//! Rights to a file (`chmod`) that nobody but its owner should have.

/// To write it.
pub(super) const OTHERS_WRITE: u32 = 0o022;
/// To read it.
pub(super) const OTHERS_READ: u32 = 0o044;
/// Any.
pub(super) const OTHERS: u32 = 0o077;
