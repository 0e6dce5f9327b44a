//! What people know of each other.

use super::{Gate, PeerId, limits::DISPLAY_NAME_CHARS, number::whole};
use serde::{Deserialize, Serialize};

/// The name a person gave themselves; empty if they gave none.
///
/// Control characters, bidirectional overrides and zero-width characters are removed, runs of
/// white space become one space, and at most [`DISPLAY_NAME_CHARS`] are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct DisplayName(String);

impl DisplayName {
    /// The name as people read it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no name was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Up to two letters that stand for the person where no picture is. To make them capitals is the
    /// browser's work, which has the table of letters that this takes.
    #[must_use]
    pub fn initials(&self) -> String {
        let mut words = self.0.split(' ').filter_map(|word| word.chars().next());
        let first = words.next();
        let last = words.next_back();
        first.into_iter().chain(last).collect()
    }
}

/// Invisible characters that could reorder or disguise the text around a name: zero-width ones,
/// fillers, directional marks, embeddings, overrides and isolates (Unicode UAX #9), tags and the BOM.
/// The two that choose how an emoji looks are no such.
pub(super) fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

impl From<String> for DisplayName {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for DisplayName {
    fn from(text: &str) -> Self {
        let mut name = String::new();
        let mut length = 0;
        for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
            let mut word = word.chars().filter(|&c| !is_deceptive(c)).peekable();
            if length > 0 && length < DISPLAY_NAME_CHARS && word.peek().is_some() {
                name.push(' ');
                length += 1;
            }
            for c in word.take(DISPLAY_NAME_CHARS - length) {
                name.push(c);
                length += 1;
            }
        }
        name.truncate(name.trim_end().len());
        Self(name)
    }
}

/// What a person tells the others about themselves. Missing fields take their defaults: a client
/// that says nothing is taken to send both sound and picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Shown on their tile.
    #[serde(default)]
    pub name: DisplayName,
    /// Whether their microphone is sending.
    #[serde(default = "yes")]
    pub mic: bool,
    /// Whether their camera is sending.
    #[serde(default = "yes")]
    pub camera: bool,
    /// Whether their device has put the call in the background, where it may stop sending.
    #[serde(default, skip_serializing_if = "is_false")]
    pub background: bool,
    /// Whether they share their screen, too.
    #[serde(default, skip_serializing_if = "is_false")]
    pub screen: bool,
    /// Whether they record the call, or are about to.
    #[serde(default, skip_serializing_if = "is_false")]
    pub recording: bool,
    /// Their place in the line of those who have raised a hand; the lowest is first. Who raises one
    /// says 0 and is told the place.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub hand: Option<u32>,
    /// How much of the others' pictures they want.
    #[serde(default, skip_serializing_if = "Quality::is_auto")]
    pub quality: Quality,
}

/// How much somebody wants to spend on pictures, on their own and on those of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quality {
    /// None: sound alone.
    AudioOnly,
    /// Little.
    SaveData,
    /// As much as their connection carries.
    #[default]
    Auto,
}

impl Quality {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            name: DisplayName::default(),
            mic: true,
            camera: true,
            background: false,
            screen: false,
            hand: None,
            quality: Quality::Auto,
            recording: false,
        }
    }
}

/// One person in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub id: PeerId,
    /// What they say of themselves.
    #[serde(default)]
    pub presence: Presence,
    /// How long they have been inside, in seconds, when the message was written.
    pub seconds: u64,
}

/// Who is in a room, in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomState {
    /// Everybody inside.
    pub people: Vec<Person>,
    /// How many fit.
    pub limit: usize,
    /// What stands between a newcomer and the room: then nobody is named, and if the room is full,
    /// `limit` is 0.
    pub gate: Option<Gate>,
}

impl RoomState {
    /// Whether one more person fits.
    #[must_use]
    pub fn has_space(&self) -> bool {
        self.people.len() < self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t22_names_are_cleaned() {
        let clean = |text: &str| DisplayName::from(text).0;
        assert_eq!(clean("  Ada \t\n Lovelace "), "Ada Lovelace");
        assert_eq!(clean("ev\u{202e}il\u{200b}"), "evil");
        assert_eq!(clean("\u{200b} \u{0}"), "");
        assert_eq!(clean("Ad\u{3164}a\u{e0041}\u{34f}"), "Ada");
        assert_eq!(clean("<b>Ada</b>"), "<b>Ada</b>");
        assert_eq!(clean(&"é".repeat(60)).chars().count(), DISPLAY_NAME_CHARS);
        assert_eq!(clean(&format!("{} b", "a".repeat(47))), "a".repeat(47));
    }

    #[test]
    fn initials_take_first_and_last_word() {
        let initials = |text: &str| DisplayName::from(text).initials();
        assert_eq!(initials("ada"), "a");
        assert_eq!(initials("Ada King Lovelace"), "AL");
        assert_eq!(initials(""), "");
    }
}
