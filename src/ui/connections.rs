//! From the list of people to the connection to one of them, and back.

use super::{connection_panel::ConnectionPanel, people_panel::Everybody};
use crate::{
    i18n::statistics_texts,
    platform,
    protocol::{DisplayName, PeerId},
    reactive::{click, effect, text},
    session::Session,
    ui::{Icon, icons},
};
use leptos::{either::Either, html, prelude::*};

/// The people, or the connection to one of them.
#[component]
pub(super) fn PeoplePanel(close: Callback<()>) -> impl IntoView {
    let session = expect_context::<Session>();
    let looked_at = LookedAt::default();
    provide_context(looked_at);
    let shown = Memo::new(move |_| {
        looked_at.now.get().filter(|id| session.view.with(|view| view.has(*id)))
    });
    let back = Callback::new(move |()| {
        looked_at.before.set_value(looked_at.now.get_untracked());
        looked_at.now.set(None);
    });
    move || match shown.get() {
        Some(id) => Either::Left(view! { <ConnectionPanel id back close /> }),
        None => Either::Right(view! { <Everybody close /> }),
    }
}

/// To whom the connection is shown, and was shown before: there the focus returns.
#[derive(Clone, Copy, Default)]
struct LookedAt {
    now: RwSignal<Option<PeerId>>,
    before: StoredValue<Option<PeerId>>,
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
            aria-label=text(move || (t.connection_to)(&name.get()))
            on:click=click(move |_| now.set(Some(id)))
        >
            <Icon paths=icons::GRAPH />
            {t.connection}
        </button>
    }
}
