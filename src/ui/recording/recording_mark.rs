//! The indicator that the call is being recorded, visible to everyone while it is.

use crate::{
    i18n::{call_texts, shown_name, stopwatch},
    reactive::{boxed_bool, boxed_text},
    session::{Session, Stage},
};
use leptos::prelude::*;

/// Who is recording, and for how long this person has.
#[component]
pub(in crate::ui) fn RecordingMark() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let names = Memo::new(move |_| {
        let others = session.view.with(|view| {
            let recording = view.tiles.iter().filter(|tile| tile.presence.recording);
            recording.map(|tile| shown_name(tile.presence.clone())).collect::<Vec<_>>()
        });
        let me = session.recording.is_announced().then(|| t.you_record.to_owned());
        me.into_iter().chain(others).collect::<Vec<_>>()
    });
    let time = boxed_text(move || match session.recording.stage.get() {
        Stage::Running { since } => stopwatch(session.clock.now.get().saturating_sub(since)),
        _ => String::new(),
    });
    view! {
        <div class="recording-mark" role="status" hidden=boxed_bool(move || names.with(Vec::is_empty))>
            <span class="dot" aria-hidden="true"></span>
            <span class="who">{boxed_text(move || (t.recording_by)(&names.get()))}</span>
            <span aria-hidden="true">{time}</span>
        </div>
    }
}
