//! Files that people give each other past the server.

use super::{
    Split,
    characters::{characters, clean},
    limits::{FILE_BYTES, FILE_NAME_CHARS, FILE_NAME_SCALARS},
};
use serde::{Deserialize, Serialize};

/// What a file is called: without folders, control characters and those that disguise what it is.
///
/// At most [`FILE_NAME_SCALARS`] are kept, its ending among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct FileName(String);

/// How many characters of the end of a long name stay.
const ENDING: usize = 16;

impl FileName {
    /// The name as people read it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// At most [`FILE_NAME_CHARS`] characters of it, its ending among them.
    #[must_use]
    pub fn shortened(&self, split: Split) -> Self {
        Self(without_middle(&characters(&self.0, split), FILE_NAME_CHARS))
    }
}

/// So many of the parts of a name, those of its ending among them.
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
        let scalars: Vec<String> = clean(last.trim()).chars().map(String::from).collect();
        let name = match scalars.len() {
            0 => "file".to_owned(),
            _ => without_middle(&scalars, FILE_NAME_SCALARS),
        };
        Self(name)
    }
}

/// One of the files of somebody: they give each another number.
pub type FileNumber = u64;

/// What is said about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileNews {
    /// From its owner: who wants it?
    Offer {
        /// What it is called.
        name: FileName,
        /// Its size in bytes.
        size: u64,
    },
    /// From its owner: it cannot be had any more.
    Withdraw,
    /// From its owner, after its last byte: the hash of the whole.
    Digest(String),
    /// To its owner: send it, from this byte on.
    Request(u64),
    /// To its owner: send no more of it for now.
    Pause,
    /// To its owner: number of bytes written.
    Progress(u64),
    /// To its owner: it is here, and its hash is right.
    Complete,
    /// To its owner: not wanted, or not any more.
    Decline,
}

impl FileNews {
    /// Whether it can be true.
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

/// Some bytes of a file, on their way: one message of the second data channel. Its number and the
/// place of the first byte stand before the bytes, as 64 bits each, the high ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice<'a> {
    /// Which file of the sender.
    pub number: FileNumber,
    /// The place of the first byte.
    pub from: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// What stands before the bytes.
const HEAD: usize = 16;

impl<'a> Slice<'a> {
    /// The most bytes of a file in one message: with what stands before them, all that any browser
    /// takes (RFC 8841, section 6.1).
    pub const MOST: usize = 64 * 1024 - HEAD;

    /// As it goes over the channel.
    #[must_use]
    pub fn to_message(self) -> Vec<u8> {
        let mut message = Vec::with_capacity(HEAD + self.bytes.len());
        message.extend(self.number.to_be_bytes());
        message.extend(self.from.to_be_bytes());
        message.extend(self.bytes);
        message
    }

    /// Reads what came over the channel.
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
    fn t22_names_of_files_are_cleaned() {
        let clean = |name: &str| FileName::from(name).0;
        assert_eq!(clean("../../etc/passwd"), "passwd");
        assert_eq!(clean(r"C:\plans\plan b.pdf"), "plan b.pdf");
        assert_eq!(clean("harmless\u{202e}fdp.exe"), "harmlessfdp.exe");
        assert_eq!(clean(" a\nb\0 "), "ab");
        assert_eq!(clean("a/"), "file");
        assert_eq!(clean("گزارش\u{200c}ها\u{200d}.pdf"), "گزارش\u{200c}ها.pdf");
        let long = clean(&format!("{}.tar.gz", "é".repeat(1000)));
        assert_eq!(long.chars().count(), FILE_NAME_SCALARS);
        assert!(long.ends_with("é.tar.gz") && long.contains('…'));
    }

    #[test]
    fn long_names_of_files_are_cut_between_characters() {
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
    fn slices_are_read_back() {
        let bytes = [1, 2, 3];
        let slice = Slice { number: 7, from: 1 << 40, bytes: &bytes };
        let message = slice.to_message();
        assert_eq!(message.len(), 19);
        assert_eq!(Slice::parse(&message), Some(slice));
        assert_eq!(Slice::parse(&message[..15]), None);
        assert_eq!(Slice::parse(&[0; HEAD + Slice::MOST + 1]), None);
    }
}
