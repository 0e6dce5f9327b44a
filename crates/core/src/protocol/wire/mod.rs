//! JSON encoding of messages.
//!
//! The `type` is parsed first, and then exactly one shape, so that an unknown type, a wrong field and a
//! repeated key are distinguished, and unparsed data is never forwarded.
//!
//! The server reads and writes with serde, the browser with [`super::json`].

mod client;
pub(super) mod number;
#[cfg(any(test, fuzzing))]
pub mod reference;
mod server;
mod signal;
#[cfg(test)]
mod tests;

use super::{ErrorCode, NameError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{borrow::Cow, fmt};

/// Maximum number of characters that an error repeats of the message.
const EXCERPT: usize = 200;

/// Why a message is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// Not JSON, or not an object with a `type`.
    NotJson,
    /// The `type` is unknown.
    UnknownType(String),
    /// A field is missing or has the wrong shape; the text names it.
    Shape(String),
    /// The `room` is not a valid room name.
    Room(NameError),
    /// Part of a description or candidate is too long: its name, and its maximum length in bytes.
    Large(&'static str, usize),
}

impl ParseError {
    /// A field is missing or has the wrong shape.
    fn shape() -> Self {
        Self::Shape("a field is missing, repeated or invalid".to_owned())
    }

    /// The error code for the sender.
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

/// The field that every message has. Some have no other.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
}

pub(super) fn head(text: &str) -> Result<Cow<'_, str>, ParseError> {
    // Serde also accepts an array with the fields in order.
    let is_object = text.trim_start().starts_with('{');
    let head = serde_json::from_str::<Head>(text).ok().filter(|_| is_object);
    head.map(|head| head.kind).ok_or(ParseError::NotJson)
}

pub(super) fn fields<T: DeserializeOwned>(text: &str) -> Result<T, ParseError> {
    serde_json::from_str(text).map_err(|error| ParseError::Shape(excerpt(&error.to_string())))
}

/// Cuts a text for a sentence, because an error of serde may repeat the whole message.
fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT).collect()
}

/// Serialising cannot fail: all map keys are strings.
pub(super) fn write(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_default()
}

/// Writes a message without further fields.
fn write_head(kind: &str) -> String {
    write(&Head { kind: Cow::Borrowed(kind) })
}
