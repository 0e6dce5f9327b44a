//! The connections: the room of each, and when it was last heard from.

use super::{
    super::{ConnId, Standing},
    Timeouts,
    heartbeat::Heartbeat,
};
use crate::protocol::{PeerId, RoomName};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// The state of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ConnState {
    /// Not in a room; closed at this time.
    Idle(Duration),
    /// Watches a room, waits to be admitted, or has a seat.
    InRoom(RoomName, Standing),
}

impl ConnState {
    /// When the connection is closed if it stays in this state.
    fn closes_at(&self) -> Option<Duration> {
        match self {
            Self::Idle(until) => Some(*until),
            Self::InRoom(..) => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Connections {
    /// Time after which an idle connection is closed.
    idle_for: Duration,
    states: BTreeMap<ConnId, ConnState>,
    /// When to close those that are idle.
    idle: BTreeSet<(Duration, ConnId)>,
    pub(super) heartbeat: Heartbeat,
}

impl Connections {
    pub(super) fn new(timeouts: Timeouts, idle_for: Duration) -> Self {
        let heartbeat = Heartbeat::new(timeouts);
        Self { idle_for, states: BTreeMap::new(), idle: BTreeSet::new(), heartbeat }
    }

    pub(super) fn open(&mut self, conn: ConnId, now: Duration) {
        self.set_idle(conn, now);
        self.heartbeat.open(conn, now);
    }

    pub(super) fn close(&mut self, conn: ConnId) {
        if let Some(until) = self.states.remove(&conn).as_ref().and_then(ConnState::closes_at) {
            self.idle.remove(&(until, conn));
        }
        self.heartbeat.close(conn);
    }

    pub(super) fn contains(&self, conn: ConnId) -> bool {
        self.states.contains_key(&conn)
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// The room that a connection watches, waits for or has a seat in.
    pub(super) fn room(&self, conn: ConnId) -> Option<&RoomName> {
        match self.states.get(&conn)? {
            ConnState::InRoom(name, _) => Some(name),
            ConnState::Idle(_) => None,
        }
    }

    pub(super) fn seat(&self, conn: ConnId) -> Option<(&RoomName, PeerId)> {
        match self.states.get(&conn)? {
            ConnState::InRoom(name, Standing::Seated(id)) => Some((name, *id)),
            _ => None,
        }
    }

    pub(super) fn is_waiting(&self, conn: ConnId) -> bool {
        matches!(self.states.get(&conn), Some(ConnState::InRoom(_, Standing::Waiting)))
    }

    /// Marks a connection as being in no room.
    pub(super) fn set_idle(&mut self, conn: ConnId, now: Duration) {
        self.put(conn, ConnState::Idle(now + self.idle_for));
    }

    /// Marks a connection as being in a room with this standing.
    pub(super) fn set_in(&mut self, conn: ConnId, room: &RoomName, standing: Standing) {
        self.put(conn, ConnState::InRoom(room.clone(), standing));
    }

    fn put(&mut self, conn: ConnId, state: ConnState) {
        let closes_at = state.closes_at();
        let before = self.states.insert(conn, state);
        if let Some(until) = before.as_ref().and_then(ConnState::closes_at) {
            self.idle.remove(&(until, conn));
        }
        self.idle.extend(closes_at.map(|until| (until, conn)));
    }

    /// The next connection that has been idle for too long at `now`.
    pub(super) fn overdue(&self, now: Duration) -> Option<ConnId> {
        self.idle.first().filter(|(until, _)| *until <= now).map(|(_, conn)| *conn)
    }

    /// The next deadline of a connection.
    pub(super) fn next(&self) -> Option<Duration> {
        let idle = self.idle.first().map(|(until, _)| *until);
        self.heartbeat.next().into_iter().chain(idle).min()
    }
}
