//! Salon: a video call from one binary.

pub mod app;
pub mod call;
pub mod platform;
pub mod protocol;
#[cfg(feature = "ssr")]
pub mod room;
#[cfg(feature = "ssr")]
pub mod server;
