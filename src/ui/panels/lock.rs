//! The protection of a connection, and how to verify it.

use crate::{
    call::Path,
    i18n::call_texts,
    platform,
    protocol::{DisplayName, RoomName},
    reactive::{boxed_bool, boxed_str, boxed_text, effect},
    ui::{Icon, icons},
};
use leptos::prelude::*;
use std::sync::Arc;

/// The path to a person, and a code that both can compare.
#[component]
pub(super) fn Lock(
    /// Their name.
    name: Signal<DisplayName>,
    /// The path in use.
    path: Signal<Option<Path>>,
    /// The value that both sides of the connection share.
    fingerprints: Signal<Option<Arc<str>>>,
) -> impl IntoView {
    let t = call_texts();
    let shown = Memo::new(move |_| fingerprints.get());
    // Empty until it is computed; `None` where it cannot be.
    let code = RwSignal::new(Some(String::new()));
    effect(move || {
        let fingerprints = shown.get();
        code.set(Some(String::new()));
        platform::spawn_local(async move {
            let bits = match &fingerprints {
                Some(fingerprints) => platform::safety_code(fingerprints).await,
                None => None,
            };
            // The connection may have been replaced in the meantime.
            if shown.try_get_untracked() == Some(fingerprints) {
                code.set(bits.map(|bits| RoomName::from_random(bits).to_string()));
            }
        });
    });
    // Browsers connect to the fingerprints in their descriptions: a change means that someone
    // tampers with them.
    let is_forwarded = move || path.get() == Some(Path::Server);
    let unsure = boxed_bool(move || fingerprints.with(Option::is_none) && !is_forwarded());
    let sentence = boxed_text(move || match code.get() {
        _ if is_forwarded() => t.forwarded_why.to_owned(),
        _ if unsure.get() => t.unsure_why.to_owned(),
        None => t.no_code.to_owned(),
        Some(code) if code.is_empty() => String::new(),
        Some(_) => (t.compare)(&name.get()),
    });
    view! {
        <details class="lock" class:unsure=unsure hidden=boxed_bool(move || path.get().is_none())>
            <summary>
                <Icon paths=icons::LOCK />
                {boxed_str(move || match path.get() {
                    Some(_) if unsure.get() => t.unsure,
                    path => path.map(t.path).unwrap_or_default(),
                })}
            </summary>
            <p class="code" data-code="">{boxed_text(move || code.get().unwrap_or_default())}</p>
            <p class="quiet">{sentence}</p>
        </details>
    }
}
