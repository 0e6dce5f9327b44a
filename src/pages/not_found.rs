//! What an unknown address shows.

use crate::{i18n::texts, ui::Brand};
use leptos::prelude::*;

/// Says that there is nothing here, and the way to the start page.
#[component]
pub fn NotFound() -> impl IntoView {
    let t = texts();
    view! {
        <main class="page center" data-phase="not-found">
            <Brand />
            <h1>{t.not_found}</h1>
            <p class="quiet">{t.not_found_hint}</p>
            <a class="button primary" href="/" rel="external">{t.to_start}</a>
        </main>
    }
}
