//! Taking a seat, and returning to one.

use super::{
    ConnId, Context, Refusal, Room, RoomOutput, Standing, Unchecked,
    admission::Admission,
    refusal,
    seats::{Identity, Occupancy, Seat},
};
use crate::protocol::{
    ClientMessage, ErrorCode, IceGrant, Join, PeerId, Presence, RoomState, ServerMessage,
};

fn seat_moved() -> Refusal {
    refusal(ErrorCode::SeatMoved, "Your seat is used from another tab now.")
}

impl Room {
    pub(super) fn join(
        &mut self,
        conn: ConnId,
        join: Join,
        identity: Identity,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let claim = join.seat.as_ref().and_then(|claim| claim.token.as_ref());
        if !identity.returning && claim.is_some() {
            let sentence = "The seat token is invalid or expired; join without it.";
            return Err(refusal(ErrorCode::BadSeatToken, sentence));
        }
        // A message of a connection that this person has abandoned may arrive late.
        let seat = self.seats.get(identity.id);
        if seat.and_then(Seat::conn).is_some_and(|newer| newer > conn) {
            return Err(seat_moved());
        }
        let host = identity.host.filter(|shown| *shown >= self.settings.generation());
        let identity = Identity { host, ..identity };
        match self.admission(&join, &identity, cx)? {
            Admission::In => self.complete_join(conn, &join, &identity, cx),
            Admission::Wait => self.queue(conn, join, identity, cx),
            Admission::Check(passcode, hash) => {
                let (message, stored_hash) = (ClientMessage::Join(join), Some(hash));
                self.check(Unchecked { conn, message, identity, passcode, stored_hash });
                Ok(())
            }
        }
    }

    /// Seats a person who was admitted.
    pub(super) fn complete_join(
        &mut self,
        conn: ConnId,
        join: &Join,
        identity: &Identity,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let id = identity.id;
        self.refuse_full(identity, cx)?;
        self.refuse_new_room(cx)?;
        let is_designated = self.is_designated(identity);
        self.withdraw(conn, cx);
        // Their previous room must not tell them anything more.
        self.moved(conn, Some(Standing::Seated(id)));
        self.use_invitation(identity, &join.presence.name, cx);
        self.raise_key(identity, cx);
        let presence = self.initial_presence(join.presence.clone(), identity);
        self.take_seat(conn, identity, presence);
        let keyless = self.configure_seat(join.hidden, is_designated, identity);
        if identity.host.is_some() {
            self.add_keyholder(id);
        }
        self.send_joined(conn, identity, cx);
        self.tell_hand(id, join.presence.hand);
        self.tell_mutes(conn, id);
        if keyless {
            self.add_keyholder(id);
            self.send_host_key(conn);
        }
        if identity.host.is_some() || keyless {
            self.tell_settings(Some(id));
            self.tell_waiting_room(cx);
        }
        let claim = join.seat.as_ref().filter(|_| identity.returning);
        let linked = claim.map(|claim| claim.linked.clone());
        self.pair_with_all(id, linked.unwrap_or_default(), cx);
        self.tell_watchers(cx);
        self.touch(cx);
        Ok(())
    }

    fn refuse_full(&self, identity: &Identity, cx: &Context<'_>) -> Result<(), Refusal> {
        let held = self.seats.get(identity.id).is_some();
        let (inside, limit) = (self.seats.all().len(), self.terms.max_participants);
        // After a restart, newcomers cannot take the seats of people who return. Collected seat tokens
        // fill a room to at most twice its size.
        let owed =
            identity.returning && cx.now < self.terms.resume_window_ends && inside < 2 * limit;
        if held || owed || inside < limit {
            return Ok(());
        }
        Err((ErrorCode::RoomFull, format!("{inside} of {limit} are inside.")))
    }

    /// Refuses a person in an otherwise empty room if the server has reached its limit of rooms.
    pub(super) fn refuse_new_room(&self, cx: &Context<'_>) -> Result<(), Refusal> {
        let Err(most) = cx.space.occupied else { return Ok(()) };
        if self.is_occupied() {
            return Ok(());
        }
        let message = format!("The server has reached its limit of {most} rooms; try again later.");
        Err((ErrorCode::TooManyRooms, message))
    }

    /// The initial presence of a person who joins or returns.
    fn initial_presence(&mut self, mut presence: Presence, identity: &Identity) -> Presence {
        if !identity.returning {
            presence.hand = presence.hand.map(|_| 0);
        }
        let mut before = None;
        if let Some(seat) = self.seats.get_mut(identity.id) {
            before = seat.presence.hand;
            seat.confirm_mutes(&presence);
            seat.unconfirmed_mutes.iter().for_each(|source| presence.switch_off(*source));
        }
        self.assign_hand(before, &mut presence);
        presence
    }

    /// Puts a person on a seat, or back on theirs. A tab that used the seat is told.
    fn take_seat(&mut self, conn: ConnId, identity: &Identity, presence: Presence) {
        let Some(seat) = self.seats.get_mut(identity.id) else {
            self.outputs.push(RoomOutput::Seat(identity.id, true));
            return self.seats.add(Seat::new(conn, identity, presence));
        };
        let before = std::mem::replace(&mut seat.occupancy, Occupancy::Connected(conn));
        seat.presence = presence;
        seat.host |= identity.host.is_some();
        if let Occupancy::Connected(elsewhere) = before {
            self.dismiss(elsewhere, seat_moved());
        }
    }

    /// Sets a seat's properties; returns whether it belongs to a host who has not shown the key.
    fn configure_seat(&mut self, hidden: bool, is_designated: bool, identity: &Identity) -> bool {
        let Some(seat) = self.seats.get_mut(identity.id) else { return false };
        seat.hidden = hidden;
        seat.host |= is_designated;
        if let Some(decisions) = &mut self.settings.decisions {
            decisions.accept_seat(identity.id, identity.since);
            seat.invitations.extend(decisions.invitations_of(identity.id));
        }
        seat.host && identity.host.is_none()
    }

    /// Repeats to a participant who has returned what a host has muted: they may not have been told.
    fn tell_mutes(&mut self, conn: ConnId, id: PeerId) {
        let mutes = self.seats.get(id).map(|seat| seat.unconfirmed_mutes.clone());
        for source in mutes.unwrap_or_default() {
            self.send(conn, ServerMessage::Muted(source));
        }
    }

    fn send_joined(&mut self, conn: ConnId, identity: &Identity, cx: &Context<'_>) {
        let id = identity.id;
        let state = self.state(cx.now);
        let people = state.people.into_iter().filter(|person| person.id != id).collect();
        let (state, settings) = (RoomState { people, ..state }, self.public_settings());
        let (ice, seat_token) = (IceGrant::default(), identity.token.clone());
        self.send(conn, ServerMessage::Joined { id, state, ice, seat_token, settings });
    }
}
