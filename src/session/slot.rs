//! One kind of device of this person.

use crate::platform::{Local, Problem, Track};
use leptos::prelude::*;
use std::any::Any;

/// Where one kind of device stands.
#[derive(Clone, Default)]
pub enum Source {
    /// Not asked for, or released.
    #[default]
    Off,
    /// The browser was asked and has not answered.
    Opening {
        /// Whether this takes the place of a device that was in use.
        replacing: bool,
    },
    /// Open.
    On(Track),
    /// Cannot be used.
    Failed(Problem),
}

impl Source {
    /// Whether it gives something, or did and is about to again.
    pub(super) fn sends(&self) -> bool {
        matches!(self, Self::On(_) | Self::Opening { replacing: true })
    }
}

/// A device that went away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// See [`Device::id`](crate::platform::Device::id).
    pub id: String,
    /// What the system called it.
    pub label: String,
}

/// One kind of device: where it stands and what the person wants of it.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) source: RwSignal<Source>,
    /// Whether the person wants it on: for the microphone "not muted".
    pub(super) wanted: RwSignal<bool>,
    /// The id of the device that the person chose on this machine; empty for the system's choice.
    pub(super) chosen: RwSignal<String>,
    /// Tells an answer of the browser from the answers to earlier requests.
    generation: StoredValue<u64>,
    /// A device that went away and is being replaced.
    pub(super) gone: StoredValue<Option<Gone>>,
    /// Whether the system, or a key of the device, gives nothing of it.
    pub(super) muted: RwSignal<bool>,
    /// Listens for the permission to be given.
    pub(super) permission: StoredValue<Option<Local<Box<dyn Any>>>>,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self {
            source: RwSignal::default(),
            wanted: RwSignal::new(true),
            chosen: RwSignal::default(),
            generation: StoredValue::new(0),
            gone: StoredValue::new(None),
            muted: RwSignal::new(false),
            permission: StoredValue::new(None),
        }
    }

    pub(super) fn begin(self) -> u64 {
        let replacing = self.source.with_untracked(Source::sends);
        self.source.set(Source::Opening { replacing });
        self.next_generation()
    }

    pub(super) fn next_generation(self) -> u64 {
        self.generation.update_value(|generation| *generation += 1);
        self.generation.get_value()
    }

    /// Whether an answer of the browser is still waited for, and the page still there.
    pub(super) fn is_current(self, generation: u64) -> bool {
        self.generation.try_get_value() == Some(generation)
    }

    /// Whether nothing on this page gives it to the person.
    pub(super) fn is_barred(self) -> bool {
        self.source.with_untracked(|source| matches!(source, Source::Failed(p) if p.is_lasting()))
    }

    pub(super) fn is(self, problem: Problem) -> bool {
        self.source.with_untracked(|source| matches!(source, Source::Failed(p) if *p == problem))
    }
}
