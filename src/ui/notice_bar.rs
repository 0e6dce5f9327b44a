//! Where notices appear.

use crate::{
    i18n::texts,
    session::Notices,
    ui::{flag, text},
};
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
    let silent = flag(move || notices.current().is_none());
    view! {
        <div class="notices" role="status" aria-live="polite">
            <p class="notice" data-notice="event" hidden=silent>{notice}</p>
        </div>
    }
}
