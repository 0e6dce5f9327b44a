//! The state of a connection as the browser reports it, and its history.

use super::types::{ConnectionState, IceConnectionState};
use std::time::Duration;

/// The transport of one connection. Its history includes the connections that it replaced.
#[derive(Debug, Default)]
pub(super) struct Transport {
    state: ConnectionState,
    ice: IceConnectionState,
    /// When ICE started.
    pub(super) began: Option<Duration>,
    /// Whether this connection has ever been up.
    pub(super) was_up: bool,
    /// Whether this connection or a replaced one has ever been up.
    pub(super) was_connected: bool,
    /// Since when the connection is down.
    pub(super) down_since: Option<Duration>,
    /// Number of consecutive failures.
    pub(super) failures: u32,
}

impl Transport {
    /// The transport of a connection that replaces one that is down since this time.
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

    /// Records the current state.
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

    /// Whether ICE has found a path.
    pub(super) fn has_path(&self) -> bool {
        matches!(self.ice, IceConnectionState::Connected | IceConnectionState::Completed)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state == ConnectionState::Failed
    }

    /// Whether nothing has started yet.
    pub(super) fn is_new(&self) -> bool {
        self.state == ConnectionState::New && self.ice == IceConnectionState::New
    }
}
