//! This person's microphone, camera and speaker, and what is done to sound and picture.

pub(super) mod device_choices;
pub(super) mod hide_address;
pub(super) mod preview;
pub(super) mod settings;
