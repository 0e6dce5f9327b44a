//! Salon: a video call from one binary.

pub mod protocol;
#[cfg(feature = "ssr")]
pub mod room;
