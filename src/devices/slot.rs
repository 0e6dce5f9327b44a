//! One kind of device.

use super::{Generation, Problem};

/// Where one kind of device stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source<T> {
    /// Not asked for, or released.
    #[default]
    Off,
    /// The browser was asked and has not answered.
    Opening {
        /// Whether this takes the place of a device that was in use.
        replacing: bool,
    },
    /// Open. The device is released when the last clone of its track is dropped.
    On(T),
    /// Cannot be used.
    Failed(Problem),
}

impl<T> Source<T> {
    /// Whether it gives something, or did and is about to again.
    pub fn sends(&self) -> bool {
        matches!(self, Self::On(_) | Self::Opening { replacing: true })
    }
}

/// A device that went away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// See [`Device::id`](super::Device::id).
    pub id: String,
    /// What the system called it.
    pub label: String,
}

/// One kind of device: where it stands and what the person wants of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot<T> {
    /// Where it stands.
    pub source: Source<T>,
    /// Whether the person wants it on: for the microphone "not muted".
    pub wanted: bool,
    /// The id of the device that the person chose on this machine; empty for the system's choice.
    pub chosen: String,
    /// Whether the system, or a key of the device, gives nothing of it.
    pub muted: bool,
    /// Why this page cannot even ask for it.
    pub(super) barred: Option<Problem>,
    /// The last request, or the last time that earlier ones were given up.
    pub(super) generation: Generation,
    /// The device in use, as it is named once it is gone.
    pub(super) in_use: Option<Gone>,
    /// A device that went away and is being replaced.
    pub(super) gone: Option<Gone>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            source: Source::Off,
            wanted: true,
            chosen: String::new(),
            muted: false,
            barred: None,
            generation: 0,
            in_use: None,
            gone: None,
        }
    }
}

impl<T> Slot<T> {
    /// Whether sound or picture goes out.
    pub fn is_sending(&self) -> bool {
        self.wanted && self.source.sends()
    }

    pub(super) fn is_off(&self) -> bool {
        matches!(self.source, Source::Off)
    }

    pub(super) fn is_on(&self) -> bool {
        matches!(self.source, Source::On(_))
    }

    pub(super) fn failed_with(&self, problem: Problem) -> bool {
        matches!(self.source, Source::Failed(found) if found == problem)
    }

    /// Lets go of the device, and gives up what was asked. What nothing on this page gives to the
    /// person stays named.
    pub(super) fn close(&mut self, generation: Generation) {
        self.generation = generation;
        self.gone = None;
        if !matches!(self.source, Source::Failed(problem) if problem.is_lasting()) {
            self.source = Source::Off;
        }
    }
}
