//! One of several choices that exclude each other.

use leptos::prelude::*;

/// A radio button with its label.
#[component]
pub(in crate::ui) fn RadioOption(
    /// Names the choices that exclude each other.
    group: &'static str,
    /// What this one is called.
    label: &'static str,
    /// Whether it is the one that holds.
    chosen: Signal<bool>,
    /// Called when it is chosen.
    choose: Callback<()>,
) -> impl IntoView {
    view! {
        <label class="option">
            <input type="radio" name=group prop:checked=chosen on:change=move |_| choose.run(()) />
            <span>{label}</span>
        </label>
    }
}
