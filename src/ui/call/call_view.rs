//! The call.

use super::{controls::Controls, file_drop::take_files, invite::Invite};
use crate::{
    call::View,
    i18n::{call_texts, stopwatch},
    platform::{self, Brought},
    reactive::{boxed_bool, boxed_text, click, effect_holding},
    session::{SECONDS_SHOWN, Session},
    ui::{
        Icon, Show, icons,
        panels::join_requests::JoinRequest,
        recording::recording_mark::RecordingMark,
        stage::{Stage, layout_state::LayoutState},
    },
};
use leptos::{html, prelude::*};
/// All participants and the controls.
#[component]
pub fn CallView() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    // It is built in advance.
    let shown = Signal::from(Memo::new(move |_| session.view.with(|view| view.admission.inside)));
    provide_context(LayoutState::new(session));
    let time = Memo::new(move |_| match session.time_inside() {
        time if time < SECONDS_SHOWN => stopwatch(time),
        time => (t.minutes)(time),
    });
    let alone = boxed_bool(move || session.view.with(View::is_alone));
    let forwarded = boxed_bool(move || session.view.with(View::is_forwarded));
    let blocked = session.playback.blocked;
    let heading = NodeRef::<html::H1>::new();
    effect_holding(move || {
        let heading = heading.get().filter(|_| shown.get())?;
        // Moving the focus needs the layout, which is made in the frame anyway. Until then the
        // connection is more urgent.
        Some(platform::NextFrame::new(move || platform::focus(&heading)))
    });
    // The chat shows their progress.
    let files_shared = RwSignal::new(0_u32);
    let dragging = take_files(shown, move |brought: Brought| {
        session.chat.refuse_folders(&brought.folders);
        if !brought.files.is_empty() {
            session.chat.offer_files(brought.files);
            files_shared.update(|count| *count += 1);
        }
    });
    view! {
        <div class="call" class:alone=alone hidden=boxed_bool(move || !shown.get())>
            <header class="call-bar">
                <h1 tabindex="-1" node_ref=heading>{session.lobby.room.name.get_value().to_string()}</h1>
                <RecordingMark />
                <Show when=forwarded>
                    <p class="forwarded-mark" title=t.forwarded_why>{t.forwarded}</p>
                </Show>
                <time data-clock="" role="timer" aria-label=t.time_in_call>
                    {boxed_text(move || time.get())}
                </time>
            </header>
            <Stage />
            <Show when=alone>
                <Invite />
            </Show>
            <Show when=blocked>
                <button class="button primary unblock" on:click=click(move |_| session.playback.unblock())>
                    <Icon paths=icons::SOUND />
                    {t.tap_to_hear}
                </button>
            </Show>
            <JoinRequest />
            <Controls files_shared />
            <Show when=dragging>
                <p class="drop">{t.drop_here}</p>
            </Show>
        </div>
    }
}
