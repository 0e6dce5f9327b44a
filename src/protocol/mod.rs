//! Every message, id and limit that crosses the wire, compiled for both sides.
//!
//! The wire is JSON objects with a `type`, one per WebSocket message, in text or binary frames.
//! Fields are written in camelCase, values of `type` and codes in kebab-case.
//! `docs/protocol.md` describes it for people who write their own client.

mod boot;
mod characters;
mod file;
mod host;
mod id;
pub mod limits;
mod message;
mod name;
mod person;
mod reaction;
mod room_link;
mod rtc;
mod talk;
mod track;
mod wire;

pub use boot::{Boot, FreshRoom, Page};
pub use characters::Split;
pub use file::{FileName, FileNews, FileNumber, Slice};
pub use host::{Gate, HostAction, HostState, Invitation, Pass, RoomSettings};
pub use id::{ParsePeerIdError, PeerId};
pub use message::{
    CLIENT_GAVE_UP, ClientMessage, ClientMetrics, ErrorCode, Failure, Grade, Join, Reception,
    SeatClaim, ServerMessage, Signal,
};
pub use name::{NameError, RoomName};
pub use person::{DisplayName, Person, Presence, Quality, RoomState};
pub use reaction::Reaction;
pub use room_link::{LinkSecret, NoRoom, RoomLink};
pub use rtc::{IceCandidate, IceGrant, IceServer, Role, SdpType, SessionDescription, is_relay};
pub use talk::{ChatMessage, ChatSync, ChatText, Talk};
pub use track::{Mid, MidError, TrackInfo, TrackSource};
pub use wire::ParseError;

/// The version of the protocol, as `joined` says it. It grows when something that exists is renamed,
/// removed, or means something else; what is only added leaves it as it is, because both sides ignore
/// what they do not know. The five messages that are enough for a call are the same in every version.
pub const VERSION: u32 = 1;

/// Where a page posts up to [`limits::SPEED_BYTES`] to find out how fast that goes.
pub const SPEED_PATH: &str = "/speed";
