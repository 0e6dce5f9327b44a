//! The others, as large as the stage allows.

use crate::{
    call::grid::grid,
    i18n::texts,
    platform,
    protocol::PeerId,
    session::Session,
    ui::{flag, screen_tile::ScreenTile, self_tile::SelfTile, text, tile::PersonTile},
};
use leptos::{html, prelude::*};

/// With so many others the own picture takes a place among them; before, it floats in a corner.
const GROUP: usize = 2;

/// One tile for each other person, and the own one.
#[component]
pub fn Stage() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let element = NodeRef::<html::Div>::new();
    let size = RwSignal::new((0.0, 0.0));
    Effect::new(move |_| {
        let element = element.get()?;
        let measured = element.clone();
        platform::watch_size(&element, move || size.set(platform::size(&measured)))
    });
    let people = Memo::new(move |_| {
        session.view.get().tiles.iter().map(|tile| tile.key.id).collect::<Vec<PeerId>>()
    });
    let screens = Memo::new(move |_| {
        let view = session.view.get();
        let sharing = view.tiles.iter().filter(|tile| tile.presence.screen);
        sharing.map(|tile| tile.key.id).collect::<Vec<PeerId>>()
    });
    let presenting = flag(move || !screens.get().is_empty());
    // Beside a screen everybody takes a place.
    let group = flag(move || people.get().len() >= GROUP || presenting.get());
    let tiles = move || people.get().len() + usize::from(group.get());
    let columns = move || {
        let (width, height) = size.get();
        grid(tiles(), width, height).columns
    };
    // What stands on the tiles, without the seconds that pass.
    let spoken = move || {
        session.view.with(|view| {
            let sentences = view.tiles.iter().map(t.state).filter(|text| !text.is_empty());
            sentences.collect::<Vec<_>>().join(" ")
        })
    };
    view! {
        <section class="stage" class:group=group class:presenting=presenting aria-label=t.stage>
            <div class="screens" hidden=flag(move || !presenting.get())>
                <For each=move || screens.get() key=|id| *id let:id>
                    <ScreenTile id=id />
                </For>
            </div>
            <div
                class="faces"
                class:lonely-last=flag(move || columns() == 2 && tiles() % 2 == 1)
                style:--columns=text(move || columns().to_string())
                node_ref=element
            >
                <For each=move || people.get() key=|id| *id let:id>
                    <PersonTile id=id />
                </For>
                <SelfTile />
            </div>
        </section>
        <p class="unseen" role="status">{text(spoken)}</p>
    }
}
