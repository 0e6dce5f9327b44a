//! What this person does, apart from their devices.

use leptos::prelude::*;

/// What this person does. Cheap to copy.
#[derive(Clone, Copy, Default)]
pub struct OwnState {
    /// Whether they have raised a hand.
    pub hand: RwSignal<bool>,
    /// Whether the page is in the background.
    pub(super) hidden: RwSignal<bool>,
}
