//! Recording, and the recordings on this device.

pub(super) mod recording_mark;
pub(super) mod recordings;
