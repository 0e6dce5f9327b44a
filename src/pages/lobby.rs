//! Before the call: who is inside, and how others will see and hear the person.

use crate::{
    call::Phase,
    i18n::texts,
    platform::{self, Timer},
    protocol::limits::DISPLAY_NAME_BYTES,
    reactive::{boxed_bool, boxed_str, boxed_text, click, effect, effect_holding},
    session::{Session, own_name},
    ui::{
        Brand, DeviceChoices, HideAddress, Icon, LazyRecordings, LazyTest, Preview, RoomStatus,
        Show, icons,
    },
};
use leptos::{ev::SubmitEvent, html, prelude::*};
use std::time::Duration;

/// Delay before the connection test starts, so that it does not slow down people who join at once.
const REST: Duration = Duration::from_secs(3);

/// The lobby of a room, and the place to wait for a free seat.
#[component]
pub fn Lobby() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let media = session.media;
    let touched = move || !media.is_untouched();
    let rested = RwSignal::new(false);
    effect_holding(move || Timer::new(REST, move || rested.set(true)));
    // Starts only while the person is not joining.
    let tested = Memo::new(move |before| {
        let outside = session.view.with(|view| view.phase == Phase::Lobby);
        before == Some(&true) || rested.get() && outside
    });
    view! {
        <div class="lobby">
            <header class="bar">
                <Brand />
                <h1><span class="quiet">{t.room}" "</span>{session.room.name.get_value().to_string()}</h1>
            </header>
            <Preview />
            <section class="card">
                <RoomStatus />
                <JoinForm />
                <Show when=boxed_bool(touched)>
                    <DeviceChoices />
                </Show>
                <HideAddress />
                <div class="connection-tested">
                    <Show when=tested>
                        <LazyTest />
                    </Show>
                </div>
                <LazyRecordings />
            </section>
        </div>
    }
}

#[component]
fn JoinForm() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let form = NodeRef::<html::Form>::new();
    let name = NodeRef::<html::Input>::new();
    let waiting =
        boxed_bool(move || matches!(session.phase(), Phase::Waiting | Phase::Knocking { .. }));
    effect(move || {
        let Some(input) = name.get() else { return };
        session.own.name.set(platform::adopt_input(&input, &session.own.name.get_untracked()));
    });
    // Join may have been pressed before the app was loaded.
    effect(move || {
        let pressed = form.get().is_some_and(|form| form.has_attribute("data-pressed"));
        if pressed {
            session.join();
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        match waiting.get_untracked() {
            true => session.stop_waiting(),
            false => session.join(),
        }
    };
    let connects = session.connectivity.connects;
    view! {
        <form class="join" data-early="1" node_ref=form on:submit=submit>
            <NameField field=name />
            <Show when=boxed_bool(move || session.needs_passcode())>
                <label for="passcode">{t.passcode}</label>
                <input
                    id="passcode"
                    type="text"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength="128"
                    prop:value=boxed_text(move || session.own.passcode.get())
                    on:input=move |event| session.own.passcode.set(event_target_value(&event))
                />
            </Show>
            <div class="problem" role="status" data-problem="no-connections" hidden=boxed_bool(move || connects.get())>
                <p>{t.no_connections}</p>
                <button class="button small" type="button" on:click=click(move |_| session.room.copy_link())>{t.copy_link}</button>
            </div>
            <JoinButton waiting />
            <p class="quiet" data-notice="host" hidden=boxed_bool(move || !session.own.host_for_now.get())>
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
    let session = expect_context::<Session>();
    // Not while it is typed, in the midst of a choice of characters.
    let shorten = move |_| {
        if let Some(input) = field.get_untracked() {
            let own = own_name(&input.value());
            input.set_value(own.as_str());
            session.own.name.set(own.as_str().to_owned());
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
            on:input=move |event| session.own.name.set(event_target_value(&event))
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
    let session = expect_context::<Session>();
    let label = boxed_str(move || match session.phase() {
        Phase::Waiting | Phase::Knocking { .. } => t.stop_waiting,
        Phase::Joining => t.joining,
        _ if session.knocks() => t.ask_to_join,
        _ => t.join,
    });
    view! {
        <button
            class="button large"
            class:primary=boxed_bool(move || !waiting.get())
            type="submit"
            disabled=boxed_bool(move || !session.connectivity.connects.get())
        >
            <Icon paths=icons::ENTER />
            <span>{label}</span>
        </button>
    }
}
