//! A recording of a call, as far as it is no browser's business: what is to be seen and heard in it,
//! what is kept of it, and how the file that a browser wrote becomes whole. Pure: no browser, clock
//! or randomness in here.

mod ebml;
mod note;
pub mod scene;
mod webm;

pub use note::{Note, Part};
pub use scene::{Cast, Fit, Pane, Rect, Scene};
use std::time::Duration;
pub use webm::{Damage, Piece, Scanner, Whole};

/// Width and height of the picture, in pixels.
pub const SIZE: (u32, u32) = (1280, 720);

/// How often the picture is drawn: 30 times a second.
pub const FRAME: Duration = Duration::from_micros(33_333);

/// So much is written at a time, and lost at most, with what the encoder still has, when a tab
/// crashes.
pub const FRAGMENT: Duration = Duration::from_secs(1);

/// So long before it begins everybody is told.
pub const COUNTDOWN: u8 = 3;

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
    /// The browser could not begin.
    Unable,
    /// There is no space left.
    Full,
    /// The browser cannot store it.
    Storage,
    /// The browser could not go on with sound or picture.
    Encoder,
}
