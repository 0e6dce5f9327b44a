//! The metadata stored with a recording.

use crate::protocol::{
    RoomName,
    json::{self, object},
};
use std::time::Duration;

/// Name of the file with all participants.
pub const ALL: &str = "all";
/// How WebM begins (RFC 8794, section 11.2.1).
const EBML: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// One file of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub struct ManifestFile {
    /// Its name in storage.
    pub file: String,
    /// The participant it belongs to; `None` for the file of the whole call.
    pub person: Option<String>,
}

object!(ManifestFile { file, person });

/// Metadata of a recording, rewritten while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub struct Manifest {
    /// The room, if known.
    pub room: Option<RoomName>,
    /// Start: milliseconds since the Unix epoch.
    pub began: u64,
    /// Duration in milliseconds; 0 if unknown.
    pub length: u64,
    /// The media type of its files.
    pub format: String,
    /// Its files; that of the whole call comes first.
    pub parts: Vec<ManifestFile>,
    /// Whether it was ended properly; otherwise its tab was closed or crashed.
    pub ended: bool,
}

object!(Manifest { room, began, length, format, parts, ended });

impl Manifest {
    /// Parses a stored manifest. Trailing spaces may follow, where a longer one was before.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        json::from_str(text)
    }

    /// Reconstructs a damaged manifest: the recording's name is its start time, and the beginning of a
    /// file shows its format.
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

    /// The stored form.
    #[must_use]
    pub fn to_text(&self) -> String {
        json::to_string(self)
    }

    /// The duration, if known.
    #[must_use]
    pub fn length(&self) -> Option<Duration> {
        (self.length > 0).then(|| Duration::from_millis(self.length))
    }

    /// The start, since the Unix epoch.
    #[must_use]
    pub fn began(&self) -> Duration {
        Duration::from_millis(self.began)
    }

    /// Whether its files are WebM; otherwise they are MP4.
    #[must_use]
    pub fn is_webm(&self) -> bool {
        super::is_webm(&self.format)
    }

    /// File name for downloads; `date` is the start as date and time.
    #[must_use]
    pub fn file_name(&self, part: &ManifestFile, date: &str) -> String {
        let extension = if self.is_webm() { "webm" } else { "mp4" };
        let person = part.person.iter().flat_map(|name| [" ", name.as_str()]);
        let room = self.room.iter().flat_map(|room| [" ", room.as_str()]);
        let name: String =
            ["Salon"].into_iter().chain(room).chain([" ", date]).chain(person).collect();
        // Some systems do not allow these characters.
        let safe = |c: char| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c };
        format!("{}.{extension}", name.chars().map(safe).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::json::tests::{
        any::{room, text},
        check,
    };
    use proptest::{collection::vec, option, prelude::*};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_stored_manifest_is_read_again(
            (room, format) in (option::of(room()), text()),
            ([began, length], ended) in (any::<[u64; 2]>(), any::<bool>()),
            parts in vec((text(), option::of(text())), 0..3),
        ) {
            let part = |(file, person)| ManifestFile { file, person };
            let parts = parts.into_iter().map(part).collect();
            check(&Manifest { room, began, length, format, parts, ended });
        }
    }

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
    fn a_manifest_may_be_followed_by_spaces_but_not_be_cut() {
        let text = manifest().to_text();
        assert_eq!(Manifest::parse(&format!("{text}   ")), Some(manifest()));
        assert_eq!(Manifest::parse(&text[..text.len() - 1]), None);
    }

    #[test]
    fn a_damaged_manifest_does_not_hide_a_recording() {
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
