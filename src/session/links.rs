//! Links and reports, for the person to hand on.

use super::{Notice, Session, host_link, pass};
use crate::platform;
use leptos::prelude::*;

impl Session {
    /// Puts the link on the clipboard.
    pub fn copy_link(self) {
        self.copy(self.link.get_value());
    }

    /// Puts on the clipboard the link that makes this person a host on another device, too.
    pub fn copy_host_link(self) {
        if let Some(key) = pass::host_key(&self.room.get_value()) {
            self.copy(host_link(&self.link.get_value(), &key));
        }
    }

    /// Copies the person's new host link to the clipboard.
    pub(super) fn hand_out_host_link(self, key: &str) {
        let link = host_link(&self.link.get_value(), key);
        self.put(link, Notice::HostLinkRenewed, Notice::HostLinkNotCopied);
    }

    /// Puts a link on the clipboard.
    pub fn copy(self, link: String) {
        self.put(link, Notice::LinkCopied, Notice::LinkNotCopied);
    }

    /// Puts a report on the clipboard.
    pub fn copy_report(self, report: String) {
        self.put(report, Notice::ReportCopied, Notice::ReportNotCopied);
    }

    fn put(self, text: String, done: Notice, failed: Notice) {
        platform::spawn_local(async move {
            let copied = platform::copy(&text).await;
            self.notices.show(if copied { done } else { failed });
        });
    }

    /// Opens the system's share sheet with the link.
    pub fn share_link(self) {
        let link = self.link.get_value();
        platform::spawn_local(async move { platform::share(&link).await });
    }
}
