//! The link that makes its holder a host, for the person to keep or to use on another device.

use super::Session;
use crate::{
    i18n::call_texts,
    lobby::RoomLinks,
    notices::Notices,
    storage::{host_key, host_link},
};
use leptos::prelude::*;

impl Session {
    /// Puts the link on the clipboard that makes this person a host on another device, too.
    pub fn copy_host_link(self) {
        if let Some(key) = host_key(&self.lobby.room.name.get_value()) {
            self.lobby.room.copy(host_link(&self.lobby.room.link.get_value(), &key));
        }
    }
}

/// Puts the renewed host link on the clipboard.
pub(super) fn hand_out(room: RoomLinks, notices: Notices, key: &str) {
    let (t, link) = (call_texts(), host_link(&room.link.get_value(), key));
    notices.copy(link, t.host_link_renewed, t.host_link_not_copied);
}
