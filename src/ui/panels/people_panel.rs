//! The participants, and a host's actions on them.

use super::{
    connection_button::{ConnectionButton, LookedAt},
    host_tools::HostTools,
    lock::Lock,
    volume::VolumeOf,
};
use crate::{
    i18n::{call_texts, shown_name, texts},
    protocol::{HostAction, PeerId, TrackSource},
    reactive::{boxed_bool, boxed_str, boxed_text, click},
    session::Session,
    ui::{Icon, Show, common::panel::Panel, connection::connection_panel::ConnectionPanel, icons},
};
use leptos::{either::Either, prelude::*};

/// The people, or the connection to one of them.
#[component]
pub(super) fn PeoplePanel(close: Callback<()>) -> impl IntoView {
    let session = expect_context::<Session>();
    let looked_at = LookedAt::default();
    provide_context(looked_at);
    let shown = Memo::new(move |_| {
        looked_at.now.get().filter(|id| session.view.with(|view| view.has(*id)))
    });
    let back = Callback::new(move |()| {
        looked_at.before.set_value(looked_at.now.get_untracked());
        looked_at.now.set(None);
    });
    move || match shown.get() {
        Some(id) => Either::Left(view! { <ConnectionPanel id back close /> }),
        None => Either::Right(view! { <Everybody close /> }),
    }
}

/// The participants, and for hosts the room settings.
#[component]
fn Everybody(close: Callback<()>) -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let hosting = boxed_bool(move || session.view.with(|view| view.hosting.is_host));
    let others = Memo::new(move |_| {
        session.view.with(|view| view.tiles.iter().map(|tile| tile.key.id).collect::<Vec<_>>())
    });
    let count = move || others.get().len() + 1;
    view! {
        <Panel name=boxed_text(move || (t.people)(count())) close>
            <button class="button" on:click=click(move |_| session.lobby.room.copy_link())>
                <Icon paths=icons::LINK />
                {texts().copy_link}
            </button>
            <ul class="people">
                <li class="person">
                    <span class="name">{t.you}</span>
                    <span class="tag" hidden=boxed_bool(move || !hosting.get())>{t.host}</span>
                </li>
                <For each=move || others.get() key=|id| *id let:id>
                    <PersonRow id hosting />
                </For>
            </ul>
            <p class="quiet" hidden=hosting>{boxed_str(move || session.view.with(|view| (t.settings)(&view.hosting.settings)))}</p>
            <Show when=hosting>
                <HostTools />
            </Show>
        </Panel>
    }
}

#[component]
fn PersonRow(id: PeerId, hosting: Signal<bool>) -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let tile = Memo::new(move |_| session.tile(id));
    let presence = Memo::new(move |_| tile.get().map(|tile| tile.presence).unwrap_or_default());
    let name = Signal::derive(move || presence.get().name);
    let path = Signal::derive(move || tile.with(|tile| tile.as_ref().and_then(|tile| tile.path)));
    let fingerprints = Signal::derive(move || {
        tile.with(|tile| tile.as_ref().and_then(|tile| tile.fingerprints.clone()))
    });
    let is_host =
        boxed_bool(move || session.view.with(|view| view.hosting.settings.hosts.contains(&id)));
    let act = move |action: HostAction| session.act(action);
    let mute = move |what| act(HostAction::Mute { to: id, what });
    view! {
        <li class="person">
            <span class="name">{boxed_text(move || shown_name(presence.get()))}</span>
            <span class="tag" hidden=boxed_bool(move || !is_host.get())>{t.host}</span>
            <ConnectionButton id name />
            <Show when=hosting>
                <details>
                    <summary class="control small" aria-label=boxed_text(move || (t.more)(&presence.get().name))>
                        <Icon paths=icons::MORE />
                    </summary>
                    <div class="row">
                        <button
                            class="button small"
                            disabled=boxed_bool(move || !presence.get().mic)
                            on:click=click(move |_| mute(TrackSource::Microphone))
                        >
                            {t.mute_person}
                        </button>
                        <button
                            class="button small"
                            disabled=boxed_bool(move || !presence.get().camera)
                            on:click=click(move |_| mute(TrackSource::Camera))
                        >
                            {t.stop_camera}
                        </button>
                        <button class="button small" on:click=click(move |_| act(HostAction::TransferHost { to: id }))>
                            {t.make_host}
                        </button>
                        <button class="button small danger" on:click=click(move |_| act(HostAction::Remove { to: id }))>
                            {t.remove}
                        </button>
                    </div>
                </details>
            </Show>
            <VolumeOf id name />
            <Lock name path fingerprints />
        </li>
    }
}
