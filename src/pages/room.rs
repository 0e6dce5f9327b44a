//! A room: before, in and after the call.

use super::{NotFound, left::Left, lobby::Lobby};
use crate::{
    call::Phase,
    platform,
    protocol::{Boot, RoomName},
    session::Session,
    ui::{CallView, ServerBanner},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The page of one room, or the one for unknown addresses if the name cannot be one.
#[component]
pub fn RoomPage() -> impl IntoView {
    let name = use_params_map().with_untracked(|params| params.get("name"));
    let room: Option<RoomName> = name.and_then(|name| name.parse().ok());
    match room {
        Some(room) => view! { <Room room /> }.into_any(),
        None => view! { <NotFound /> }.into_any(),
    }
}

#[component]
fn Room(room: RoomName) -> impl IntoView {
    let boot = use_context::<Boot>().unwrap_or_default();
    let title = format!("{room} · Salon");
    let session = Session::new(room, &boot, expect_context());
    provide_context(session);
    Effect::new(move |_| {
        platform::set_title(&title);
        session.start();
    });
    let phase = Memo::new(move |_| session.view.with(|view| view.phase));
    let shown = Memo::new(move |_| match phase.get() {
        Phase::Lobby | Phase::Waiting => Shown::Lobby,
        Phase::Joining | Phase::InCall { .. } => Shown::Call,
        Phase::Left { .. } => Shown::Left,
    });
    view! {
        <main class="room" data-phase=move || phase_name(phase.get())>
            {move || match shown.get() {
                Shown::Lobby => view! { <Lobby /> }.into_any(),
                Shown::Call => view! { <CallView /> }.into_any(),
                Shown::Left => view! { <Left /> }.into_any(),
            }}
            <ServerBanner />
        </main>
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
        Phase::InCall { .. } => "call",
        Phase::Left { .. } => "left",
    }
}
