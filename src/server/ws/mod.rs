//! WebSockets: the handshake, and the exchange of messages with the hub.

mod frame_limiter;
mod handshake;
mod socket;
pub(super) mod upgrade;
mod websocket;
