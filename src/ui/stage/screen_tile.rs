//! A participant's shared screen.

use super::{
    layout_state::LayoutState,
    person_tile::{incoming, stream},
    pin::Pin,
};
use crate::{
    i18n::{call_texts, shown_name},
    layout::Item,
    protocol::{PeerId, TrackSource},
    reactive::boxed_text,
    session::Session,
    ui::common::playback::Video,
};
use leptos::prelude::*;

/// The uncropped screen. Its audio plays together with that of its owner.
#[component]
pub(super) fn ScreenTile(
    /// The owner.
    id: PeerId,
) -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let tile = Memo::new(move |_| session.tile(id));
    let incoming = incoming(session, tile);
    let name = boxed_text(move || {
        let presence = tile.get().map(|tile| tile.presence).unwrap_or_default();
        (t.screen_of)(&shown_name(presence))
    });
    let seen = RwSignal::new(false);
    let place = expect_context::<LayoutState>().place(Item::Screen(id));
    view! {
        <article
            class="tile screen"
            style:translate=place.translate
            style:width=place.width
            style:height=place.height
            data-screen=id.to_string()
            aria-label=name
        >
            <Pin item=Item::Screen(id) name />
            <Video
                stream=stream(incoming, TrackSource::Screen)
                gestures=session.playback.gestures
                on_seen=Callback::new(move |()| seen.set(true))
            />
            <p class="link-state late" hidden=seen>{t.picture_to_come}</p>
            <p class="name-plate">
                <span class="name">{name}</span>
            </p>
        </article>
    }
}
