//! A selective forwarding unit (SFU, RFC 7667, section 3.7): decides which packets of whom go to whom. Pure: no
//! payload, socket, clock or randomness.
//!
//! Contract: call [`Room::handle`] with an input and the time, then drain [`Room::poll`], then call `handle` with
//! [`Input::Tick`] at [`Room::poll_timeout`] unless another input comes first.

mod budget;
mod encoding;
mod numbering;
mod packet;
mod policing;
mod published;
mod receiver;
mod rewriter;
mod room;
mod slot;
mod speakers;
#[cfg(test)]
mod tests;
mod vp8;

pub use budget::Layer;
pub use packet::{Frame, Packet, Rewritten, Source, Spatial};
pub use policing::{Policing, Verdict};
pub use room::{Input, Output, Room, Slot, Want};
pub use salon_core::protocol::Rank;
pub use vp8::parse as parse_vp8;
