//! The connections: their place, and when each was last heard from.

use super::{
    super::{ConnId, Standing},
    Clocks,
    heartbeat::Heartbeat,
};
use crate::protocol::{PeerId, RoomName};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// The state of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Has not asked for anything yet, or has left. It is closed at this time.
    Idle(Duration),
    /// Watches a room, waits in front of it or sits in it.
    In(RoomName, Standing),
}

impl Place {
    /// When a connection that stays there is closed.
    fn ends(&self) -> Option<Duration> {
        match self {
            Self::Idle(until) => Some(*until),
            Self::In(..) => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Connections {
    /// How long a connection may be idle.
    idle_for: Duration,
    places: BTreeMap<ConnId, Place>,
    /// When to close those that are idle.
    idle: BTreeSet<(Duration, ConnId)>,
    pub(super) heartbeat: Heartbeat,
}

impl Connections {
    pub(super) fn new(clocks: Clocks, idle_for: Duration) -> Self {
        let heartbeat = Heartbeat::new(clocks);
        Self { idle_for, places: BTreeMap::new(), idle: BTreeSet::new(), heartbeat }
    }

    pub(super) fn open(&mut self, conn: ConnId, now: Duration) {
        self.set_idle(conn, now);
        self.heartbeat.open(conn, now);
    }

    pub(super) fn close(&mut self, conn: ConnId) {
        if let Some(until) = self.places.remove(&conn).as_ref().and_then(Place::ends) {
            self.idle.remove(&(until, conn));
        }
        self.heartbeat.close(conn);
    }

    pub(super) fn contains(&self, conn: ConnId) -> bool {
        self.places.contains_key(&conn)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The room that a connection watches, waits for or sits in.
    pub(super) fn room(&self, conn: ConnId) -> Option<&RoomName> {
        match self.places.get(&conn)? {
            Place::In(name, _) => Some(name),
            Place::Idle(_) => None,
        }
    }

    pub(super) fn seat(&self, conn: ConnId) -> Option<(&RoomName, PeerId)> {
        match self.places.get(&conn)? {
            Place::In(name, Standing::Seated(id)) => Some((name, *id)),
            _ => None,
        }
    }

    pub(super) fn is_waiting(&self, conn: ConnId) -> bool {
        matches!(self.places.get(&conn), Some(Place::In(_, Standing::Waiting)))
    }

    /// Marks a connection as being in no room.
    pub(super) fn set_idle(&mut self, conn: ConnId, now: Duration) {
        self.put(conn, Place::Idle(now + self.idle_for));
    }

    /// Marks a connection as being in a room with this standing.
    pub(super) fn set_in(&mut self, conn: ConnId, room: &RoomName, standing: Standing) {
        self.put(conn, Place::In(room.clone(), standing));
    }

    fn put(&mut self, conn: ConnId, place: Place) {
        let ends = place.ends();
        let before = self.places.insert(conn, place);
        if let Some(until) = before.as_ref().and_then(Place::ends) {
            self.idle.remove(&(until, conn));
        }
        self.idle.extend(ends.map(|until| (until, conn)));
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
