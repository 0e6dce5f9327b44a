//! What outlives the server: the folder, whose it is, and what hosts decided.

pub(super) mod claim;
pub(super) mod dir;
pub(super) mod store;
pub(super) mod writer;
