//! What stands on a room's page while the server cannot be reached.

use crate::{i18n::texts, session::Session};
use leptos::prelude::*;

/// A thin banner, empty while all is well.
#[component]
pub fn ServerBanner() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let lost = Memo::new(move |_| session.view.with(|view| !view.signalling));
    view! {
        <div class="banner" role="status" data-notice="server">
            {move || lost.get().then_some(t.server_lost)}
        </div>
    }
}
