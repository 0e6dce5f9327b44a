//! People: their picture, or their initials, and how they are.

use crate::{
    call::{Link, PeerKey},
    i18n::texts,
    protocol::{DisplayName, Presence},
    session::Session,
    ui::{Icon, icons, video::Video},
};
use leptos::prelude::*;

/// One other person.
#[component]
pub fn Tile(
    /// Whose connection. The attribute `key` is taken by Leptos.
    key: PeerKey,
) -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let tile = Memo::new(move |_| {
        session.view.with(|view| view.tiles.iter().find(|tile| tile.key == key).cloned())
    });
    let presence = Signal::derive(move || {
        tile.with(|tile| tile.as_ref().map(|tile| tile.presence.clone()).unwrap_or_default())
    });
    let link = Memo::new(move |_| tile.with(|tile| tile.as_ref().map_or(Link::New, |t| t.link)));
    let stream = Signal::derive(move || {
        let mine = |(other, _): &&(PeerKey, _)| *other == key;
        session.streams.with(|all| all.iter().find(mine).map(|(_, stream)| stream.clone()))
    });
    let blocked = Callback::new(move |()| session.sound_blocked.set(true));
    view! {
        <article
            class="tile"
            class:no-picture=move || !presence.get().camera || matches!(link.get(), Link::New | Link::Connecting)
            data-tile="remote"
            data-peer=key.id.to_string()
            data-link=move || link_name(link.get())
            data-mic=move || on_off(presence.get().mic)
            data-camera=move || on_off(presence.get().camera)
        >
            <Video
                stream
                speaker=session.media.speaker
                gestures=session.sound_gestures
                on_blocked=blocked
            />
            <Initials presence />
            <p class="link-state">
                {move || (link.get() != Link::Connected).then(|| (t.link)(link.get()))}
            </p>
            <NamePlate presence />
        </article>
    }
}

/// The person themselves, mirrored.
#[component]
pub fn SelfTile() -> impl IntoView {
    let session = expect_context::<Session>();
    let t = texts();
    let presence = Signal::derive(move || {
        let presence = session.view.with(|view| view.presence.clone());
        match presence.name.is_empty() {
            true => Presence { name: DisplayName::from(t.you), ..presence },
            false => presence,
        }
    });
    let picture = Signal::derive(move || session.media.own_picture());
    view! {
        <article
            class="tile self"
            class:no-picture=move || !presence.get().camera
            data-tile="self"
            aria-label=t.you
        >
            <div class="mirror"><Video stream=picture muted=true /></div>
            <Initials presence />
            <NamePlate presence />
        </article>
    }
}

/// Stands where no picture is.
#[component]
fn Initials(presence: Signal<Presence>) -> impl IntoView {
    let initials = Memo::new(move |_| {
        let initials = presence.with(|presence| presence.name.initials());
        if initials.is_empty() { "?".to_owned() } else { initials }
    });
    view! { <span class="initials" aria-hidden="true">{move || initials.get()}</span> }
}

#[component]
fn NamePlate(presence: Signal<Presence>) -> impl IntoView {
    let t = texts();
    let name = Memo::new(move |_| {
        presence.with(|presence| match presence.name.is_empty() {
            true => t.unnamed.to_owned(),
            false => presence.name.as_str().to_owned(),
        })
    });
    view! {
        <p class="name-plate">
            <Show when=move || !presence.get().mic>
                <span class="muted-mark" role="img" aria-label=t.muted>
                    <Icon paths=icons::MICROPHONE_OFF />
                </span>
            </Show>
            <span class="name">{move || name.get()}</span>
        </p>
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn link_name(link: Link) -> &'static str {
    match link {
        Link::New => "new",
        Link::Connecting => "connecting",
        Link::Connected => "connected",
        Link::Reconnecting => "reconnecting",
        Link::Failed => "failed",
    }
}
