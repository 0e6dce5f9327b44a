//! The HTML document around the pages. It is server code, so that browsers do not download it as code.

use crate::{
    app::App,
    i18n::{start_texts, texts},
    protocol::{Boot, Page, json},
    server::site::FileNames,
};
use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};
use std::sync::LazyLock;

/// Renders the HTML document around the app, whose files have these names.
pub(super) fn shell(options: LeptosOptions, names: &FileNames) -> impl IntoView + use<> {
    let (t, start) = (texts(), start_texts());
    let start_data = serde_json::to_string(start).unwrap_or_default();
    let boot = use_context::<Boot>().unwrap_or_default();
    let (title, description) = match boot.page {
        Page::Home { .. } => (t.tagline, Some(t.home_description)),
        // Link previews show both, so they contain neither the name of the room nor the participants.
        Page::Room { .. } => (t.room_title, Some(t.room_description)),
        Page::NotFound => (t.not_found, None),
    };
    let title = format!("{title} · Salon");
    // Number of path segments, which is unknown for a page that was not found.
    let depth = match boot.page {
        Page::Home { .. } => Some("0"),
        Page::Room { .. } => Some("2"),
        Page::NotFound => None,
    };
    let boot = json::to_string(&boot);
    let build = names.build().map(ToOwned::to_owned);
    let url = |file: &str| format!("/{}", names.path(file));
    let [script, app] = [url("pkg/salon.js"), url("pkg/salon.wasm")];
    // Before what imports it, so that the last script in the order of the requests is the first to run.
    let parts = build.is_some().then(|| url("pkg/parts.js"));
    // Packing splits it off.
    let call_style = build.is_some().then(|| url("pkg/call.css"));
    // A failed import ends up in `start.js` only if it is dynamic.
    let hydrate = format!(
        "import('{script}').then(async (salon) => {{ \
         await salon.default({{ module_or_path: '{app}' }}); salon.hydrate(); }})"
    );
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            translate="no"
            data-boot=boot
            data-build=build
            data-recorder=url("recorder.js")
            data-call-style=call_style
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content" />
                <meta name="color-scheme" content="dark" />
                <meta name="theme-color" content="#14171c" />
                // Page translation replaces text nodes that the app updates.
                <meta name="google" content="notranslate" />
                // A text node would be followed by a marker, which browsers show as part of the title.
                <title inner_html=title></title>
                {description.map(|text| view! { <meta name="description" content=text /> })}
                <link rel="icon" href=url("favicon.svg") type="image/svg+xml" />
                <link rel="stylesheet" href=url("pkg/salon.css") />
                <AutoReload options />
                {parts.map(|url| view! { <link rel="modulepreload" href=url /> })}
                <link rel="modulepreload" href=script />
                <link rel="preload" href=app r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
                <script nonce=use_nonce()>{START.as_str()}</script>
                // Before the app, which runs after it: it watches over what the app requests.
                <script src=url("start.js") defer></script>
                <script type="module" nonce=use_nonce()>{hydrate}</script>
            </head>
            <body>
                <App />
                // The texts are attributes, so that nothing is shown without scripts.
                <aside id="start" role="alert" data-texts=start_data data-depth=depth data-stalled=start.stalled></aside>
            </body>
        </html>
    }
}

/// The inline part of `start.js`, up to its first empty line, without comments and indentation. The rest
/// is loaded as a file.
static START: LazyLock<String> = LazyLock::new(|| {
    let lines = include_str!("../../../public/start.js").lines().map(str::trim);
    let lines = lines.take_while(|line| !line.is_empty());
    lines.filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_script_is_small_and_complete() {
        assert!(START.len() < 3072, "{} bytes", START.len());
        assert!(!START.contains("</script") && !START.contains("<!--"), "it stands in a page");
        let names =
            ["sandbox", "policy", "file", "crash", "wasm", "waiting", "slow", "changed", "updated"];
        for name in names.into_iter().chain(["folder"]) {
            assert!(START.contains(&format!("'{name}'")), "{name}");
        }
        assert!(START.ends_with("})();"), "all of it stands before the first empty line");
    }
}
