//! The sources of the media sections in a session description.

use super::{
    json::{FromJson, Json, object, string, word},
    limits::{MID_CHARS, TRACKS},
};
use serde::{Deserialize, Deserializer, Serialize};
use std::{borrow::Cow, fmt};

/// The source of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrackSource {
    /// A microphone.
    Microphone,
    /// A camera.
    Camera,
    /// The video of a shared screen.
    Screen,
    /// The audio of a shared screen.
    ScreenAudio,
}

word!(TrackSource {
    Microphone = "microphone",
    Camera = "camera",
    Screen = "screen",
    ScreenAudio = "screen-audio",
});

impl TrackSource {
    /// All sources.
    pub const ALL: [Self; 4] = [Self::Microphone, Self::Camera, Self::ScreenAudio, Self::Screen];
    /// The sources of a participant.
    pub const OF_PERSON: [Self; 2] = [Self::Microphone, Self::Camera];
    /// The sources of a shared screen.
    pub const OF_SCREEN: [Self; 2] = [Self::ScreenAudio, Self::Screen];

    /// Whether this is audio, not video.
    #[must_use]
    pub fn is_audio(self) -> bool {
        matches!(self, Self::Microphone | Self::ScreenAudio)
    }

    /// Whether this belongs to a shared screen.
    #[must_use]
    pub fn is_of_screen(self) -> bool {
        matches!(self, Self::Screen | Self::ScreenAudio)
    }

    /// The `kind` of a `MediaStreamTrack` (W3C Media Capture, section 4.3).
    #[must_use]
    pub fn track_kind(self) -> &'static str {
        if self.is_audio() { "audio" } else { "video" }
    }
}

/// The identification tag of a media section (RFC 5888, section 4), of at most [`MID_CHARS`]
/// characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mid(String);

string!(Mid, |text| Self::try_from(text.to_owned()).ok());

impl Mid {
    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not a valid `mid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MidError;

impl fmt::Display for MidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a mid is a token of 1 to {MID_CHARS} characters")
    }
}

impl TryFrom<String> for Mid {
    type Error = MidError;

    fn try_from(text: String) -> Result<Self, MidError> {
        // A token (RFC 8866, section 9).
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&byte);
        let is_token = (1..=MID_CHARS).contains(&text.len()) && text.bytes().all(allowed);
        if is_token { Ok(Self(text)) } else { Err(MidError) }
    }
}

impl From<Mid> for String {
    fn from(mid: Mid) -> Self {
        mid.0
    }
}

/// The source of one media section of the sender. Unknown fields are ignored: a server that
/// forwards media can add the participant here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackInfo {
    /// The media section.
    pub mid: Mid,
    /// Its source.
    pub source: TrackSource,
}

object!(TrackInfo { mid, source });

impl TrackInfo {
    /// The source of a section in a list, if it is named.
    #[must_use]
    pub fn find(tracks: &[Self], mid: &Mid) -> Option<TrackSource> {
        tracks.iter().find(|track| track.mid == *mid).map(|track| track.source)
    }

    /// Checks that a list has no more than [`TRACKS`] entries and names each section once.
    ///
    /// # Errors
    /// The reason why the list is invalid.
    pub(super) fn check(tracks: &[Self]) -> Result<(), String> {
        if tracks.len() > TRACKS {
            return Err(format!("more than {TRACKS} tracks"));
        }
        let is_repeated = |(index, track): (usize, &Self)| {
            tracks.iter().take(index).any(|other| other.mid == track.mid)
        };
        if tracks.iter().enumerate().any(is_repeated) {
            return Err("a mid is named twice in `tracks`".to_owned());
        }
        Ok(())
    }
}

/// A track whose source may be unknown.
#[derive(Deserialize)]
struct Entry {
    mid: Mid,
    source: String,
}

object!(Entry { mid, source });

impl Entry {
    fn known(self) -> Option<TrackInfo> {
        let source = TrackSource::of_word(&self.source)?;
        Some(TrackInfo { mid: self.mid, source })
    }
}

/// Deserialises a list of tracks without those of unknown sources, which later versions may add.
pub(super) fn known<'de, 'a, D>(deserializer: D) -> Result<Option<Cow<'a, [TrackInfo]>>, D::Error>
where
    D: Deserializer<'de>,
{
    let entries = Option::<Vec<Entry>>::deserialize(deserializer)?;
    Ok(entries.map(|entries| entries.into_iter().filter_map(Entry::known).collect()))
}

/// The same from JSON; empty if there is no list.
pub(super) fn known_in(json: &Json) -> Option<Vec<TrackInfo>> {
    let entries = Option::<Vec<Entry>>::from_json(json)?.unwrap_or_default();
    Some(entries.into_iter().filter_map(Entry::known).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mid_is_a_short_token() {
        let is_mid = |text: &str| Mid::try_from(text.to_owned()).is_ok();
        for text in ["0", "audio-1", "a.b_c~", &"m".repeat(MID_CHARS)] {
            assert!(is_mid(text), "{text}");
        }
        for text in ["", "a b", "a\r\nb", "ä", "a:b", "\"", &"m".repeat(MID_CHARS + 1)] {
            assert!(!is_mid(text), "{text}");
        }
    }
}
