//! Who connects to whom, and what is passed between them for it.

use super::{ConnId, Rate, Refusal, Room, Rooms, hidden::conceal, nobody, seats::Seat};
use crate::protocol::{
    ErrorCode, PeerId, Role, RoomName, ServerMessage, Signal, limits::PEOPLE_PER_ROOM_MAX,
};
use std::{collections::BTreeSet, time::Duration};

/// How often somebody may have their connections made anew: a whole room's at once, then one a second.
const RECONNECTS: Rate = Rate::new(16, Duration::from_secs(16));

impl Room {
    /// Whom a relayed message is for.
    fn recipient(&self, from: PeerId, to: Option<PeerId>) -> Result<&Seat, Refusal> {
        let mut others = self.seats.others(from);
        if let Some(to) = to {
            return others.find(|seat| seat.id == to).ok_or_else(nobody);
        }
        match (others.next(), others.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err((ErrorCode::NoSuchPeer, "Nobody else is in the room yet.".to_owned())),
            (Some(_), Some(_)) => {
                let whom = "Three or more people are inside: say \"to\" whom.".to_owned();
                Err((ErrorCode::RecipientNeeded, whom))
            }
        }
    }
}

impl Rooms {
    /// Brings a person who has just sat down together with everybody who is here. Those who both
    /// say that they have a connection already are left alone.
    pub(super) fn link(&mut self, name: &RoomName, id: PeerId, linked: Vec<PeerId>, now: Duration) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some(seat) = room.seats.get_mut(id) else { return };
        let known = std::mem::take(&mut seat.linked);
        let number = |other| (other, known.get(&other).copied().unwrap_or_default());
        let linked = linked.into_iter().filter(|other| *other != id);
        seat.linked = linked.take(PEOPLE_PER_ROOM_MAX).map(number).collect();
        let others: Vec<_> = room.seats.others(id).map(|seat| seat.id).collect();
        for other in others {
            self.introduce(name, id, other, now);
        }
        // Who is not here has left, unless nobody has had the time to come back yet.
        if now >= self.gathered {
            self.forget_absent(name);
        } else {
            self.deadlines.insert((self.gathered, name.clone()));
        }
    }

    /// Tells two people to connect to each other, unless both say that they are connected, or one
    /// of them is away: then it is done when they are back.
    fn introduce(&mut self, name: &RoomName, id: PeerId, other: PeerId, now: Duration) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let (Some(mine), Some(theirs)) = (room.seats.get(id), room.seats.get(other)) else {
            return;
        };
        if mine.linked.contains_key(&other) && theirs.linked.contains_key(&id) {
            let back = ServerMessage::Back { peer: id, presence: mine.presence.clone() };
            if let Some(conn) = theirs.conn() {
                self.send(conn, back);
            }
            return;
        }
        let meeting = match (mine.conn(), theirs.conn()) {
            (Some(my_conn), Some(their_conn)) if mine.precedes(theirs) => Some([
                (my_conn, Role::Caller, theirs.person(now)),
                (their_conn, Role::Callee, mine.person(now)),
            ]),
            (Some(my_conn), Some(their_conn)) => Some([
                (their_conn, Role::Caller, mine.person(now)),
                (my_conn, Role::Callee, theirs.person(now)),
            ]),
            _ => None,
        };
        if meeting.is_some() {
            self.links += 1;
        }
        let link = self.links;
        for (one, two) in [(id, other), (other, id)] {
            if let Some(seat) = room.seats.get_mut(one) {
                seat.candidates.remove(&two);
                match meeting {
                    Some(_) => seat.linked.insert(two, link),
                    None => seat.linked.remove(&two),
                };
            }
        }
        for (conn, role, peer) in meeting.into_iter().flatten() {
            self.send(conn, ServerMessage::Ready { role, peer, link });
        }
    }

    /// Tells people of everybody they believe to be connected to who is not in the room.
    pub(super) fn forget_absent(&mut self, name: &RoomName) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let present: BTreeSet<_> = room.seats.all().iter().map(|seat| seat.id).collect();
        let mut news = Vec::new();
        for id in &present {
            let Some(seat) = room.seats.get_mut(*id) else { continue };
            let linked = seat.linked.keys().copied();
            let absent: Vec<_> = linked.filter(|other| !present.contains(other)).collect();
            for peer in absent {
                seat.linked.remove(&peer);
                news.extend(seat.conn().map(|conn| (conn, peer)));
            }
        }
        for (conn, peer) in news {
            self.send(conn, ServerMessage::Left { peer });
        }
    }

    /// Connects two people anew who cannot repair their connection. Both may ask for it: what is
    /// done already is not done again.
    pub(super) fn reconnect(
        &mut self,
        conn: ConnId,
        to: PeerId,
        link: u64,
        now: Duration,
    ) -> Result<(), Refusal> {
        let (name, from) = self.seat_of(conn)?;
        let Some(room) = self.rooms.get_mut(&name) else { return Err(nobody()) };
        if to == from || room.seats.get(to).is_none() {
            return Err(nobody());
        }
        let Some(seat) = room.seats.get_mut(from) else { return Err(nobody()) };
        if seat.linked.get(&to).is_some_and(|current| *current == link || *current == 0) {
            if seat.reconnects.take(RECONNECTS, now).is_err() {
                let message = "You ask for new connections too often: try again in a second.";
                return Err((ErrorCode::TryLater, message.to_owned()));
            }
            seat.linked.remove(&to);
            self.introduce(&name, from, to, now);
        }
        Ok(())
    }

    pub(super) fn relay(
        &mut self,
        conn: ConnId,
        to: Option<PeerId>,
        link: Option<u64>,
        signal: Signal,
    ) -> Result<(), Refusal> {
        let (name, from) = self.seat_of(conn)?;
        let Some(room) = self.rooms.get_mut(&name) else { return Err(nobody()) };
        let hidden = room.seats.get(from).is_some_and(|seat| seat.hidden);
        let recipient = room.recipient(from, to)?;
        let (to, target) = (recipient.id, recipient.conn());
        if let Some(seat) = room.seats.get_mut(from) {
            seat.count(to, &signal)?;
        }
        let signal = if hidden { conceal(signal) } else { Some(signal) };
        let Some(signal) = signal else { return Ok(()) };
        match target {
            Some(target) => self.send(target, ServerMessage::Signal { from, link, signal }),
            // They will be told again.
            None if matches!(signal, Signal::Reception(_)) => {}
            // What is lost now cannot be made up for: the two are introduced anew.
            None => {
                if let Some(seat) = room.seats.get_mut(from) {
                    seat.linked.remove(&to);
                }
            }
        }
        Ok(())
    }
}
