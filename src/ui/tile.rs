//! People: their picture, or their initials, and how they are.

use crate::{
    call::{Link, PeerKey},
    i18n::texts,
    platform::Kind,
    protocol::Presence,
    session::Session,
    ui::{
        Icon, flag, icons,
        playback::{Sound, Video},
        text, word,
    },
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
    let tile = move || session.view.get().tiles.into_iter().find(|tile| tile.key == key);
    let presence = Signal::derive(move || tile().map(|tile| tile.presence).unwrap_or_default());
    let link = move || tile().map(|tile| tile.link).unwrap_or_default();
    let stream_of = move |kind| {
        Signal::derive(move || {
            let mine = |(other, _): &&(PeerKey, _)| *other == key;
            session.streams.get().iter().find(mine).and_then(|(_, all)| all.get(kind).cloned())
        })
    };
    let blocked = Callback::new(move |()| session.sound_blocked.set(true));
    view! {
        <article
            class="tile"
            class:no-picture=flag(move || {
                !presence.get().camera || matches!(link(), Link::New | Link::Connecting)
            })data-tile="remote"
            data-peer=key.id.to_string()
            data-link=word(move || link_name(link()))
            data-mic=word(move || on_off(presence.get().mic))
            data-camera=word(move || on_off(presence.get().camera))
        >
            <Video stream=stream_of(Kind::Camera) gestures=session.sound_gestures />
            <Sound
                stream=stream_of(Kind::Microphone)
                speaker=session.media.speaker
                gestures=session.sound_gestures
                on_blocked=blocked
            />
            <Initials presence />
            <p class="link-state" hidden=flag(move || link() == Link::Connected)>
                {word(move || match link() {
                    Link::Connected => "",
                    other => (t.link)(other),
                })}
            </p>
            <NamePlate presence />
        </article>
    }
}

/// Stands where no picture is.
#[component]
pub(super) fn Initials(presence: Signal<Presence>) -> impl IntoView {
    let initials = text(move || {
        let initials = presence.get().name.initials();
        if initials.is_empty() { "?".to_owned() } else { initials }
    });
    view! { <span class="initials" aria-hidden="true">{initials}</span> }
}

#[component]
pub(super) fn NamePlate(presence: Signal<Presence>) -> impl IntoView {
    let t = texts();
    let name = text(move || shown_name(presence.get()));
    view! {
        <p class="name-plate">
            <span
                class="muted-mark"
                role="img"
                aria-label=t.muted
                hidden=flag(move || presence.get().mic)
            >
                <Icon paths=icons::MICROPHONE_OFF />
            </span>
            <span class="name">{name}</span>
        </p>
    }
}

/// What a person is called where they gave no name.
fn shown_name(presence: Presence) -> String {
    match presence.name {
        name if name.is_empty() => texts().unnamed.to_owned(),
        name => name.as_str().to_owned(),
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
