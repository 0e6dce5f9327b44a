//! The manifest of a recording, which is stored beside its files.

use crate::protocol::RoomName;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The name of the common file.
pub const ALL: &str = "all";
/// How WebM begins (RFC 8794, section 11.2.1).
const EBML: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// One file of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its name on this device.
    pub file: String,
    /// The person in it; none for the common file.
    pub person: Option<String>,
}

/// Of which call a recording is, rewritten as it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The room, if known.
    pub room: Option<RoomName>,
    /// When it began: milliseconds since the Unix epoch.
    pub began: u64,
    /// Its length in milliseconds; 0 if unknown.
    pub length: u64,
    /// The media type of its files.
    pub format: String,
    /// Its files; the common one comes first.
    pub parts: Vec<ManifestFile>,
    /// Whether the recording was ended; else its tab was closed, or crashed.
    pub ended: bool,
}

impl Manifest {
    /// A manifest as it was written. It may be followed by spaces, where a longer one stood.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What can be said of a recording whose manifest is damaged: when it began is its name, and the
    /// beginning of a file shows its kind.
    #[must_use]
    pub fn lost(id: &str, files: &[String], beginning: &[u8]) -> Option<Self> {
        let format = match beginning.starts_with(&EBML) {
            true => "video/webm",
            false => "video/mp4",
        };
        let part = |file: &String| ManifestFile {
            file: file.clone(),
            person: (file != ALL).then(|| file.clone()),
        };
        Some(Self {
            room: None,
            began: id.split('-').next()?.parse().ok()?,
            length: 0,
            format: format.to_owned(),
            parts: files.iter().map(part).collect(),
            ended: false,
        })
    }

    /// As it is written.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// How long it is, if that is known.
    #[must_use]
    pub fn length(&self) -> Option<Duration> {
        (self.length > 0).then(|| Duration::from_millis(self.length))
    }

    /// When it began, since the Unix epoch.
    #[must_use]
    pub fn began(&self) -> Duration {
        Duration::from_millis(self.began)
    }

    /// Whether its files are WebM; else they are MP4.
    #[must_use]
    pub fn is_webm(&self) -> bool {
        super::is_webm(&self.format)
    }

    /// What a file of it is called when it is saved; `date` is the day and time when it began.
    #[must_use]
    pub fn file_name(&self, part: &ManifestFile, date: &str) -> String {
        let extension = if self.is_webm() { "webm" } else { "mp4" };
        let person = part.person.iter().flat_map(|name| [" ", name.as_str()]);
        let room = self.room.iter().flat_map(|room| [" ", room.as_str()]);
        let name: String =
            ["Salon"].into_iter().chain(room).chain([" ", date]).chain(person).collect();
        // No system takes these.
        let safe = |c: char| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c };
        format!("{}.{extension}", name.chars().map(safe).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            room: Some("lufut-babad".parse().unwrap()),
            began: 1_000,
            length: 62_000,
            format: "video/webm;codecs=vp8,opus".to_owned(),
            parts: vec![ManifestFile { file: "all".to_owned(), person: None }],
            ended: false,
        }
    }

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let text = manifest().to_text();
        assert_eq!(Manifest::parse(&format!("{text}   ")), Some(manifest()));
        assert_eq!(Manifest::parse(&text[..text.len() - 1]), None);
    }

    #[test]
    fn a_damaged_note_hides_no_film() {
        let files = ["all", "person-1"].map(str::to_owned);
        let lost =
            Manifest::lost("1000-0a1b2c3d", &files, &[0x1a, 0x45, 0xdf, 0xa3, 0x01]).unwrap();
        assert_eq!((lost.began, lost.is_webm(), lost.ended), (1000, true, false));
        assert_eq!(lost.parts[0], manifest().parts[0]);
        assert_eq!(
            lost.file_name(&lost.parts[0], "2026-11-23 22.15"),
            "Salon 2026-11-23 22.15.webm"
        );
        assert_eq!(lost.parts[1].person.as_deref(), Some("person-1"));
        assert!(!Manifest::lost("1000-0a1b2c3d", &files, b"\0\0\0\x20ftyp").unwrap().is_webm());
        assert_eq!(Manifest::lost("somebody's", &files, &[]), None);
    }

    #[test]
    fn files_are_named_after_room_time_and_person() {
        let name = |person: Option<&str>| {
            let part = ManifestFile { file: String::new(), person: person.map(str::to_owned) };
            manifest().file_name(&part, "2026-11-23 22.15")
        };
        assert_eq!(name(None), "Salon lufut-babad 2026-11-23 22.15.webm");
        assert_eq!(name(Some("A/B: ä")), "Salon lufut-babad 2026-11-23 22.15 A_B_ ä.webm");
    }
}
