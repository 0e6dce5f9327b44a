//! Types that the browser side and the stub share.

use super::StoredBytes;
pub use crate::devices::{Device, DeviceKind, Kind, PerKind, Problem};
use crate::{
    protocol::TrackSource,
    recording::{Manifest, ManifestFile},
};
use std::time::Duration;

/// An optional value for each track source.
#[derive(Clone, Debug)]
pub struct PerSource<T> {
    microphone: Option<T>,
    camera: Option<T>,
    screen: Option<T>,
    screen_audio: Option<T>,
}

impl<T> Default for PerSource<T> {
    fn default() -> Self {
        Self { microphone: None, camera: None, screen: None, screen_audio: None }
    }
}

impl<T> PerSource<T> {
    /// A value for each source; `None` if one is missing.
    pub fn of(mut value: impl FnMut() -> Option<T>) -> Option<Self> {
        Some(Self {
            microphone: Some(value()?),
            camera: Some(value()?),
            screen: Some(value()?),
            screen_audio: Some(value()?),
        })
    }

    /// The value of this source.
    pub fn get(&self, source: TrackSource) -> Option<&T> {
        match source {
            TrackSource::Microphone => self.microphone.as_ref(),
            TrackSource::Camera => self.camera.as_ref(),
            TrackSource::Screen => self.screen.as_ref(),
            TrackSource::ScreenAudio => self.screen_audio.as_ref(),
        }
    }

    /// Replaces the value of this source.
    pub fn set(&mut self, source: TrackSource, value: Option<T>) {
        match source {
            TrackSource::Microphone => self.microphone = value,
            TrackSource::Camera => self.camera = value,
            TrackSource::Screen => self.screen = value,
            TrackSource::ScreenAudio => self.screen_audio = value,
        }
    }
}

/// Files and folders that were dropped on the page, or pasted.
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

/// The audio processing of a microphone (W3C Media Capture, section 4.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processing {
    /// Echo cancellation.
    pub echo: bool,
    /// Noise suppression.
    pub noise: bool,
    /// Automatic gain control.
    pub gain: bool,
    /// Music mode: turns off all of these, and raises the bit rate.
    pub music: bool,
}

impl Default for Processing {
    fn default() -> Self {
        Self { echo: true, noise: true, gain: true, music: false }
    }
}

/// An event of a socket. `Closed` is the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// The socket is open.
    Opened,
    /// A message from the server.
    Message(String),
    /// The connection was closed, or could not be opened.
    Closed {
        /// Whether the server announced a restart.
        restarting: bool,
    },
}

/// An event of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEvent {
    /// The page is in the foreground again.
    Awake,
    /// The page is in the background.
    Hidden,
    /// The network is back, or the page was resumed after the browser had frozen it.
    NetworkChanged,
    /// Devices were plugged in or unplugged.
    DevicesChanged,
    /// The page is being closed or reloaded.
    Unloading,
}

/// A recording on this device that no tab is writing.
#[derive(Clone)]
pub struct StoredRecording {
    /// The name of its folder.
    pub id: String,
    /// Its manifest.
    pub manifest: Manifest,
    /// Its files that exist.
    pub files: Vec<(ManifestFile, StoredBytes)>,
    /// When the last of its files was saved, since the Unix epoch; `None` unless all were.
    pub saved: Option<Duration>,
}
