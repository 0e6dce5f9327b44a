//! Messages on data channels: between participants, and between a client and a forwarding server.

mod forwarding;
mod talk;

pub use forwarding::{
    ControlMessage, ControlRequest, Envelope, Rank, SLOTS_MAX, TrackOf, WantedVideo,
};
pub use talk::{ChatMessage, ChatSync, ChatText, Talk};
