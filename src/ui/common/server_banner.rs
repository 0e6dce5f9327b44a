//! The banner on a room's page while the server, or everything, is unreachable.

use crate::{
    call::{Contact, Phase},
    i18n::texts,
    reactive::{boxed_bool, boxed_str, click},
    session::Session,
    ui::Show,
};
use leptos::prelude::*;

/// A thin banner, hidden while all is well.
#[component]
pub fn ServerBanner() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let contact = Memo::new(move |_| session.view.with(|view| view.contact));
    let inside = move || {
        session
            .view
            .with(|view| matches!(view.phase, Phase::InCall { .. }) && !view.tiles.is_empty())
    };
    let fine = boxed_bool(move || contact.get() == Contact::Fine);
    let said = boxed_str(move || match contact.get() {
        contact @ Contact::Lost { .. } => match session.connectivity.barriers.found.get() {
            Some(barrier) => (t.barrier)(&barrier),
            None => (t.contact)(contact, inside()),
        },
        contact => (t.contact)(contact, inside()),
    });
    let long = move || {
        matches!(contact.get(), Contact::Lost { long: true } | Contact::Offline { long: true })
    };
    view! {
        <div role="status">
            <div class="banner" data-notice="server" hidden=fine>
                <span>{said}</span>
                <Show when=boxed_bool(long)>
                    <button class="button small" on:click=click(move |_| session.reconnect_now())>{t.try_now}</button>
                </Show>
            </div>
        </div>
    }
}
