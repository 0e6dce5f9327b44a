//! The state of a room, for people outside.

use crate::{
    admission::{AdmissionView, Phase},
    i18n::{stopwatch, texts},
    lobby::Lobby,
    protocol::{Person, RoomState},
    reactive::{boxed_bool, boxed_text},
};
use leptos::prelude::*;

/// Who is inside and for how long, or what is in the way, and the progress of the person's own
/// admission.
#[component]
pub fn RoomStatus() -> impl IntoView {
    let t = texts();
    let lobby = expect_context::<Lobby>();
    let count = boxed_text(move || lobby.view.with(|view| view.state.people.len().to_string()));
    // The last state from the server may be outdated while the server is unreachable.
    let known = boxed_bool(move || lobby.view.with(|view| !view.moved && !view.outdated));
    let sentence = boxed_text(move || {
        if lobby.view.with(|view| matches!(view.phase, Phase::Knocking { locked: true, .. })) {
            return t.until_unlocked.to_owned();
        }
        if let Some(gate) = lobby.view.with(|view| view.state.gate) {
            return (t.gate)(gate).to_owned();
        }
        let since = lobby.now.get().saturating_sub(lobby.state_at.get()).as_secs();
        let name = |person: Person| {
            (person.presence.name.as_str().to_owned(), person.seconds.saturating_add(since))
        };
        let people = lobby.view.with(|view| view.state.people.clone());
        (t.inside)(&people.into_iter().map(name).collect::<Vec<_>>())
    });
    let door = move |view: &AdmissionView| match view {
        AdmissionView {
            phase: Phase::WaitingForSeat, state: RoomState { limit: 0, .. }, ..
        } => {
            format!("{} {}", t.room_full, t.waiting_title)
        }
        AdmissionView { phase: Phase::WaitingForSeat, state, .. } => {
            format!("{} {}", (t.full)(state.people.len(), state.limit), t.waiting_title)
        }
        AdmissionView { phase: Phase::Lobby, refusal: None, state, .. }
            if known.get() && state.limit > 0 && !state.has_space() =>
        {
            format!("{} {}", (t.full)(state.people.len(), state.limit), t.full_hint)
        }
        AdmissionView {
            phase: Phase::Knocking { position, host_present, .. }, refusal, ..
        } => {
            let why = refusal.map(|code| format!("{} ", (t.refusal)(code))).unwrap_or_default();
            why + &(t.knocking)(*position, *host_present)
        }
        AdmissionView { phase: Phase::Lobby | Phase::Joining, refusal: Some(code), .. } => {
            (t.refusal)(*code).to_owned()
        }
        _ => String::new(),
    };
    let door = boxed_text(move || lobby.view.with(door));
    let recorded = boxed_text(move || {
        lobby.view.with(|view| {
            let recording = |person: &&Person| person.presence.recording;
            let people = view.state.people.iter().filter(recording);
            (t.recorded_by)(&people.map(|person| &person.presence.name).collect::<Vec<_>>())
        })
    });
    // Screen readers do not announce the passing seconds.
    let time = boxed_text(move || match lobby.view.with(|view| view.phase) {
        Phase::Knocking { since, .. } => stopwatch(lobby.now.get().saturating_sub(since)),
        _ => String::new(),
    });
    view! {
        <div class="inside" data-inside="" data-count=count aria-live="polite">
            <p hidden=boxed_bool(move || !known.get() || sentence.get() == door.get())>{sentence}</p>
            <p class="recorded" hidden=boxed_bool(move || !known.get() || recorded.get().is_empty())>
                <span class="dot" aria-hidden="true"></span>
                {recorded}
            </p>
            <p class="strong" data-door="" hidden=boxed_bool(move || door.get().is_empty())>{door}</p>
            <p class="quiet" aria-hidden="true" hidden=boxed_bool(move || time.get().is_empty())>{time}</p>
        </div>
    }
}
