//! Before the call: who is inside, and how others will see and hear the person.

use super::call_part::{FromPart, PartView};
use crate::{
    admission::{AdmissionView, Phase},
    i18n::texts,
    lobby::{Lobby, Request},
    platform::{self, Timer},
    protocol::limits::DISPLAY_NAME_BYTES,
    reactive::{boxed_bool, boxed_str, boxed_text, click, effect, effect_holding},
    ui::{Brand, HideAddress, Icon, RoomStatus, Show, icons},
};
use leptos::{ev::SubmitEvent, html, prelude::*};
use std::time::Duration;

/// Delay before the connection test starts, so that it does not slow down people who join at once.
const REST: Duration = Duration::from_secs(3);

/// The lobby of a room, and the place to wait for a free seat.
#[component]
pub fn LobbyView() -> impl IntoView {
    let t = texts();
    let lobby = expect_context::<Lobby>();
    let devices_open = boxed_bool(move || lobby.has_call.get() && lobby.devices_asked.get());
    let rested = RwSignal::new(false);
    effect_holding(move || Timer::new(REST, move || rested.set(true)));
    // Starts only while the person is not joining.
    let tested = Memo::new(move |before| {
        let outside = lobby.view.with(|view| view.phase == Phase::Lobby);
        before == Some(&true) || lobby.has_call.get() && rested.get() && outside
    });
    view! {
        <div class="lobby">
            <header class="bar">
                <Brand />
                <h1><span class="quiet">{t.room}" "</span>{lobby.room.name.get_value().to_string()}</h1>
            </header>
            <Show when=boxed_bool(move || !devices_open.get())>
                <NoPreview />
            </Show>
            <FromPart view=PartView::Preview when=devices_open />
            <section class="card">
                <RoomStatus />
                <JoinForm />
                <FromPart view=PartView::DeviceChoices when=devices_open />
                <HideAddress />
                <div class="connection-tested">
                    <FromPart view=PartView::ConnectionTest when=tested />
                </div>
                <FromPart view=PartView::Recordings when=lobby.has_call />
            </section>
        </div>
    }
}

/// The place of the person's own video: the button that turns it on, until the call takes over.
#[component]
fn NoPreview() -> impl IntoView {
    let t = texts();
    let lobby = expect_context::<Lobby>();
    let asked = lobby.devices_asked;
    view! {
        <section class="preview">
            <Show when=boxed_bool(move || !asked.get())>
                <div class="ask">
                    <button class="button" on:click=click(move |_| lobby.ask(Request::OpenDevices))>
                        <Icon paths=icons::CAMERA />
                        {t.turn_on}
                    </button>
                    <p class="quiet">{t.turn_on_hint}</p>
                </div>
            </Show>
            <p class="ask late" role="status" hidden=boxed_bool(move || !asked.get())>{t.loading}</p>
        </section>
    }
}

#[component]
fn JoinForm() -> impl IntoView {
    let t = texts();
    let lobby = expect_context::<Lobby>();
    let form = NodeRef::<html::Form>::new();
    let name = NodeRef::<html::Input>::new();
    let waiting = boxed_bool(move || {
        lobby.view.with(|view| matches!(view.phase, Phase::WaitingForSeat | Phase::Knocking { .. }))
    });
    effect(move || {
        let Some(input) = name.get() else { return };
        lobby.name.set(platform::adopt_input(&input, &lobby.name.get_untracked()));
    });
    // Join may have been pressed before the app was loaded.
    effect(move || {
        let pressed = form.get().is_some_and(|form| form.has_attribute("data-pressed"));
        if pressed {
            lobby.ask(Request::Join);
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        lobby.ask(match waiting.get_untracked() {
            true => Request::StopWaiting,
            false => Request::Join,
        });
    };
    let connects = lobby.connects;
    view! {
        <form class="join" data-early="1" node_ref=form on:submit=submit>
            <NameField field=name />
            <Show when=boxed_bool(move || lobby.view.with(AdmissionView::needs_passcode))>
                <label for="passcode">{t.passcode}</label>
                <input
                    id="passcode"
                    type="text"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength="128"
                    prop:value=boxed_text(move || lobby.passcode.get())
                    on:input=move |event| lobby.passcode.set(event_target_value(&event))
                />
            </Show>
            <div class="problem" role="status" data-problem="no-connections" hidden=boxed_bool(move || connects.get())>
                <p>{t.no_connections}</p>
                <button class="button small" type="button" on:click=click(move |_| lobby.room.copy_link())>{t.copy_link}</button>
            </div>
            <JoinButton waiting />
            <p class="quiet" data-notice="host" hidden=boxed_bool(move || !lobby.host_for_now.get())>
                {t.host_for_now}
            </p>
            <noscript><p class="problem">{t.no_script}</p></noscript>
        </form>
    }
}

/// What the person calls themselves.
#[component]
fn NameField(
    /// The element.
    field: NodeRef<html::Input>,
) -> impl IntoView {
    let t = texts();
    let lobby = expect_context::<Lobby>();
    // Not while it is typed, in the midst of a choice of characters.
    let shorten = move |_| {
        if let Some(input) = field.get_untracked() {
            lobby.name.set(input.value());
            let own = untrack(|| lobby.own_name());
            input.set_value(own.as_str());
            lobby.name.set(own.as_str().to_owned());
        }
    };
    view! {
        <label for="name">{t.your_name}" "<span class="quiet">{t.name_hint}</span></label>
        <input
            id="name"
            type="text"
            autocomplete="nickname"
            maxlength=DISPLAY_NAME_BYTES.to_string()
            node_ref=field
            on:input=move |event| lobby.name.set(event_target_value(&event))
            on:change=shorten
        />
    }
}

/// Joins, or stops waiting.
#[component]
fn JoinButton(
    /// Whether the person waits to be let in, or for a place.
    waiting: Signal<bool>,
) -> impl IntoView {
    let t = texts();
    let lobby = expect_context::<Lobby>();
    let label = boxed_str(move || {
        lobby.view.with(|view| match view.phase {
            Phase::WaitingForSeat | Phase::Knocking { .. } => t.stop_waiting,
            Phase::Joining => t.joining,
            _ if view.knocks() => t.ask_to_join,
            _ => t.join,
        })
    });
    view! {
        <button
            class="button large"
            class:primary=boxed_bool(move || !waiting.get())
            type="submit"
            disabled=boxed_bool(move || !lobby.connects.get())
        >
            <Icon paths=icons::ENTER />
            <span>{label}</span>
        </button>
    }
}
