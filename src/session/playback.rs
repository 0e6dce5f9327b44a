//! The sound of the others, as far as the browser plays it.

use leptos::prelude::*;

/// Whether sound plays. Cheap to copy.
#[derive(Clone, Copy, Default)]
pub struct Playback {
    /// Whether the browser waits for a gesture before it plays sound.
    pub blocked: RwSignal<bool>,
    /// Counts the gestures that were made for it.
    pub gestures: RwSignal<u32>,
}

impl Playback {
    /// Takes the gesture that the browser waits for.
    pub fn unblock(self) {
        self.blocked.set(false);
        self.gestures.update(|count| *count += 1);
    }
}
