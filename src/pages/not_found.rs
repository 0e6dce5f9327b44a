//! The page for an unknown address.

use crate::{i18n::texts, ui::Brand};
use leptos::prelude::*;

/// Says that the page does not exist, with a link to the home page.
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
