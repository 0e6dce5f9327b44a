//! A room: before, in and after the call.

use super::{left::Left, lobby::Lobby};
use crate::{
    call::Phase,
    platform,
    protocol::{Boot, RoomName, RoomState},
    session::Session,
    ui::{CallView, ServerBanner, word},
};
use leptos::{either::EitherOf3, prelude::*};

/// The page of one room.
#[component]
pub fn RoomPage(
    /// Which.
    name: RoomName,
    /// Who was inside when the page was made.
    state: RoomState,
) -> impl IntoView {
    let origin = use_context::<Boot>().unwrap_or_default().origin;
    let title = format!("{name} · Salon");
    let session = Session::new(name, &origin, state, expect_context());
    provide_context(session);
    Effect::new(move |_| {
        platform::set_title(&title);
        session.start();
    });
    let shown = Memo::new(move |_| match session.view.get().phase {
        Phase::Lobby | Phase::Joining | Phase::Waiting => Shown::Lobby,
        Phase::InCall { .. } => Shown::Call,
        Phase::Left { .. } => Shown::Left,
    });
    view! {
        <main class="room" data-phase=word(move || phase_name(session.view.get().phase))>
            {move || match shown.get() {
                Shown::Lobby => EitherOf3::A(view! { <Lobby /> }),
                Shown::Call => EitherOf3::B(view! { <CallView /> }),
                Shown::Left => EitherOf3::C(view! { <Left /> }),
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
