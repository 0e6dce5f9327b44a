//! All tiles, each at its position.

pub(super) mod layout_state;
mod person_tile;
mod pin;
mod reaction;
mod screen_tile;
mod self_tile;
pub(super) mod small_window;

use crate::{
    call::View,
    i18n::call_texts,
    layout::Item,
    platform::{self, Timer},
    protocol::PeerId,
    reactive::{boxed_bool, boxed_str, boxed_text, click, effect_holding},
    session::Session,
    ui::Show,
};
use layout_state::LayoutState;
use leptos::{html, prelude::*};
use person_tile::{PersonTile, Voice};
use screen_tile::ScreenTile;
use self_tile::SelfTile;
use std::time::Duration;

/// How soon the server is told what is shown: a resize or a change of layout takes a moment.
const SETTLES: Duration = Duration::from_millis(150);

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
        layout_state.page.with(|page| {
            let screens = page.items.iter().filter_map(|item| match item {
                Item::Screen(id) => Some(*id),
                _ => None,
            });
            screens.collect::<Vec<PeerId>>()
        })
    });
    let is_rehearsal = session.rehearse();
    let people = Memo::new(move |_| match is_rehearsal.get() {
        true => vec![PeerId::default()],
        false => layout_state.page.with(|page| {
            let people = page.items.iter().filter_map(|item| match item {
                Item::Person(id) => Some(*id),
                _ => None,
            });
            people.collect()
        }),
    });
    let audience = Memo::new(move |_| {
        let is_heard = |id: &PeerId| {
            session.streams.with(|streams| streams.iter().any(|(key, _)| key.id == *id))
                && !people.with(|people| people.contains(id))
        };
        let ids =
            session.view.with(|view| view.tiles.iter().map(|tile| tile.key.id).collect::<Vec<_>>());
        ids.into_iter().filter(is_heard).collect::<Vec<_>>()
    });
    tell_what_is_shown(session, layout_state);
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
                // Those on other pages are heard as well.
                <For each=move || audience.get() key=|id| *id let:id>
                    <Voice id=id />
                </For>
            </div>
            <Pages />
        </section>
        <p class="unseen" role="status">{boxed_text(spoken)}</p>
    }
}

/// Tells the server, if it forwards the call, which videos are shown, soon after that has changed.
fn tell_what_is_shown(session: Session, layout_state: LayoutState) {
    let shown = Memo::new(move |_| {
        let is_forwarded = session.view.with(View::is_forwarded);
        is_forwarded.then(|| layout_state.shown_videos(session))
    });
    effect_holding(move || {
        let shown = shown.get()?;
        Some(Timer::new(SETTLES, move || session.show(shown)))
    });
}

/// The way to the people on other pages.
#[component]
fn Pages() -> impl IntoView {
    let t = call_texts();
    let layout_state = expect_context::<LayoutState>();
    let page = layout_state.page;
    let several = boxed_bool(move || page.with(|page| page.count > 1));
    let shown = boxed_text(move || page.with(|page| (t.page_of)(page.number + 1, page.count)));
    let more = boxed_text(move || page.with(|page| (t.more_people)(page.hidden)));
    let first = boxed_bool(move || page.with(|page| page.number == 0));
    let last = boxed_bool(move || page.with(|page| page.number + 1 == page.count));
    let turn = move |name, sign, forwards, is_end: Signal<bool>| {
        // A disabled button would lose the focus.
        let disabled = boxed_str(move || if is_end.get() { "true" } else { "false" });
        let turn = click(move |_| layout_state.turn(forwards));
        view! {
            <button class="button small" aria-label=name aria-disabled=disabled on:click=turn>{sign}</button>
        }
    };
    view! {
        <Show when=several>
            <div class="pages">
                {turn(t.previous_page, "‹", false, first)}
                <span><span role="status">{shown}</span> ", " {more}</span>
                {turn(t.next_page, "›", true, last)}
            </div>
        </Show>
    }
}
