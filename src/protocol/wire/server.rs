//! Messages from the server.

use super::{
    ParseError, PresenceFields, excerpt, fields, head,
    signal::{Forwarded, write_signal},
    write, write_head,
};
use crate::protocol::{
    ErrorCode, Gate, IceGrant, IceServer, PeerId, Person, Presence, Role, RoomName, RoomSettings,
    RoomState, ServerMessage, TrackSource, VERSION,
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, ops::Not};

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "waiting", rename_all = "camelCase")]
struct Waiting {
    position: usize,
    host_present: bool,
    #[serde(default, skip_serializing_if = "Not::not")]
    locked: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "room-settings")]
struct RoomSettingsFields<'a> {
    settings: Cow<'a, RoomSettings>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "host-key", rename_all = "camelCase")]
struct HostKey<'a> {
    host_key: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "muted")]
struct Muted {
    what: TrackSource,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "room-state")]
struct RoomStateFields<'a> {
    room: Cow<'a, RoomName>,
    people: Cow<'a, [Person]>,
    limit: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gate: Option<Gate>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "joined", rename_all = "camelCase")]
struct Joined<'a> {
    /// Always [`VERSION`] when written. It is ignored when parsed, because clients of other versions may
    /// still understand the message.
    #[serde(default)]
    protocol: u32,
    id: PeerId,
    people: Cow<'a, [Person]>,
    limit: usize,
    ice_servers: Cow<'a, [IceServer]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ice_ttl: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seat_token: Option<Cow<'a, str>>,
    #[serde(default)]
    settings: Cow<'a, RoomSettings>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "ready")]
struct Ready<'a> {
    role: Role,
    peer: PeerId,
    presence: Cow<'a, Presence>,
    seconds: u64,
    link: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "peer-reconnected")]
struct PeerReconnected<'a> {
    peer: PeerId,
    presence: Cow<'a, Presence>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "peer-left")]
struct PeerLeft {
    peer: PeerId,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "error")]
struct Error<'a> {
    code: ErrorCode,
    message: Cow<'a, str>,
}

impl ServerMessage {
    /// Parses a message from the server.
    ///
    /// # Errors
    /// Why the message is invalid; [`ParseError::UnknownType`] for messages of later versions, which
    /// clients ignore.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let kind = head(text)?;
        let no_sender = || ParseError::Shape("missing field `from`".to_owned());
        if let Some(forwarded) = Forwarded::parse(&kind, text) {
            let Forwarded { signal, link, from, .. } = forwarded?;
            return from.map(|from| Self::Signal { from, link, signal }).ok_or_else(no_sender);
        }
        Ok(match kind.as_ref() {
            "room-state" => {
                let RoomStateFields { room, people, limit, gate } = fields(text)?;
                let state = RoomState { people: people.into_owned(), limit, gate };
                Self::RoomState { room: room.into_owned(), state }
            }
            "joined" => {
                let joined: Joined<'_> = fields(text)?;
                let people = joined.people.into_owned();
                let servers = joined.ice_servers.into_owned();
                Self::Joined {
                    id: joined.id,
                    state: RoomState { people, limit: joined.limit, gate: None },
                    ice: IceGrant { servers, ttl: joined.ice_ttl },
                    seat_token: joined.seat_token.map(Cow::into_owned),
                    settings: joined.settings.into_owned(),
                }
            }
            "waiting" => {
                let Waiting { position, host_present, locked } = fields(text)?;
                Self::Waiting { position, host_present, locked }
            }
            "room-settings" => {
                Self::RoomSettings(fields::<RoomSettingsFields>(text)?.settings.into_owned())
            }
            "host-state" => Self::HostState(fields(text)?),
            "host-key" => Self::HostKey(fields::<HostKey>(text)?.host_key.into_owned()),
            "muted" => Self::Muted(fields::<Muted>(text)?.what),
            "ready" => {
                let Ready { role, peer, presence, seconds, link } = fields(text)?;
                let peer = Person { id: peer, presence: presence.into_owned(), seconds };
                Self::Ready { role, peer, link }
            }
            "presence" => {
                let PresenceFields { presence, from } = fields(text)?;
                let from = from.ok_or_else(no_sender)?;
                Self::Presence { from, presence: presence.into_owned() }
            }
            "peer-reconnected" => {
                let PeerReconnected { peer, presence } = fields(text)?;
                Self::PeerReconnected { peer, presence: presence.into_owned() }
            }
            "pong" => Self::Pong,
            "ice" => Self::Ice(fields(text)?),
            "peer-left" => Self::PeerLeft { peer: fields::<PeerLeft>(text)?.peer },
            "error" => {
                let Error { code, message } = fields(text)?;
                Self::Error { code, message: message.into_owned() }
            }
            _ => return Err(ParseError::UnknownType(excerpt(&kind))),
        })
    }

    /// Writes the message as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::RoomState { room, state } => write(&RoomStateFields {
                room: Cow::Borrowed(room),
                people: Cow::Borrowed(&state.people),
                limit: state.limit,
                gate: state.gate,
            }),
            Self::Joined { id, state, ice, seat_token, settings } => write(&Joined {
                protocol: VERSION,
                id: *id,
                people: Cow::Borrowed(&state.people),
                limit: state.limit,
                ice_servers: Cow::Borrowed(&ice.servers),
                ice_ttl: ice.ttl,
                seat_token: seat_token.as_deref().map(Cow::Borrowed),
                settings: Cow::Borrowed(settings),
            }),
            Self::Waiting { position, host_present, locked } => write(&Waiting {
                position: *position,
                host_present: *host_present,
                locked: *locked,
            }),
            Self::RoomSettings(settings) => {
                write(&RoomSettingsFields { settings: Cow::Borrowed(settings) })
            }
            Self::HostState(state) => write(state),
            Self::HostKey(key) => write(&HostKey { host_key: Cow::Borrowed(key) }),
            Self::Muted(what) => write(&Muted { what: *what }),
            Self::Ready { role, peer, link } => write(&Ready {
                role: *role,
                peer: peer.id,
                presence: Cow::Borrowed(&peer.presence),
                seconds: peer.seconds,
                link: *link,
            }),
            Self::Signal { from, link, signal } => write_signal(signal, *link, None, Some(*from)),
            Self::Presence { from, presence } => {
                write(&PresenceFields { presence: Cow::Borrowed(presence), from: Some(*from) })
            }
            Self::PeerReconnected { peer, presence } => {
                write(&PeerReconnected { peer: *peer, presence: Cow::Borrowed(presence) })
            }
            Self::Pong => write_head("pong"),
            Self::Ice(grant) => write(grant),
            Self::PeerLeft { peer } => write(&PeerLeft { peer: *peer }),
            Self::Error { code, message } => {
                write(&Error { code: *code, message: Cow::Borrowed(message) })
            }
        }
    }
}
