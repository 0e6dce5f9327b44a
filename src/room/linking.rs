//! Who connects to whom, and what is passed between them for it.

use super::{
    ConnId, NEWS, Rate, Refusal, Room, Rooms,
    hidden::conceal,
    nobody,
    seats::{Seat, Seats},
};
use crate::protocol::{
    ErrorCode, PeerId, Role, RoomName, ServerMessage, Signal, limits::PEOPLE_PER_ROOM_MAX,
};
use std::{collections::BTreeSet, time::Duration};

/// How often one person is told to connect to another, for all causes together: as often as a full
/// room needs to come together twice, then once a second.
fn meetings(people: usize) -> Rate {
    let others = u32::try_from(people.saturating_sub(1).max(1)).unwrap_or(u32::MAX);
    let burst = others.saturating_mul(2);
    Rate::new(burst, Duration::from_secs(burst.into()))
}

impl Seats {
    /// How long it takes until two people may be told to connect to each other; nothing if one of
    /// them is not here.
    fn wait(&self, (one, two): (PeerId, PeerId), rate: Rate, now: Duration) -> Option<Duration> {
        let wait = |id| {
            let seat = self.get(id).filter(|seat| seat.conn().is_some())?;
            Some(seat.meetings.wait(1, rate, now))
        };
        Some(wait(one)?.max(wait(two)?))
    }
}

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
        if let Some(seat) = room.seats.get_mut(id) {
            seat.met = others.iter().copied().collect();
            // Who comes back without end tells the others nothing of it each time.
            if seat.news.take(NEWS, now).is_err() {
                seat.linked.clear();
            }
        }
        for other in others {
            self.introduce(name, id, other);
        }
        self.meet(name, now);
        // Who is not here has left, unless nobody has had the time to come back yet.
        if now >= self.gathered {
            self.forget_absent(name);
        } else {
            self.deadlines.insert((self.gathered, name.clone()));
        }
    }

    /// Has two people connect to each other when it is their turn, unless both say that they are
    /// connected.
    fn introduce(&mut self, name: &RoomName, id: PeerId, other: PeerId) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some(mine) = room.seats.get(id) else { return };
        let (linked, presence) = (mine.linked.contains_key(&other), mine.presence.clone());
        let Some(theirs) = room.seats.get_mut(other) else { return };
        if linked && theirs.linked.contains_key(&id) {
            theirs.met.insert(id);
            if let Some(conn) = theirs.conn() {
                self.send(conn, ServerMessage::Back { peer: id, presence });
            }
            return;
        }
        for (one, two) in [(id, other), (other, id)] {
            if let Some(seat) = room.seats.get_mut(one)
                && seat.linked.remove(&two).is_some()
            {
                seat.met.insert(two);
            }
        }
        if !room.unmet.iter().any(|pair| [(id, other), (other, id)].contains(pair)) {
            room.unmet.push((id, other));
        }
    }

    /// Tells those pairs to connect to each other whose turn it is, and forgets those of whom one is
    /// not here: they are introduced again when that one is back. Nobody is told more often than
    /// [`meetings`] says. Who is waited for in one pair is kept free for it, so that no pair waits
    /// for ever while others come and go.
    pub(super) fn meet(&mut self, name: &RoomName, now: Duration) {
        let rate = meetings(self.config.people);
        let Some(room) = self.rooms.get_mut(name) else { return };
        let (mut waited_for, mut due, mut next) = (BTreeSet::new(), Vec::new(), None::<Duration>);
        room.unmet.retain(|&pair| {
            let Some(wait) = room.seats.wait(pair, rate, now) else { return false };
            let (one, two) = pair;
            let is_free = !waited_for.contains(&one) && !waited_for.contains(&two);
            if is_free && wait.is_zero() {
                for id in [one, two] {
                    let seat = room.seats.get_mut(id);
                    // There is one: that was looked at.
                    let _ = seat.map(|seat| seat.meetings.take(rate, now));
                }
                due.push(pair);
                return false;
            }
            if is_free {
                next = Some(next.map_or(wait, |next| next.min(wait)));
            }
            waited_for.extend([one, two]);
            true
        });
        self.deadlines.extend(next.map(|wait| (now + wait, name.clone())));
        for (one, two) in due {
            self.connect(name, one, two, now);
        }
    }

    /// Whether somebody is still to be told to connect to somebody.
    #[cfg(test)]
    pub(crate) fn is_introducing(&self) -> bool {
        self.rooms.values().any(|room| !room.unmet.is_empty())
    }

    /// Tells two people who are here to connect to each other.
    fn connect(&mut self, name: &RoomName, id: PeerId, other: PeerId, now: Duration) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let (Some(mine), Some(theirs)) = (room.seats.get(id), room.seats.get(other)) else {
            return;
        };
        let meeting = match (mine.conn(), theirs.conn()) {
            (Some(my_conn), Some(their_conn)) if mine.precedes(theirs) => [
                (my_conn, Role::Caller, theirs.person(now)),
                (their_conn, Role::Callee, mine.person(now)),
            ],
            (Some(my_conn), Some(their_conn)) => [
                (their_conn, Role::Caller, mine.person(now)),
                (my_conn, Role::Callee, theirs.person(now)),
            ],
            _ => return,
        };
        self.links += 1;
        let link = self.links;
        for (one, two) in [(id, other), (other, id)] {
            if let Some(seat) = room.seats.get_mut(one) {
                seat.candidates.remove(&two);
                seat.linked.insert(two, link);
                seat.met.insert(two);
            }
        }
        for (conn, role, peer) in meeting {
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

    /// Connects two people anew who cannot repair their connection, when it is their turn. Both may
    /// ask for it: what is done already is not done again.
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
            seat.linked.remove(&to);
            self.introduce(&name, from, to);
            self.meet(&name, now);
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
