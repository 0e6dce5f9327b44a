//! Code that joining does not need, above all panels. It is in a separate file, fetched while the
//! lobby or the call is idle, or earlier when a panel is opened.

use super::{chat_panel::ChatPanel, more_panel::MorePanel, people_panel::PeoplePanel};
use crate::{
    i18n::{call_texts, texts},
    platform::{self, Local},
    reactive::effect,
    session::{Session, may_have_recordings},
    ui::{
        Show, common::panel::Panel, connection::connection_test::ConnectionTest,
        devices::settings::Settings, recording::recordings::Recordings,
    },
};
use leptos::prelude::*;

/// The part to load.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::ui) enum Lazy {
    People,
    Chat,
    More,
}

part! {
    panels, fetched by fetch;

    fn people(close: Callback<()>) -> AnyView => view! { <PeoplePanel close /> }.into_any();
    fn chat(close: Callback<()>) -> AnyView => view! { <ChatPanel close /> }.into_any();
    fn more(close: Callback<()>) -> AnyView => view! { <MorePanel close /> }.into_any();
    fn settings() -> AnyView => view! { <Settings /> }.into_any();
    fn connection_test() -> AnyView => view! { <ConnectionTest /> }.into_any();
    fn recordings() -> AnyView => view! { <Recordings /> }.into_any();
}

/// The recordings on this device, if there may be any, once their code is loaded.
#[component]
pub fn LazyRecordings() -> impl IntoView {
    let changes = use_context::<Session>().map(|session| session.recording.changes);
    let shown = RwSignal::new(false);
    effect(move || {
        changes.iter().for_each(Track::track);
        shown.set(may_have_recordings());
    });
    let load = || Local::new(async { recordings().await.unwrap_or_else(|_| ().into_any()) });
    view! { <Show when=shown>{Suspend::new(load())}</Show> }
}

/// The connection test, once its code is loaded.
#[component]
pub fn LazyTest() -> impl IntoView {
    Suspend::new(Local::new(async { connection_test().await.unwrap_or_else(|_| ().into_any()) }))
}

/// The audio and video settings, once their code is loaded.
#[component]
pub(in crate::ui) fn LazySettings() -> impl IntoView {
    Suspend::new(Local::new(async { settings().await.unwrap_or_else(|_| ().into_any()) }))
}

/// Fetches the panels' code, and the recorder that one of them starts, before they are needed: after an
/// update, the server does not have them any more.
pub(in crate::ui) fn prefetch(failed: impl FnOnce() + 'static) {
    platform::spawn_local(async move {
        if fetch().await.is_err() || !platform::prefetch_recorder().await {
            failed();
        }
    });
}

/// A panel, once its code is loaded.
#[component]
pub(in crate::ui) fn LazyPanel(
    /// The part to load.
    panel: Lazy,
    /// Called when it should close.
    close: Callback<()>,
) -> impl IntoView {
    let t = call_texts();
    let name = match panel {
        Lazy::People => t.stage,
        Lazy::Chat => t.chat,
        Lazy::More => t.more_panel,
    };
    let loading = RwSignal::new(true);
    let content = Suspend::new(Local::new(async move {
        let loaded = match panel {
            Lazy::People => people(close).await,
            Lazy::Chat => chat(close).await,
            Lazy::More => more(close).await,
        };
        let _ = loading.try_set(false);
        loaded.unwrap_or_else(|_| {
            view! {
                <Panel name=t.not_loaded close>
                    <p>{t.not_loaded_hint}</p>
                </Panel>
            }
            .into_any()
        })
    }));
    view! {
        <Show when=loading>
            <Panel name close>
                <p class="quiet">{texts().loading}</p>
            </Panel>
        </Show>
        {content}
    }
}
