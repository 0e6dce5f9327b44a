//! Messages to JSON and back.
//!
//! The `type` is read first and then exactly one shape is parsed, so that an unknown type, a wrong
//! field and a repeated key are told apart, and nothing that was not parsed is ever written again.

use super::{
    ClientMessage, ClientMetrics, ErrorCode, Gate, HostAction, IceCandidate, IceGrant, IceServer,
    Join, NameError, Pass, PeerId, Person, Presence, Reception, Role, RoomName, RoomSettings,
    RoomState, SdpType, SeatClaim, ServerMessage, SessionDescription, Signal, TrackInfo,
    TrackSource, VERSION,
    limits::{CANDIDATE_BYTES, CANDIDATE_NAME_BYTES, REPORT_MILLIS, SDP_BYTES},
    number::{needed, whole},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{borrow::Cow, fmt, ops::Not};

/// How many characters of what was sent an error repeats at most.
const EXCERPT: usize = 200;

/// Why a message was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// Not JSON, or not an object with a `type`.
    NotJson,
    /// A `type` that is not known.
    UnknownType(String),
    /// A field is missing or of the wrong shape; the text says which.
    Shape(String),
    /// The `room` is no room name.
    Room(NameError),
    /// Part of a description or a candidate is too long: its name, and the most bytes it may have.
    Large(&'static str, usize),
}

impl ParseError {
    /// The stable code for the sender.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotJson => ErrorCode::BadJson,
            Self::UnknownType(_) => ErrorCode::UnknownType,
            Self::Shape(_) => ErrorCode::BadMessage,
            Self::Room(_) => ErrorCode::BadRoomName,
            Self::Large(..) => ErrorCode::TooLarge,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("The message is not a JSON object with a \"type\"."),
            Self::UnknownType(kind) => write!(f, "There is no message of type {kind:?}."),
            Self::Shape(detail) => write!(f, "The message has the wrong shape: {detail}."),
            Self::Room(error) => error.fmt(f),
            Self::Large(what, most) => write!(f, "The {what} has more than {most} bytes."),
        }
    }
}

/// What every message has. Some have nothing else.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "watch")]
struct Watch {
    room: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "join")]
struct JoinFields {
    room: String,
    #[serde(default)]
    presence: Presence,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seat: Option<SeatClaim>,
    #[serde(default, skip_serializing_if = "Pass::is_empty")]
    pass: Pass,
    #[serde(default, skip_serializing_if = "Not::not")]
    hidden: bool,
}

/// A message that is relayed: its own fields, and the addresses that all of them have.
macro_rules! relayed {
    ($name:ident $(<$life:lifetime>)?, $kind:literal, $($(#[$attribute:meta])* $body:ident: $type:ty),+) => {
        #[derive(Serialize, Deserialize)]
        #[serde(tag = "type", rename = $kind)]
        struct $name$(<$life>)? {
            $($(#[$attribute])* $body: $type,)+
            #[serde(default, skip_serializing_if = "Option::is_none")]
            to: Option<PeerId>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            from: Option<PeerId>,
            #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
            link: Option<u64>,
        }
    };
}

relayed!(
    Offer<'a>,
    "offer",
    offer: Cow<'a, SessionDescription>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tracks: Option<Cow<'a, [TrackInfo]>>
);
relayed!(
    Answer<'a>,
    "answer",
    answer: Cow<'a, SessionDescription>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tracks: Option<Cow<'a, [TrackInfo]>>
);
relayed!(Candidate<'a>, "candidate", #[serde(default)] candidate: Option<Cow<'a, IceCandidate>>);
relayed!(ReceptionFields, "reception", reception: Reception);

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "reconnect")]
struct Reconnect {
    to: PeerId,
    #[serde(deserialize_with = "needed")]
    link: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "host")]
struct Host<'a> {
    action: Cow<'a, HostAction>,
}

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
#[serde(tag = "type", rename = "ice", rename_all = "camelCase")]
struct Ice<'a> {
    ice_servers: Cow<'a, [IceServer]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ice_ttl: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "presence")]
pub(super) struct PresenceFields<'a> {
    pub(super) presence: Cow<'a, Presence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<PeerId>,
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
    /// Always [`VERSION`] where it is written. A client of another version may still understand the
    /// message, so none is refused for it.
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

pub(super) fn head(text: &str) -> Result<Cow<'_, str>, ParseError> {
    // Serde would read an array, too, as the fields in their order.
    let is_object = text.trim_start().starts_with('{');
    let head = serde_json::from_str::<Head>(text).ok().filter(|_| is_object);
    head.map(|head| head.kind).ok_or(ParseError::NotJson)
}

pub(super) fn fields<T: DeserializeOwned>(text: &str) -> Result<T, ParseError> {
    serde_json::from_str(text).map_err(|error| ParseError::Shape(excerpt(&error.to_string())))
}

/// As much of a text as fits into a sentence: an error may repeat all that was sent.
fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT).collect()
}

fn room(name: &str) -> Result<RoomName, ParseError> {
    name.parse().map_err(ParseError::Room)
}

/// A message that cannot be written as JSON does not exist: keys are strings and nothing fails.
pub(super) fn write(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_default()
}

/// Writes a message that has nothing but its type.
fn write_head(kind: &str) -> String {
    write(&Head { kind: Cow::Borrowed(kind) })
}

/// A description that is of the type its message says, with what its sections bring.
fn described(
    description: Cow<'_, SessionDescription>,
    tracks: Option<Cow<'_, [TrackInfo]>>,
    kind: SdpType,
) -> Result<SessionDescription, ParseError> {
    if description.kind != kind {
        return Err(ParseError::Shape("the description is of another type".to_owned()));
    }
    short("SDP", &description.sdp, SDP_BYTES)?;
    let tracks = tracks.map(Cow::into_owned).unwrap_or_default();
    TrackInfo::check(&tracks).map_err(ParseError::Shape)?;
    Ok(SessionDescription { tracks, ..description.into_owned() })
}

fn short(what: &'static str, text: &str, most: usize) -> Result<(), ParseError> {
    if text.len() > most { Err(ParseError::Large(what, most)) } else { Ok(()) }
}

/// A candidate none of whose parts is too long.
fn bounded(candidate: Option<Cow<'_, IceCandidate>>) -> Result<Option<IceCandidate>, ParseError> {
    let Some(candidate) = candidate.map(Cow::into_owned) else { return Ok(None) };
    short("candidate", &candidate.candidate, CANDIDATE_BYTES)?;
    for (what, name) in
        [("sdpMid", &candidate.sdp_mid), ("usernameFragment", &candidate.username_fragment)]
    {
        short(what, name.as_deref().unwrap_or_default(), CANDIDATE_NAME_BYTES)?;
    }
    Ok(Some(candidate))
}

fn plausible(metrics: ClientMetrics) -> Result<ClientMetrics, ParseError> {
    let times = [metrics.join, metrics.first_frame, metrics.reconnect];
    match times.into_iter().flatten().all(|millis| millis <= REPORT_MILLIS) {
        true => Ok(metrics),
        false => Err(ParseError::Shape(format!("a time is at most {REPORT_MILLIS} ms"))),
    }
}

/// One of the relayed messages with both of its addresses, of which one is set.
struct Relayed {
    signal: Signal,
    link: Option<u64>,
    to: Option<PeerId>,
    from: Option<PeerId>,
}

impl Relayed {
    fn parse(kind: &str, text: &str) -> Option<Result<Self, ParseError>> {
        Some(match kind {
            "offer" => fields::<Offer>(text).and_then(|Offer { offer, tracks, to, from, link }| {
                let signal = Signal::Offer(described(offer, tracks, SdpType::Offer)?);
                Ok(Self { signal, link, to, from })
            }),
            "answer" => {
                fields::<Answer>(text).and_then(|Answer { answer, tracks, to, from, link }| {
                    let signal = Signal::Answer(described(answer, tracks, SdpType::Answer)?);
                    Ok(Self { signal, link, to, from })
                })
            }
            "candidate" => {
                fields::<Candidate>(text).and_then(|Candidate { candidate, to, from, link }| {
                    let signal = Signal::Candidate(bounded(candidate)?);
                    Ok(Self { signal, link, to, from })
                })
            }
            "reception" => fields::<ReceptionFields>(text).map(
                |ReceptionFields { reception, to, from, link }| Self {
                    signal: Signal::Reception(reception),
                    link,
                    to,
                    from,
                },
            ),
            _ => return None,
        })
    }
}

/// What the sections of a description bring, where that is said.
fn named(description: &SessionDescription) -> Option<Cow<'_, [TrackInfo]>> {
    let tracks = &description.tracks;
    (!tracks.is_empty()).then_some(Cow::Borrowed(tracks.as_slice()))
}

fn write_signal(
    signal: &Signal,
    link: Option<u64>,
    to: Option<PeerId>,
    from: Option<PeerId>,
) -> String {
    match signal {
        Signal::Offer(offer) => {
            let tracks = named(offer);
            write(&Offer { offer: Cow::Borrowed(offer), tracks, to, from, link })
        }
        Signal::Answer(answer) => {
            let tracks = named(answer);
            write(&Answer { answer: Cow::Borrowed(answer), tracks, to, from, link })
        }
        Signal::Candidate(candidate) => {
            let candidate = candidate.as_ref().map(Cow::Borrowed);
            write(&Candidate { candidate, to, from, link })
        }
        Signal::Reception(reception) => {
            write(&ReceptionFields { reception: *reception, to, from, link })
        }
    }
}

impl ClientMessage {
    /// Reads a client's message. Unknown fields are ignored; a sender that is named is, too.
    ///
    /// # Errors
    /// What to tell the sender.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let kind = head(text)?;
        if let Some(relayed) = Relayed::parse(&kind, text) {
            return relayed.map(|Relayed { signal, link, to, .. }| Self::Signal {
                to,
                link,
                signal,
            });
        }
        Ok(match kind.as_ref() {
            "watch" => Self::Watch(room(&fields::<Watch>(text)?.room)?),
            "join" => {
                let JoinFields { room: name, presence, seat, pass, hidden } = fields(text)?;
                Self::Join(Join { room: room(&name)?, presence, seat, pass, hidden })
            }
            "leave" => Self::Leave,
            "presence" => Self::Presence(fields::<PresenceFields>(text)?.presence.into_owned()),
            "host" => Self::Host(fields::<Host>(text)?.action.into_owned()),
            "ping" => Self::Ping,
            "ice" => Self::Ice,
            "client-metrics" => Self::ClientMetrics(plausible(fields(text)?)?),
            "reconnect" => {
                fields(text).map(|Reconnect { to, link }| Self::Reconnect { to, link })?
            }
            _ => return Err(ParseError::UnknownType(excerpt(&kind))),
        })
    }

    /// Writes the message as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::Watch(room) => write(&Watch { room: room.to_string() }),
            Self::Join(Join { room, presence, seat, pass, hidden }) => write(&JoinFields {
                room: room.to_string(),
                presence: presence.clone(),
                seat: seat.clone(),
                pass: pass.clone(),
                hidden: *hidden,
            }),
            Self::Leave => write_head("leave"),
            Self::Presence(presence) => {
                write(&PresenceFields { presence: Cow::Borrowed(presence), from: None })
            }
            Self::Host(action) => write(&Host { action: Cow::Borrowed(action) }),
            Self::Ping => write_head("ping"),
            Self::Ice => write_head("ice"),
            Self::ClientMetrics(metrics) => write(metrics),
            Self::Reconnect { to, link } => write(&Reconnect { to: *to, link: *link }),
            Self::Signal { to, link, signal } => write_signal(signal, *link, *to, None),
        }
    }
}

impl ServerMessage {
    /// Reads a server's message.
    ///
    /// # Errors
    /// [`ParseError::UnknownType`] for messages of later versions, which a client ignores.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let kind = head(text)?;
        let no_sender = || ParseError::Shape("missing field `from`".to_owned());
        if let Some(relayed) = Relayed::parse(&kind, text) {
            let Relayed { signal, link, from, .. } = relayed?;
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
            "ice" => {
                let Ice { ice_servers, ice_ttl } = fields(text)?;
                Self::Ice(IceGrant { servers: ice_servers.into_owned(), ttl: ice_ttl })
            }
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
            Self::Ice(IceGrant { servers, ttl }) => {
                write(&Ice { ice_servers: Cow::Borrowed(servers), ice_ttl: *ttl })
            }
            Self::PeerLeft { peer } => write(&PeerLeft { peer: *peer }),
            Self::Error { code, message } => {
                write(&Error { code: *code, message: Cow::Borrowed(message) })
            }
        }
    }
}

#[cfg(test)]
mod tests;
