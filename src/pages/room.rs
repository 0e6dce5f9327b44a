//! A room: before, in and after the call.

use super::{left::Left, lobby::Lobby};
use crate::{
    call::{Phase, View},
    platform::{self, Timer},
    protocol::{Boot, RoomName, RoomState},
    reactive::{boxed_bool, boxed_str, effect, effect_holding},
    session::Session,
    ui::{CallView, ServerBanner, Show},
};
use leptos::prelude::*;
use std::time::Duration;

/// Time for a page to become idle.
const REST: Duration = Duration::from_millis(800);

/// The page of one room.
#[component]
pub fn RoomPage(
    /// The room.
    name: RoomName,
    /// Who was inside when the page was made.
    state: RoomState,
) -> impl IntoView {
    let origin = use_context::<Boot>().unwrap_or_default().origin;
    let title = format!("{name} · Salon");
    let session = Session::new(name, &origin, state, expect_context());
    provide_context(session);
    effect(move || {
        platform::set_title(&title);
        session.start();
    });
    let shown = Memo::new(move |_| {
        session.view.with(|view| match view {
            View { inside: true, .. } => Shown::Call,
            View { phase: Phase::Left { .. }, .. } => Shown::Left,
            _ => Shown::Lobby,
        })
    });
    let stands = Standing::new(shown);
    view! {
        <main class="room" tabindex="-1" data-phase=boxed_str(move || phase_name(session.phase()))>
            <Show when=stands.lobby>
                <div hidden=boxed_bool(move || shown.get() != Shown::Lobby)>
                    <Lobby />
                </div>
            </Show>
            <Show when=stands.call>
                <CallView shown=boxed_bool(move || shown.get() == Shown::Call) />
            </Show>
            <Show when=boxed_bool(move || shown.get() == Shown::Left)>
                <Left />
            </Show>
            <ServerBanner />
        </main>
    }
}

/// What has been built, whether visible or not. Building the call takes a while, and so does
/// removing the lobby's video, and neither should delay the set-up of connections: the call is
/// built hidden once the lobby is idle, and the lobby is removed once the call is.
#[derive(Clone, Copy)]
struct Standing {
    lobby: Memo<bool>,
    call: Memo<bool>,
}

impl Standing {
    fn new(shown: Memo<Shown>) -> Self {
        let rested = RwSignal::new(None);
        effect_holding(move || {
            let shown = shown.get();
            Timer::new(REST, move || rested.set(Some(shown)))
        });
        Self {
            lobby: Memo::new(move |before| match shown.get() {
                Shown::Lobby => true,
                Shown::Call => before == Some(&true) && rested.get() != Some(Shown::Call),
                Shown::Left => false,
            }),
            call: Memo::new(move |_| match shown.get() {
                Shown::Lobby => rested.get() == Some(Shown::Lobby),
                Shown::Call => true,
                Shown::Left => false,
            }),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Lobby,
    Call,
    Left,
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Lobby => "lobby",
        Phase::Joining => "joining",
        Phase::Waiting => "waiting",
        Phase::Knocking { .. } => "knocking",
        Phase::InCall { .. } => "call",
        Phase::Left { .. } => "left",
    }
}
