//! All tiles, each at its position.

pub(super) mod layout_state;
mod person_tile;
mod pin;
mod reaction;
mod screen_tile;
mod self_tile;
pub(super) mod small_window;

use crate::{
    i18n::call_texts,
    layout::Item,
    platform,
    protocol::PeerId,
    reactive::{boxed_bool, boxed_text, effect_holding},
    session::Session,
};
use layout_state::LayoutState;
use leptos::{html, prelude::*};
use person_tile::PersonTile;
use screen_tile::ScreenTile;
use self_tile::SelfTile;

/// One tile for each screen and each other participant, and the self-view.
#[component]
pub fn Stage() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let layout_state = expect_context::<LayoutState>();
    let element = NodeRef::<html::Div>::new();
    effect_holding(move || {
        let element = element.get()?;
        let measured = element.clone();
        platform::watch_size(&element, move || {
            let _ = layout_state.size.try_set(platform::size(&measured));
        })
    });
    let screens = Memo::new(move |_| {
        layout_state.items.with(|items| {
            let screens = items.iter().filter_map(|item| match item {
                Item::Screen(id) => Some(*id),
                _ => None,
            });
            screens.collect::<Vec<PeerId>>()
        })
    });
    let is_rehearsal = session.rehearse();
    let people = Memo::new(move |_| match is_rehearsal.get() {
        true => vec![PeerId::default()],
        false => session.view.with(|view| view.tiles.iter().map(|tile| tile.key.id).collect()),
    });
    // The state of the tiles as announced, without passing seconds.
    let spoken = move || {
        session.view.with(|view| {
            let sentences = view.tiles.iter().map(t.state).filter(|text| !text.is_empty());
            sentences.collect::<Vec<_>>().join(" ")
        })
    };
    view! {
        <section class="stage" class:presenting=boxed_bool(move || !screens.get().is_empty()) aria-label=t.stage>
            <div class="places" node_ref=element>
                <For each=move || screens.get() key=|id| *id let:id>
                    <ScreenTile id=id />
                </For>
                <For each=move || people.get() key=|id| *id let:id>
                    <PersonTile id=id />
                </For>
                <SelfTile />
            </div>
        </section>
        <p class="unseen" role="status">{boxed_text(spoken)}</p>
    }
}
