//! Who is inside, for somebody who is not.

use crate::{call::Phase, i18n::texts, protocol::Person, session::Session};
use leptos::prelude::*;

/// Who is inside and for how long; in front of a full room, also that the person is next.
#[component]
pub fn Inside() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let count = move || session.view.with(|view| view.state.people.len());
    let sentence = move || {
        let since = session.now.get().saturating_sub(session.state_at.get()).as_secs();
        let name = |person: &Person| {
            (person.presence.name.as_str().to_owned(), person.seconds.saturating_add(since))
        };
        session
            .view
            .with(|view| (t.inside)(&view.state.people.iter().map(name).collect::<Vec<_>>()))
    };
    let waiting = move || {
        session.view.with(|view| {
            let full = (t.full)(view.state.people.len(), view.state.limit);
            (view.phase == Phase::Waiting).then(|| format!("{full} {}", t.waiting_title))
        })
    };
    view! {
        <div class="inside" data-inside="" data-count=count aria-live="polite">
            <p>{sentence}</p>
            <p class="strong">{waiting}</p>
        </div>
    }
}
