//! The pin on a tile.

use super::layout_state::LayoutState;
use crate::{
    i18n::texts,
    layout::Item,
    reactive::{click, flag, text, word},
    ui::{Icon, icons},
};
use leptos::prelude::*;

/// Pins an item, regardless of the active speaker. Absent if there is nothing else on the stage.
#[component]
pub(super) fn Pin(
    /// The item.
    item: Item,
    /// Its name.
    name: Signal<String>,
) -> impl IntoView {
    let t = texts();
    let layout_state = expect_context::<LayoutState>();
    let pinned = flag(move || layout_state.pinned.get() == Some(item));
    let label = text(move || (t.pin)(&name.get()));
    view! {
        <button
            class="control small pin"
            class:on=pinned
            aria-label=label
            title=label
            aria-pressed=word(move || if pinned.get() { "true" } else { "false" })
            hidden=flag(move || layout_state.items.with(Vec::len) < 2)
            on:click=click(move |_| layout_state.pin(item))
        >
            <Icon paths=icons::PIN />
        </button>
    }
}
