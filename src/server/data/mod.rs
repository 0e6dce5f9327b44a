//! Persistent data: the data directory, its lock, and the settings of rooms.

pub(super) mod claim;
pub(super) mod dir;
pub(super) mod store;
pub(super) mod writer;
