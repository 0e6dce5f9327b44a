//! What somebody shares of their screen.

use crate::{
    i18n::texts,
    platform::Kind,
    protocol::PeerId,
    session::Session,
    ui::{
        playback::{Sound, Video},
        text,
        tile::{incoming, shown_name, stream},
    },
};
use leptos::prelude::*;

/// The whole of it, with its sound.
#[component]
pub(super) fn ScreenTile(
    /// Whose.
    id: PeerId,
) -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let tile = Memo::new(move |_| session.tile(id));
    let incoming = incoming(session, tile);
    let name = text(move || {
        let presence = tile.get().map(|tile| tile.presence).unwrap_or_default();
        (t.screen_of)(&shown_name(presence))
    });
    let blocked = Callback::new(move |()| session.sound_blocked.set(true));
    view! {
        <article class="tile screen" data-screen=id.to_string() aria-label=name>
            <Video stream=stream(incoming, |incoming| incoming.screen.get(Kind::Camera)) gestures=session.sound_gestures />
            <Sound
                stream=stream(incoming, |incoming| incoming.screen.get(Kind::Microphone))
                speaker=session.media.speaker
                heard=Signal::stored(true)
                gestures=session.sound_gestures
                on_blocked=blocked
            />
            <p class="name-plate">
                <span class="name">{name}</span>
            </p>
        </article>
    }
}
