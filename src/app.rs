//! Which address shows which page.

use crate::{
    pages::{Home, NotFound, RoomPage},
    session::Notices,
    ui::NoticeBar,
};
use leptos::prelude::*;
use leptos_router::{
    components::{Route, Router, Routes},
    path,
};

/// The app, on the server and in the browser.
#[component]
pub fn App() -> impl IntoView {
    let notices = Notices::new();
    provide_context(notices);
    view! {
        <NoticeBar notices />
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=Home />
                <Route path=path!("/room/:name") view=RoomPage />
            </Routes>
        </Router>
    }
}
