//! The start page.

use crate::{
    i18n::texts,
    platform,
    protocol::RoomName,
    session::recent_rooms,
    ui::{Brand, Icon, icons},
};
use leptos::{ev::SubmitEvent, prelude::*};

/// Starts a call, or goes to one.
#[component]
pub fn Home() -> impl IntoView {
    let t = texts();
    Effect::new(|_| platform::set_title("Salon"));
    view! {
        <main class="page home" data-phase="home">
            <header class="hero">
                <Brand />
                <h1>"Salon"</h1>
                <p class="lead">{t.tagline}</p>
            </header>
            <form class="start" method="post" action="/new" on:submit=start_call>
                <button class="button primary large" type="submit">
                    <Icon paths=icons::CAMERA />
                    {t.start_call}
                </button>
                <p class="quiet">{t.start_hint}</p>
            </form>
            <GoForm />
            <RecentRooms />
            <footer class="quiet">{t.privacy}</footer>
        </main>
    }
}

/// Makes the room here where that works, so that its link can be copied; else the server does.
fn start_call(event: SubmitEvent) {
    let Some(bits) = platform::random_bytes() else { return };
    event.prevent_default();
    let room = RoomName::from_random(bits);
    let path = format!("/room/{room}");
    let link = format!("{}{path}", platform::boot().origin);
    platform::spawn_local(async move {
        let copied = platform::copy(&link).await;
        platform::open_page(&if copied { format!("{path}#copied") } else { path });
    });
}

#[component]
fn GoForm() -> impl IntoView {
    let t = texts();
    let typed = RwSignal::new(String::new());
    let wrong = RwSignal::new(false);
    let go = move |event: SubmitEvent| {
        event.prevent_default();
        match RoomName::from_typed(&typed.get_untracked()) {
            Ok(room) => platform::open_page(&format!("/room/{room}")),
            Err(_) => wrong.set(true),
        }
    };
    view! {
        <form class="go" method="get" action="/go" on:submit=go>
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
                    on:input=move |event| {
                        typed.set(event_target_value(&event));
                        wrong.set(false);
                    }
                />
                <button class="button" type="submit">{t.go}</button>
            </div>
            <p id="room-problem" class="problem" role="status">
                {move || wrong.get().then_some(t.bad_name)}
            </p>
        </form>
    }
}

#[component]
fn RecentRooms() -> impl IntoView {
    let t = texts();
    let rooms = RwSignal::new(Vec::<RoomName>::new());
    Effect::new(move |_| rooms.set(recent_rooms()));
    let entry = |room: RoomName| {
        view! { <li><a href=format!("/room/{room}") rel="external">{room.to_string()}</a></li> }
    };
    view! {
        <section class="recent" aria-labelledby="recent" hidden=move || rooms.with(Vec::is_empty)>
            <h2 id="recent">{t.recent_rooms}</h2>
            <ul>{move || rooms.get().into_iter().map(entry).collect_view()}</ul>
        </section>
    }
}
