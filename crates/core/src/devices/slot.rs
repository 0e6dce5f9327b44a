//! One kind of device.

use super::{Generation, Problem};

/// The state of one kind of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source<T> {
    /// Not requested, or released.
    #[default]
    Off,
    /// Requested, without an answer yet.
    Opening {
        /// Whether it replaces a device that was in use.
        replacing: bool,
    },
    /// Open. The device is released when the last clone of its track is dropped.
    On(T),
    /// Cannot be used.
    Failed(Problem),
}

impl<T> Source<T> {
    /// Whether it sends, or is being replaced after it did.
    pub fn sends(&self) -> bool {
        matches!(self, Self::On(_) | Self::Opening { replacing: true })
    }
}

/// A device that was disconnected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// See [`Device::id`](super::Device::id).
    pub id: String,
    /// Its label.
    pub label: String,
}

/// One kind of device: its state and the person's choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot<T> {
    /// Its state.
    pub source: Source<T>,
    /// Whether the person wants it on: for the microphone "not muted".
    pub wanted: bool,
    /// The id of the selected device on this machine; empty for the system default.
    pub chosen: String,
    /// Whether the system, or a key on the device, is muting it.
    pub muted: bool,
    /// Why this page cannot request it at all.
    pub(super) blocked: Option<Problem>,
    /// The last request, or the last time that requests were cancelled.
    pub(super) generation: Generation,
    /// The device in use, for when it is lost.
    pub(super) in_use: Option<Gone>,
    /// The lost device that is being replaced.
    pub(super) gone: Option<Gone>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            source: Source::Off,
            wanted: true,
            chosen: String::new(),
            muted: false,
            blocked: None,
            generation: 0,
            in_use: None,
            gone: None,
        }
    }
}

impl<T> Slot<T> {
    /// Whether audio or video is being sent.
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

    /// Releases the device and cancels its request. A permanent problem of this page stays visible.
    pub(super) fn close(&mut self, generation: Generation) {
        self.generation = generation;
        self.gone = None;
        if !matches!(self.source, Source::Failed(problem) if problem.is_lasting()) {
            self.source = Source::Off;
        }
    }
}
