//! Every message, id and limit that crosses the wire, compiled for both sides.
//!
//! Messages are JSON objects with a `type`, one per WebSocket message, in text or binary frames.
//! Fields are in camelCase, values of `type` and codes in kebab-case. `docs/protocol.md` describes the
//! protocol for authors of other clients.

mod boot;
mod characters;
mod data_channel;
mod file;
mod host;
mod id;
pub mod json;
pub mod limits;
mod message;
mod name;
mod person;
mod reaction;
mod reception;
mod room_link;
mod rtc;
mod track;
mod wire;

pub use boot::{Boot, FreshRoom, Page};
pub use characters::Split;
pub use data_channel::{
    ChatMessage, ChatSync, ChatText, ControlMessage, ControlRequest, Envelope, Rank, SLOTS_MAX,
    Talk, TrackOf, WantedVideo,
};
pub use file::{FileName, FileNews, FileNumber, Slice};
pub use host::{Gate, HostAction, HostState, Invitation, Pass, RoomSettings};
pub use id::{ParsePeerIdError, PeerId};
pub use message::{
    CLIENT_GAVE_UP, ClientMessage, ClientMetrics, ErrorCode, Join, SeatClaim, ServerMessage, Signal,
};
pub use name::{NameError, RoomName};
pub use person::{DisplayName, Person, Presence, Quality, RoomState};
pub use reaction::Reaction;
pub use reception::{Failure, Grade, Reception};
pub use room_link::{LinkSecret, NoRoom, RoomLink};
pub use rtc::{IceCandidate, IceGrant, IceServer, Role, SdpType, SessionDescription, is_relay};
pub use track::{Mid, MidError, TrackInfo, TrackSource};
pub use wire::ParseError;
#[cfg(any(test, fuzzing))]
pub use wire::reference;

/// The version of the protocol, sent in `joined`. It grows when an existing part is renamed, removed or
/// changes its meaning. Additions do not change it, because both sides ignore what they do not know.
/// The five messages that are enough for a call are the same in every version.
pub const VERSION: u32 = 1;

/// The path to which a page uploads up to [`limits::SPEED_BYTES`] to measure the rate.
pub const SPEED_PATH: &str = "/speed";
