//! This person's microphone, camera and speaker, and how audio and video are processed.

pub(super) mod device_choices;
pub(super) mod hide_address;
pub(super) mod preview;
pub(super) mod settings;
