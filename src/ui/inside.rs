//! Who is inside, for somebody who is not.

use crate::{
    call::{Phase, View},
    i18n::texts,
    protocol::Person,
    session::Session,
    ui::{flag, text},
};
use leptos::prelude::*;

/// Who is inside and for how long; in front of a full room, also that the person is next.
#[component]
pub fn Inside() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let count = text(move || session.view.get().state.people.len().to_string());
    let sentence = text(move || {
        let since = session.now.get().saturating_sub(session.state_at.get()).as_secs();
        let name = |person: Person| {
            (person.presence.name.as_str().to_owned(), person.seconds.saturating_add(since))
        };
        let people = session.view.get().state.people;
        (t.inside)(&people.into_iter().map(name).collect::<Vec<_>>())
    });
    let waiting = text(move || match session.view.get() {
        View { phase: Phase::Waiting, state, .. } => {
            format!("{} {}", (t.full)(state.people.len(), state.limit), t.waiting_title)
        }
        _ => String::new(),
    });
    view! {
        <div class="inside" data-inside="" data-count=count aria-live="polite">
            <p>{sentence}</p>
            <p class="strong" hidden=flag(move || session.view.get().phase != Phase::Waiting)>{waiting}</p>
        </div>
    }
}
