//! Recording on this device. This module is loaded with the call; the rest is fetched with the
//! panels: the [`driver`] runs the life cycle of a recording, the [`recorder`] makes it, and the
//! [`library`] keeps it.

mod driver;
mod library;
mod recorder;

pub use crate::recording::Stage;
use crate::{
    layout::Spotlight,
    platform::{Local, local_storage},
    protocol::Presence,
    recording::{RecordingProblem, lifecycle::Input},
};
use leptos::prelude::*;
pub use library::{delete_recording, save_recording, stored_recordings};
use std::rc::Rc;

/// Not empty while there are recordings on this device: spares most visits a look into its files.
const KEPT_KEY: &str = "salon.recordings";

/// Takes inputs. What does is not named here, so that its code is not loaded with the call.
type Handler = Rc<dyn Fn(Input)>;

/// The texts in a recording, in the language of the page.
#[derive(Clone, Copy)]
pub struct Labels {
    /// The name of a person, also of one who gave none.
    pub name: fn(Presence) -> String,
    /// The name of a screen that somebody of this name shares.
    pub screen_of: fn(&str) -> String,
}

/// What this person records. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Recording {
    /// The stage of the recording.
    pub stage: RwSignal<Stage>,
    /// Whether everybody gets a file of their own, beside the common one.
    pub separate: RwSignal<bool>,
    /// Why the last recording did not begin, or why it ended.
    pub problem: RwSignal<Option<RecordingProblem>>,
    /// Who is in the spotlight on this person's stage.
    pub spotlight: RwSignal<Spotlight>,
    /// Counts the changes of the recordings on this device.
    pub changes: RwSignal<u32>,
    /// The owner of what lives as long as the page of the room.
    page: StoredValue<Option<Owner>>,
    /// What takes inputs, once there was a recording.
    driver: StoredValue<Option<Local<Handler>>>,
}

impl Recording {
    pub(super) fn new() -> Self {
        Self {
            stage: RwSignal::default(),
            separate: RwSignal::new(false),
            problem: RwSignal::default(),
            spotlight: RwSignal::default(),
            changes: RwSignal::new(0),
            page: StoredValue::new(None),
            driver: StoredValue::new(None),
        }
    }

    pub(super) fn start(self) {
        self.page.set_value(Owner::current());
    }

    /// Whether the others are told of the recording.
    #[must_use]
    pub fn is_announced(self) -> bool {
        matches!(self.stage.get(), Stage::Counting(_) | Stage::Running { .. })
    }
}

/// Whether there may be recordings on this device.
#[must_use]
pub fn may_have_recordings() -> bool {
    local_storage::get(KEPT_KEY).is_some_and(|kept| !kept.is_empty())
}
