//! What a client reads, read with serde: tests and the fuzzer compare it with
//! [`crate::protocol::json`].

use crate::protocol::{
    ChatMessage, ChatSync, HostState, IceGrant, Person, RoomSettings, RoomState, ServerMessage,
    SessionDescription, Signal, Talk, TrackInfo, TrackSource,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads a value; `None` if the text is not JSON or has another shape.
#[must_use]
pub fn from_str<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(parse(text)?).ok()
}

/// Whether a text is JSON; `None` if a number is too large for serde, which it refuses even in a field
/// that is ignored.
#[must_use]
pub fn is_json(text: &str) -> Option<bool> {
    match serde_json::from_str::<Value>(text) {
        Ok(_) => Some(true),
        Err(error) => (!error.to_string().starts_with("number out of range")).then_some(false),
    }
}

fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().map(whole)
}

/// Writes whole numbers without a fraction, as the derived code expects them.
fn whole(value: Value) -> Value {
    let exact =
        |value: &f64| value.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(value);
    match value {
        Value::Number(number) => match number.as_f64().filter(exact) {
            Some(value) if !number.is_u64() => Value::from(value as u64),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(whole).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, whole(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

/// An object.
struct Fields(Value);

impl Fields {
    fn all<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_value(self.0.clone()).ok()
    }

    /// A field; `null` if it is missing.
    fn field<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_value(self.0.get(name).cloned().unwrap_or_default()).ok()
    }

    fn kind(&self) -> Option<&str> {
        self.0.get("type")?.as_str()
    }
}

/// Reads a message from the server.
#[must_use]
pub fn server_message(text: &str) -> Option<ServerMessage> {
    use ServerMessage as Message;
    let json = Fields(parse(text)?);
    Some(match json.kind()? {
        "room-state" => Message::RoomState { room: json.field("room")?, state: json.all()? },
        "joined" => Message::Joined {
            id: json.field("id")?,
            state: RoomState {
                people: json.field("people")?,
                limit: json.field("limit")?,
                gate: None,
            },
            ice: json.all::<IceGrant>()?,
            seat_token: json.field("seatToken")?,
            settings: match json.0.get("settings") {
                Some(_) => json.field("settings")?,
                None => RoomSettings::default(),
            },
        },
        "waiting" => Message::Waiting {
            position: json.field("position")?,
            host_present: json.field("hostPresent")?,
            locked: json.0.get("locked").is_some() && json.field("locked")?,
        },
        "room-settings" => Message::RoomSettings(json.field("settings")?),
        "host-state" => Message::HostState(json.all::<HostState>()?),
        "host-key" => Message::HostKey(json.field("hostKey")?),
        "muted" => Message::Muted(json.field("what")?),
        "ready" => Message::Ready {
            role: json.field("role")?,
            peer: Person {
                id: json.field("peer")?,
                presence: json.field("presence")?,
                seconds: json.field("seconds")?,
            },
            link: json.field("link")?,
        },
        "presence" => {
            Message::Presence { from: json.field("from")?, presence: json.field("presence")? }
        }
        "peer-reconnected" => Message::PeerReconnected {
            peer: json.field("peer")?,
            presence: json.field("presence")?,
        },
        "peer-joined" => Message::PeerJoined(Person {
            id: json.field("peer")?,
            presence: json.field("presence")?,
            seconds: json.field("seconds")?,
        }),
        "pong" => Message::Pong,
        "ice" => Message::Ice(json.all()?),
        "peer-left" => Message::PeerLeft { peer: json.field("peer")? },
        "error" => Message::Error { code: json.field("code")?, message: json.field("message")? },
        kind => Message::Signal {
            from: json.field("from")?,
            link: json.field("link")?,
            signal: signal(kind, &json)?,
        },
    })
}

fn signal(kind: &str, json: &Fields) -> Option<Signal> {
    Some(match kind {
        "offer" => Signal::Offer(description(kind, json)?),
        "answer" => Signal::Answer(description(kind, json)?),
        "candidate" => Signal::Candidate(json.field(kind)?),
        "reception" => Signal::Reception(json.field(kind)?),
        _ => return None,
    })
}

fn description(kind: &str, json: &Fields) -> Option<SessionDescription> {
    let mut description: SessionDescription = json.field(kind)?;
    for track in json.field::<Option<Vec<Value>>>("tracks")?.unwrap_or_default() {
        let track = Fields(track);
        let mid = track.field("mid")?;
        track.field::<String>("source")?;
        if let Some(source) = track.field::<TrackSource>("source") {
            description.tracks.push(TrackInfo { mid, source });
        }
    }
    Some(description)
}

/// Reads a message on a data channel.
#[must_use]
pub fn talk(text: &str) -> Option<Talk> {
    let json = Fields(parse(text)?);
    Some(match json.kind()? {
        "sync" => Talk::Sync(json.all::<ChatSync>()?),
        "message" => Talk::Message(json.all::<ChatMessage>()?),
        "ack" => Talk::Ack(json.field("number")?),
        "file" => Talk::File(json.field("number")?, json.field("news")?),
        "presence" => Talk::Presence(json.field("presence")?),
        "reaction" => Talk::Reaction(json.field("reaction")?),
        _ => return None,
    })
}
