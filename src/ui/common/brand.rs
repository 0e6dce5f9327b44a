//! The mark.

use leptos::prelude::*;

/// Salon's mark, a link to the start page.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/" rel="external" aria-label="Salon">
            // Its size without a style sheet.
            <svg width="32" height="32" viewBox="0 0 32 32" aria-hidden="true">
                <path class="seat" d="M6 8a4 4 0 0 1 4-4h12a4 4 0 0 1 4 4v8H6z" />
                <path class="light" d="M4 14a3 3 0 0 1 3 3v4h18v-4a3 3 0 1 1 6 0v7a4 4 0 0 1-4 4H5a4 4 0 0 1-4-4v-7a3 3 0 0 1 3-3z" />
            </svg>
        </a>
    }
}
