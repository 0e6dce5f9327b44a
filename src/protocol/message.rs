//! The messages themselves.

use super::{
    HostAction, HostState, IceCandidate, IceGrant, Pass, PeerId, Person, Presence, Role, RoomName,
    RoomSettings, RoomState, SessionDescription, TrackSource, wire::number::whole,
};
use serde::{Deserialize, Serialize};

/// The close code of a client that comes back through another connection: its seat is held as long
/// as if it had vanished.
pub const CLIENT_GAVE_UP: u16 = 4000;

/// What two people tell each other through the server to set up their connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A session description that asks for an answer.
    Offer(SessionDescription),
    /// The reply to an offer.
    Answer(SessionDescription),
    /// A way to reach the sender; none at the end of candidates.
    Candidate(Option<IceCandidate>),
    /// What the sender gets of the recipient.
    Reception(Reception),
}

/// How well sound and picture arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// So badly that it can hardly be followed.
    Poor,
    /// With gaps.
    Weak,
    /// Without anything worth a word.
    #[default]
    Good,
}

/// What arrives of a person, as somebody else tells them, and what else that one sends and gets: so
/// that both see on whose side the weakness is. Missing fields mean that all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reception {
    /// Whether the sound arrives that should.
    #[serde(default = "yes")]
    pub sound: bool,
    /// Whether the picture arrives that should.
    #[serde(default = "yes")]
    pub picture: bool,
    /// How well.
    #[serde(default)]
    pub grade: Grade,
    /// How well the best-received other participant is received; none if there is nobody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_received: Option<Grade>,
    /// How well this side is received by the other participant with the best reception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_sent: Option<Grade>,
    /// Why the connection does not begin, as far as this side is concerned; none while it may, or once
    /// it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// Why a connection does not begin on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The browser makes no peer connection: WebRTC is switched off, or too many are open.
    NoConnection,
    /// The browser has gathered no ICE candidate.
    NoCandidates,
    /// The browser applies none of the other side's descriptions, or cannot answer one.
    BadDescription,
    /// The other side has sent no description.
    NoAnswer,
    /// One that this build does not know.
    #[serde(other)]
    Other,
}

fn yes() -> bool {
    true
}

impl Default for Reception {
    fn default() -> Self {
        let (sound, picture, grade) = (true, true, Grade::Good);
        Self { sound, picture, grade, best_received: None, best_sent: None, failure: None }
    }
}

/// Takes a seat in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// Which room.
    pub room: RoomName,
    /// What the others learn about the person who joins.
    pub presence: Presence,
    /// Asks that the seat is held while the socket is gone, and claims one that was held.
    pub seat: Option<SeatClaim>,
    /// What opens the room's doors to them.
    pub pass: Pass,
    /// Whether the address of the person who joins is hidden from the others.
    pub hidden: bool,
}

/// What a person who comes back says of the seat they had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatClaim {
    /// What `joined` gave them; none for a first seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// To whom they still have a connection.
    #[serde(default)]
    pub linked: Vec<PeerId>,
}

/// How long a person waited, in milliseconds, for the operator's figures; each time where there is
/// one, and at most [`super::limits::REPORT_MILLIS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "client-metrics", rename_all = "camelCase")]
pub struct ClientMetrics {
    /// From Join to the seat.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub join: Option<u32>,
    /// From Join to the first picture of somebody who was inside already.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub first_frame: Option<u32>,
    /// From the loss of a connection to the seat.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub reconnect: Option<u32>,
}

/// What a client says to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// Asks to be told who is in a room, now and whenever it changes, without entering it.
    Watch(RoomName),
    /// Enters a room.
    Join(Join),
    /// Leaves the room; the connection stays open.
    Leave,
    /// Replaces what the others know about the sender.
    Presence(Presence),
    /// Does something that only a host may do.
    Host(HostAction),
    /// Asks for a sign of life.
    Ping,
    /// Asks for fresh credentials, before those that it has end.
    Ice,
    /// Says how long its person waited.
    ClientMetrics(ClientMetrics),
    /// Says that a connection is broken for good and asks for a new one.
    Reconnect {
        /// To whom.
        to: PeerId,
        /// The number of the broken one's `ready`. Nothing is done if there was a later one.
        link: u64,
    },
    /// Is relayed to `to`, or to the only other person in the room.
    Signal {
        /// Needed only where the room holds three or more people.
        to: Option<PeerId>,
        /// The number of the `ready` that this belongs to.
        link: Option<u64>,
        /// What to relay.
        signal: Signal,
    },
}

/// What the server says to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMessage {
    /// The state of a room that is being watched.
    RoomState {
        /// Which room.
        room: RoomName,
        /// Who is inside.
        state: RoomState,
    },
    /// The client has a seat.
    Joined {
        /// Its own id.
        id: PeerId,
        /// Everybody else inside, in the order they came.
        state: RoomState,
        /// What to configure peer connections with. Secret.
        ice: IceGrant,
        /// Proves later that the seat is this client's; none if it did not ask for that. Secret.
        seat_token: Option<String>,
        /// How the room is kept.
        settings: RoomSettings,
    },
    /// The client has to wait until a host lets it in.
    Waiting {
        /// Its position in the line; 1 is next.
        position: usize,
        /// Whether a host is there to see it.
        host_present: bool,
        /// Whether it is a lock alone that it waits for: without it, it would be inside.
        locked: bool,
    },
    /// How the room is kept has changed.
    RoomSettings(RoomSettings),
    /// What the client sees as a host, whenever it changes.
    HostState(HostState),
    /// The client is a host from now on. The key makes it one again later. Secret.
    HostKey(String),
    /// A host has switched something of the client's off.
    Muted(TrackSource),
    /// The client and `peer` are to connect to each other now.
    Ready {
        /// The client's part in this pair.
        role: Role,
        /// The other person.
        peer: Person,
        /// Tells this connection from others to the same person; the same number for both.
        link: u64,
    },
    /// Another person's offer, answer or candidate.
    Signal {
        /// Filled in by the server from the sender's connection.
        from: PeerId,
        /// The number of the `ready` that this belongs to, where the sender said so.
        link: Option<u64>,
        /// What was relayed.
        signal: Signal,
    },
    /// Another person changed what they tell about themselves.
    Presence {
        /// Who.
        from: PeerId,
        /// All of it.
        presence: Presence,
    },
    /// Another person was away for a moment. What was said to them meanwhile may be lost.
    PeerReconnected {
        /// Who.
        peer: PeerId,
        /// What they tell about themselves now.
        presence: Presence,
    },
    /// The answer to a ping.
    Pong,
    /// What to configure peer connections with from now on. Secret.
    Ice(IceGrant),
    /// Another person is gone.
    PeerLeft {
        /// Who.
        peer: PeerId,
    },
    /// Something the client asked for was not done. The connection goes on.
    Error {
        /// Stable, for programs.
        code: ErrorCode,
        /// For people.
        message: String,
    },
}

impl ServerMessage {
    /// Whether it may answer something that this client said, which has arrived then.
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

/// Why something was not done. The names are stable parts of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The message was not JSON, or not an object with a `type`.
    BadJson,
    /// The `type` is not one the server knows.
    UnknownType,
    /// The `type` is known, but a field is missing or of the wrong shape.
    BadMessage,
    /// The room's name has characters or a length that are not allowed.
    BadRoomName,
    /// Every seat is taken.
    RoomFull,
    /// `join` from a connection that sits in a room already.
    AlreadyJoined,
    /// Something that only people in a room can do.
    NotJoined,
    /// The person the message is for is not in the room, or nobody else is.
    PeerNotFound,
    /// Three or more people are inside and the message did not say `to` whom.
    RecipientRequired,
    /// The seat is used from another connection now.
    SeatMoved,
    /// The proof of a seat is wrong or too old; what was asked can be asked again without it.
    BadSeatToken,
    /// Nobody is let in any more.
    RoomLocked,
    /// The passcode is needed.
    PasscodeRequired,
    /// The passcode is another one.
    BadPasscode,
    /// Too much was tried within a minute: passcodes, actions of a host, new connections.
    TryLater,
    /// The invitation is over, was used by somebody else, or was taken back.
    BadInvitation,
    /// The host key is wrong; what was asked can be asked again without it.
    BadHostKey,
    /// Too many people wait already.
    WaitingRoomFull,
    /// A host did not let the client in.
    EntryDenied,
    /// A host has put the client out.
    Removed,
    /// A host has ended the call.
    CallEnded,
    /// Something that only hosts may do.
    NotHost,
    /// There are as many of these as there may be.
    TooMany,
    /// More of what the client says to this person waits for them than may.
    RecipientBusy,
    /// What a host decided is in force, but not written to disk yet: it is gone if the server restarts
    /// now.
    NotKept,
    /// What a host decided is in force, but only until everybody has left.
    ThisCallOnly,
    /// A description or a candidate is longer than allowed.
    TooLarge,
    /// More candidates than may follow one description.
    TooManyCandidates,
    /// The room would be one more than the server has.
    TooManyRooms,
    /// A code that this build does not know.
    #[serde(other)]
    Other,
}
