//! Recording on this device. Here is what everybody needs to know of it; the rest is the [`crew`]'s,
//! whose code is fetched with the panels.

mod crew;
mod shelf;

use crate::{call::places::Emphasis, platform, recording::RecordingProblem};
use leptos::prelude::*;
pub use shelf::{delete, kept, save};
use std::time::Duration;

/// There once something was recorded on this device, until nothing is kept any more.
const KEPT_KEY: &str = "salon.recordings";

/// How far a recording is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// There is none.
    #[default]
    Off,
    /// The others have been told, and it begins in so many seconds.
    Counting(u8),
    /// It goes on.
    Running {
        /// Since when.
        since: Duration,
    },
    /// Nothing is recorded any more; the last of it is written.
    Finishing,
}

/// What this person records. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Recording {
    /// How far it is.
    pub stage: RwSignal<Stage>,
    /// Whether everybody gets a file of their own, beside that of all.
    pub separate: RwSignal<bool>,
    /// Why there is none, or why it ended.
    pub problem: RwSignal<Option<RecordingProblem>>,
    /// Who is large on the stage of who records.
    pub emphasis: RwSignal<Emphasis>,
    /// Counts the changes of what is kept.
    pub changes: RwSignal<u32>,
    /// What lives as long as the page of the room, and what as long as the recording.
    page: StoredValue<Option<Owner>>,
    current: StoredValue<Option<Owner>>,
}

impl Recording {
    pub(super) fn new() -> Self {
        Self {
            stage: RwSignal::default(),
            separate: RwSignal::new(false),
            problem: RwSignal::default(),
            emphasis: RwSignal::default(),
            changes: RwSignal::new(0),
            page: StoredValue::new(None),
            current: StoredValue::new(None),
        }
    }

    pub(super) fn start(self) {
        self.page.set_value(Owner::current());
    }

    /// Whether the others are told of it.
    #[must_use]
    pub fn is_announced(self) -> bool {
        matches!(self.stage.get(), Stage::Counting(_) | Stage::Running { .. })
    }

    /// Ends it, or does not begin it.
    pub fn stop(self) {
        match self.stage.get_untracked() {
            Stage::Counting(_) => self.stage.set(Stage::Off),
            Stage::Running { .. } => self.stage.set(Stage::Finishing),
            Stage::Off | Stage::Finishing => {}
        }
    }
}

/// Whether recordings may be kept on this device.
#[must_use]
pub fn may_have_recordings() -> bool {
    platform::load(KEPT_KEY).is_some_and(|kept| !kept.is_empty())
}
