//! Every message, id and limit that crosses the wire, compiled for both sides.
//!
//! The wire is JSON objects with a `type`, one per WebSocket message, in text or binary frames.
//! `docs/protocol.md` describes it for people who write their own client.

mod boot;
mod characters;
mod file;
mod host;
mod id;
pub mod limits;
mod message;
mod name;
mod number;
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
pub use host::{Desk, Gate, HostAction, Invitation, Pass, Rules};
pub use id::{ParsePeerIdError, PeerId};
pub use message::{
    ABANDONED, ClientMessage, ErrorCode, Failure, Grade, Join, Reception, Report, SeatClaim,
    ServerMessage, Signal,
};
pub use name::{NameError, RoomName};
pub use person::{DisplayName, Person, Presence, Quality, RoomState};
pub use reaction::Reaction;
pub use room_link::{LinkSecret, NoRoom, RoomLink};
pub use rtc::{IceCandidate, IceGrant, IceServer, Role, SdpType, SessionDescription, is_relay};
pub use talk::{ChatText, Have, Talk, Words};
pub use track::{Mid, MidError, TrackInfo, TrackSource};
pub use wire::ParseError;

/// Where a page posts up to [`limits::SPEED_BYTES`] to find out how fast that goes.
pub const SPEED_PATH: &str = "/speed";
