//! The routes.

use crate::{
    pages::{Home, NotFound, RoomPage},
    platform,
    protocol::{Boot, Page, RoomLink, RoomName, RoomState},
    reactive::holding,
    session::{Notices, keep_secret},
    ui::NoticeBar,
};
use leptos::{either::EitherOf3, prelude::*};

/// Navigates between pages without loading them.
#[derive(Clone, Copy)]
pub struct Navigator(RwSignal<Page>);

impl Navigator {
    /// Opens the page of a linked room, together with the secret in the link.
    pub fn follow(self, RoomLink { room, secret }: RoomLink) {
        if let Some(secret) = secret {
            keep_secret(&room, &secret);
        }
        self.open_room(room);
    }

    /// Opens the page of a room. The browser's Back and Forward reload the page.
    pub fn open_room(self, name: RoomName) {
        platform::push_path(&format!("/room/{name}"));
        self.0.set(Page::Room { name, state: RoomState::default() });
    }
}

/// The app, on the server and in the browser. The server decides the first page.
#[component]
pub fn App() -> impl IntoView {
    let boot = use_context::<Boot>().unwrap_or_default();
    let page = RwSignal::new(boot.page);
    let notices = Notices::default();
    provide_context(notices);
    provide_context(Navigator(page));
    holding(platform::watch_focus);
    holding(platform::watch_texts);
    holding(platform::watch_history);
    view! {
        <NoticeBar notices />
        {move || match page.get() {
            Page::Home { problem, fresh } => EitherOf3::A(view! { <Home problem fresh /> }),
            Page::Room { name, state } => EitherOf3::B(view! { <RoomPage name state /> }),
            Page::NotFound => EitherOf3::C(view! { <NotFound /> }),
        }}
    }
}
