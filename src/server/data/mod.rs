//! Persistent data: the data directory, its lock, and the settings of rooms.

pub(super) mod dir;
pub(super) mod lock;
pub(super) mod store;
pub(super) mod writer;
