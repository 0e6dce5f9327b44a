//! Messages from the server.

use super::{
    ParseError, excerpt,
    signal::{read_signal, write_signal},
    write, write_head,
};
use crate::protocol::{
    ErrorCode, Gate, HostState, IceGrant, IceServer, PeerId, Person, Presence, Role, RoomName,
    RoomSettings, RoomState, ServerMessage, Signal, TrackSource, VERSION,
    json::{FromJson, Json},
};
use serde::Serialize;
use std::ops::Not;

#[derive(Serialize)]
#[serde(tag = "type", rename = "waiting", rename_all = "camelCase")]
struct Waiting {
    position: usize,
    host_present: bool,
    #[serde(skip_serializing_if = "Not::not")]
    locked: bool,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "room-settings")]
struct RoomSettingsFields<'a> {
    settings: &'a RoomSettings,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "host-key", rename_all = "camelCase")]
struct HostKey<'a> {
    host_key: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "muted")]
struct Muted {
    what: TrackSource,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "room-state")]
struct RoomStateFields<'a> {
    room: &'a RoomName,
    people: &'a [Person],
    limit: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<Gate>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "joined", rename_all = "camelCase")]
struct Joined<'a> {
    /// [`VERSION`]. It is ignored when parsed, because clients of other versions may still understand
    /// the message.
    protocol: u32,
    id: PeerId,
    people: &'a [Person],
    limit: usize,
    ice_servers: &'a [IceServer],
    #[serde(skip_serializing_if = "Option::is_none")]
    ice_ttl: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seat_token: Option<&'a str>,
    settings: &'a RoomSettings,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "ready")]
struct Ready<'a> {
    role: Role,
    peer: PeerId,
    presence: &'a Presence,
    seconds: u64,
    link: u64,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "presence")]
struct PresenceFields<'a> {
    presence: &'a Presence,
    from: PeerId,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "peer-reconnected")]
struct PeerReconnected<'a> {
    peer: PeerId,
    presence: &'a Presence,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "peer-joined")]
struct PeerJoined<'a> {
    peer: PeerId,
    presence: &'a Presence,
    seconds: u64,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "peer-left")]
struct PeerLeft {
    peer: PeerId,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "error")]
struct Error<'a> {
    code: ErrorCode,
    message: &'a str,
}

impl ServerMessage {
    /// Parses a message from the server.
    ///
    /// # Errors
    /// Why the message is invalid; [`ParseError::UnknownType`] for messages of later versions, which
    /// clients ignore.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let json = Json::parse(text).ok_or(ParseError::NotJson)?;
        let kind = json.get("type").and_then(Json::text).ok_or(ParseError::NotJson)?;
        if let Some(signal) = read_signal(kind, &json) {
            return forwarded(signal?, &json).ok_or_else(ParseError::shape);
        }
        let message = match kind {
            "room-state" => room_state(&json),
            "joined" => joined(&json),
            "waiting" => waiting(&json),
            "room-settings" => json.field("settings").map(Self::RoomSettings),
            "host-state" => HostState::from_json(&json).map(Self::HostState),
            "host-key" => json.field("hostKey").map(Self::HostKey),
            "muted" => json.field("what").map(Self::Muted),
            "ready" => ready(&json),
            "peer-joined" => peer(&json).map(Self::PeerJoined),
            "presence" => presence(&json),
            "peer-reconnected" => peer_reconnected(&json),
            "pong" => Some(Self::Pong),
            "ice" => IceGrant::from_json(&json).map(Self::Ice),
            "peer-left" => json.field("peer").map(|peer| Self::PeerLeft { peer }),
            "error" => error(&json),
            _ => return Err(ParseError::UnknownType(excerpt(kind))),
        };
        message.ok_or_else(ParseError::shape)
    }

    /// Writes the message as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::RoomState { room, state } => write(&RoomStateFields {
                room,
                people: &state.people,
                limit: state.limit,
                gate: state.gate,
            }),
            Self::Joined { id, state, ice, seat_token, settings } => write(&Joined {
                protocol: VERSION,
                id: *id,
                people: &state.people,
                limit: state.limit,
                ice_servers: &ice.servers,
                ice_ttl: ice.ttl,
                seat_token: seat_token.as_deref(),
                settings,
            }),
            Self::Waiting { position, host_present, locked } => write(&Waiting {
                position: *position,
                host_present: *host_present,
                locked: *locked,
            }),
            Self::RoomSettings(settings) => write(&RoomSettingsFields { settings }),
            Self::HostState(state) => write(state),
            Self::HostKey(key) => write(&HostKey { host_key: key }),
            Self::Muted(what) => write(&Muted { what: *what }),
            Self::Ready { role, peer, link } => write(&Ready {
                role: *role,
                peer: peer.id,
                presence: &peer.presence,
                seconds: peer.seconds,
                link: *link,
            }),
            Self::Signal { from, link, signal } => write_signal(signal, *link, *from),
            Self::Presence { from, presence } => write(&PresenceFields { presence, from: *from }),
            Self::PeerReconnected { peer, presence } => {
                write(&PeerReconnected { peer: *peer, presence })
            }
            Self::PeerJoined(Person { id, presence, seconds }) => {
                write(&PeerJoined { peer: *id, presence, seconds: *seconds })
            }
            Self::Pong => write_head("pong"),
            Self::Ice(grant) => write(grant),
            Self::PeerLeft { peer } => write(&PeerLeft { peer: *peer }),
            Self::Error { code, message } => write(&Error { code: *code, message }),
        }
    }
}

fn forwarded(signal: Signal, json: &Json) -> Option<ServerMessage> {
    Some(ServerMessage::Signal { from: json.field("from")?, link: json.field("link")?, signal })
}

fn room_state(json: &Json) -> Option<ServerMessage> {
    let state = RoomState::from_json(json)?;
    Some(ServerMessage::RoomState { room: json.field("room")?, state })
}

fn joined(json: &Json) -> Option<ServerMessage> {
    Some(ServerMessage::Joined {
        id: json.field("id")?,
        state: RoomState { people: json.field("people")?, limit: json.field("limit")?, gate: None },
        ice: IceGrant::from_json(json)?,
        seat_token: json.field("seatToken")?,
        settings: json.field_or("settings", RoomSettings::default())?,
    })
}

fn waiting(json: &Json) -> Option<ServerMessage> {
    Some(ServerMessage::Waiting {
        position: json.field("position")?,
        host_present: json.field("hostPresent")?,
        locked: json.field_or("locked", false)?,
    })
}

/// The participant that a message is about.
fn peer(json: &Json) -> Option<Person> {
    let (id, presence) = (json.field("peer")?, json.field("presence")?);
    Some(Person { id, presence, seconds: json.field("seconds")? })
}

fn ready(json: &Json) -> Option<ServerMessage> {
    let peer = peer(json)?;
    Some(ServerMessage::Ready { role: json.field("role")?, peer, link: json.field("link")? })
}

fn presence(json: &Json) -> Option<ServerMessage> {
    let (from, presence) = (json.field("from")?, json.field("presence")?);
    Some(ServerMessage::Presence { from, presence })
}

fn peer_reconnected(json: &Json) -> Option<ServerMessage> {
    let (peer, presence) = (json.field("peer")?, json.field("presence")?);
    Some(ServerMessage::PeerReconnected { peer, presence })
}

fn error(json: &Json) -> Option<ServerMessage> {
    Some(ServerMessage::Error { code: json.field("code")?, message: json.field("message")? })
}
