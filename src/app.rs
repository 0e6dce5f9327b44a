//! The routes.

use crate::{
    notices::Notices,
    pages::{CallPart, Home, Navigator, NotFound, RoomPage},
    platform,
    protocol::{Boot, Page},
    reactive::effect_holding,
    ui::NoticeBar,
};
use leptos::{either::EitherOf3, prelude::*};

/// The app, on the server and in the browser. The server decides the first page.
#[component]
pub fn App() -> impl IntoView {
    let boot = use_context::<Boot>().unwrap_or_default();
    let page = RwSignal::new(boot.page);
    let notices = Notices::default();
    provide_context(notices);
    provide_context(CallPart::default());
    provide_context(Navigator::new(page));
    effect_holding(platform::watch_focus);
    effect_holding(platform::watch_texts);
    effect_holding(platform::watch_history);
    view! {
        <NoticeBar notices />
        {move || match page.get() {
            Page::Home { problem, fresh } => EitherOf3::A(view! { <Home problem fresh /> }),
            Page::Room { name, state } => EitherOf3::B(view! { <RoomPage name state /> }),
            Page::NotFound => EitherOf3::C(view! { <NotFound /> }),
        }}
    }
}
