//! When connections were last heard from, and the consequences of silence.

use super::{Clocks, ConnId};
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
    clocks: Clocks,
    heard: BTreeMap<ConnId, Duration>,
    deadlines: BTreeSet<(Duration, ConnId)>,
}

impl Heartbeat {
    pub(super) fn new(clocks: Clocks) -> Self {
        Self { clocks, heard: BTreeMap::new(), deadlines: BTreeSet::new() }
    }

    pub(super) fn open(&mut self, conn: ConnId, now: Duration) {
        self.heard.insert(conn, now);
        self.deadlines.insert((now + self.clocks.ping, conn));
    }

    pub(super) fn heard(&mut self, conn: ConnId, now: Duration) {
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
        let Clocks { ping, silence, .. } = self.clocks;
        while let Some(&(deadline, conn)) = self.deadlines.first() {
            if deadline > now {
                return None;
            }
            self.deadlines.pop_first();
            let Some(&heard) = self.heard.get(&conn) else { continue };
            if heard + silence <= now {
                return Some((conn, Due::End));
            }
            if heard + ping > now {
                self.deadlines.insert((heard + ping, conn));
                continue;
            }
            self.deadlines.insert(((now + ping).min(heard + silence), conn));
            return Some((conn, Due::Ping));
        }
        None
    }
}
