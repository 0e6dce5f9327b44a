//! Kinds of devices, the devices there are, and why they could not be used.

use crate::protocol::TrackSource;

/// A kind of device that sends.
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

    /// The kind of device that a source is taken from, if it is one.
    #[must_use]
    pub fn of(source: TrackSource) -> Option<Self> {
        match source {
            TrackSource::Microphone => Some(Self::Microphone),
            TrackSource::Camera => Some(Self::Camera),
            TrackSource::Screen | TrackSource::ScreenAudio => None,
        }
    }

    /// What it sends.
    #[must_use]
    pub fn source(self) -> TrackSource {
        match self {
            Self::Microphone => TrackSource::Microphone,
            Self::Camera => TrackSource::Camera,
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

impl Device {
    /// Whether it sends this kind.
    pub(super) fn is_of(&self, kind: Kind) -> bool {
        self.kind == DeviceKind::Input(kind)
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
    /// Whether somebody said no, which is not asked again.
    pub(super) fn is_refusal(self) -> bool {
        matches!(self, Self::Denied | Self::DeniedBySystem | Self::Dismissed | Self::Framed)
    }
}
