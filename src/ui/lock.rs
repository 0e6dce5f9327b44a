//! How what somebody says is protected on its way, and how to make sure of it.

use crate::{
    call::Path,
    i18n::texts,
    platform,
    protocol::{DisplayName, RoomName},
    ui::{Icon, flag, icons, text, word},
};
use leptos::prelude::*;
use std::sync::Arc;

/// The way to a person, and a code that both can read to each other.
#[component]
pub(super) fn Lock(
    /// What they are called.
    name: Signal<DisplayName>,
    /// The way that is in use.
    path: Signal<Option<Path>>,
    /// What both sides of the connection know.
    seal: Signal<Option<Arc<str>>>,
) -> impl IntoView {
    let t = texts();
    let shown = Memo::new(move |_| seal.get());
    let code = RwSignal::new(String::new());
    Effect::new(move |_| {
        let seal = shown.get();
        code.set(String::new());
        platform::spawn_local(async move {
            let Some(text) = &seal else { return };
            let bits = platform::short_code(text).await;
            // The connection may have been replaced meanwhile.
            let is_current = shown.try_get_untracked() == Some(seal.clone());
            if let Some(bits) = bits.filter(|_| is_current) {
                code.set(RoomName::from_random(bits).to_string());
            }
        });
    });
    view! {
        <details class="lock" hidden=flag(move || path.get().is_none())>
            <summary>
                <Icon paths=icons::LOCK />
                {word(move || path.get().map(t.path).unwrap_or_default())}
            </summary>
            <p class="code" data-code="">{code}</p>
            <p class="quiet">{text(move || (t.compare)(&name.get()))}</p>
        </details>
    }
}
