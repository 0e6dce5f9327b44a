//! Messages from clients.

use super::{
    ParseError, PresenceFields, excerpt, fields, head,
    number::needed,
    signal::{Forwarded, write_signal},
    write, write_head,
};
use crate::protocol::{
    ClientMessage, ClientMetrics, HostAction, Join, Pass, PeerId, Presence, RoomName, SeatClaim,
    limits::REPORT_MILLIS,
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, ops::Not};

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

impl ClientMessage {
    /// Parses a message from a client. Unknown fields are ignored, and so is `from`.
    ///
    /// # Errors
    /// Why the message is invalid, for its sender.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let kind = head(text)?;
        if let Some(forwarded) = Forwarded::parse(&kind, text) {
            return forwarded.map(|Forwarded { signal, link, to, .. }| Self::Signal {
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

fn room(name: &str) -> Result<RoomName, ParseError> {
    name.parse().map_err(ParseError::Room)
}

fn plausible(metrics: ClientMetrics) -> Result<ClientMetrics, ParseError> {
    let times = [metrics.join, metrics.first_frame, metrics.reconnect];
    match times.into_iter().flatten().all(|millis| millis <= REPORT_MILLIS) {
        true => Ok(metrics),
        false => Err(ParseError::Shape(format!("a time is at most {REPORT_MILLIS} ms"))),
    }
}
