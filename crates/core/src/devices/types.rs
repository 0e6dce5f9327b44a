//! Kinds of devices, the devices there are, and why they could not be used.

use crate::protocol::TrackSource;

/// A kind of capture device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Audio.
    Microphone,
    /// Video.
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

/// The purpose of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// Captures.
    Input(Kind),
    /// Plays audio.
    Speaker,
}

/// One camera, microphone or speaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Stable for this site on this browser. Empty until permission is granted.
    pub id: String,
    /// The system's name for it. Empty until permission is granted.
    pub label: String,
    /// Its purpose.
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
    /// The permission prompt was closed without an answer.
    Dismissed,
    /// The browser is set to deny it.
    Denied,
    /// The operating system is set to deny it.
    DeniedBySystem,
    /// There is no such device.
    Missing,
    /// Another program or tab is using it.
    Busy,
    /// The page is neither from https nor from localhost.
    Insecure,
    /// The embedding page does not allow it.
    Framed,
    /// The page's own policy does not allow it.
    Forbidden,
    /// Something else.
    Failed,
}

impl Problem {
    /// Whether it cannot be solved on this page or in the browser's settings.
    #[must_use]
    pub fn is_lasting(self) -> bool {
        matches!(self, Self::Insecure | Self::Framed | Self::Forbidden)
    }
    /// Whether permission was denied; then it is not requested again.
    pub(super) fn is_refusal(self) -> bool {
        matches!(self, Self::Denied | Self::DeniedBySystem | Self::Dismissed | Self::Framed)
    }
}
