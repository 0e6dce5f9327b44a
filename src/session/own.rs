//! What this person typed and pressed, apart from their devices.

use leptos::prelude::*;

/// What this person typed and pressed. Cheap to copy.
#[derive(Clone, Copy, Default)]
pub struct OwnState {
    /// Their name, as typed.
    pub name: RwSignal<String>,
    /// The passcode, as typed.
    pub passcode: RwSignal<String>,
    /// Whether they have raised a hand.
    pub hand: RwSignal<bool>,
    /// Whether they are a host only until the page is reloaded.
    pub host_for_now: RwSignal<bool>,
    /// Whether the page is in the background.
    pub(super) hidden: RwSignal<bool>,
}
