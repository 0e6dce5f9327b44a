//! One of several exclusive choices.

use leptos::prelude::*;

/// A radio button with its label.
#[component]
pub(in crate::ui) fn RadioOption(
    /// Name of the group of exclusive choices.
    group: &'static str,
    /// Its label.
    label: &'static str,
    /// Whether it is selected.
    chosen: Signal<bool>,
    /// Called when it is selected.
    choose: Callback<()>,
) -> impl IntoView {
    view! {
        <label class="option">
            <input type="radio" name=group prop:checked=chosen on:change=move |_| choose.run(()) />
            <span>{label}</span>
        </label>
    }
}
