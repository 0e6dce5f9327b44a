//! The document around the pages. It lives on the server so that none of it is downloaded as code.

use crate::{
    app::App,
    i18n::texts,
    protocol::{Boot, Page},
};
use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};

/// The HTML document, as the server sends it.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let t = texts();
    let boot = use_context::<Boot>().unwrap_or_default();
    let description = match boot.page {
        Page::Home { .. } => Some(t.home_description),
        // Neither its name nor who is inside: who is sent a link may see this beside it.
        Page::Room { .. } => Some(t.room_description),
        Page::NotFound => None,
    };
    let boot = serde_json::to_string(&boot).unwrap_or_default();
    view! {
        <!DOCTYPE html>
        <html lang="en" translate="no" data-boot=boot>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content" />
                <meta name="color-scheme" content="dark" />
                <meta name="theme-color" content="#14171c" />
                // Translators put elements in the place of texts that the app changes.
                <meta name="google" content="notranslate" />
                <title>"Salon"</title>
                {description.map(|text| view! { <meta name="description" content=text /> })}
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href="/pkg/salon.css" />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <script nonce=use_nonce()>{EARLY_PRESSES}</script>
            </head>
            <body>
                <App />
                <aside id="crashed" class="crashed" role="alert" hidden>
                    <p>{t.crashed}</p>
                    <a class="button primary" href="">{t.reload}</a>
                </aside>
            </body>
        </html>
    }
}

/// Before the app has taken the page over, pressing Join would load the page anew. Instead the
/// press is remembered, and counts as soon as the app is there.
const EARLY_PRESSES: &str = "addEventListener('submit',e=>{let d=e.target.dataset;\
    if(d.early){e.preventDefault();d.pressed=1}})";
