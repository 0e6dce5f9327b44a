//! What both sides of the switch share.

use super::StoredBytes;
use crate::recording::{Note, Part};
use std::time::Duration;

/// A kind of thing that a person sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sound.
    Microphone,
    /// Picture.
    Camera,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Microphone, Self::Camera];

    /// The `kind` of a `MediaStreamTrack` (W3C Media Capture, section 4.3).
    #[must_use]
    pub fn track_kind(self) -> &'static str {
        match self {
            Self::Microphone => "audio",
            Self::Camera => "video",
        }
    }

    /// The name of the permission (W3C Permissions registry).
    #[must_use]
    pub fn permission(self) -> &'static str {
        match self {
            Self::Microphone => "microphone",
            Self::Camera => "camera",
        }
    }
}

/// One value for each kind, where there is one.
#[derive(Clone, Debug)]
pub struct PerKind<T> {
    microphone: Option<T>,
    camera: Option<T>,
}

impl<T> Default for PerKind<T> {
    fn default() -> Self {
        Self { microphone: None, camera: None }
    }
}

impl<T> PerKind<T> {
    /// One of each.
    pub fn new(microphone: T, camera: T) -> Self {
        Self { microphone: Some(microphone), camera: Some(camera) }
    }

    /// The value of this kind.
    pub fn get(&self, kind: Kind) -> Option<&T> {
        match kind {
            Kind::Microphone => self.microphone.as_ref(),
            Kind::Camera => self.camera.as_ref(),
        }
    }

    /// Replaces the value of this kind.
    pub fn set(&mut self, kind: Kind, value: Option<T>) {
        match kind {
            Kind::Microphone => self.microphone = value,
            Kind::Camera => self.camera = value,
        }
    }
}

/// What comes from one person.
#[derive(Clone, Debug)]
pub struct Incoming<T> {
    /// Of themselves.
    pub own: PerKind<T>,
    /// Of their screen.
    pub screen: PerKind<T>,
}

/// What is dropped on the page, or pasted.
#[derive(Clone, Default)]
pub struct Brought {
    /// What can be given.
    pub files: Vec<StoredBytes>,
    /// The names of folders, which cannot.
    pub folders: Vec<String>,
}

impl Brought {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.folders.is_empty()
    }
}

/// What a device is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// Sends.
    Input(Kind),
    /// Plays sound.
    Speaker,
}

/// One camera, microphone or speaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Stable for this site on this browser. Empty until permission was given.
    pub id: String,
    /// What the system calls it. Empty until permission was given.
    pub label: String,
    /// What it is for.
    pub kind: DeviceKind,
}

/// What the browser does to the sound of a microphone (W3C Media Capture, section 4.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processing {
    /// Takes out what comes from the speaker.
    pub echo: bool,
    /// Takes out noise.
    pub noise: bool,
    /// Makes quiet voices louder, and loud ones quieter.
    pub gain: bool,
    /// Does none of it, whatever the others say, and sends what music needs.
    pub music: bool,
}

impl Default for Processing {
    fn default() -> Self {
        Self { echo: true, noise: true, gain: true, music: false }
    }
}

/// Why a device could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The browser's question was closed without an answer.
    Dismissed,
    /// The browser is set to refuse.
    Denied,
    /// The operating system is set to refuse.
    DeniedBySystem,
    /// There is none.
    Missing,
    /// Another program or tab has it.
    Busy,
    /// Browsers give devices only to pages from https or localhost.
    Insecure,
    /// The page around this one does not let it have them.
    Framed,
    /// The page's own policy does not.
    Forbidden,
    /// Something else.
    Failed,
}

impl Problem {
    /// Whether nothing that is done on this page or in the browser's settings changes it.
    #[must_use]
    pub fn is_lasting(self) -> bool {
        matches!(self, Self::Insecure | Self::Framed | Self::Forbidden)
    }
}

/// What a socket reports. Nothing follows `Closed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// Messages can be sent.
    Opened,
    /// The server said something.
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
    /// The page is looked at again.
    Awake,
    /// The page is looked at no longer.
    Hidden,
    /// There is a network again, or the page again after the browser had put it to sleep.
    NetworkChanged,
    /// Devices came or went.
    DevicesChanged,
    /// The page is being closed, or loaded again.
    Unloading,
}

/// A recording that is kept on this device, and that nobody writes any more.
#[derive(Clone)]
pub struct KeptRecording {
    /// Its name on the shelf.
    pub id: String,
    /// Of which call it is.
    pub note: Note,
    /// Its files, as far as they are there.
    pub files: Vec<(Part, StoredBytes)>,
    /// When the last of its files was saved, since the Unix epoch, if all were.
    pub saved: Option<Duration>,
}
