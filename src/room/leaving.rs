//! What becomes of the place of a connection that leaves, breaks or falls silent.

use super::{
    ConnId, Place, Rooms,
    seats::{Seat, Sitter},
};
use crate::protocol::{PeerId, RoomName, ServerMessage};
use std::time::Duration;

impl Rooms {
    pub(super) fn close(&mut self, conn: ConnId, hold: Duration, now: Duration) {
        self.vacate(conn, hold, now);
        if let Some(until) = self.places.remove(&conn).as_ref().and_then(Place::suffered) {
            self.placeless.remove(&(until, conn));
        }
        self.heartbeat.close(conn);
        self.barrier.forget(conn);
        self.deferred.forget(conn);
    }

    /// Does what had to wait in a room until now, and frees the seats that are held no longer.
    pub(super) fn catch_up(&mut self, name: &RoomName, now: Duration) {
        let Some(room) = self.rooms.get(name) else { return };
        let over = |seat: &&Seat| matches!(seat.sitter, Sitter::Away(until) if until <= now);
        let gone: Vec<_> = room.seats.all().iter().filter(over).map(|seat| seat.id).collect();
        if room.is_news {
            self.tell_line(name, now);
        }
        for id in gone {
            self.free(name, id, now);
        }
        let seats = self.rooms.get(name).map(|room| room.seats.all()).unwrap_or_default();
        let changed = seats.iter().filter(|seat| seat.is_news).map(|seat| seat.id);
        for id in changed.collect::<Vec<_>>() {
            self.tell_presence(name, id, now);
        }
        self.tell_behind(name, now);
        self.meet(name, now);
        if now >= self.gathered {
            self.forget_absent(name);
        }
    }

    /// Takes a connection out of the room it watches or sits in, and tells who needs to know. The
    /// seat of somebody who asked for that is held until `hold`.
    pub(super) fn vacate(&mut self, conn: ConnId, hold: Duration, now: Duration) {
        let Some(place) = self.places.get(&conn).cloned() else { return };
        if !matches!(place, Place::Nowhere(_)) {
            self.displace(conn, now);
        }
        match place {
            Place::Nowhere(_) => {}
            Place::Watching(name) => {
                if let Some(room) = self.rooms.get_mut(&name) {
                    room.watchers.remove(conn);
                }
                self.forget_empty(&name);
            }
            Place::Waiting(name) => {
                if let Some(room) = self.rooms.get_mut(&name) {
                    room.line.retain(|waiter| waiter.conn != conn);
                }
                self.tell_line(&name, now);
                self.forget_empty(&name);
            }
            Place::Seated(name, id) => {
                let seat = self.rooms.get_mut(&name).and_then(|room| room.seats.get_mut(id));
                match seat.filter(|seat| seat.holds && hold > now) {
                    Some(seat) => {
                        seat.sitter = Sitter::Away(hold);
                        self.deadlines.insert((hold, name));
                    }
                    None => self.free(&name, id, now),
                }
            }
        }
    }

    pub(super) fn free(&mut self, name: &RoomName, id: PeerId, now: Duration) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let told: Vec<_> = room.seats.others_here(id);
        let was_host = room.seats.get(id).is_some_and(|seat| seat.host);
        room.seats.remove(id);
        for conn in told {
            self.send(conn, ServerMessage::Left { peer: id });
        }
        if was_host {
            self.tell_rules(name, None);
            self.tell_line(name, now);
        }
        self.pass_doors(name, now);
        self.tell_watchers(name, now);
        self.forget_empty(name);
    }

    pub(super) fn forget_empty(&mut self, name: &RoomName) {
        let Some(room) = self.rooms.get_mut(name).filter(|room| !room.is_occupied()) else {
            return;
        };
        let is_watched = !room.watchers.is_empty();
        if std::mem::take(&mut room.for_this_call) {
            self.kept.remove(name);
            self.tell_watchers(name, self.acting.0);
        }
        if !is_watched {
            self.rooms.remove(name);
            self.rest(name);
        }
    }
}
