//! The bar at the bottom of a call.

use super::{
    hint_line::HintLine,
    panel_button::{OpenPanel, PanelButton, Panels, focus},
    shortcuts::listen,
};
use crate::{
    call::ServerStatus,
    i18n::call_texts,
    platform::{Kind, Timer},
    reactive::{boxed_bool, boxed_str, boxed_text, click, effect_holding},
    session::{Session, Shortcut},
    ui::{
        DeviceChoices, HideAddress, Icon, Show,
        common::panel::Panel,
        devices::{device_choices::ProblemNote, preview::DeviceToggle},
        icons,
        panels::lazy::{Lazy, LazyPanel, LazySettings, prefetch},
        stage::layout_state::LayoutState,
    },
};
use leptos::{html, prelude::*};
use std::time::Duration;

/// Delay after joining before lazy panels are prefetched, so that the download does not compete
/// with call set-up. It doubles with each failure, up to eight minutes.
const CALM: Duration = Duration::from_secs(15);
const DOUBLINGS: u32 = 5;

/// Everything one does in a call, one press each.
#[component]
pub fn Controls(
    /// Counts how often files were dropped on the page or pasted into it.
    #[prop(into)]
    files_shared: Signal<u32>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let panels = Panels::new();
    let microphone = NodeRef::new();
    listen(session, expect_context::<LayoutState>(), move |shortcut| {
        panels.toggle(OpenPanel::Lazy(match shortcut {
            Shortcut::Chat => Lazy::Chat,
            _ => Lazy::People,
        }));
    });
    Effect::new(move |before: Option<u32>| {
        let files_shared = files_shared.get();
        if before.is_some_and(|before| before != files_shared) {
            panels.open(OpenPanel::Lazy(Lazy::Chat));
        }
        files_shared
    });
    // Nothing is prefetched while the server is unreachable: the loader logs that as an error.
    let calm = Memo::new(move |_| {
        session.clock.settled.get()
            && session.view.with(|view| view.server == ServerStatus::Reachable)
    });
    let failures = RwSignal::new(0_u32);
    let failed = move || _ = failures.try_update(|failures| *failures += 1);
    effect_holding(move || {
        let wait = CALM * 2_u32.pow(failures.get().min(DOUBLINGS));
        calm.get().then(|| Timer::new(wait, move || prefetch(failed)))
    });
    view! {
        <footer class="controls">
            <Problems panels microphone />
            <SharingNotices />
            <OpenedPanel panels />
            <Buttons panels microphone />
        </footer>
    }
}

/// Problems of the devices, or of how the person uses them.
#[component]
fn Problems(
    panels: Panels,
    /// The mute button.
    microphone: NodeRef<html::Button>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    // The hint disappears together with its focused button.
    let unmute = Callback::new(move |()| {
        session.media.toggle(Kind::Microphone);
        focus(microphone);
    });
    let choose_device = Callback::new(move |()| {
        panels.open(OpenPanel::Devices);
        panels.focus_button(OpenPanel::Devices);
    });
    view! {
        <div class="problems" role="status" hidden=boxed_bool(move || panels.cover_notices())>
            <HintLine unmute choose_device />
            <ProblemNote kind=Kind::Camera />
            <ProblemNote kind=Kind::Microphone />
        </div>
    }
}

/// Says that the person is sharing their screen, or is about to.
#[component]
fn SharingNotices() -> impl IntoView {
    let t = call_texts();
    let sharing = expect_context::<Session>().sharing;
    let is_on = boxed_bool(move || sharing.is_on());
    let asks = boxed_bool(move || !sharing.is_on() && sharing.is_asking());
    view! {
        <div class="notice sharing" role="status" hidden=boxed_bool(move || !is_on.get())>
            <p>{t.you_share}</p>
            <button class="button small" on:click=click(move |_| sharing.stop())>{t.stop_sharing}</button>
        </div>
        <div class="notice sharing late" role="status" hidden=boxed_bool(move || !asks.get())>
            <p>{t.choosing_screen}</p>
            <button class="button small" on:click=click(move |_| sharing.toggle())>{t.ask_again}</button>
            <button class="button small" on:click=click(move |_| sharing.stop())>{t.cancel}</button>
        </div>
    }
}

#[component]
fn OpenedPanel(panels: Panels) -> impl IntoView {
    let t = call_texts();
    let close = Callback::new(move |()| panels.close());
    let is_open = move |panel| boxed_bool(move || panels.is_open(panel));
    let lazy = move |panel| {
        view! {
            <Show when=is_open(OpenPanel::Lazy(panel))>
                <LazyPanel panel close />
            </Show>
        }
    };
    view! {
        <Show when=is_open(OpenPanel::Devices)>
            <Panel name=t.devices close>
                <DeviceChoices />
                <LazySettings />
                <HideAddress />
            </Panel>
        </Show>
        {lazy(Lazy::People)}
        {lazy(Lazy::Chat)}
        {lazy(Lazy::More)}
    }
}

#[component]
fn Buttons(
    panels: Panels,
    /// The mute button.
    microphone: NodeRef<html::Button>,
) -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let sharing = boxed_bool(move || session.sharing.is_on());
    let share = boxed_str(move || if sharing.get() { t.stop_sharing } else { t.share_screen });
    let crowd = boxed_text(move || (t.people)(session.view.with(|view| view.tiles.len()) + 1));
    let unread = boxed_text(move || (t.chat_unread)(session.chat.unread()));
    view! {
        <div class="buttons" role="toolbar" aria-label=t.controls>
            <DeviceToggle kind=Kind::Microphone button=microphone />
            <DeviceToggle kind=Kind::Camera />
            <button
                class="control"
                class:on=sharing
                hidden=boxed_bool(move || !session.sharing.possible.get())
                aria-label=share
                title=share
                on:click=click(move |_| session.sharing.toggle())
            >
                <Icon paths=icons::SCREEN />
            </button>
            <PanelButton
                panels
                panel=OpenPanel::Lazy(Lazy::More)
                icon=icons::MORE
                label=boxed_text(move || t.more_panel.to_owned())
                on=boxed_bool(move || session.own.hand.get())
            />
            <PanelButton
                panels
                panel=OpenPanel::Devices
                icon=icons::DEVICES
                label=boxed_text(move || t.devices.to_owned())
            />
            <PanelButton panels panel=OpenPanel::Lazy(Lazy::People) icon=icons::PEOPLE label=crowd />
            <PanelButton
                panels
                panel=OpenPanel::Lazy(Lazy::Chat)
                icon=icons::CHAT
                label=unread
                title=t.chat
                badge=Signal::derive(move || session.chat.unread())
            />
            <button class="control leave" aria-label=t.leave title=t.leave on:click=click(move |_| session.leave())>
                <Icon paths=icons::LEAVE />
            </button>
        </div>
    }
}
