//! Who comes in, and who waits.

use super::{ConnId, Identity, Place, Rate, Refusal, Rooms, nobody, refusal, seats::Seat};
use crate::protocol::{
    ClientMessage, Desk, DisplayName, ErrorCode, HostAction, Join, Pass, PeerId, Person, Presence,
    RoomName, ServerMessage, limits::PASSCODE_CHARS,
};
use std::time::Duration;

/// The most people who wait in front of one room.
const LINE: usize = 50;
/// The most of them from one address.
const LINE_OF_ADDRESS: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// How many passcodes may be tried and set from one address, but for those that were right.
pub(super) const GUESSES_OF_ADDRESS: Rate = Rate::new(10, MINUTE);
/// How many passcodes may be tried for one room, from wherever.
pub(super) const GUESSES_OF_ROOM: Rate = Rate::new(60, MINUTE);
/// How often those who wait, and the hosts, are told who does.
const NEWS: Rate = Rate::new(12, Duration::from_secs(3));

/// What a newcomer is told at the door, if they are not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    In,
    Wait,
    /// What they gave for a passcode has to be compared first with this hash.
    Check(String, String),
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

impl Rooms {
    /// Has a new passcode hashed, for which the host's message waits.
    pub(super) fn hash(
        &mut self,
        conn: ConnId,
        room: RoomName,
        new: String,
        identity: Identity,
        now: Duration,
    ) -> Result<(), Refusal> {
        if !(1..=PASSCODE_CHARS).contains(&new.chars().count()) {
            let sentence = format!("A passcode has 1 to {PASSCODE_CHARS} characters.");
            return Err((ErrorCode::BadMessage, sentence));
        }
        if identity.tried || !self.guessers.take(identity.address, now) {
            let sentence = "The passcode was not changed: try again in a minute.";
            return Err(refusal(ErrorCode::TryLater, sentence));
        }
        let action = HostAction::Passcode { passcode: Some(new.clone()) };
        self.check(conn, ClientMessage::Host(action), identity, (room, new, None));
        Ok(())
    }

    /// Whether somebody may come in.
    pub(super) fn door(
        &mut self,
        join: &Join,
        identity: &Identity,
        now: Duration,
    ) -> Result<Entry, Refusal> {
        use ErrorCode::{
            BadInvitation, BadKey, BadPasscode, CallEnded, PasscodeNeeded, Removed, RoomLocked,
            TryLater,
        };
        if join.pass.host.is_some() && identity.host.is_none() {
            return Err(refusal(BadKey, "The host key is no longer good; join without it."));
        }
        let Some(kept) = self.kept.get_mut(&join.room) else { return Ok(Entry::In) };
        if kept.removed.contains(&identity.id) {
            return Err(refusal(Removed, "A host has put you out of this room."));
        }
        if identity.host.is_some()
            || identity.returning && kept.honours(identity.id, identity.since)
        {
            return Ok(Entry::In);
        }
        // They may have been away when it was.
        if identity.returning && identity.since <= kept.ended {
            return Err(refusal(CallEnded, "A host has ended the call."));
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
            let Some(given) = &join.pass.passcode else {
                return Err(refusal(PasscodeNeeded, "This room has a passcode."));
            };
            // No passcode is longer.
            if identity.tried || given.chars().count() > PASSCODE_CHARS {
                return Err(refusal(BadPasscode, "The passcode is another one."));
            }
            let hash = kept.passcode.clone().unwrap_or_default();
            let (address, room) = (identity.address, join.room.clone());
            if self.guessers.take(address, now) && self.guesses.take(room, now) {
                return Ok(Entry::Check(given.clone(), hash));
            }
            let sentence = "Too many passcodes were tried: try again in a minute.";
            return Err(refusal(TryLater, sentence));
        }
        if kept.passcode.is_some() {
            self.guessers.give_back(&identity.address);
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
        let name = join.room.clone();
        self.refuse_another(&name)?;
        let line = self.rooms.get(&name).map(|room| room.line.as_slice()).unwrap_or_default();
        let others = line.iter().filter(|waiter| waiter.conn != conn);
        let neighbours =
            others.clone().filter(|waiter| waiter.identity.address == identity.address);
        if others.clone().count() >= LINE || neighbours.count() >= LINE_OF_ADDRESS {
            return Err(refusal(ErrorCode::LineFull, "Too many people wait already."));
        }
        self.vacate(conn, now, now);
        // What they showed was looked at.
        let join = Join { pass: Pass::default(), ..join };
        let waiter = Waiter { conn, join, identity, since: now };
        self.rooms.entry(name.clone()).or_default().line.push(waiter);
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
        let waiter = line.into_iter().flatten().find(|waiter| waiter.conn == conn);
        if let Some(waiter) = waiter.filter(|waiter| waiter.join.presence != presence) {
            waiter.join.presence = presence;
            self.tell_line(name, now);
        }
    }

    /// Lets those in who wait, as far as no other door is closed to them: in a locked room they go on
    /// waiting, and from whom a passcode is asked by now is told so.
    pub(super) fn pass_doors(&mut self, name: &RoomName, now: Duration) {
        let kept = self.kept.get(name);
        if self.rooms.get(name).is_none_or(|room| room.line.is_empty()) {
            return;
        }
        if kept.is_some_and(|kept| kept.locked || kept.waiting_room) {
            // It may be another one that they stand at now.
            return self.tell_line(name, now);
        }
        let passcode = kept.and_then(|kept| kept.passcode.clone());
        let lacks_it = |waiter: &Waiter| passcode.is_some() && waiter.identity.passcode != passcode;
        for waiter in self.call_up(name, lacks_it) {
            let sentence = "The room has a passcode by now: join with it.";
            self.dismiss(waiter.conn, ErrorCode::PasscodeNeeded, sentence, now);
        }
        // Those for whom there is no space wait on.
        let _ = self.admit(name, None, now);
    }

    /// Notes whom an invitation brought in.
    pub(super) fn use_invitation(
        &mut self,
        name: &RoomName,
        identity: &Identity,
        called: &DisplayName,
        now: Duration,
    ) {
        let Some(kept) = self.kept.get_mut(name) else { return };
        let mut news = kept.welcome(identity.id, identity.invitation, now);
        // A host may try it out.
        let by = identity.invitation.filter(|_| identity.host.is_none());
        if let Some(invited) = by.and_then(|by| kept.invitation(by, identity.id, now)) {
            let used_by = Some((identity.id, called.clone()));
            news |= invited.used_by != used_by;
            invited.used_by = used_by;
        }
        if news {
            self.keep(name);
            self.tell_line(name, now);
        }
    }

    /// Lets in one or all. Those for whom there is no space wait on, in their order.
    pub(super) fn admit(
        &mut self,
        name: &RoomName,
        to: Option<PeerId>,
        now: Duration,
    ) -> Result<(), Refusal> {
        let mut result = Ok(());
        for waiter in self.call_up_named(name, to)? {
            let Waiter { conn, join, identity, since } = waiter;
            if result.is_ok() {
                self.displace(conn, now);
                result = self.sit(conn, join.clone(), identity.clone(), now);
            }
            if result.is_err() {
                let line = &mut self.rooms.entry(name.clone()).or_default().line;
                line.push(Waiter { conn, join, identity, since });
                line.sort_by_key(|waiter| (waiter.since, waiter.conn));
                self.put(conn, Place::Waiting(name.clone()));
            }
        }
        self.tell_line(name, now);
        result
    }

    pub(super) fn turn_away(
        &mut self,
        name: &RoomName,
        to: Option<PeerId>,
        now: Duration,
    ) -> Result<(), Refusal> {
        for waiter in self.call_up_named(name, to)? {
            self.dismiss(waiter.conn, ErrorCode::TurnedAway, "A host did not let you in.", now);
        }
        self.tell_line(name, now);
        Ok(())
    }

    /// Takes some out of the line.
    fn call_up(&mut self, name: &RoomName, whom: impl Fn(&Waiter) -> bool) -> Vec<Waiter> {
        let Some(room) = self.rooms.get_mut(name) else { return Vec::new() };
        let (called, rest) = std::mem::take(&mut room.line).into_iter().partition(whom);
        room.line = rest;
        called
    }

    /// Takes one or all out of the line.
    fn call_up_named(
        &mut self,
        name: &RoomName,
        to: Option<PeerId>,
    ) -> Result<Vec<Waiter>, Refusal> {
        let called = self.call_up(name, |waiter| to.is_none_or(|to| to == waiter.identity.id));
        match to.is_some() && called.is_empty() {
            true => Err(nobody()),
            false => Ok(called),
        }
    }

    /// Tells everybody who waits their place, and the hosts who waits: at once, or, where much
    /// happens, soon.
    pub(super) fn tell_line(&mut self, name: &RoomName, now: Duration) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        if let Err(wait) = room.news.take(NEWS, now) {
            if !std::mem::replace(&mut room.is_news, true) {
                self.deadlines.insert((now + wait, name.clone()));
            }
            return;
        }
        room.is_news = false;
        let hosted = room.seats.all().iter().any(|seat| seat.host);
        let waiting = room.line.iter().map(|waiter| waiter.person(now)).collect();
        let line: Vec<_> = room.line.iter().map(|waiter| waiter.conn).collect();
        let hosts = room.seats.all().iter().filter(|seat| seat.host).filter_map(Seat::conn);
        let hosts: Vec<_> = hosts.collect();
        let kept = self.kept.get(name);
        let locked = kept.is_some_and(|kept| kept.locked && !kept.waiting_room);
        let invitations = kept.map(|kept| kept.invitations(now)).unwrap_or_default();
        let desk = Desk { waiting, invitations };
        for (place, conn) in (1..).zip(line) {
            self.send(conn, ServerMessage::Waiting { place, hosted, locked });
        }
        for conn in hosts {
            self.send(conn, ServerMessage::Desk(desk.clone()));
        }
    }
}
