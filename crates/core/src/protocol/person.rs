//! Participants, and the state of a room that others see.

use super::{
    Gate, PeerId, Split, TrackSource,
    characters::{characters, clean},
    json::{object, string, word},
    limits::{DISPLAY_NAME_BYTES, DISPLAY_NAME_CHARS},
    wire::number::whole,
};
use serde::{Deserialize, Serialize};

/// A person's display name; empty if they gave none.
///
/// Control characters, bidirectional overrides, zero-width characters and joiners without effect are
/// removed, and white space is collapsed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct DisplayName(String);

string!(DisplayName, |text| Some(text.into()));

/// Maximum length of a received name in bytes: more than [`DisplayName::shortened`] keeps, so that it
/// can cut between characters.
const READ_BYTES: usize = 2 * DISPLAY_NAME_BYTES;

impl DisplayName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no name was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name, cut between characters to [`DISPLAY_NAME_CHARS`] and [`DISPLAY_NAME_BYTES`].
    #[must_use]
    pub fn shortened(&self, split: Split) -> Self {
        let mut name = String::new();
        for character in characters(&self.0, split).into_iter().take(DISPLAY_NAME_CHARS) {
            if name.len() + character.len() > DISPLAY_NAME_BYTES {
                break;
            }
            name.push_str(&character);
        }
        Self::from(name)
    }

    /// The first characters of the first and last word, shown where there is no video. They are
    /// capitalised by the browser, which has the tables for it.
    #[must_use]
    pub fn initials(&self, split: Split) -> String {
        let mut words = self.0.split(' ');
        let (first, last) = (words.next(), words.next_back());
        let initial = |word| characters(word, split).into_iter().next();
        first.into_iter().chain(last).filter_map(initial).collect()
    }
}

impl From<String> for DisplayName {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for DisplayName {
    fn from(text: &str) -> Self {
        let mut name = String::new();
        for word in text.split(|c: char| c.is_whitespace() || c.is_control()).map(clean) {
            if !name.is_empty() && !word.is_empty() {
                name.push(' ');
            }
            name.push_str(&word);
        }
        if name.len() > READ_BYTES {
            name.truncate(name.floor_char_boundary(READ_BYTES));
            name.truncate(name.trim_end().len());
        }
        Self(name)
    }
}

/// What a participant tells the others about themselves. Missing fields take their defaults: a client
/// that sends none counts as sending audio and video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The display name.
    #[serde(default)]
    pub name: DisplayName,
    /// Whether the microphone is on.
    #[serde(default = "yes")]
    pub mic: bool,
    /// Whether the camera is on.
    #[serde(default = "yes")]
    pub camera: bool,
    /// Whether the page is in the background of a device that may suspend it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub background: bool,
    /// Whether the screen is shared.
    #[serde(default, skip_serializing_if = "is_false")]
    pub screen: bool,
    /// Whether the call is being recorded, or is about to be.
    #[serde(default, skip_serializing_if = "is_false")]
    pub recording: bool,
    /// The place of a raised hand; the lowest is first. A client that raises one sends 0, and the server
    /// assigns the place.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub hand: Option<u32>,
    /// The quality of video to receive.
    #[serde(default, skip_serializing_if = "Quality::is_auto")]
    pub quality: Quality,
}

impl Presence {
    /// Whether a source is said to be on.
    #[must_use]
    pub fn is_on(&self, source: TrackSource) -> bool {
        match source {
            TrackSource::Microphone => self.mic,
            TrackSource::Camera => self.camera,
            TrackSource::Screen | TrackSource::ScreenAudio => self.screen,
        }
    }

    /// Says that a source is off.
    pub fn switch_off(&mut self, source: TrackSource) {
        match source {
            TrackSource::Microphone => self.mic = false,
            TrackSource::Camera => self.camera = false,
            TrackSource::Screen | TrackSource::ScreenAudio => self.screen = false,
        }
    }
}

object!(Presence {
    name = DisplayName::default(),
    mic = true,
    camera = true,
    ;
    background = false,
    screen = false,
    recording = false,
    hand = None,
    quality = Quality::Auto,
});

/// The quality of video to send and receive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quality {
    /// No video.
    AudioOnly,
    /// A low bit rate.
    SaveData,
    /// As much as the connection allows.
    #[default]
    Auto,
}

word!(Quality { AudioOnly = "audio-only", SaveData = "save-data", Auto = "auto" });

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

/// A participant of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id.
    pub id: PeerId,
    /// Their presence.
    #[serde(default)]
    pub presence: Presence,
    /// Time in seconds since they joined, when the message was sent.
    pub seconds: u64,
}

object!(Person { id, presence = Presence::default(), seconds });

/// The state of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomState {
    /// The participants, in order of arrival.
    pub people: Vec<Person>,
    /// The number of seats.
    pub limit: usize,
    /// The barrier between a newcomer and the room. If there is one, `people` is empty, and `limit` is 0
    /// if the room is full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
}

object!(RoomState { people, limit; gate = None });

impl RoomState {
    /// Whether a seat is free.
    #[must_use]
    pub fn has_space(&self) -> bool {
        self.people.len() < self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::{super::characters::tests::split, *};

    #[test]
    fn t22_names_are_cleaned() {
        let clean = |text: &str| DisplayName::from(text).0;
        assert_eq!(clean("  Ada \t\n Lovelace "), "Ada Lovelace");
        assert_eq!(clean("ev\u{202e}il\u{200b}"), "evil");
        assert_eq!(clean("\u{200b} \u{0}"), "");
        assert_eq!(clean("Ada \u{200d} \u{200c}"), "Ada");
        assert_eq!(clean("Ad\u{3164}a\u{e0041}\u{34f}"), "Ada");
        assert_eq!(clean("<b>Ada</b>"), "<b>Ada</b>");
        assert!(clean(&"🙂 ".repeat(1000)).len() <= READ_BYTES);
    }

    fn shortened(text: &str) -> String {
        DisplayName::from(text).shortened(split).0
    }

    #[test]
    fn names_are_cut_between_characters() {
        let all = [
            "é",
            "e\u{301}",
            "🇮🇳",
            "👩🏽",
            "ന്ന",
            "ی\u{200c}",
            "क्ष",
            "ශ්\u{200d}රී",
            "👨\u{200d}👩\u{200d}👧",
        ];
        for character in all {
            let most = DISPLAY_NAME_CHARS.min(DISPLAY_NAME_BYTES / character.len());
            let whole = DisplayName::from(character.repeat(most));
            assert_eq!(shortened(&character.repeat(60)), whole.0);
        }
        assert_eq!(shortened(&format!("{} b", "a".repeat(47))), "a".repeat(47));
        let persian = "من نمی\u{200c}خواهم";
        assert_eq!(shortened(persian), persian);
    }

    #[test]
    fn t22_names_are_bounded_in_bytes_and_cut_between_characters() {
        let marks = "\u{301}\u{302}\u{303}".repeat(20);
        let zalgo = shortened(&format!("Z{marks}a{marks}l{marks}g{marks}o{marks}"));
        assert!(zalgo.starts_with(&format!("Z{marks}a{marks}")));
        assert!(zalgo.len() <= DISPLAY_NAME_BYTES && zalgo.ends_with('\u{303}'));
        // The first character alone is too long.
        assert_eq!(shortened(&format!("Z{}", "\u{301}".repeat(1000))), "");
    }

    #[test]
    fn initials_take_first_and_last_word() {
        let initials = |text: &str| DisplayName::from(text).initials(split);
        assert_eq!(initials("ada"), "a");
        assert_eq!(initials("Ada King Lovelace"), "AL");
        assert_eq!(initials(""), "");
        assert_eq!(initials("e\u{301}mile Zola"), "e\u{301}Z");
        assert_eq!(initials("👩🏽\u{200d}🚀 Ada 🇮🇳🇱🇰"), "👩🏽\u{200d}🚀🇮🇳");
        assert_eq!(initials("ശ്രീ ക്\u{200d}ഷ"), "ശ്രീക്\u{200d}ഷ");
        assert_eq!(initials("ශ්\u{200d}රී ලංකා"), "ශ්\u{200d}රීලං");
        assert_eq!(initials("نمی\u{200c}خواهم"), "ن");
    }
}
