//! A room: before, in and after the call.

use super::{
    call_part::{CallPart, FromPart, PartBanner, PartView},
    lobby::LobbyView,
};
use crate::{
    admission::{AdmissionView, Phase},
    i18n::texts,
    lobby::Lobby,
    platform::{self, Timer},
    protocol::{Boot, RoomName, RoomState},
    reactive::{boxed_bool, boxed_str, effect, effect_holding},
    ui::Show,
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
    let lobby = Lobby::new(name, &origin, state, expect_context());
    provide_context(lobby);
    let part = expect_context::<CallPart>();
    effect(move || {
        platform::set_title(&title);
        lobby.start();
        part.load();
    });
    let owner = Owner::current();
    effect(move || {
        if let (true, Some(owner)) = (part.is_loaded(), owner.clone()) {
            part.open_session(lobby, owner);
        }
    });
    let shown = Memo::new(move |_| {
        lobby.view.with(|view| match view {
            AdmissionView { inside: true, .. } => Shown::Call,
            AdmissionView { phase: Phase::Left { .. }, .. } => Shown::Left,
            _ => Shown::Lobby,
        })
    });
    let stands = Standing::new(shown, lobby.has_call);
    view! {
        <main class="room" tabindex="-1" data-phase=boxed_str(move || phase_name(lobby.view.with(|view| view.phase)))>
            <Show when=stands.lobby>
                <div hidden=boxed_bool(move || shown.get() != Shown::Lobby)>
                    <LobbyView />
                </div>
            </Show>
            // A call that is reloaded comes back without its lobby.
            <div class="page center" hidden=boxed_bool(move || shown.get() != Shown::Call || lobby.has_call.get())>
                <p class="late" role="status">{texts().joining}</p>
            </div>
            <FromPart view=PartView::Call when=stands.call />
            <FromPart view=PartView::Left when=boxed_bool(move || shown.get() == Shown::Left) />
            <FromPart view=PartView::ServerBanner when=lobby.has_call />
            <PartBanner />
        </main>
    }
}

/// What has been built, whether visible or not, once the call is loaded. Building the call takes a while, and so does
/// removing the lobby's video, and neither should delay the set-up of connections: the call is
/// built hidden once the lobby is idle, and the lobby is removed once the call is.
#[derive(Clone, Copy)]
struct Standing {
    lobby: Memo<bool>,
    call: Memo<bool>,
}

impl Standing {
    fn new(shown: Memo<Shown>, has_call: RwSignal<bool>) -> Self {
        let rested = RwSignal::new(None);
        effect_holding(move || {
            let shown = shown.get();
            has_call.get().then(|| Timer::new(REST, move || rested.set(Some(shown))))
        });
        Self {
            lobby: Memo::new(move |before| match shown.get() {
                Shown::Lobby => true,
                Shown::Call => before == Some(&true) && rested.get() != Some(Shown::Call),
                Shown::Left => false,
            }),
            call: Memo::new(move |_| match shown.get() {
                Shown::Lobby => rested.get() == Some(Shown::Lobby),
                Shown::Call => has_call.get(),
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
        Phase::WaitingForSeat => "waiting-for-seat",
        Phase::Knocking { .. } => "knocking",
        Phase::InCall { .. } => "call",
        Phase::Left { .. } => "left",
    }
}
