//! Who comes in, who waits, and what hosts do.

use super::{
    Command, ConnId, INVITATIONS, INVITED_FOR, Identity, Invited, Keeping, Place, Refusal, Rooms,
    nobody, seats::Seat,
};
use crate::protocol::{
    Desk, DisplayName, ErrorCode, HostAction, Join, MediaKind, PeerId, Person, Presence, RoomName,
    Rules, ServerMessage,
};
use std::time::Duration;

/// The most people who wait in front of one room.
const LINE: usize = 50;
/// So many wrong passcodes may be given for one room within [`GUESSED_WITHIN`].
const WRONG_GUESSES: u32 = 10;
const GUESSED_WITHIN: Duration = Duration::from_secs(60);

/// What a newcomer is told at the door, if they are not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    In,
    Wait,
}

/// Somebody who waits to be let in.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) conn: ConnId,
    join: Join,
    identity: Identity,
    since: Duration,
}

impl Waiter {
    fn person(&self, now: Duration) -> Person {
        let seconds = now.saturating_sub(self.since).as_secs();
        Person { id: self.identity.id, presence: self.join.presence.clone(), seconds }
    }
}

/// Wrong passcodes of the last minute.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    wrong: u32,
    since: Duration,
}

impl Guesses {
    fn are_too_many(&self, now: Duration) -> bool {
        self.wrong >= WRONG_GUESSES && !self.are_old(now)
    }

    fn are_old(&self, now: Duration) -> bool {
        now >= self.since + GUESSED_WITHIN
    }

    fn add(&mut self, now: Duration) {
        if self.are_old(now) {
            *self = Self { wrong: 0, since: now };
        }
        self.wrong += 1;
    }
}

fn refusal(code: ErrorCode, sentence: &str) -> Refusal {
    (code, sentence.to_owned())
}

impl Rooms {
    /// Takes in what was kept of a room by [`Command::Keep`], before anybody is there.
    pub fn restore(&mut self, room: RoomName, kept: Keeping) {
        self.kept.insert(room, kept);
    }

    /// How often the host role of a room was handed over: which of its host keys is the right one.
    #[must_use]
    pub fn handovers(&self, room: &RoomName) -> u64 {
        self.kept.get(room).map_or(0, |kept| kept.handovers)
    }

    /// The hash that a passcode for this room has to match; none if there is no passcode, or if too
    /// many were wrong lately.
    #[must_use]
    pub fn passcode(&self, room: &RoomName, now: Duration) -> Option<&str> {
        let barred = self.guesses.get(room).is_some_and(|guesses| guesses.are_too_many(now));
        self.kept.get(room).filter(|_| !barred)?.passcode.as_deref()
    }

    /// Whether a connection is a host's.
    #[must_use]
    pub fn is_host(&self, conn: ConnId) -> bool {
        let Some((name, id)) = self.seat(conn) else { return false };
        self.rooms.get(name).and_then(|room| room.seats.get(id)).is_some_and(|seat| seat.host)
    }

    /// Whether somebody may come in.
    pub(super) fn door(
        &mut self,
        join: &Join,
        identity: &Identity,
        now: Duration,
    ) -> Result<Entry, Refusal> {
        use ErrorCode::{
            BadInvitation, BadKey, BadPasscode, PasscodeNeeded, Removed, RoomLocked, TryLater,
        };
        if join.pass.host.is_some() && !identity.host {
            return Err(refusal(BadKey, "The host key is no longer good; join without it."));
        }
        let Some(kept) = self.kept.get_mut(&join.room) else { return Ok(Entry::In) };
        if kept.removed.contains(&identity.id) {
            return Err(refusal(Removed, "A host has put you out of this room."));
        }
        if identity.host || identity.returning && identity.since > kept.ended {
            return Ok(Entry::In);
        }
        if kept.locked {
            return Err(refusal(RoomLocked, "The room is locked: nobody is let in any more."));
        }
        if join.pass.invitation.is_some() {
            let known = identity.invitation;
            return match known.and_then(|known| kept.invitation(known, identity.id, now)) {
                Some(_) => Ok(Entry::In),
                None => Err(refusal(
                    BadInvitation,
                    "This invitation is over, or was used by somebody else; join without it.",
                )),
            };
        }
        if kept.passcode.is_some() && kept.passcode != identity.passcode {
            let guesses = self.guesses.entry(join.room.clone()).or_default();
            if join.pass.passcode.is_none() {
                return Err(refusal(PasscodeNeeded, "This room has a passcode."));
            }
            if guesses.are_too_many(now) {
                return Err(refusal(
                    TryLater,
                    "Too many wrong passcodes were given: try again in a minute.",
                ));
            }
            guesses.add(now);
            return Err(refusal(BadPasscode, "The passcode is another one."));
        }
        Ok(if kept.waiting_room { Entry::Wait } else { Entry::In })
    }

    /// Lets a newcomer wait.
    pub(super) fn queue(
        &mut self,
        conn: ConnId,
        join: Join,
        identity: Identity,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.vacate(conn, now, now);
        let name = join.room.clone();
        let room = self.rooms.entry(name.clone()).or_default();
        if room.line.len() >= LINE {
            return Err(refusal(ErrorCode::LineFull, "Too many people wait already."));
        }
        let waiter = Waiter { conn, join, identity, since: now };
        room.line.push(waiter);
        self.put(conn, Place::Waiting(name.clone()));
        self.tell_line(&name, now);
        Ok(())
    }

    pub(super) fn rename_waiter(
        &mut self,
        name: &RoomName,
        conn: ConnId,
        presence: Presence,
        now: Duration,
    ) {
        let line = self.rooms.get_mut(name).map(|room| room.line.iter_mut());
        if let Some(waiter) = line.into_iter().flatten().find(|waiter| waiter.conn == conn) {
            waiter.join.presence = presence;
            self.tell_desk(name, now);
        }
    }

    /// Notes whom an invitation brought in.
    pub(super) fn use_invitation(
        &mut self,
        name: &RoomName,
        identity: &Identity,
        called: &DisplayName,
        now: Duration,
    ) {
        let Some(id) = identity.invitation else { return };
        let Some(kept) = self.kept.get_mut(name) else { return };
        if let Some(invited) = kept.invitation(id, identity.id, now) {
            invited.used_by = Some((identity.id, called.clone()));
            self.keep(name);
            self.tell_desk(name, now);
        }
    }

    /// Does what a host asked for.
    pub(super) fn host(
        &mut self,
        conn: ConnId,
        action: HostAction,
        identity: Identity,
        now: Duration,
    ) -> Result<(), Refusal> {
        let (name, me) = self.seat_of(conn)?;
        if !self.is_host(conn) {
            return Err(refusal(ErrorCode::NotHost, "Only a host of the room may do that."));
        }
        match action {
            HostAction::Lock { on } => self.change(&name, now, |kept| kept.locked = on),
            HostAction::WaitingRoom { on } => {
                self.change(&name, now, |kept| kept.waiting_room = on);
            }
            HostAction::Passcode { .. } => {
                self.change(&name, now, |kept| kept.passcode = identity.passcode);
            }
            HostAction::Admit { to } => return self.admit(&name, to, now),
            HostAction::TurnAway { to } => return self.turn_away(&name, to, now),
            HostAction::Mute { to, what } => return self.mute(&name, to, what, now),
            HostAction::Remove { to } => return self.remove(&name, me, to, now),
            HostAction::HandOver { to } => return self.hand_over(&name, to, now),
            HostAction::End => self.end(&name, now),
            HostAction::Invite { once, seconds } => {
                return self.invite(&name, once, seconds, identity, now);
            }
            HostAction::Revoke { token } => {
                self.decide(&name, now).invitations.retain(|invited| invited.token != token);
                self.keep(&name);
                self.tell_desk(&name, now);
            }
        }
        Ok(())
    }

    fn admit(&mut self, name: &RoomName, to: Option<PeerId>, now: Duration) -> Result<(), Refusal> {
        for waiter in self.call_up(name, to)? {
            let Waiter { conn, join, identity, since } = waiter;
            self.displace(conn, now);
            let again = (join.clone(), identity.clone());
            if let Err(refusal) = self.sit(conn, join, identity, now) {
                let (join, identity) = again;
                if let Some(room) = self.rooms.get_mut(name) {
                    room.line.push(Waiter { conn, join, identity, since });
                    room.line.sort_by_key(|waiter| (waiter.since, waiter.conn));
                    self.put(conn, Place::Waiting(name.clone()));
                }
                self.tell_line(name, now);
                return Err(refusal);
            }
        }
        self.tell_line(name, now);
        Ok(())
    }

    fn turn_away(
        &mut self,
        name: &RoomName,
        to: Option<PeerId>,
        now: Duration,
    ) -> Result<(), Refusal> {
        for waiter in self.call_up(name, to)? {
            self.dismiss(waiter.conn, ErrorCode::TurnedAway, "A host did not let you in.", now);
        }
        self.tell_line(name, now);
        Ok(())
    }

    /// Takes one or all out of the line.
    fn call_up(&mut self, name: &RoomName, to: Option<PeerId>) -> Result<Vec<Waiter>, Refusal> {
        let Some(room) = self.rooms.get_mut(name) else { return Err(nobody()) };
        let (called, rest) = std::mem::take(&mut room.line)
            .into_iter()
            .partition(|waiter| to.is_none_or(|to| to == waiter.identity.id));
        room.line = rest;
        let called: Vec<_> = called;
        match to.is_some() && called.is_empty() {
            true => Err(nobody()),
            false => Ok(called),
        }
    }

    fn mute(
        &mut self,
        name: &RoomName,
        to: PeerId,
        what: MediaKind,
        now: Duration,
    ) -> Result<(), Refusal> {
        let seat = self.seat_in(name, to)?;
        let (mut presence, conn) = (seat.presence.clone(), seat.conn());
        match what {
            MediaKind::Mic => presence.mic = false,
            MediaKind::Camera => presence.camera = false,
        }
        // First of all the others: they stop playing it, whatever this one's client does.
        self.set_presence(name, to, presence, now);
        if let Some(conn) = conn {
            self.send(conn, ServerMessage::Muted(what));
        }
        Ok(())
    }

    fn remove(
        &mut self,
        name: &RoomName,
        me: PeerId,
        to: PeerId,
        now: Duration,
    ) -> Result<(), Refusal> {
        if me == to {
            return Err(refusal(ErrorCode::NoSuchPeer, "To leave yourself, say \"leave\"."));
        }
        let conn = self.seat_in(name, to)?.conn();
        self.decide(name, now).remove(to);
        self.keep(name);
        if let Some(conn) = conn {
            self.dismiss(conn, ErrorCode::Removed, "A host has put you out of this room.", now);
        }
        self.free(name, to, now);
        Ok(())
    }

    fn hand_over(&mut self, name: &RoomName, to: PeerId, now: Duration) -> Result<(), Refusal> {
        let heir = self.seat_in(name, to)?;
        let Some(conn) = heir.conn() else {
            return Err(refusal(ErrorCode::NoSuchPeer, "They are not there at the moment."));
        };
        let kept = self.decide(name, now);
        kept.handovers += 1;
        let handovers = kept.handovers;
        self.keep(name);
        if let Some(room) = self.rooms.get_mut(name) {
            room.seats.set_host(to);
        }
        self.commands.push_back(Command::GiveKey(conn, name.clone(), handovers));
        self.tell_rules(name, None);
        self.tell_desk(name, now);
        Ok(())
    }

    fn end(&mut self, name: &RoomName, now: Duration) {
        self.decide(name, now).ended = now;
        self.keep(name);
        let Some(room) = self.rooms.get_mut(name) else { return };
        let seats = room.seats.take();
        let line = std::mem::take(&mut room.line);
        let here = seats.iter().filter_map(Seat::conn);
        for conn in here.chain(line.iter().map(|waiter| waiter.conn)).collect::<Vec<_>>() {
            self.dismiss(conn, ErrorCode::CallEnded, "A host has ended the call.", now);
        }
        self.tell_watchers(name, now);
        self.forget_empty(name);
    }

    fn invite(
        &mut self,
        name: &RoomName,
        once: bool,
        seconds: Option<u64>,
        identity: Identity,
        now: Duration,
    ) -> Result<(), Refusal> {
        let lasts = seconds.map_or(INVITED_FOR, Duration::from_secs).min(INVITED_FOR);
        let kept = self.decide(name, now);
        kept.invitations.retain(|invited| now < invited.ends);
        let Some(token) = identity.token.filter(|_| kept.invitations.len() < INVITATIONS) else {
            let sentence = format!("A room has at most {INVITATIONS} invitations at a time.");
            return Err((ErrorCode::TooMany, sentence));
        };
        let (id, ends) = (identity.id.0, now + lasts);
        kept.invitations.push(Invited { id, token, once, ends, used_by: None });
        self.keep(name);
        self.tell_desk(name, now);
        Ok(())
    }

    /// Says to a connection that it is in the room no longer, and why.
    fn dismiss(&mut self, conn: ConnId, code: ErrorCode, sentence: &str, now: Duration) {
        self.displace(conn, now);
        self.send(conn, ServerMessage::Error { code, message: sentence.to_owned() });
    }

    fn seat_in(&self, name: &RoomName, id: PeerId) -> Result<&Seat, Refusal> {
        self.rooms.get(name).and_then(|room| room.seats.get(id)).ok_or_else(nobody)
    }

    /// What is decided about a room from now on. To be followed by [`Rooms::keep`].
    fn decide(&mut self, name: &RoomName, now: Duration) -> &mut Keeping {
        let fresh = || Keeping { used: now, ..Keeping::default() };
        self.kept.entry(name.clone()).or_insert_with(fresh)
    }

    /// Has what was decided written down.
    pub(super) fn keep(&mut self, name: &RoomName) {
        if let Some(kept) = self.kept.get(name) {
            self.commands.push_back(Command::Keep(name.clone(), kept.clone()));
        }
    }

    /// Changes who may come in.
    fn change(&mut self, name: &RoomName, now: Duration, change: impl FnOnce(&mut Keeping)) {
        change(self.decide(name, now));
        self.keep(name);
        self.tell_rules(name, None);
        self.tell_watchers(name, now);
    }

    pub(super) fn forget_unused(&mut self, now: Duration) {
        self.guesses.retain(|_, guesses| !guesses.are_old(now));
        let over = self
            .kept
            .iter()
            .filter(|(name, kept)| kept.is_over(now) && !self.rooms.contains_key(*name));
        let over: Vec<_> = over.map(|(name, _)| name.clone()).collect();
        for name in over {
            self.kept.remove(&name);
            self.commands.push_back(Command::Forget(name));
        }
    }

    pub(super) fn rules(&self, name: &RoomName) -> Rules {
        let kept = self.kept.get(name);
        let seats = self.rooms.get(name).map(|room| room.seats.all()).unwrap_or_default();
        Rules {
            locked: kept.is_some_and(|kept| kept.locked),
            waiting_room: kept.is_some_and(|kept| kept.waiting_room),
            passcode: kept.is_some_and(|kept| kept.passcode.is_some()),
            hosts: seats.iter().filter(|seat| seat.host).map(|seat| seat.id).collect(),
        }
    }

    /// Tells everybody inside how the room is kept, but for one who was told already.
    pub(super) fn tell_rules(&mut self, name: &RoomName, told: Option<PeerId>) {
        let rules = self.rules(name);
        let Some(room) = self.rooms.get(name) else { return };
        let untold = room.seats.all().iter().filter(|seat| Some(seat.id) != told);
        for conn in untold.filter_map(Seat::conn).collect::<Vec<_>>() {
            self.send(conn, ServerMessage::Rules(rules.clone()));
        }
    }

    /// Tells everybody who waits their place, and the hosts who waits.
    pub(super) fn tell_line(&mut self, name: &RoomName, now: Duration) {
        let Some(room) = self.rooms.get(name) else { return };
        let hosted = room.seats.all().iter().any(|seat| seat.host);
        let conns: Vec<_> = room.line.iter().map(|waiter| waiter.conn).collect();
        for (place, conn) in (1..).zip(conns) {
            self.send(conn, ServerMessage::Waiting { place, hosted });
        }
        self.tell_desk(name, now);
    }

    fn tell_desk(&mut self, name: &RoomName, now: Duration) {
        let Some(room) = self.rooms.get(name) else { return };
        let hosts: Vec<_> =
            room.seats.all().iter().filter(|seat| seat.host).filter_map(Seat::conn).collect();
        if hosts.is_empty() {
            return;
        }
        let waiting = room.line.iter().map(|waiter| waiter.person(now)).collect();
        let kept = self.kept.get(name);
        let invitations = kept.map(|kept| kept.invitations(now)).unwrap_or_default();
        let desk = Desk { waiting, invitations };
        for conn in hosts {
            self.send(conn, ServerMessage::Desk(desk.clone()));
        }
    }
}
