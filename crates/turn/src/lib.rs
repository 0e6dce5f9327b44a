//! A STUN and TURN server (RFC 8489, RFC 8656). Pure: no socket, clock or randomness.
//!
//! Contract: call [`Server::handle`] with an input and the time, then drain [`Server::poll`], then call
//! `handle` with [`Input::Tick`] at [`Server::poll_timeout`] unless another input comes first.
//!
//! Nothing is stored for a client until it has proven its address, by returning a nonce that was sent
//! there, and its credentials.

mod allocation;
mod capacity;
mod counts;
mod credentials;
mod framing;
mod interface;
mod nonce;
mod participants;
mod peer_filter;
mod ports;
mod reply;
mod reply_allowance;
mod server;
#[cfg(test)]
mod tests;

pub use credentials::password;
pub use framing::{BadStream, CHANNEL_HEADER, Frame, first_frame, starts_stun};
pub use interface::{Client, Config, Header, Input, Output, Transport};
pub use peer_filter::is_public;
pub use server::Server;
