//! The room settings, and the actions and the view of a host.

use super::{Call, Command, view::Hosting};
use crate::protocol::{ClientMessage, ErrorCode, HostAction, PeerId, RoomSettings};

/// The room settings, and this participant's role.
#[derive(Debug, Default)]
pub(super) struct HostTools {
    pub(super) hosting: Hosting,
    /// Whether a new host key was requested and has not arrived yet.
    renews_key: bool,
    /// Actions to send when the server can be reached again.
    pending: Vec<HostAction>,
}

impl HostTools {
    /// Updates the room settings; `me` is this participant's id.
    pub(super) fn set_settings(&mut self, settings: RoomSettings, me: Option<PeerId>) {
        self.hosting.is_host = me.is_some_and(|me| settings.hosts.contains(&me));
        self.hosting.settings = settings;
    }

    /// An action was refused, or takes effect with a restriction. Only in the latter case does the
    /// new key arrive.
    pub(super) fn on_refusal(&mut self, code: ErrorCode) {
        self.renews_key &= matches!(code, ErrorCode::NotKept | ErrorCode::ThisCallOnly);
    }

    /// Resets the state after this participant has left the room.
    pub(super) fn leave(&mut self) {
        let settings = std::mem::take(&mut self.hosting.settings);
        *self = Self { hosting: Hosting { settings, ..Hosting::default() }, ..Self::default() };
    }

    /// Takes the pending actions.
    pub(super) fn take_pending(&mut self) -> Vec<HostAction> {
        std::mem::take(&mut self.pending)
    }
}

impl Call {
    /// Sends a host's action, or keeps it until the server can be reached again.
    pub(super) fn host(&mut self, action: HostAction) {
        self.host_tools.renews_key |= action == HostAction::RenewHostKey;
        match self.can_send() {
            true => self.send(ClientMessage::Host(action)),
            false => self.host_tools.pending.push(action),
        }
    }

    /// Stores the host key that the server has sent.
    pub(super) fn store_host_key(&mut self, key: String) {
        self.admission.pass.host = Some(key.clone());
        self.commands.push_back(Command::KeepHostKey(key.clone()));
        if std::mem::take(&mut self.host_tools.renews_key) {
            self.commands.push_back(Command::HandOutHostKey(key));
        }
    }
}
