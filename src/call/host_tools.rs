//! How the room is kept, and what this person does and sees as a host.

use super::{Call, Command, view::Hosting};
use crate::protocol::{ClientMessage, ErrorCode, HostAction, PeerId, RoomSettings};

/// What is known of how the room is kept, and this person's part in it.
#[derive(Debug, Default)]
pub(super) struct HostTools {
    pub(super) hosting: Hosting,
    /// Whether the person has asked for a new host key and waits for it.
    renews_key: bool,
    /// Actions of the host that wait until the server is back.
    pending: Vec<HostAction>,
}

impl HostTools {
    /// How the room is kept, as the server says to somebody who sits there as `me`.
    pub(super) fn set_settings(&mut self, settings: RoomSettings, me: Option<PeerId>) {
        self.hosting.is_host = me.is_some_and(|me| settings.hosts.contains(&me));
        self.hosting.settings = settings;
    }

    /// Something was not done, or counts only so far; the new key is there only in the latter case.
    pub(super) fn refused(&mut self, code: ErrorCode) {
        self.renews_key &= matches!(code, ErrorCode::NotKept | ErrorCode::ThisCallOnly);
    }

    /// The person has left the room.
    pub(super) fn leave(&mut self) {
        let settings = std::mem::take(&mut self.hosting.settings);
        *self = Self { hosting: Hosting { settings, ..Hosting::default() }, ..Self::default() };
    }

    /// What is still to be done, once.
    pub(super) fn take_pending(&mut self) -> Vec<HostAction> {
        std::mem::take(&mut self.pending)
    }
}

impl Call {
    /// What a host does while the server is away is done when it is back.
    pub(super) fn host(&mut self, action: HostAction) {
        self.host_tools.renews_key |= action == HostAction::RenewHostKey;
        match self.can_speak() {
            true => self.send(ClientMessage::Host(action)),
            false => self.host_tools.pending.push(action),
        }
    }

    /// This person is a host from now on.
    pub(super) fn given_host_key(&mut self, key: String) {
        self.admission.pass.host = Some(key.clone());
        self.commands.push_back(Command::KeepHostKey(key.clone()));
        if std::mem::take(&mut self.host_tools.renews_key) {
            self.commands.push_back(Command::HandOutHostKey(key));
        }
    }
}
