//! The way from page to page.

use crate::{
    platform,
    protocol::{Page, RoomLink, RoomName, RoomState},
    storage::keep_secret,
};
use leptos::prelude::*;

/// Goes from page to page without loading anything.
#[derive(Clone, Copy)]
pub struct Navigator(RwSignal<Page>);

impl Navigator {
    /// Sets `page`, which is the one that is shown.
    #[must_use]
    pub fn new(page: RwSignal<Page>) -> Self {
        Self(page)
    }

    /// Opens the page of the room that a link leads to, with what the link opens there.
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
