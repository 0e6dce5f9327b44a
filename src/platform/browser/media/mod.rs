//! Devices, tracks, and the elements that play them.

mod capture;
mod meter;
mod permission;
mod playback;
mod screen;
mod track;

pub use capture::{capture, devices};
pub use meter::Meter;
pub use permission::{device_problem, is_granted, watch_denial, watch_grant};
pub use playback::{
    Player, Stream, can_choose_speaker, can_set_volume, picture_size, size, watch_size,
};
pub use screen::{Screen, can_share_screen, capture_screen};
pub use track::Track;
