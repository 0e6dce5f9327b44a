//! Where notices appear.

use crate::{
    i18n::texts,
    session::{Notice, Notices},
    ui::{flag, text, word},
};
use leptos::prelude::*;

/// A live region with the latest notice, and what it offers to do.
#[component]
pub fn NoticeBar(
    /// What to show.
    notices: Notices,
) -> impl IntoView {
    let t = texts();
    let notice =
        text(move || notices.current().map(|notice| (t.notice)(&notice)).unwrap_or_default());
    let silent = flag(move || notices.current().is_none());
    let offers = flag(move || notices.current().is_some_and(|notice| notice.offers()));
    let offer = word(move || match notices.current() {
        Some(Notice::Replaced { .. }) => t.undo,
        _ => t.use_it,
    });
    view! {
        <div class="notices" role="status" aria-live="polite">
            <div class="notice" data-notice="event" hidden=silent>
                <p>{notice}</p>
                <Show when=move || offers.get()>
                    <button class="button small" on:click=move |_| notices.accept()>{offer}</button>
                </Show>
            </div>
        </div>
    }
}
