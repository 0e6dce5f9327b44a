//! The banner on a room's page while the server, or everything, is unreachable.

use crate::{
    call::ServerStatus,
    i18n::{call_texts, texts},
    reactive::{boxed_bool, boxed_str, click},
    session::Session,
    ui::Show,
};
use leptos::prelude::*;

/// A thin banner, hidden while all is well.
#[component]
pub fn ServerBanner() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let status = Memo::new(move |_| session.view.with(|view| view.server));
    let inside =
        move || session.view.with(|view| view.admission.is_in_call() && !view.tiles.is_empty());
    let fine = boxed_bool(move || status.get() == ServerStatus::Reachable);
    let said = boxed_str(move || match status.get() {
        status @ ServerStatus::Unreachable { .. } => {
            match session.connectivity.barriers.found.get() {
                Some(barrier) => (t.barrier)(&barrier),
                None => (t.server_status)(status, inside()),
            }
        }
        status => (t.server_status)(status, inside()),
    });
    let long = move || {
        matches!(
            status.get(),
            ServerStatus::Unreachable { long: true } | ServerStatus::Offline { long: true }
        )
    };
    view! {
        <div role="status">
            <div class="banner" data-notice="server" hidden=fine>
                <span>{said}</span>
                <Show when=boxed_bool(long)>
                    <button class="button small" on:click=click(move |_| session.reconnect_now())>{texts().try_now}</button>
                </Show>
            </div>
        </div>
    }
}
