//! The messages themselves.

use super::{
    HostAction, HostState, IceCandidate, IceGrant, Pass, PeerId, Person, Presence, Reception, Role,
    RoomName, RoomSettings, RoomState, SessionDescription, TrackSource,
    json::{object, word},
    wire::number::whole,
};
use serde::{Deserialize, Serialize};

/// The close code of a client that reconnects over another connection: its seat is reserved as after
/// a lost connection.
pub const CLIENT_GAVE_UP: u16 = 4000;

/// A message between two participants that the server forwards: most set up their connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A session description that requests an answer.
    Offer(SessionDescription),
    /// The reply to an offer.
    Answer(SessionDescription),
    /// An ICE candidate of the sender; `None` marks the end of candidates.
    Candidate(Option<IceCandidate>),
    /// How well the sender receives the recipient.
    Reception(Reception),
}

/// Takes a seat in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The room.
    pub room: RoomName,
    /// The presence of the person who joins.
    pub presence: Presence,
    /// Requests that the seat is reserved after a lost connection, and claims a reserved one.
    pub seat: Option<SeatClaim>,
    /// The credentials that admit them.
    pub pass: Pass,
    /// Whether the address of the person who joins is hidden from the others.
    pub hidden: bool,
}

/// The claim of a person who returns to their seat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatClaim {
    /// The participants to whom they still have a connection.
    #[serde(default)]
    pub linked: Vec<PeerId>,
    /// The token from `joined`; `None` for a new seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

object!(SeatClaim { linked = Vec::new(); token = None });

/// Durations in milliseconds that a client reports for the operator's metrics, of at most
/// [`super::limits::REPORT_MILLIS`] each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "client-metrics", rename_all = "camelCase")]
pub struct ClientMetrics {
    /// From pressing Join to having joined.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub join: Option<u32>,
    /// From pressing Join to the first video frame of a participant who was already inside.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub first_frame: Option<u32>,
    /// From losing the connection to having rejoined.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub reconnect: Option<u32>,
}

object!(ClientMetrics: "client-metrics" {
    ;
    join = None,
    first_frame as "firstFrame" = None,
    reconnect = None,
});

/// A message from a client to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// Subscribes to the state of a room without joining it.
    Watch(RoomName),
    /// Joins a room.
    Join(Join),
    /// Leaves the room; the connection stays open.
    Leave,
    /// Replaces what the others know about the sender.
    Presence(Presence),
    /// Takes an action that only a host may take.
    Host(HostAction),
    /// Requests a `pong`.
    Ping,
    /// Requests new TURN credentials, before the current ones expire.
    Ice,
    /// Reports durations.
    ClientMetrics(ClientMetrics),
    /// Requests a new connection in place of one that cannot be repaired.
    Reconnect {
        /// The participant at its other end.
        to: PeerId,
        /// The link number of the broken connection. The request is ignored if there is a newer one.
        link: u64,
    },
    /// Forwards a signal to `to`, or to the only other person in the room.
    Signal {
        /// The recipient; required with three or more people in the room.
        to: Option<PeerId>,
        /// The number of the `ready` that it belongs to.
        link: Option<u64>,
        /// The signal.
        signal: Signal,
    },
}

/// A message from the server to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMessage {
    /// The state of a watched room.
    RoomState {
        /// The room.
        room: RoomName,
        /// Its state.
        state: RoomState,
    },
    /// The client has a seat.
    Joined {
        /// Its own id.
        id: PeerId,
        /// Everyone else inside, in order of arrival.
        state: RoomState,
        /// The ICE servers to use. Secret.
        ice: IceGrant,
        /// Proves the seat when the client returns; `None` if that was not requested. Secret.
        seat_token: Option<String>,
        /// The settings of the room.
        settings: RoomSettings,
    },
    /// The client waits until a host admits it.
    Waiting {
        /// Its position, starting at 1.
        position: usize,
        /// Whether a host is present.
        host_present: bool,
        /// Whether only the lock keeps it waiting, and it joins when the room is unlocked.
        locked: bool,
    },
    /// The settings of the room have changed.
    RoomSettings(RoomSettings),
    /// The waiting people and the invitations; sent to hosts on every change.
    HostState(HostState),
    /// The client is a host now. The key makes it a host again later. Secret.
    HostKey(String),
    /// A host has turned off a device of the client.
    Muted(TrackSource),
    /// The client and `peer` connect to each other now. With [`PeerId::SERVER`], the server forwards the media of
    /// the room.
    Ready {
        /// The client's role in this pair.
        role: Role,
        /// The other person.
        peer: Person,
        /// The link number: distinguishes this connection from earlier ones to the same person. Both sides
        /// get the same number.
        link: u64,
    },
    /// A signal of another participant.
    Signal {
        /// The sender, determined by the server from the connection.
        from: PeerId,
        /// The number of the `ready` that it belongs to, if the sender named it.
        link: Option<u64>,
        /// The signal.
        signal: Signal,
    },
    /// The presence of another participant has changed.
    Presence {
        /// The participant.
        from: PeerId,
        /// Their complete presence.
        presence: Presence,
    },
    /// Another participant has reconnected. Signals sent to them meanwhile may be lost.
    PeerReconnected {
        /// The participant.
        peer: PeerId,
        /// Their current presence.
        presence: Presence,
    },
    /// A participant has joined a room whose media the server forwards: there is no `ready` for them.
    PeerJoined(Person),
    /// The answer to a ping.
    Pong,
    /// The ICE servers to use from now on. Secret.
    Ice(IceGrant),
    /// Another participant has left.
    PeerLeft {
        /// The participant.
        peer: PeerId,
    },
    /// A request was refused. The connection stays open.
    Error {
        /// Stable, for programs.
        code: ErrorCode,
        /// For people.
        message: String,
    },
}

impl ServerMessage {
    /// Whether this may be the answer to a request, which has then arrived.
    #[must_use]
    pub fn answers(&self) -> bool {
        matches!(
            self,
            Self::RoomState { .. }
                | Self::Joined { .. }
                | Self::Waiting { .. }
                | Self::Error { .. }
                | Self::Pong
        )
    }
}

/// Why a request was refused. The names are stable parts of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The message was not JSON, or not an object with a `type`.
    BadJson,
    /// The `type` is unknown.
    UnknownType,
    /// A field is missing or has the wrong shape.
    BadMessage,
    /// The room name is invalid.
    BadRoomName,
    /// All seats are taken.
    RoomFull,
    /// The connection already has a seat.
    AlreadyJoined,
    /// Only participants of a room may do this.
    NotJoined,
    /// The recipient is not in the room, or nobody else is.
    PeerNotFound,
    /// Three or more people are inside, and the message names no recipient.
    RecipientRequired,
    /// The seat is now used from another connection.
    SeatMoved,
    /// The seat token is invalid or expired; the client can join without it.
    BadSeatToken,
    /// The room is locked.
    RoomLocked,
    /// The room has a passcode.
    PasscodeRequired,
    /// The passcode is wrong.
    BadPasscode,
    /// A limit was reached, or the server is busy. The same request may succeed later.
    TryLater,
    /// The invitation has expired, was used by someone else, or was revoked.
    BadInvitation,
    /// The host key is invalid; the client can join without it.
    BadHostKey,
    /// The waiting room is full.
    WaitingRoomFull,
    /// A host denied entry.
    EntryDenied,
    /// A host removed the client.
    Removed,
    /// A host ended the call.
    CallEnded,
    /// Only hosts may do this.
    NotHost,
    /// The maximum number of invitations was reached.
    TooMany,
    /// The recipient's queue is full; the signal was dropped.
    RecipientBusy,
    /// A host's decision is in effect, but not stored yet: a restart of the server would undo it.
    NotKept,
    /// A host's decision is in effect, but only until everyone has left.
    ThisCallOnly,
    /// A description or candidate is too large.
    TooLarge,
    /// Too many candidates for one description.
    TooManyCandidates,
    /// The server has reached its limit of rooms.
    TooManyRooms,
    /// The server cannot forward the media of another participant.
    ServerFull,
    /// A code that this build does not know.
    #[serde(other)]
    Other,
}

word!(ErrorCode {
    BadJson = "bad-json",
    UnknownType = "unknown-type",
    BadMessage = "bad-message",
    BadRoomName = "bad-room-name",
    RoomFull = "room-full",
    AlreadyJoined = "already-joined",
    NotJoined = "not-joined",
    PeerNotFound = "peer-not-found",
    RecipientRequired = "recipient-required",
    SeatMoved = "seat-moved",
    BadSeatToken = "bad-seat-token",
    RoomLocked = "room-locked",
    PasscodeRequired = "passcode-required",
    BadPasscode = "bad-passcode",
    TryLater = "try-later",
    BadInvitation = "bad-invitation",
    BadHostKey = "bad-host-key",
    WaitingRoomFull = "waiting-room-full",
    EntryDenied = "entry-denied",
    Removed = "removed",
    CallEnded = "call-ended",
    NotHost = "not-host",
    TooMany = "too-many",
    RecipientBusy = "recipient-busy",
    NotKept = "not-kept",
    ThisCallOnly = "this-call-only",
    TooLarge = "too-large",
    TooManyCandidates = "too-many-candidates",
    TooManyRooms = "too-many-rooms",
    ServerFull = "server-full",
    Other = "other",
} else Other);
