//! What stands on a room's page while the server cannot be reached.

use crate::{i18n::texts, session::Session, ui::word};
use leptos::prelude::*;

/// A thin banner, empty while all is well.
#[component]
pub fn ServerBanner() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let lost = word(move || if session.view.get().signalling { "" } else { t.server_lost });
    view! {
        <div class="banner" role="status" data-notice="server">
            {lost}
        </div>
    }
}
