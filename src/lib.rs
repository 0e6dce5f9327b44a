//! Salon: a video call from one binary.

pub mod call;
pub mod protocol;
#[cfg(feature = "ssr")]
pub mod room;
