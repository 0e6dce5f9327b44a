//! A switch.

use crate::reactive::{boxed_str, click};
use leptos::prelude::*;

/// Something that is on or off. It shows what is so, not what was pressed.
#[component]
pub(in crate::ui) fn Toggle(
    /// What.
    label: &'static str,
    /// Whether it is on.
    #[prop(into)]
    on: Signal<bool>,
    /// Called with what it should be.
    set: Callback<bool>,
    /// Whether it cannot be switched now.
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
