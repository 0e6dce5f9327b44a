//! The room's name and links, for the person to hand on.

use super::{
    Notice, Notices,
    storage::{host_link, room_keys},
};
use crate::{platform, protocol::RoomName};
use leptos::prelude::*;

/// The room's name, and the links to it. Cheap to copy.
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

    /// Puts the link on the clipboard that makes this person a host on another device, too.
    pub fn copy_host_link(self) {
        if let Some(key) = room_keys::host_key(&self.name.get_value()) {
            self.copy(host_link(&self.link.get_value(), &key));
        }
    }

    /// Puts the renewed host link on the clipboard.
    pub(super) fn hand_out_host_link(self, key: &str) {
        let link = host_link(&self.link.get_value(), key);
        put_on_clipboard(self.notices, link, Notice::HostLinkRenewed, Notice::HostLinkNotCopied);
    }

    /// Puts a link on the clipboard.
    pub fn copy(self, link: String) {
        put_on_clipboard(self.notices, link, Notice::LinkCopied, Notice::LinkNotCopied);
    }

    /// Opens the system's share sheet with the link.
    pub fn share_link(self) {
        let link = self.link.get_value();
        platform::spawn_local(async move { platform::share(&link).await });
    }
}

/// Puts a text on the clipboard, and tells the person whether that worked.
pub(super) fn put_on_clipboard(notices: Notices, text: String, done: Notice, failed: Notice) {
    platform::spawn_local(async move {
        let copied = platform::copy(&text).await;
        notices.show(if copied { done } else { failed });
    });
}
