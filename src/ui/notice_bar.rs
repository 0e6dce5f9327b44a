//! Where notices appear.

use crate::{i18n::texts, session::Notices};
use leptos::prelude::*;

/// A live region with the latest notice.
#[component]
pub fn NoticeBar(
    /// What to show.
    notices: Notices,
) -> impl IntoView {
    let t = texts();
    let notice = move || notices.current().map(|notice| (t.notice)(&notice));
    view! {
        <div class="notices" role="status" aria-live="polite">
            <p class="notice" data-notice="event">{notice}</p>
        </div>
    }
}
