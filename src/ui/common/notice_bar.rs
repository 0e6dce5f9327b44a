//! Where notices appear.

use crate::{
    i18n::texts,
    notices::Notices,
    reactive::{boxed_bool, boxed_str, boxed_text, click},
};
use leptos::prelude::*;

/// A live region with the latest event, and the latest offer with its action.
#[component]
pub fn NoticeBar(
    /// What to show.
    notices: Notices,
) -> impl IntoView {
    let t = texts();
    let opens_tab = boxed_bool(move || notices.label().is_none() && !notices.offered().is_empty());
    view! {
        <div class="notices" role="status" aria-live="polite">
            <p class="notice" data-notice="event" hidden=boxed_bool(move || notices.event().is_empty())>
                {boxed_text(move || notices.event())}
            </p>
            <div class="notice" data-notice="offer" hidden=boxed_bool(move || notices.offered().is_empty())>
                <p>{boxed_text(move || notices.offered())}</p>
                // The address of a room's page is the link to it.
                {move || opens_tab.get().then(|| view! {
                    <a class="button small" href="" target="_blank">{t.open_in_tab}</a>
                })}
                <button class="button small" hidden=opens_tab on:click=click(move |_| notices.accept())>
                    {boxed_str(move || notices.label().unwrap_or_default())}
                </button>
            </div>
        </div>
    }
}
