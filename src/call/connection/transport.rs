//! How the browser says that a connection is, and how it was before.

use super::types::{ConnectionState, IceConnectionState};
use std::time::Duration;

/// The state of one connection's transport, with the history of those that it replaced.
#[derive(Debug, Default)]
pub(super) struct Transport {
    state: ConnectionState,
    ice: IceConnectionState,
    /// When ICE began.
    pub(super) began: Option<Duration>,
    /// Whether this connection has ever been up.
    pub(super) was_up: bool,
    /// Whether the other side was ever connected, by this connection or an earlier one.
    pub(super) was_connected: bool,
    /// Since when the connection says that it is not up.
    pub(super) down_since: Option<Duration>,
    /// How often in a row connections failed.
    pub(super) failures: u32,
}

impl Transport {
    /// For a connection that replaces one which is down since this time.
    pub(super) fn succeed(before: &Self, down_since: Duration) -> Self {
        Self {
            was_connected: before.was_connected,
            failures: before.failures,
            down_since: before.was_connected.then_some(down_since),
            ..Self::default()
        }
    }

    pub(super) fn set_state(&mut self, state: ConnectionState, now: Duration) {
        if self.state != state && state == ConnectionState::Failed {
            self.failures += 1;
        }
        if state == ConnectionState::Connecting {
            self.began.get_or_insert(now);
        }
        self.state = state;
    }

    pub(super) fn set_ice(&mut self, state: IceConnectionState) {
        self.ice = state;
    }

    /// Updates the history with the present state.
    pub(super) fn note(&mut self, now: Duration) {
        if self.is_up() {
            (self.was_up, self.was_connected) = (true, true);
            (self.failures, self.down_since) = (0, None);
        } else if self.was_connected {
            self.down_since.get_or_insert(now);
        }
    }

    pub(super) fn is_up(&self) -> bool {
        use IceConnectionState::{Disconnected, Failed};
        self.state == ConnectionState::Connected && !matches!(self.ice, Disconnected | Failed)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state == ConnectionState::Failed
    }

    /// Whether nothing has been tried yet.
    pub(super) fn is_new(&self) -> bool {
        self.state == ConnectionState::New && self.ice == IceConnectionState::New
    }
}
