//! Pairing of participants, and forwarding of their signalling.

use super::{
    Context, Rate, Refusal, Room, nobody,
    presence::UPDATE_RATE,
    refusal,
    relay_only::strip_addresses,
    seats::{Seat, Seats},
};
use crate::protocol::{
    ErrorCode, PeerId, Role, ServerMessage, Signal, limits::PARTICIPANTS_PER_ROOM_MAX,
};
use std::{collections::BTreeSet, time::Duration};

/// Rate at which a participant is told to connect to others, for any reason: enough for a full room
/// to connect twice, then one per second.
fn pairing_rate(max_participants: usize) -> Rate {
    let others = u32::try_from(max_participants.saturating_sub(1).max(1)).unwrap_or(u32::MAX);
    let burst = others.saturating_mul(2);
    Rate::new(burst, Duration::from_secs(burst.into()))
}

impl Seats {
    /// Time until two people may be told to connect to each other; `None` if one of them is absent.
    fn wait(&self, (one, two): (PeerId, PeerId), rate: Rate, now: Duration) -> Option<Duration> {
        let wait = |id| {
            if id == PeerId::SERVER {
                return Some(Duration::ZERO);
            }
            let seat = self.get(id).filter(|seat| seat.conn().is_some())?;
            Some(seat.pairings.wait(1, rate, now))
        };
        Some(wait(one)?.max(wait(two)?))
    }

    /// Records that two people are told to connect to each other.
    fn record_pairing(&mut self, (one, two): (PeerId, PeerId), rate: Rate, now: Duration) {
        for id in [one, two] {
            // Both exist, which was checked.
            let _ = self.get_mut(id).map(|seat| seat.pairings.take(rate, now));
        }
    }
}

impl Room {
    /// Pairs a newly seated person with everyone present, except where both report an existing
    /// connection, or with the server.
    pub(super) fn pair_with_all(&mut self, id: PeerId, linked: Vec<PeerId>, cx: &Context<'_>) {
        let others: Vec<_> = self.seats.others(id).map(|seat| seat.id).collect();
        let Some(seat) = self.seats.get_mut(id) else { return };
        let is_connected_to_server = linked.contains(&PeerId::SERVER);
        let server_link = seat.linked.get(PeerId::SERVER).copied();
        let linked = linked.into_iter().filter(|other| *other != id && other.is_participant());
        // Their connection may be an earlier one, if the last `ready` was lost.
        seat.linked = linked.take(PARTICIPANTS_PER_ROOM_MAX).map(|other| (other, 0)).collect();
        seat.known = others.iter().map(|other| (*other, ())).collect();
        self.update_topology(is_connected_to_server, cx);
        if self.is_forwarded {
            let link = server_link.filter(|_| is_connected_to_server);
            self.introduce(id, link, cx);
        } else {
            self.pair_directly(id, others, cx);
        }
        // Absent people have left, unless the server has just started and they may still return.
        if cx.now >= self.terms.resume_window_ends {
            self.forget_absent();
        } else {
            self.deadlines.insert(self.terms.resume_window_ends);
        }
    }

    fn pair_directly(&mut self, id: PeerId, others: Vec<PeerId>, cx: &Context<'_>) {
        let Some(seat) = self.seats.get_mut(id) else { return };
        // A person who returns again and again does not notify the others each time.
        if seat.updates.take(UPDATE_RATE, cx.now).is_err() {
            for other in &others {
                seat.linked.remove(*other);
            }
        }
        for other in others {
            self.add_pair(id, other);
        }
        self.pair(cx);
    }

    /// Queues two participants to connect to each other, unless both report an existing connection.
    fn add_pair(&mut self, id: PeerId, other: PeerId) {
        let Some(mine) = self.seats.get(id) else { return };
        let (linked, presence) = (mine.linked.contains(other), mine.presence.clone());
        let Some(theirs) = self.seats.get_mut(other) else { return };
        if linked && theirs.linked.contains(id) {
            theirs.known.insert(id, ());
            if let Some(conn) = theirs.conn() {
                self.send(conn, ServerMessage::PeerReconnected { peer: id, presence });
            }
            return;
        }
        for (one, two) in [(id, other), (other, id)] {
            if let Some(seat) = self.seats.get_mut(one)
                && seat.linked.remove(two).is_some()
            {
                seat.known.insert(two, ());
            }
        }
        if !self.unpaired.iter().any(|pair| [(id, other), (other, id)].contains(pair)) {
            self.unpaired.push((id, other));
        }
    }

    /// Tells the pairs whose turn it is to connect to each other, within the [`pairing_rate`] of each
    /// participant. Pairs with an absent participant are dropped, and added again on return. A
    /// participant stays reserved for the pair that has waited longest, so that it does not starve
    /// while others come and go.
    pub(super) fn pair(&mut self, cx: &Context<'_>) {
        let rate = pairing_rate(self.terms.max_participants.min(self.terms.max_direct));
        let (mut waited_for, mut due, mut next) = (BTreeSet::new(), Vec::new(), None::<Duration>);
        let seats = &mut self.seats;
        self.unpaired.retain(|&pair| {
            let Some(wait) = seats.wait(pair, rate, cx.now) else { return false };
            let (one, two) = pair;
            let is_free = !waited_for.contains(&one) && !waited_for.contains(&two);
            if is_free && wait.is_zero() {
                seats.record_pairing(pair, rate, cx.now);
                due.push(pair);
                return false;
            }
            if is_free {
                next = Some(next.map_or(wait, |next| next.min(wait)));
            }
            waited_for.extend([one, two].into_iter().filter(|id| id.is_participant()));
            true
        });
        self.deadlines.extend(next.map(|wait| cx.now + wait));
        for (one, two) in due {
            self.connect(one, two, cx.now);
        }
    }

    /// Whether a pair is still waiting to connect.
    #[cfg(any(test, fuzzing))]
    pub(super) fn is_pairing(&self) -> bool {
        !self.unpaired.is_empty()
    }

    /// Tells two people who are here to connect to each other.
    fn connect(&mut self, id: PeerId, other: PeerId, now: Duration) {
        if other == PeerId::SERVER {
            return self.connect_to_server(id);
        }
        let (Some(mine), Some(theirs)) = (self.seats.get(id), self.seats.get(other)) else {
            return;
        };
        let (caller, callee) = if mine.precedes(theirs) { (mine, theirs) } else { (theirs, mine) };
        let (Some(calling), Some(called)) = (caller.conn(), callee.conn()) else { return };
        let messages = [
            (calling, Role::Caller, callee.person(now)),
            (called, Role::Callee, caller.person(now)),
        ];
        self.links += 1;
        let link = self.links;
        for (one, two) in [(id, other), (other, id)] {
            if let Some(seat) = self.seats.get_mut(one) {
                seat.candidates.remove(two);
                seat.linked.insert(two, link);
                seat.known.insert(two, ());
            }
        }
        for (conn, role, peer) in messages {
            self.send(conn, ServerMessage::Ready { role, peer, link });
        }
    }

    /// Tells participants which of their reported peers are not in the room.
    pub(super) fn forget_absent(&mut self) {
        let present: BTreeSet<_> = self.seats.all().iter().map(|seat| seat.id).collect();
        for id in &present {
            let Some(seat) = self.seats.get_mut(*id) else { continue };
            let is_absent = |other: &PeerId| other.is_participant() && !present.contains(other);
            let absent: Vec<_> = seat.linked.peers().filter(is_absent).collect();
            for other in &absent {
                seat.linked.remove(*other);
            }
            let Some(conn) = seat.conn() else { continue };
            for peer in absent {
                self.send(conn, ServerMessage::PeerLeft { peer });
            }
        }
    }

    /// Pairs two participants again whose connection cannot be repaired. Both may request it; the
    /// second request has no effect.
    pub(super) fn reconnect(
        &mut self,
        from: PeerId,
        to: PeerId,
        link: u64,
        cx: &Context<'_>,
    ) -> Result<(), Refusal> {
        let is_there = match to {
            PeerId::SERVER => self.is_forwarded,
            _ => to != from && self.seats.get(to).is_some(),
        };
        if !is_there {
            return Err(nobody());
        }
        let Some(seat) = self.seats.get_mut(from) else { return Err(nobody()) };
        if seat.linked.get(to).is_some_and(|current| *current == link || *current == 0) {
            seat.linked.remove(to);
            match to {
                PeerId::SERVER => self.queue_for_server(from),
                // A connection that the server has replaced.
                _ if self.is_forwarded => return Ok(()),
                _ => self.add_pair(from, to),
            }
            self.pair(cx);
        }
        Ok(())
    }

    /// Forwards a signal to another participant.
    pub(super) fn forward(
        &mut self,
        from: PeerId,
        to: Option<PeerId>,
        link: Option<u64>,
        signal: Signal,
    ) -> Result<(), Refusal> {
        if to.map_or(self.is_forwarded, |to| to == PeerId::SERVER) {
            return self.signal_server(from, link, signal);
        }
        let recipient = self.recipient(from, to)?;
        let (to, target) = (recipient.id, recipient.conn());
        let Some(seat) = self.seats.get_mut(from) else { return Err(nobody()) };
        seat.count(to, &signal)?;
        let signal = if seat.hidden { strip_addresses(signal) } else { Some(signal) };
        let Some(signal) = signal else { return Ok(()) };
        match target {
            Some(target) => self.send(target, ServerMessage::Signal { from, link, signal }),
            // The next report follows soon.
            None if matches!(signal, Signal::Reception(_)) => {}
            // The signal is lost, so the two have to be paired again.
            None => drop(seat.linked.remove(to)),
        }
        Ok(())
    }

    /// The recipient of a forwarded signal.
    fn recipient(&self, from: PeerId, to: Option<PeerId>) -> Result<&Seat, Refusal> {
        let mut others = self.seats.others(from);
        if let Some(to) = to {
            return others.find(|seat| seat.id == to).ok_or_else(nobody);
        }
        match (others.next(), others.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(refusal(ErrorCode::PeerNotFound, "Nobody else is in the room yet.")),
            (Some(_), Some(_)) => {
                let whom = "Three or more people are inside: say \"to\" whom.";
                Err(refusal(ErrorCode::RecipientRequired, whom))
            }
        }
    }
}
