//! The others, as large as the stage allows.

use crate::{
    call::{PeerKey, grid::grid},
    i18n::texts,
    platform,
    session::Session,
    ui::{
        flag, text,
        tile::{SelfTile, Tile},
    },
};
use leptos::{html, prelude::*};

/// With so many others the own picture takes a place among them; before, it floats in a corner.
const GROUP: usize = 2;

/// One tile for each other person, and the own one.
#[component]
pub fn Stage() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let element = NodeRef::<html::Section>::new();
    let size = RwSignal::new((0.0, 0.0));
    Effect::new(move |_| {
        let element = element.get()?;
        let measured = element.clone();
        platform::watch_size(&element, move || size.set(platform::size(&measured)))
    });
    let keys = Memo::new(move |_| {
        session.view.get().tiles.iter().map(|tile| tile.key).collect::<Vec<PeerKey>>()
    });
    let columns = text(move || {
        let (width, height) = size.get();
        let others = keys.get().len();
        let tiles = if others >= GROUP { others + 1 } else { others };
        grid(tiles, width, height).columns.to_string()
    });
    view! {
        <section
            class="stage"
            class:group=flag(move || keys.get().len() >= GROUP)
            aria-label=t.stage
            node_ref=element
            style:--columns=columns
        >
            <For each=move || keys.get() key=|key| *key let:key>
                <Tile key=key />
            </For>
            <SelfTile />
        </section>
    }
}
