//! The others, as large as the stage allows.

use crate::{
    call::{PeerKey, grid::grid},
    i18n::texts,
    platform,
    session::Session,
    ui::tile::Tile,
};
use leptos::{html, prelude::*};

/// One tile for each other person.
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
        let keys = |tile: &crate::call::Tile| tile.key;
        session.view.with(|view| view.tiles.iter().map(keys).collect::<Vec<PeerKey>>())
    });
    let shape = Memo::new(move |_| {
        let (width, height) = size.get();
        grid(keys.with(Vec::len), width, height).columns
    });
    view! {
        <section
            class="stage"
            aria-label=t.stage
            node_ref=element
            style:--columns=move || shape.get().to_string()
        >
            <For each=move || keys.get() key=|key| *key let:key>
                <Tile key=key />
            </For>
        </section>
    }
}
