//! After the call.

use crate::{
    i18n::texts,
    session::Session,
    ui::{Brand, Icon, icons},
};
use leptos::prelude::*;

/// How long the call was, and the way back.
#[component]
pub fn Left() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let inside = move || {
        let people = session.view.with(|view| view.state.people.len());
        (people > 0).then(|| {
            session.view.with(|view| {
                let name = |p: &crate::protocol::Person| (p.presence.name.as_str().to_owned(), p.seconds);
                (t.inside)(&view.state.people.iter().map(name).collect::<Vec<_>>())
            })
        })
    };
    view! {
        <div class="page center">
            <Brand />
            <h1 tabindex="-1">{t.left_title}</h1>
            <p class="lead">{move || (t.left_after)(session.time_inside())}</p>
            <p class="quiet" aria-live="polite">{inside}</p>
            <div class="row">
                <button class="button primary" on:click=move |_| session.join()>
                    <Icon paths=icons::ENTER />
                    {t.rejoin}
                </button>
                <a class="button" href="/" rel="external">{t.home}</a>
            </div>
        </div>
    }
}
