//! WebSockets: how a request becomes one, and what passes between it and the hub.

mod frame_limiter;
mod handshake;
mod socket;
pub(super) mod upgrade;
