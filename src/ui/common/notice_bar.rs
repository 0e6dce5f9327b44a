//! Where notices appear.

use crate::{
    i18n::texts,
    reactive::{boxed_bool, boxed_str, boxed_text, click},
    session::{Notice, Notices},
};
use leptos::prelude::*;

/// A live region with the latest event, and the latest offer with its action.
#[component]
pub fn NoticeBar(
    /// What to show.
    notices: Notices,
) -> impl IntoView {
    let t = texts();
    let read = move |notice: Option<Notice>| notice.map(|it| (t.notice)(&it)).unwrap_or_default();
    let accept = boxed_str(move || match notices.offer() {
        Some(Notice::DeviceReplaced { .. }) => t.undo,
        _ => t.use_it,
    });
    let opens_tab = boxed_bool(move || notices.offer().is_some_and(|offer| offer.opens_tab()));
    view! {
        <div class="notices" role="status" aria-live="polite">
            <p class="notice" data-notice="event" hidden=boxed_bool(move || notices.event().is_none())>
                {boxed_text(move || read(notices.event()))}
            </p>
            <div class="notice" data-notice="offer" hidden=boxed_bool(move || notices.offer().is_none())>
                <p>{boxed_text(move || read(notices.offer()))}</p>
                // The address of a room's page is the link to it.
                {move || opens_tab.get().then(|| view! {
                    <a class="button small" href="" target="_blank">{t.open_in_tab}</a>
                })}
                <button class="button small" hidden=opens_tab on:click=click(move |_| notices.accept())>{accept}</button>
            </div>
        </div>
    }
}
