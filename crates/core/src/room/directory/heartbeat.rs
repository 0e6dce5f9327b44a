//! When connections were last heard from, and the consequences of silence.

use super::{ConnId, Timeouts};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What is due for a silent connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    Ping,
    End,
}

/// One deadline per connection. Activity only records the time; the deadline is moved when it
/// expires, so that a message costs no reordering.
#[derive(Debug)]
pub(super) struct Heartbeat {
    timeouts: Timeouts,
    heard: BTreeMap<ConnId, Duration>,
    deadlines: BTreeSet<(Duration, ConnId)>,
}

impl Heartbeat {
    pub(super) fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, heard: BTreeMap::new(), deadlines: BTreeSet::new() }
    }

    pub(super) fn open(&mut self, conn: ConnId, now: Duration) {
        self.heard.insert(conn, now);
        self.deadlines.insert((now + self.timeouts.ping_interval, conn));
    }

    pub(super) fn alive(&mut self, conn: ConnId, now: Duration) {
        if let Some(heard) = self.heard.get_mut(&conn) {
            *heard = now;
        }
    }

    /// The connection's deadline remains until it expires, and is dropped then.
    pub(super) fn close(&mut self, conn: ConnId) {
        self.heard.remove(&conn);
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// The next connection with an expired deadline at `now`.
    pub(super) fn expire(&mut self, now: Duration) -> Option<(ConnId, Due)> {
        let Timeouts { ping_interval, ping_timeout, .. } = self.timeouts;
        while let Some(&(deadline, conn)) = self.deadlines.first() {
            if deadline > now {
                return None;
            }
            self.deadlines.pop_first();
            let Some(&heard) = self.heard.get(&conn) else { continue };
            if heard + ping_timeout <= now {
                return Some((conn, Due::End));
            }
            if heard + ping_interval > now {
                self.deadlines.insert((heard + ping_interval, conn));
                continue;
            }
            self.deadlines.insert(((now + ping_interval).min(heard + ping_timeout), conn));
            return Some((conn, Due::Ping));
        }
        None
    }
}
