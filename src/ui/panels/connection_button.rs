//! The button that leads from the list of people to the connection to one of them.

use crate::{
    i18n::statistics_texts,
    platform,
    protocol::{DisplayName, PeerId},
    reactive::{boxed_text, click, effect},
    ui::{Icon, icons},
};
use leptos::{html, prelude::*};

/// The person whose connection is shown, and the previous one, to which the focus returns.
#[derive(Clone, Copy, Default)]
pub(super) struct LookedAt {
    pub(super) now: RwSignal<Option<PeerId>>,
    pub(super) before: StoredValue<Option<PeerId>>,
}

/// Leads to the connection to one person.
#[component]
pub(super) fn ConnectionButton(id: PeerId, name: Signal<DisplayName>) -> impl IntoView {
    let t = statistics_texts();
    let LookedAt { now, before } = expect_context();
    let button = NodeRef::<html::Button>::new();
    effect(move || {
        if let Some(button) = button.get()
            && before.get_value() == Some(id)
        {
            before.set_value(None);
            platform::focus(&button);
        }
    });
    view! {
        <button
            class="button small"
            node_ref=button
            aria-label=boxed_text(move || (t.connection_to)(&name.get()))
            on:click=click(move |_| now.set(Some(id)))
        >
            <Icon paths=icons::GRAPH />
            {t.connection}
        </button>
    }
}
