//! Types on both sides of the switch.

use super::StoredBytes;
pub use crate::devices::{Device, DeviceKind, Kind, PerKind, Problem};
use crate::recording::{Manifest, ManifestFile};
use std::time::Duration;

/// What one person sends.
#[derive(Clone, Debug)]
pub struct Incoming<T> {
    /// Their microphone and camera.
    pub own: PerKind<T>,
    /// The sound and picture of their screen.
    pub screen: PerKind<T>,
}

/// What was dropped on the page, or pasted.
#[derive(Clone, Default)]
pub struct Brought {
    /// The files.
    pub files: Vec<StoredBytes>,
    /// The names of folders, which cannot be offered.
    pub folders: Vec<String>,
}

impl Brought {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.folders.is_empty()
    }
}

/// What the browser does to the sound of a microphone (W3C Media Capture, section 4.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processing {
    /// Echo cancellation.
    pub echo: bool,
    /// Noise suppression.
    pub noise: bool,
    /// Automatic gain control.
    pub gain: bool,
    /// None of these, whatever the other fields say, and the bit rate that music needs.
    pub music: bool,
}

impl Default for Processing {
    fn default() -> Self {
        Self { echo: true, noise: true, gain: true, music: false }
    }
}

/// What a socket reports. Nothing follows `Closed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// Messages can be sent.
    Opened,
    /// A message of the server.
    Message(String),
    /// The connection is over, or could not be made.
    Closed {
        /// Whether the server said that it restarts.
        restarting: bool,
    },
}

/// Something about the page that the session reacts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEvent {
    /// The page is in the foreground again.
    Awake,
    /// The page is in the background.
    Hidden,
    /// The network is back, or the page after the browser had frozen it.
    NetworkChanged,
    /// Devices were plugged in or unplugged.
    DevicesChanged,
    /// The page is being closed or reloaded.
    Unloading,
}

/// A recording on this device that no tab is writing.
#[derive(Clone)]
pub struct KeptRecording {
    /// The name of its folder.
    pub id: String,
    /// Its manifest.
    pub manifest: Manifest,
    /// Its files that exist.
    pub files: Vec<(ManifestFile, StoredBytes)>,
    /// When the last of its files was saved, since the Unix epoch, if all were.
    pub saved: Option<Duration>,
}
