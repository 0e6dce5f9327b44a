//! Permission bits (`chmod`) of group and others.

/// Write.
pub(super) const OTHERS_WRITE: u32 = 0o022;
/// Read.
pub(super) const OTHERS_READ: u32 = 0o044;
/// Any.
pub(super) const OTHERS: u32 = 0o077;
