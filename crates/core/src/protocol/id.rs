//! The identity of a person in a room.

use super::json::{FromJson, Json, ToJson, Writer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// Identifies a participant of one room while they have their seat. Chosen at random by the server.
///
/// In messages it is a string of 16 hexadecimal digits: a JSON number would lose bits in a browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(pub u64);

impl PeerId {
    /// The server, where it forwards media: at the other end of the one connection of each participant.
    pub const SERVER: Self = Self(0);
    /// Everyone else in the room, as the addressee of an [`Envelope`](super::Envelope).
    pub const EVERYONE: Self = Self(u64::MAX);

    /// Whether this is a participant's.
    #[must_use]
    pub fn is_participant(self) -> bool {
        self != Self::SERVER && self != Self::EVERYONE
    }
}

/// The text was not 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsePeerIdError;

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Display for ParsePeerIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a peer id is 16 hexadecimal digits")
    }
}

impl FromStr for PeerId {
    type Err = ParsePeerIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = u64::from_str_radix(text, 16).ok().filter(|_| digits);
        value.map(Self).ok_or(ParsePeerIdError)
    }
}

impl Serialize for PeerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PeerId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl FromJson for PeerId {
    fn from_json(json: &Json) -> Option<Self> {
        json.text()?.parse().ok()
    }
}

impl ToJson for PeerId {
    fn write(&self, out: &mut Writer) {
        out.string(&self.to_string());
    }
}
