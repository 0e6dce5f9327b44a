//! A recording of a call, as far as it is no browser's business: when it begins and ends, what is to be
//! seen and heard in it, what is kept of it, and how the file that a browser wrote becomes whole.
//! Pure: no browser, clock or randomness in here.

pub mod composition;
mod ebml;
pub mod lifecycle;
mod manifest;
mod mp4;
mod webm;

pub use composition::{Composition, Pane, RecordedPerson};
pub use lifecycle::Stage;
pub use manifest::{ALL, Manifest, ManifestFile};
use std::time::Duration;

/// Width and height of the picture, in pixels.
pub const SIZE: (u32, u32) = (1280, 720);

/// What the browser has of a recording is written so often, and then lasts when its tab crashes.
pub const WRITTEN_EVERY: Duration = Duration::from_millis(500);

/// How far key frames are apart: players can move to these (W3C MediaStream Recording, section 2.4).
/// Of an MP4, browsers give nothing before the next one, so that is what a crash takes at most, with
/// what is written next.
#[must_use]
pub fn between_key_frames(format: &str) -> Duration {
    Duration::from_secs(if is_webm(format) { 2 } else { 1 })
}

fn is_webm(format: &str) -> bool {
    format.starts_with("video/webm")
}

/// What browsers may be able to write (RFC 6381), the best first. VP8 takes half of what VP9 does from a
/// machine that is in a call meanwhile.
pub const FORMATS: [&str; 6] = [
    "video/webm;codecs=vp8,opus",
    "video/webm;codecs=vp9,opus",
    "video/webm",
    "video/mp4;codecs=avc1.42E01F,mp4a.40.2",
    "video/mp4;codecs=avc1.42E01F,opus",
    "video/mp4",
];

/// Why there is no recording, or why it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingProblem {
    /// The server cannot be reached, so nobody could be told.
    Untold,
    /// The browser stores nothing here.
    Forbidden,
    /// The browser could not begin.
    Unable,
    /// Nothing here can play sound, and then the browser records nothing.
    Silent,
    /// There is no space left for more of it.
    Full,
    /// There is no space left for any of it.
    NoSpace,
    /// The browser cannot store it.
    Storage,
    /// The browser could not go on with sound or picture.
    Encoder,
}

/// Why nothing can be made of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It is no such file, or its beginning is damaged.
    Unreadable,
    /// Something at its beginning is larger than it ever should be.
    TooLarge,
    /// It has no sound or picture.
    Empty,
}

/// A piece of a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    New(Vec<u8>),
    /// What is in the file on the disk.
    Kept {
        /// The first byte.
        from: u64,
        /// The byte after the last.
        to: u64,
    },
}

/// A file that players know the length of, and can move about in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
    /// How long it plays.
    pub length: Duration,
}

/// Reads a file that a browser has written, in pieces of any size from its beginning on.
#[derive(Debug)]
pub enum Scanner {
    /// One file after RFC 9559.
    WebM(webm::Scanner),
    /// One after ISO/IEC 14496-12.
    Mp4(mp4::Scanner),
}

impl Scanner {
    /// For a file of this recording.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        match manifest.is_webm() {
            true => Self::WebM(webm::Scanner::default()),
            false => Self::Mp4(mp4::Scanner::default()),
        }
    }

    /// Takes in the next bytes of the file.
    ///
    /// # Errors
    /// Why nothing can be made of it.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Damage> {
        match self {
            Self::WebM(scanner) => scanner.feed(bytes),
            Self::Mp4(scanner) => scanner.feed(bytes),
        }
    }

    /// What the whole file is made of.
    ///
    /// # Errors
    /// Why nothing can be made of it.
    pub fn finish(self) -> Result<Whole, Damage> {
        match self {
            Self::WebM(scanner) => scanner.finish(),
            Self::Mp4(scanner) => scanner.finish(),
        }
    }
}
