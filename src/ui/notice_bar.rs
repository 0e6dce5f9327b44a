//! Where notices appear.

use crate::{i18n::texts, session::Notices, ui::text};
use leptos::prelude::*;

/// A live region with the latest notice.
#[component]
pub fn NoticeBar(
    /// What to show.
    notices: Notices,
) -> impl IntoView {
    let t = texts();
    let notice =
        text(move || notices.current().map(|notice| (t.notice)(&notice)).unwrap_or_default());
    view! {
        <div class="notices" role="status" aria-live="polite">
            <p class="notice" data-notice="event">{notice}</p>
        </div>
    }
}
