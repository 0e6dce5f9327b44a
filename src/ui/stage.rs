//! The others, as large as the stage allows.

use crate::{
    call::{PeerKey, grid::grid},
    i18n::texts,
    platform,
    session::Session,
    ui::{text, tile::Tile},
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
        session.view.get().tiles.iter().map(|tile| tile.key).collect::<Vec<PeerKey>>()
    });
    let columns = text(move || {
        let (width, height) = size.get();
        grid(keys.get().len(), width, height).columns.to_string()
    });
    view! {
        <section
            class="stage"
            aria-label=t.stage
            node_ref=element
            style:--columns=columns
        >
            <For each=move || keys.get() key=|key| *key let:key>
                <Tile key=key />
            </For>
        </section>
    }
}
