//! Messages from clients.

use super::{
    ParseError, excerpt, fields, head,
    number::needed,
    signal::{Forwarded, signal_message},
};
use crate::protocol::{
    ClientMessage, ClientMetrics, HostAction, Join, Pass, PeerId, Presence, RoomName, SeatClaim,
    json::{field, message, optional, to_string, unless},
    limits::REPORT_MILLIS,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Watch {
    room: String,
}

#[derive(Deserialize)]
struct JoinFields {
    room: String,
    #[serde(default)]
    presence: Presence,
    #[serde(default)]
    seat: Option<SeatClaim>,
    #[serde(default)]
    pass: Pass,
    #[serde(default)]
    hidden: bool,
}

#[derive(Deserialize)]
struct Reconnect {
    to: PeerId,
    #[serde(deserialize_with = "needed")]
    link: u64,
}

#[derive(Deserialize)]
struct Host {
    action: HostAction,
}

#[derive(Deserialize)]
struct PresenceFields {
    presence: Presence,
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
            "presence" => Self::Presence(fields::<PresenceFields>(text)?.presence),
            "host" => Self::Host(fields::<Host>(text)?.action),
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
            Self::Watch(room) => message("watch", &[field("room", room)]),
            Self::Join(Join { room, presence, seat, pass, hidden }) => message(
                "join",
                &[
                    field("room", room),
                    field("presence", presence),
                    optional("seat", seat),
                    unless("pass", pass, &Pass::default()),
                    unless("hidden", hidden, &false),
                ],
            ),
            Self::Leave => message("leave", &[]),
            Self::Presence(presence) => message("presence", &[field("presence", presence)]),
            Self::Host(action) => message("host", &[field("action", action)]),
            Self::Ping => message("ping", &[]),
            Self::Ice => message("ice", &[]),
            Self::ClientMetrics(metrics) => to_string(metrics),
            Self::Reconnect { to, link } => {
                message("reconnect", &[field("to", to), field("link", link)])
            }
            Self::Signal { to, link, signal } => {
                signal_message(signal, &[optional("to", to), optional("link", link)])
            }
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
