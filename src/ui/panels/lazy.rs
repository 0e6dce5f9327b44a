//! What nobody needs to join a call, panels above all: its code is a file of its own, fetched in a quiet moment
//! of the lobby or the call, or when a panel is opened before that.

use super::{chat_panel::ChatPanel, more_panel::MorePanel, people_panel::PeoplePanel};
use crate::{
    i18n::texts,
    platform::{self, Local},
    reactive::effect,
    session::{Session, may_have_recordings},
    ui::{
        Show, common::panel::Panel, connection::connection_test::ConnectionTest,
        devices::settings::Settings, recording::recordings::Recordings,
    },
};
use leptos::prelude::*;

/// Which panel.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::ui) enum Lazy {
    People,
    Chat,
    More,
}

part! {
    panels, fetched by fetch;
    fn people(close: Callback<()>) => view! { <PeoplePanel close /> };
    fn chat(close: Callback<()>) => view! { <ChatPanel close /> };
    fn more(close: Callback<()>) => view! { <MorePanel close /> };
    fn settings() => view! { <Settings /> };
    fn connection_test() => view! { <ConnectionTest /> };
    fn recordings() => view! { <Recordings /> };
}

/// The recordings on this device, if there may be any, as soon as their code is there.
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

/// The test of the connection, as soon as its code is there; nobody misses it before.
#[component]
pub fn LazyTest() -> impl IntoView {
    Suspend::new(Local::new(async { connection_test().await.unwrap_or_else(|_| ().into_any()) }))
}

/// What the browser does to sound and picture, as soon as its code is there.
#[component]
pub(in crate::ui) fn LazySettings() -> impl IntoView {
    Suspend::new(Local::new(async { settings().await.unwrap_or_else(|_| ().into_any()) }))
}

/// Fetches what the panels need before it is asked for.
pub(in crate::ui) fn prefetch() {
    platform::spawn_local(async {
        // It is tried again when a panel is opened.
        let _ = fetch().await;
    });
}

/// A panel, as soon as its code is there.
#[component]
pub(in crate::ui) fn LazyPanel(
    /// Which.
    panel: Lazy,
    /// Called when it is to be closed.
    close: Callback<()>,
) -> impl IntoView {
    let t = texts();
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
                <p class="quiet">{t.loading}</p>
            </Panel>
        </Show>
        {content}
    }
}
