//! The pin on a tile.

use super::layout_state::LayoutState;
use crate::{
    i18n::call_texts,
    layout::Item,
    reactive::{boxed_bool, boxed_str, boxed_text, click},
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
    let t = call_texts();
    let layout_state = expect_context::<LayoutState>();
    let pinned = boxed_bool(move || layout_state.pinned.get() == Some(item));
    let label = boxed_text(move || (t.pin)(&name.get()));
    view! {
        <button
            class="control small pin"
            class:on=pinned
            aria-label=label
            title=label
            aria-pressed=boxed_str(move || if pinned.get() { "true" } else { "false" })
            hidden=boxed_bool(move || layout_state.page.with(|page| page.items.len()) < 2)
            on:click=click(move |_| layout_state.pin(item))
        >
            <Icon paths=icons::PIN />
        </button>
    }
}
