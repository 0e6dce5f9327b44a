//! Every message, id and limit that crosses the wire, compiled for both sides.
//!
//! The wire is JSON objects with a `type`, one per WebSocket message, in text or binary frames.
//! `docs/protocol.md` describes it for people who write their own client.

mod boot;
mod id;
pub mod limits;
mod message;
mod name;
mod person;
mod rtc;
mod wire;

pub use boot::{Boot, Page};
pub use id::{ParsePeerIdError, PeerId};
pub use message::{
    ABANDONED, ClientMessage, ErrorCode, Grade, Join, Reception, Report, SeatClaim, ServerMessage,
    Signal,
};
pub use name::{NameError, RoomName};
pub use person::{DisplayName, Person, Presence, RoomState};
pub use rtc::{IceCandidate, IceServer, Role, SdpType, SessionDescription};
pub use wire::ParseError;
