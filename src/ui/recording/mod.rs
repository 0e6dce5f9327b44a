//! Recording, and what is kept of it on this device.

pub(super) mod recording_mark;
pub(super) mod recordings;
