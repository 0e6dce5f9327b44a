//! A switch.

use crate::reactive::{boxed_str, click};
use leptos::prelude::*;

/// Something that is on or off. It shows the actual state, not the last press.
#[component]
pub(in crate::ui) fn Toggle(
    /// Its label.
    label: &'static str,
    /// Whether it is on.
    #[prop(into)]
    on: Signal<bool>,
    /// Called with the new value.
    set: Callback<bool>,
    /// Whether it is disabled.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    view! {
        <button
            class="toggle"
            role="switch"
            aria-checked=boxed_str(move || if on.get() { "true" } else { "false" })
            disabled=disabled
            on:click=click(move |_| set.run(!on.get_untracked()))
        >
            <span>{label}</span>
            <span class="knob" aria-hidden="true"></span>
        </button>
    }
}
