//! The start page.

use super::{
    Navigator,
    call_part::{CallPart, FromPart, PartView},
};
use crate::{
    i18n::texts,
    notices::Notices,
    platform,
    protocol::{Boot, FreshRoom, NoRoom, RoomName},
    reactive::{boxed_bool, boxed_text, effect},
    storage::{keep_host_key, recent_rooms},
    ui::{Brand, Icon, icons},
};
use leptos::{ev::SubmitEvent, html, prelude::*};

/// Starts a call, or goes to a room.
#[component]
pub fn Home(
    /// Why the previous input was not a room.
    problem: Option<NoRoom>,
    /// The new room for a person who starts a call here.
    fresh: Option<FreshRoom>,
) -> impl IntoView {
    let t = texts();
    let origin = own_origin();
    let notices = expect_context::<Notices>();
    let navigator = expect_context::<Navigator>();
    let part = expect_context::<CallPart>();
    effect(move || part.load());
    let start = move |event: SubmitEvent| {
        if let Some(fresh) = fresh.clone() {
            event.prevent_default();
            start_call(fresh, &origin, notices, navigator);
        }
    };
    view! {
        <main class="page home" tabindex="-1" data-phase="home">
            <header class="hero">
                <Brand />
                <h1>"Salon"</h1>
                <p class="lead">{t.tagline}</p>
            </header>
            <form class="start" method="post" action="/new" on:submit=start>
                <button class="button primary large" type="submit">
                    <Icon paths=icons::CAMERA />
                    {t.start_call}
                </button>
                <p class="quiet">{t.start_hint}</p>
            </form>
            <GoForm problem />
            <FromPart view=PartView::Recordings when=boxed_bool(move || part.is_loaded()) />
            <RecentRooms />
            <footer class="quiet">{t.privacy}</footer>
        </main>
    }
}

/// Opens the new room with its link copied.
fn start_call(fresh: FreshRoom, origin: &str, notices: Notices, navigator: Navigator) {
    let FreshRoom { room, key } = fresh;
    keep_host_key(&room, &key);
    let link = format!("{origin}/room/{room}");
    platform::spawn_local(async move {
        if platform::copy(&link).await {
            notices.say(texts().link_copied.to_owned());
        }
        navigator.open_room(room);
    });
}

fn own_origin() -> String {
    use_context::<Boot>().unwrap_or_default().origin
}

#[component]
fn GoForm(problem: Option<NoRoom>) -> impl IntoView {
    let t = texts();
    let (form, field) = (NodeRef::<html::Form>::new(), NodeRef::<html::Input>::new());
    let wrong = RwSignal::new(problem);
    // Whether the typed text waits for the part that reads it.
    let waits = RwSignal::new(false);
    let origin = own_origin();
    let navigator = expect_context::<Navigator>();
    let (notices, part) = (expect_context::<Notices>(), expect_context::<CallPart>());
    let typed = move || field.get_untracked().map(|field| field.value()).unwrap_or_default();
    // The server reads names and links as well, but does not get their fragment.
    let give_up = move || match form.get_untracked() {
        Some(form) if !typed().contains('#') => drop(form.submit()),
        _ => notices.say(t.call_not_loaded.to_owned()),
    };
    effect(move || {
        if !waits.get() || !part.is_loaded() && !part.is_failing() {
            return;
        }
        waits.set(false);
        if !part.is_loaded() {
            return give_up();
        }
        let (typed, origin) = (typed(), origin.clone());
        platform::spawn_local(async move {
            match part.read_link(typed, origin).await {
                Ok(Ok(link)) => navigator.follow(link),
                Ok(Err(problem)) => wrong.set(Some(problem)),
                Err(_) => give_up(),
            }
        });
    });
    let go = move |event: SubmitEvent| {
        event.prevent_default();
        waits.set(true);
    };
    let said = boxed_text(move || match waits.get() {
        true => t.loading.to_owned(),
        false => wrong.get().as_ref().map(t.no_room).unwrap_or_default(),
    });
    let way_on = move || match wrong.get()? {
        NoRoom::Name { offer: Some(room) } => Some((format!("/room/{room}"), (t.take_name)(&room))),
        NoRoom::Elsewhere { url: Some(url), .. } => Some((url, t.open_elsewhere.to_owned())),
        _ => None,
    };
    view! {
        <form class="go" method="get" action="/go" node_ref=form on:submit=go>
            <label for="room">{t.link_or_name}</label>
            <div class="row">
                <input
                    id="room"
                    name="room"
                    type="text"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength="512"
                    aria-describedby="room-problem"
                    node_ref=field
                    on:input=move |_| wrong.set(None)
                />
                <button class="button" type="submit" disabled=waits>{t.go}</button>
            </div>
            <p id="room-problem" class="problem" role="status">
                <span class:quiet=waits>{said}</span>
                {move || way_on().map(|(url, name)| view! {
                    <a class="button small" href=url rel="external">{name}</a>
                })}
            </p>
        </form>
    }
}

#[component]
fn RecentRooms() -> impl IntoView {
    let t = texts();
    let rooms = RwSignal::new(Vec::<RoomName>::new());
    effect(move || rooms.set(recent_rooms()));
    let entry = |room: RoomName| {
        view! { <li><a href=format!("/room/{room}") rel="external">{room.to_string()}</a></li> }
    };
    view! {
        <section class="recent" aria-labelledby="recent" hidden=boxed_bool(move || rooms.get().is_empty())>
            <h2 id="recent">{t.recent_rooms}</h2>
            <ul>{move || rooms.get().into_iter().map(entry).collect_view()}</ul>
        </section>
    }
}
