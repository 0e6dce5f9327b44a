//! The pin on a tile.

use crate::{
    call::places::Item,
    i18n::texts,
    reactive::{click, flag, text, word},
    ui::{Icon, icons, staging::Staging},
};
use leptos::prelude::*;

/// Shows something large, whoever talks. Absent where there is nothing beside it.
#[component]
pub(super) fn Pin(
    /// What.
    item: Item,
    /// What it is called.
    name: Signal<String>,
) -> impl IntoView {
    let t = texts();
    let staging = expect_context::<Staging>();
    let pinned = flag(move || staging.pinned.get() == Some(item));
    let label = text(move || (t.pin)(&name.get()));
    view! {
        <button
            class="control small pin"
            class:on=pinned
            aria-label=label
            title=label
            aria-pressed=word(move || if pinned.get() { "true" } else { "false" })
            hidden=flag(move || staging.items.with(Vec::len) < 2)
            on:click=click(move |_| staging.pin(item))
        >
            <Icon paths=icons::PIN />
        </button>
    }
}
