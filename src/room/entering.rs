//! Who gets a seat in a room, and who gets theirs back.

use super::{
    ConnId, Place, Refusal, Room, Rooms,
    door::Entry,
    seat_moved,
    seats::{Identity, Seat, Sitter},
};
use crate::protocol::{
    ClientMessage, ErrorCode, IceGrant, Join, Presence, RoomName, RoomState, ServerMessage,
};
use std::time::Duration;

impl Rooms {
    pub(super) fn join(
        &mut self,
        conn: ConnId,
        join: Join,
        identity: Identity,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.refuse_seated(conn)?;
        let claim = join.seat.as_ref().and_then(|claim| claim.token.as_ref());
        if !identity.returning && claim.is_some() {
            let message = "The proof of your seat is wrong or too old; join without it.".to_owned();
            return Err((ErrorCode::BadSeat, message));
        }
        let seat = self.rooms.get(&join.room).and_then(|room| room.seats.get(identity.id));
        // A message of a connection that this person has given up may come late.
        if seat.and_then(Seat::conn).is_some_and(|newer| newer > conn) {
            return Err(seat_moved());
        }
        let generation = self.key_generation(&join.room);
        let host = identity.host.filter(|shown| *shown >= generation);
        let identity = Identity { host, ..identity };
        match self.door(&join, &identity, now)? {
            Entry::In => self.sit(conn, join, identity, now),
            Entry::Wait => self.queue(conn, join, identity, now),
            Entry::Check(given, hash) => {
                let work = (join.room.clone(), given, Some(hash));
                self.check(conn, ClientMessage::Join(join), identity, work);
                Ok(())
            }
        }
    }

    /// Gives a seat to somebody who may have one.
    pub(super) fn sit(
        &mut self,
        conn: ConnId,
        Join { room: name, presence, seat: claim, hidden, .. }: Join,
        identity: Identity,
        now: Duration,
    ) -> Result<(), Refusal> {
        let id = identity.id;
        let is_heir = self.is_heir(&name, &identity);
        let held = self.rooms.get(&name).is_some_and(|room| room.seats.get(id).is_some());
        let state = self.state(&name, now);
        // After a restart, nobody takes the place of somebody who is on their way back. Not even a
        // collector of old proofs makes a room more than twice as full as it may be.
        let owed = identity.returning
            && now < self.gathered
            && state.people.len() < 2 * self.config.people;
        if !held && !owed && !state.has_space() {
            let (inside, limit) = (state.people.len(), state.limit);
            return Err((ErrorCode::RoomFull, format!("{inside} of {limit} are inside.")));
        }
        self.refuse_another(&name)?;
        self.vacate(conn, now, now);
        self.use_invitation(&name, &identity, &presence.name, now);
        self.raise_key(&name, &identity, now);
        let room = self.rooms.entry(name.clone()).or_default();
        let mut presence = presence;
        if !identity.returning {
            presence.hand = presence.hand.map(|_| 0);
        }
        room.line_up(room.seats.get(id).and_then(|seat| seat.presence.hand), &mut presence);
        if held {
            self.take_back(conn, &name, &identity, presence, now);
        } else {
            room.seats.add(Seat::new(conn, &identity, presence));
        }
        let mut keyless = false;
        if let Some(seat) = self.rooms.get_mut(&name).and_then(|room| room.seats.get_mut(id)) {
            seat.hidden = hidden;
            seat.host |= is_heir;
            keyless = seat.host && identity.host.is_none();
            if let Some(kept) = self.kept.get_mut(&name) {
                kept.spare(id, identity.since);
                seat.invitations.extend(kept.came_by(id));
            }
        }
        if identity.host.is_some() {
            self.note_keyholder(&name, id);
        }
        self.put(conn, Place::Seated(name.clone(), id));
        let state = self.state(&name, now);
        let people = state.people.into_iter().filter(|person| person.id != id).collect();
        let (state, rules) = (RoomState { people, ..state }, self.rules(&name));
        let (ice, seat) = (IceGrant::default(), identity.token);
        self.send(conn, ServerMessage::Joined { id, state, ice, seat, rules });
        if keyless {
            self.note_keyholder(&name, id);
            self.give_key(conn, &name);
        }
        if identity.host.is_some() || keyless {
            self.tell_rules(&name, Some(id));
            self.tell_line(&name, now);
        }
        let linked = claim.filter(|_| identity.returning).map(|claim| claim.linked);
        self.link(&name, id, linked.unwrap_or_default(), now);
        self.tell_watchers(&name, now);
        if self.kept.get_mut(&name).is_some_and(|kept| kept.touch(now)) {
            self.note(&name);
        }
        Ok(())
    }

    /// Puts a person back on their seat. Whoever used it until now, in another tab, is told.
    fn take_back(
        &mut self,
        conn: ConnId,
        name: &RoomName,
        identity: &Identity,
        presence: Presence,
        now: Duration,
    ) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some(seat) = room.seats.get_mut(identity.id) else { return };
        let before = std::mem::replace(&mut seat.sitter, Sitter::Here(conn));
        seat.presence = presence;
        seat.host |= identity.host.is_some();
        if let Sitter::Here(elsewhere) = before {
            self.displace(elsewhere, now);
            let (code, message) = seat_moved();
            self.send(elsewhere, ServerMessage::Error { code, message });
        }
    }

    pub(super) fn refuse_seated(&self, conn: ConnId) -> Result<(), Refusal> {
        match self.places.get(&conn) {
            Some(Place::Seated(..)) => {
                let message = "This connection sits in a room already; leave it first.".to_owned();
                Err((ErrorCode::AlreadyJoined, message))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a room that would be one more than there may be.
    pub(super) fn refuse_another(&self, name: &RoomName) -> Result<(), Refusal> {
        let most = self.config.rooms;
        let occupied = || self.rooms.values().filter(|room| room.is_occupied()).count();
        // Who watches holds no room.
        if self.rooms.len() < most
            || self.rooms.get(name).is_some_and(Room::is_occupied)
            || occupied() < most
        {
            return Ok(());
        }
        let message = format!("There are {most} rooms, as many as this server has; try again.");
        Err((ErrorCode::TooManyRooms, message))
    }
}
