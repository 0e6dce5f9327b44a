//! The room's name and link, for the person to hand on.

use crate::{i18n::texts, notices::Notices, platform, protocol::RoomName};
use leptos::prelude::*;

/// The room's name, and the link to it. Cheap to copy.
#[derive(Clone, Copy)]
pub struct RoomLinks {
    /// The room's name.
    pub name: StoredValue<RoomName>,
    /// The link for guests.
    pub link: StoredValue<String>,
    notices: Notices,
}

impl RoomLinks {
    pub(super) fn new(room: RoomName, origin: &str, notices: Notices) -> Self {
        let link = format!("{origin}/room/{room}");
        Self { name: StoredValue::new(room), link: StoredValue::new(link), notices }
    }

    /// Puts the link on the clipboard.
    pub fn copy_link(self) {
        self.copy(self.link.get_value());
    }

    /// Puts a link on the clipboard.
    pub fn copy(self, link: String) {
        let t = texts();
        self.notices.copy(link, t.link_copied, t.link_not_copied);
    }

    /// Opens the system's share sheet with the link.
    pub fn share_link(self) {
        let link = self.link.get_value();
        platform::spawn_local(async move { platform::share(&link).await });
    }
}
