//! What stands on a room's page while the server cannot be reached.

use crate::{
    i18n::texts,
    session::Session,
    ui::{flag, word},
};
use leptos::prelude::*;

/// A thin banner, hidden while all is well.
#[component]
pub fn ServerBanner() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let fine = flag(move || session.view.get().signalling);
    view! {
        <div class="banner" role="status" data-notice="server" hidden=fine>
            {word(move || if fine.get() { "" } else { t.server_lost })}
        </div>
    }
}
