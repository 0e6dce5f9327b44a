//! Leaving, disconnecting and falling silent.

use super::{ConnId, Context, Room, RoomOutput, seats::Occupancy};
use crate::protocol::{PeerId, ServerMessage};
use std::time::Duration;

impl Room {
    /// Takes a connection out of the room, and tells the others. A resumable seat stays reserved
    /// until `reserved_until`.
    pub(super) fn leave(&mut self, conn: ConnId, reserved_until: Duration, cx: &mut Context<'_>) {
        self.moved(conn, None);
        let Some(seat) = self.seats.of_mut(conn) else { return self.withdraw(conn, cx) };
        if seat.resumable && reserved_until > cx.now {
            seat.occupancy = Occupancy::Reserved(reserved_until);
            self.deadlines.insert(reserved_until);
        } else {
            let id = seat.id;
            self.free(id, cx);
        }
    }

    /// Removes a connection that watches or waits.
    pub(super) fn withdraw(&mut self, conn: ConnId, cx: &mut Context<'_>) {
        self.watchers.remove(conn);
        if self.waiting_room.remove(conn) {
            self.tell_waiting_room(cx);
            self.end_call(cx);
        }
    }

    pub(super) fn free(&mut self, id: PeerId, cx: &mut Context<'_>) {
        let told = self.seats.others_here(id);
        let was_host = self.seats.get(id).is_some_and(|seat| seat.host);
        self.seats.remove(id);
        self.outputs.push(RoomOutput::Seat(id, false));
        self.broadcast(told, ServerMessage::PeerLeft { peer: id });
        if was_host {
            self.tell_settings(None);
            self.tell_waiting_room(cx);
        }
        self.admit_unblocked(cx);
        self.tell_watchers(cx);
        self.end_call(cx);
    }

    /// Forgets decisions for this call only, if the call is over.
    pub(super) fn end_call(&mut self, cx: &mut Context<'_>) {
        if !self.is_occupied() && std::mem::take(&mut self.settings.this_call_only) {
            self.settings.decisions = None;
            self.tell_watchers(cx);
        }
    }
}
