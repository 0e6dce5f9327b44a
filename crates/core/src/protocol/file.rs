//! Files sent over data channels.

use super::{
    Split,
    characters::{characters, clean},
    json::{FromJson, Json, Object, ToJson, Writer, field, string},
    limits::{FILE_BYTES, FILE_NAME_CHARS, FILE_NAME_SCALARS},
};
use serde::{Deserialize, Serialize};

/// The name of a file, without folders, control characters and characters that disguise its type. It
/// is shortened in the middle to [`FILE_NAME_SCALARS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct FileName(String);

string!(FileName, |text| Some(text.into()));

/// Number of characters kept at the end of a shortened name.
const ENDING: usize = 16;

impl FileName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, shortened in the middle to [`FILE_NAME_CHARS`] characters.
    #[must_use]
    pub fn shortened(&self, split: Split) -> Self {
        Self(without_middle(&characters(&self.0, split), FILE_NAME_CHARS))
    }
}

/// Shortens a name in the middle to this number of parts.
fn without_middle(parts: &[String], most: usize) -> String {
    if parts.len() <= most {
        return parts.concat();
    }
    let start = parts.iter().take(most - ENDING - 1).map(String::as_str);
    let end = parts.iter().skip(parts.len() - ENDING).map(String::as_str);
    start.chain(["…"]).chain(end).collect()
}

impl From<String> for FileName {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for FileName {
    fn from(text: &str) -> Self {
        let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
        // White space may stand behind characters that are removed.
        let cleaned = clean(last.trim());
        let scalars: Vec<String> = cleaned.trim().chars().map(String::from).collect();
        let name = match scalars.len() {
            0 => "file".to_owned(),
            _ => without_middle(&scalars, FILE_NAME_SCALARS),
        };
        Self(name)
    }
}

/// The number that the sender of a file gives it; unique per sender.
pub type FileNumber = u64;

/// A message about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileNews {
    /// From the sender: the file is available.
    Offer {
        /// Its name.
        name: FileName,
        /// Its size in bytes.
        size: u64,
    },
    /// From the sender: the file is no longer available.
    Withdraw,
    /// From the sender, after the last byte: the hash of the whole file.
    Digest(String),
    /// From a receiver: send it from this byte on.
    Request(u64),
    /// From a receiver: stop sending for now.
    Pause,
    /// From a receiver: number of bytes written.
    Progress(u64),
    /// From a receiver: the file is complete and its hash matches.
    Complete,
    /// From a receiver: declined or cancelled.
    Decline,
}

impl FromJson for FileNews {
    fn from_json(json: &Json) -> Option<Self> {
        Some(match json.variant()? {
            ("offer", file) => Self::Offer { name: file.field("name")?, size: file.field("size")? },
            ("withdraw", Json::Null) => Self::Withdraw,
            ("digest", digest) => Self::Digest(FromJson::from_json(digest)?),
            ("request", from) => Self::Request(FromJson::from_json(from)?),
            ("pause", Json::Null) => Self::Pause,
            ("progress", written) => Self::Progress(FromJson::from_json(written)?),
            ("complete", Json::Null) => Self::Complete,
            ("decline", Json::Null) => Self::Decline,
            _ => return None,
        })
    }
}

impl ToJson for FileNews {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Offer { name, size } => {
                let file = Object(&[field("name", name), field("size", size)]);
                Object(&[field("offer", &file)]).write(out);
            }
            Self::Withdraw => out.string("withdraw"),
            Self::Digest(digest) => Object(&[field("digest", digest)]).write(out),
            Self::Request(from) => Object(&[field("request", from)]).write(out),
            Self::Pause => out.string("pause"),
            Self::Progress(written) => Object(&[field("progress", written)]).write(out),
            Self::Complete => out.string("complete"),
            Self::Decline => out.string("decline"),
        }
    }
}

impl FileNews {
    /// Whether the values are in range.
    pub(super) fn is_sane(&self) -> bool {
        match self {
            Self::Offer { size, .. } => *size <= FILE_BYTES,
            Self::Digest(digest) => {
                digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            _ => true,
        }
    }
}

/// A slice of a file: one message of the second data channel. The file's number and the offset of the
/// first byte come before the bytes, as 64-bit big-endian integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice<'a> {
    /// The number of the file.
    pub number: FileNumber,
    /// The offset of the first byte.
    pub from: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Length of the header in bytes.
const HEAD: usize = 16;

impl<'a> Slice<'a> {
    /// Maximum number of bytes in a slice: with the header, the largest message that every browser
    /// accepts (RFC 8841, section 6.1).
    pub const MOST: usize = 64 * 1024 - HEAD;

    /// Encodes the message.
    #[must_use]
    pub fn to_message(self) -> Vec<u8> {
        let mut message = Vec::with_capacity(HEAD + self.bytes.len());
        message.extend(self.number.to_be_bytes());
        message.extend(self.from.to_be_bytes());
        message.extend(self.bytes);
        message
    }

    /// Decodes a message.
    #[must_use]
    pub fn parse(message: &'a [u8]) -> Option<Self> {
        let (number, rest) = message.split_first_chunk()?;
        let (from, bytes) = rest.split_first_chunk()?;
        let (number, from) = (u64::from_be_bytes(*number), u64::from_be_bytes(*from));
        Some(Self { number, from, bytes }).filter(|_| bytes.len() <= Self::MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::characters::tests::split, *};

    #[test]
    fn t22_file_names_are_cleaned() {
        let clean = |name: &str| FileName::from(name).0;
        assert_eq!(clean("../../etc/passwd"), "passwd");
        assert_eq!(clean(r"C:\plans\plan b.pdf"), "plan b.pdf");
        assert_eq!(clean("harmless\u{202e}fdp.exe"), "harmlessfdp.exe");
        assert_eq!(clean(" a\nb\0 "), "ab");
        assert_eq!(clean("\u{1} a \u{1}"), "a");
        assert_eq!(clean("a/"), "file");
        assert_eq!(clean("گزارش\u{200c}ها\u{200d}.pdf"), "گزارش\u{200c}ها.pdf");
        let long = clean(&format!("{}.tar.gz", "é".repeat(1000)));
        assert_eq!(long.chars().count(), FILE_NAME_SCALARS);
        assert!(long.ends_with("é.tar.gz") && long.contains('…'));
    }

    #[test]
    fn long_file_names_are_cut_between_characters() {
        let short = |name: &str| FileName::from(name).shortened(split).0;
        let family = "👨\u{200d}👩\u{200d}👧";
        for character in ["é", "e\u{301}", "🇮🇳", "ක්\u{200d}ර"] {
            let long = short(&format!("{}.tar.gz", character.repeat(94)));
            let (start, end) = long.split_once('…').unwrap();
            assert_eq!(start, character.repeat(83));
            assert_eq!(end, format!("{}.tar.gz", character.repeat(9)));
        }
        assert_eq!(short(&format!("{family}.pdf")), format!("{family}.pdf"));
    }

    #[test]
    fn encoded_slices_are_decoded() {
        let bytes = [1, 2, 3];
        let slice = Slice { number: 7, from: 1 << 40, bytes: &bytes };
        let message = slice.to_message();
        assert_eq!(message.len(), 19);
        assert_eq!(Slice::parse(&message), Some(slice));
        assert_eq!(Slice::parse(&message[..15]), None);
        assert_eq!(Slice::parse(&[0; HEAD + Slice::MOST + 1]), None);
    }
}
