//! The parts of recording that need no browser: its life cycle, its composition, its manifest, and the
//! repair of the file that the browser has written. Pure: no browser, clock or randomness.

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

/// Width and height of the video, in pixels.
pub const SIZE: (u32, u32) = (1280, 720);

/// Flush interval: a crash of the tab loses at most this much.
pub const WRITTEN_EVERY: Duration = Duration::from_millis(500);

/// Interval between key frames, to which players can seek (W3C MediaStream Recording, section 2.4).
/// Browsers deliver an MP4 fragment only at the next key frame, so a crash loses at most this much
/// plus one flush interval.
#[must_use]
pub fn between_key_frames(format: &str) -> Duration {
    Duration::from_secs(if is_webm(format) { 2 } else { 1 })
}

fn is_webm(format: &str) -> bool {
    format.starts_with("video/webm")
}

/// Formats that browsers may be able to write (RFC 6381), the best first. On a device in a call,
/// VP8 needs half the processor time of VP9.
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
    /// The server is unreachable, so nobody could be notified.
    Untold,
    /// The browser provides no storage.
    Forbidden,
    /// The recorder's script could not be loaded: without a network, or after an update.
    NotLoaded,
    /// The browser could not start.
    Unable,
    /// This device has no audio output, without which the browser records nothing.
    Silent,
    /// The device ran out of space.
    Full,
    /// The device had no space from the start.
    NoSpace,
    /// The browser could not store it.
    Storage,
    /// The browser could not continue encoding audio or video.
    Encoder,
}

/// Why a file cannot be recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Not a file of this format, or damaged at the beginning.
    Unreadable,
    /// An element at the beginning is implausibly large.
    TooLarge,
    /// It contains no audio or video.
    Empty,
}

/// A piece of a repaired file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    New(Vec<u8>),
    /// A slice of the file on the disk.
    Kept {
        /// The first byte.
        from: u64,
        /// The byte after the last.
        to: u64,
    },
}

/// A seekable file with a known duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
    /// Its duration.
    pub length: Duration,
}

/// Scans a file written by a browser, in pieces of any size from its beginning.
#[derive(Debug)]
pub enum Scanner {
    /// A WebM file (RFC 9559).
    WebM(webm::Scanner),
    /// An MP4 file (ISO/IEC 14496-12).
    Mp4(mp4::Scanner),
}

impl Scanner {
    /// A scanner for a file of this recording.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        match manifest.is_webm() {
            true => Self::WebM(webm::Scanner::default()),
            false => Self::Mp4(mp4::Scanner::default()),
        }
    }

    /// Scans the next bytes of the file.
    ///
    /// # Errors
    ///
    /// Why the file cannot be recovered.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Damage> {
        match self {
            Self::WebM(scanner) => scanner.feed(bytes),
            Self::Mp4(scanner) => scanner.feed(bytes),
        }
    }

    /// The repaired file.
    ///
    /// # Errors
    ///
    /// Why the file cannot be recovered.
    pub fn finish(self) -> Result<Whole, Damage> {
        match self {
            Self::WebM(scanner) => scanner.finish(),
            Self::Mp4(scanner) => scanner.finish(),
        }
    }
}
