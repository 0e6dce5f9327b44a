//! A connection as it is shown to the user.

use super::{Connection, Link, Obstacle, Path, health::SILENT_AFTER};
use crate::protocol::{Grade, Presence};
use std::{sync::Arc, time::Duration};

/// Number of consecutive failures that are repaired before the connection is shown as failed.
const QUIET_FAILURES: u32 = 1;

impl Connection {
    /// Whether the first connection has no path yet. What follows is done by other threads of the
    /// browser.
    pub(in crate::call) fn is_introducing(&self, now: Duration) -> bool {
        let is_new = matches!(self.link(now), Link::New | Link::Connecting);
        is_new && !self.transport.has_path()
    }

    /// When the displayed state next changes by itself.
    pub(in crate::call) fn link_changes_at(&self, now: Duration) -> Option<Duration> {
        let start = self.start.changes_at(now).filter(|_| !self.transport.was_up);
        let silent = self.broken().map(|since| since + SILENT_AFTER);
        start.into_iter().chain(silent.filter(|time| *time > now)).min()
    }

    /// The state of the connection as shown to the user.
    pub(in crate::call) fn link(&self, now: Duration) -> Link {
        if self.transport.was_connected {
            return match self.broken() {
                Some(since) if now >= since + SILENT_AFTER => Link::Reconnecting { since },
                _ => Link::Connected,
            };
        }
        let fails = (self.transport.failures > QUIET_FAILURES).then_some(Obstacle::Between);
        match self.start.obstacle(now).or(fails) {
            Some(obstacle) => Link::Failed(obstacle),
            None if self.transport.is_new() => Link::New,
            None => Link::Connecting,
        }
    }

    /// Whether media flows, including video if it is expected.
    pub(in crate::call) fn shows(&self) -> bool {
        self.is_up() && (self.health.has_picture() || !self.expected.camera)
    }

    /// Whether expected video has stopped.
    pub(in crate::call) fn is_frozen(&self) -> bool {
        self.health.has_picture() && !self.health.arrives(self.expected).1
    }

    /// Whether the other side hears this participant. True if they are muted, and before the first
    /// connection, where other states are shown.
    pub(in crate::call) fn is_heard(&self, me: &Presence) -> bool {
        self.receptions.remote.sound || !me.mic || !self.transport.was_connected
    }

    /// Whether the other side sees this participant. True if their camera is off.
    pub(in crate::call) fn is_seen(&self, me: &Presence) -> bool {
        self.receptions.remote.picture || !me.camera || !self.transport.was_connected
    }

    /// The grade of the worse direction.
    pub(in crate::call) fn grade(&self) -> Grade {
        self.health.received().min(self.sent())
    }

    /// The network path in use.
    pub(in crate::call) fn path(&self) -> Option<Path> {
        let path = if self.is_to_server() { Some(Path::Server) } else { self.health.path() };
        path.filter(|_| self.is_up())
    }

    /// The fingerprints that both sides can compare; none if the other side is the server.
    pub(in crate::call) fn fingerprints(&self) -> Option<Arc<str>> {
        self.negotiation.fingerprints().filter(|_| !self.is_to_server())
    }
}
