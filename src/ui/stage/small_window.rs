//! Picture-in-picture: the call in a small window above all others.

use super::{
    layout_state::LayoutState,
    person_tile::{Initials, incoming},
};
use crate::{
    i18n::{call_texts, choice_texts, shown_name},
    platform::{self, Kind, PerSource},
    protocol::TrackSource,
    reactive::{boxed_bool, boxed_text, click, first_click},
    session::Session,
    ui::{
        Icon, common::playback::Video, devices::preview::DeviceToggle, icons,
        recording::recording_mark::RecordingMark,
    },
};
use leptos::prelude::*;

/// Size in CSS pixels.
const SIZE: (u32, u32) = (360, 300);

/// Opens or closes the window. Absent if the browser does not support it.
#[component]
pub(in crate::ui) fn SmallWindowButton() -> impl IntoView {
    let t = choice_texts();
    let (session, layout_state) = (expect_context::<Session>(), expect_context::<LayoutState>());
    // The window outlives the panel that contains this button.
    let owner = layout_state.owner();
    let open = boxed_bool(move || layout_state.window.with(Option::is_some));
    // An open window is closed rather than replaced by another one.
    let press = move |_| {
        if layout_state.window.with_untracked(Option::is_some) {
            return layout_state.window.set(None);
        }
        let owner = owner.clone();
        platform::spawn_local(async move {
            let content = move || view! { <WindowContent session layout_state /> };
            let closed = move || {
                let _ = layout_state.window.try_set(None);
            };
            let Some(owner) = owner else { return };
            let window = platform::open_window(&owner, SIZE, content, closed).await;
            let _ = layout_state.window.try_set(window);
        });
    };
    platform::can_open_window().then(|| {
        view! {
            <button class="button small" on:click=first_click(press)>
                {move || if open.get() { t.close_window } else { t.open_window }}
            </button>
        }
    })
}

/// The largest participant, and the most important controls.
#[component]
fn WindowContent(session: Session, layout_state: LayoutState) -> impl IntoView {
    let t = call_texts();
    let first = Memo::new(move |_| layout_state.first());
    let tile = Memo::new(move |_| first.get().and_then(|id| session.tile(id)));
    let presence = Signal::derive(move || tile.get().map(|tile| tile.presence).unwrap_or_default());
    let name = boxed_text(move || match first.get() {
        Some(_) => shown_name(presence.get()),
        None => t.alone.to_owned(),
    });
    let incoming = incoming(session, tile);
    let shares = move || tile.with(|tile| tile.as_ref().is_some_and(|tile| tile.screen));
    let pick = move |incoming: &PerSource<_>| {
        let source = if shares() { TrackSource::Screen } else { TrackSource::Camera };
        incoming.get(source).cloned()
    };
    let pictured =
        move || tile.with(|tile| tile.as_ref().is_some_and(|tile| tile.camera || tile.screen));
    view! {
        <main class="small-window">
            <article class="tile" class:screen=boxed_bool(shares) class:no-picture=boxed_bool(move || !pictured())>
                <Initials presence />
                <Video stream=Signal::derive(move || incoming.with(|incoming| incoming.as_ref().and_then(pick))) />
                <RecordingMark />
                <p class="name-plate"><span class="name">{name}</span></p>
            </article>
            <div class="buttons">
                <DeviceToggle kind=Kind::Microphone />
                <DeviceToggle kind=Kind::Camera />
                <button
                    class="control leave"
                    aria-label=t.leave
                    title=t.leave
                    on:click=click(move |_| {
                        layout_state.window.set(None);
                        session.leave();
                    })
                >
                    <Icon paths=icons::LEAVE />
                </button>
            </div>
        </main>
    }
}
