//! Messages to JSON and back.
//!
//! The `type` is read first and then exactly one shape is parsed, so that an unknown type, a wrong
//! field and a repeated key are told apart, and nothing that was not parsed is ever written again.

mod client;
pub(super) mod number;
mod server;
mod signal;
#[cfg(test)]
mod tests;

use super::{ErrorCode, NameError, PeerId, Presence};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{borrow::Cow, fmt};

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
#[serde(tag = "type", rename = "presence")]
pub(super) struct PresenceFields<'a> {
    pub(super) presence: Cow<'a, Presence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<PeerId>,
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

/// Serialising cannot fail: all map keys are strings.
pub(super) fn write(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_default()
}

/// Writes a message that has nothing but its type.
fn write_head(kind: &str) -> String {
    write(&Head { kind: Cow::Borrowed(kind) })
}
