//! Room names: validation and generation.

use super::{json::string, limits::ROOM_NAME_BYTES};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// The name of a room: 1 to 64 of the letters a to z, digits, `-` and `_`.
///
/// Capital letters are accepted and converted, so that a name can be read aloud and typed again. It is
/// cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoomName(Arc<str>);

string!(RoomName, |text| text.parse().ok());

/// Why a text is not a room name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// The text is empty.
    Empty,
    /// Longer than [`ROOM_NAME_BYTES`].
    TooLong,
    /// Contains something other than letters, digits, `-` and `_`.
    Character,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("The room name is empty."),
            Self::TooLong => write!(f, "A room name has at most {ROOM_NAME_BYTES} characters."),
            Self::Character => {
                f.write_str("A room name has only letters a to z, digits, hyphens and underscores.")
            }
        }
    }
}

impl RoomName {
    /// The name as in links and messages.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Spells 64 random bits as four [proquints](https://arxiv.org/html/0901.4016): five letters each,
    /// with alternating consonants and vowels, so that the name can be spoken and typed.
    #[must_use]
    pub fn from_random(bits: [u8; 8]) -> Self {
        let words = bits.chunks_exact(2).map(|pair| match *pair {
            [high, low] => proquint(u16::from_be_bytes([high, low])),
            _ => String::new(),
        });
        Self(words.collect::<Vec<_>>().join("-").into())
    }
}

fn proquint(bits: u16) -> String {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let pick = |set: &[u8], shift: u16| {
        let index = usize::from(bits >> shift) % set.len();
        set.get(index).map_or('a', |&byte| char::from(byte))
    };
    [
        pick(CONSONANTS, 12),
        pick(VOWELS, 10),
        pick(CONSONANTS, 6),
        pick(VOWELS, 4),
        pick(CONSONANTS, 0),
    ]
    .into_iter()
    .collect()
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RoomName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        match text.len() {
            0 => Err(NameError::Empty),
            _ if !text.bytes().all(allowed) => Err(NameError::Character),
            length if length > ROOM_NAME_BYTES => Err(NameError::TooLong),
            _ => Ok(Self(text.to_ascii_lowercase().into())),
        }
    }
}

impl From<RoomName> for String {
    fn from(name: RoomName) -> Self {
        name.as_str().to_owned()
    }
}

impl TryFrom<String> for RoomName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_names_follow_the_proquint_examples() {
        // 127.0.0.1 and 63.84.220.193 are the paper's own examples.
        let name = RoomName::from_random([127, 0, 0, 1, 63, 84, 220, 193]);
        assert_eq!(name.as_str(), "lusab-babad-gutih-tugad");
        assert_eq!(name.as_str().parse(), Ok(name));
    }

    #[test]
    fn every_bit_changes_the_name() {
        let zero = RoomName::from_random([0; 8]);
        for bit in 0..64 {
            let name = RoomName::from_random((1u64 << bit).to_be_bytes());
            assert_ne!(name, zero, "bit {bit}");
        }
    }

    #[test]
    fn invalid_names_are_refused_with_the_reason() {
        let parse = |text: &str| text.parse::<RoomName>().map(|name| name.to_string());
        assert_eq!(parse("Stand-Up_1"), Ok("stand-up_1".into()));
        assert_eq!(parse(""), Err(NameError::Empty));
        assert_eq!(parse("two words"), Err(NameError::Character));
        assert_eq!(parse(&"a".repeat(65)), Err(NameError::TooLong));
    }
}
