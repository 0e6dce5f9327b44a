//! Where notices appear.

use crate::{i18n::texts, session::Session};
use leptos::prelude::*;

/// A live region with the latest notice, and the banner of a lost server.
#[component]
pub fn NoticeBar() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let lost = Memo::new(move |_| session.view.with(|view| !view.signalling));
    let notice = move || session.notices.current().map(|notice| (t.notice)(&notice));
    view! {
        <div class="notices" role="status" aria-live="polite">
            <p class="notice lost" data-notice="server">{move || lost.get().then_some(t.server_lost)}</p>
            <p class="notice" data-notice="event">{notice}</p>
        </div>
    }
}
