//! People who ask to join, for hosts.

use crate::{
    i18n::{call_texts, shown_name},
    protocol::{HostAction, PeerId, Person},
    reactive::{boxed_bool, boxed_str, boxed_text, first_click},
    session::Session,
};
use leptos::{ev::MouseEvent, prelude::*};

/// All waiting people, for a host with the list of people open.
#[component]
pub(super) fn WaitingPeople() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let waiting =
        Memo::new(move |_| session.view.with(|view| view.hosting.host_state.waiting.clone()));
    let row = move |Person { id, .. }: Person| {
        // They may still change their name.
        let name = boxed_text(move || {
            let of = |waiting: &Vec<Person>| {
                let person = waiting.iter().find(|person| person.id == id);
                person.map(|person| shown_name(person.presence.clone())).unwrap_or_default()
            };
            waiting.with(of)
        });
        let act = move |action: HostAction| first_click(move |_| session.act(action.clone()));
        view! {
            <li class="person">
                <span class="name">{name}</span>
                <button class="button small primary" on:click=act(HostAction::Admit { to: Some(id) })>
                    {t.let_in}
                </button>
                <button class="button small" on:click=act(HostAction::Deny { to: Some(id) })>
                    {t.deny}
                </button>
            </li>
        }
    };
    view! {
        <section hidden=boxed_bool(move || waiting.get().is_empty()) aria-labelledby="waiting">
            <h3 id="waiting">{t.waiting_to_come_in}</h3>
            <ul class="people">
                <For each=move || waiting.get() key=|person| person.id children=row />
            </ul>
            <button
                class="button small"
                hidden=boxed_bool(move || waiting.get().len() < 2)
                on:click=each(session, waiting, |to| HostAction::Admit { to })
            >
                {t.let_all_in}
            </button>
        </section>
    }
}

/// Waiting people, for a host who is looking at the call.
#[component]
pub(in crate::ui) fn JoinRequest() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let waiting = Memo::new(move |_| {
        session.view.with(|view| match view.hosting.is_host {
            true => view.hosting.host_state.waiting.clone(),
            false => Vec::new(),
        })
    });
    let sentence = boxed_text(move || {
        let waiting = waiting.get();
        (t.knock)(&waiting.iter().map(|person| &person.presence.name).collect::<Vec<_>>())
    });
    let nobody = boxed_bool(move || waiting.get().is_empty());
    let alone = move || waiting.get().len() == 1;
    view! {
        <div class="knock" role="status">
            <div class="notice" data-notice="knock" hidden=nobody>
                <p>{sentence}</p>
                <button class="button small primary" on:click=each(session, waiting, |to| HostAction::Admit { to })>
                    {boxed_str(move || if alone() { t.let_in } else { t.let_all_in })}
                </button>
                <button
                    class="button small"
                    hidden=boxed_bool(move || !alone())
                    on:click=each(session, waiting, |to| HostAction::Deny { to })
                >
                    {t.deny}
                </button>
            </div>
        </div>
    }
}

/// Applies an action to every waiting person that is shown, and not to newcomers.
fn each(
    session: Session,
    waiting: Memo<Vec<Person>>,
    action: fn(Option<PeerId>) -> HostAction,
) -> Box<dyn FnMut(MouseEvent)> {
    first_click(move |_| {
        let shown = waiting.get_untracked().into_iter();
        shown.for_each(|person| session.act(action(Some(person.id))));
    })
}
