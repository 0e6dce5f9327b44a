//! Who comes in, who waits, and what hosts do.

use super::{
    Command, ConnId, INVITATIONS, INVITED_FOR, Identity, Invited, Keeping, Place, Rate, Refusal,
    Rooms, nobody, seats::Seat,
};
use crate::protocol::{
    Desk, DisplayName, ErrorCode, HostAction, Join, MediaKind, Pass, PeerId, Person, Presence,
    RoomName, Rules, ServerMessage,
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
/// Of how many more rooms something may be kept for people at one address.
pub(super) const KEPT_FOR_ADDRESS: Rate = Rate::new(30, Duration::from_secs(60 * 60));
/// How often those who wait, and the hosts, are told who does.
const NEWS: Rate = Rate::new(12, Duration::from_secs(3));
/// How much the hosts of one room may do: each action may be written down.
const ACTIONS: Rate = Rate::new(64, Duration::from_secs(32));

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

    /// The hash that a passcode which this connection gave has to match; none if it does not matter,
    /// or if too many were tried lately.
    #[must_use]
    pub fn passcode(
        &mut self,
        conn: ConnId,
        room: &RoomName,
        address: u64,
        now: Duration,
    ) -> Option<String> {
        let kept = self.kept.get(room).filter(|kept| !kept.locked)?;
        let hash = kept.passcode.clone()?;
        let may = self.seat(conn).is_none()
            && self.guessers.take(address, now)
            && self.guesses.take(room.clone(), now);
        may.then_some(hash)
    }

    /// Whether this connection may set a passcode now: hashing one is work.
    #[must_use]
    pub fn may_set_passcode(&mut self, conn: ConnId, address: u64, now: Duration) -> bool {
        self.is_host(conn) && self.guessers.take(address, now)
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
            BadInvitation, BadKey, BadPasscode, CallEnded, PasscodeNeeded, Removed, RoomLocked,
            TryLater,
        };
        if join.pass.host.is_some() && !identity.host {
            return Err(refusal(BadKey, "The host key is no longer good; join without it."));
        }
        let Some(kept) = self.kept.get_mut(&join.room) else { return Ok(Entry::In) };
        if kept.removed.contains(&identity.id) {
            return Err(refusal(Removed, "A host has put you out of this room."));
        }
        if identity.host || identity.returning && kept.honours(identity.id, identity.since) {
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
            return Err(match &join.pass.passcode {
                None => refusal(PasscodeNeeded, "This room has a passcode."),
                Some(_) if identity.tried => refusal(BadPasscode, "The passcode is another one."),
                Some(_) => {
                    refusal(TryLater, "Too many passcodes were tried: try again in a minute.")
                }
            });
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

    /// Notes whom an invitation brought in.
    pub(super) fn use_invitation(
        &mut self,
        name: &RoomName,
        identity: &Identity,
        called: &DisplayName,
        now: Duration,
    ) {
        // A host may try it out.
        let Some(id) = identity.invitation.filter(|_| !identity.host) else { return };
        let Some(kept) = self.kept.get_mut(name) else { return };
        if let Some(invited) = kept.invitation(id, identity.id, now) {
            invited.used_by = Some((identity.id, called.clone()));
            self.keep(name);
            self.tell_line(name, now);
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
        let Some(room) = self.rooms.get_mut(&name) else { return Err(nobody()) };
        if room.actions.take(ACTIONS, now).is_err() {
            return Err(refusal(
                ErrorCode::TryLater,
                "That was much at once: try again in a moment.",
            ));
        }
        let is_momentary = matches!(
            action,
            HostAction::Admit { .. } | HostAction::TurnAway { .. } | HostAction::Mute { .. }
        );
        if !is_momentary {
            self.refuse_keeping(&name, identity.address, now)?;
        }
        match action {
            HostAction::Lock { on } => self.change(&name, on, now, |kept| kept.locked = on),
            HostAction::WaitingRoom { on } => {
                self.change(&name, on, now, |kept| kept.waiting_room = on);
                if !on {
                    // Those for whom there is no space wait on.
                    let _ = self.admit(&name, None, now);
                }
            }
            HostAction::Passcode { passcode: Some(_) } if identity.passcode.is_none() => {
                let sentence = "The passcode was not changed: try again in a minute.";
                return Err(refusal(ErrorCode::TryLater, sentence));
            }
            HostAction::Passcode { passcode } => {
                let hash = passcode.and(identity.passcode);
                self.change(&name, hash.is_some(), now, |kept| kept.passcode = hash);
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
                self.tell_line(&name, now);
            }
        }
        Ok(())
    }

    /// Lets in one or all. Those for whom there is no space wait on, in their order.
    fn admit(&mut self, name: &RoomName, to: Option<PeerId>, now: Duration) -> Result<(), Refusal> {
        let mut result = Ok(());
        for waiter in self.call_up(name, to)? {
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
        // First of all the others: they stop playing it, whatever this one's client does. Also where
        // it is off as far as is known here: that one may have told them something else.
        let known = seat.presence == presence;
        self.set_presence(name, to, presence.clone(), now);
        if known {
            self.tell_others(name, to, &ServerMessage::Presence { from: to, presence });
        }
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
        let seat = self.seat_in(name, to)?;
        let (conn, was_host, invitation) = (seat.conn(), seat.host, seat.invitation);
        let inside = self.inside(name).filter(|id| *id != to).collect();
        let kept = self.decide(name, now);
        kept.remove(to);
        kept.close(inside, now);
        // What brought them in would do so again.
        kept.invitations.retain(|invited| Some(invited.id) != invitation);
        if was_host {
            kept.handovers += 1;
            kept.heir = None;
        }
        self.keep(name);
        if was_host {
            let room = self.rooms.get(name);
            let seats = room.map(|room| room.seats.all()).unwrap_or_default();
            let others = seats.iter().filter(|seat| seat.host && seat.id != to);
            for conn in others.filter_map(Seat::conn).collect::<Vec<_>>() {
                self.give_key(conn, name);
            }
        }
        if invitation.is_some() {
            self.tell_line(name, now);
        }
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
        kept.heir = Some(to);
        self.keep(name);
        if let Some(room) = self.rooms.get_mut(name) {
            room.seats.set_host(to);
        }
        self.give_key(conn, name);
        self.tell_rules(name, None);
        self.tell_line(name, now);
        Ok(())
    }

    /// Sends a host the key that is good now.
    pub(super) fn give_key(&mut self, conn: ConnId, name: &RoomName) {
        let handovers = self.handovers(name);
        self.commands.push_back(Command::GiveKey(conn, name.clone(), handovers));
    }

    /// Whether the host role was handed to the person on this seat.
    pub(super) fn is_heir(&self, name: &RoomName, identity: &Identity) -> bool {
        let heir = self.kept.get(name).and_then(|kept| kept.heir);
        identity.returning && heir == Some(identity.id)
    }

    fn inside(&self, name: &RoomName) -> impl Iterator<Item = PeerId> {
        let seats = self.rooms.get(name).map(|room| room.seats.all()).unwrap_or_default();
        seats.iter().map(|seat| seat.id)
    }

    fn end(&mut self, name: &RoomName, now: Duration) {
        let kept = self.decide(name, now);
        kept.close(Vec::new(), now);
        kept.ended = now;
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
        self.tell_line(name, now);
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

    /// Has what was decided written down, or forgotten if it has become nothing.
    pub(super) fn keep(&mut self, name: &RoomName) {
        let Some(kept) = self.kept.get(name) else { return };
        if kept.is_open() && kept.ended.is_zero() {
            self.kept.remove(name);
            self.commands.push_back(Command::Forget(name.clone()));
        } else {
            self.commands.push_back(Command::Keep(name.clone(), kept.clone()));
        }
    }

    /// Refuses to begin to keep something where that would be too much.
    fn refuse_keeping(
        &mut self,
        name: &RoomName,
        address: u64,
        now: Duration,
    ) -> Result<(), Refusal> {
        if self.kept.contains_key(name) {
            return Ok(());
        }
        let most = self.config.kept;
        if self.kept.len() >= most {
            let message = format!("This server keeps the rules of {most} rooms, and no more.");
            return Err((ErrorCode::TooManyRooms, message));
        }
        if !self.keepers.take(address, now) {
            let sentence = "The rules of too many rooms were changed from here: try again later.";
            return Err(refusal(ErrorCode::TryLater, sentence));
        }
        Ok(())
    }

    /// Changes who may come in. Where fewer may from now on, seats of people who are not inside open
    /// no doors any more.
    fn change(
        &mut self,
        name: &RoomName,
        closes: bool,
        now: Duration,
        change: impl FnOnce(&mut Keeping),
    ) {
        let inside = self.inside(name).collect();
        let kept = self.decide(name, now);
        change(kept);
        if closes {
            kept.close(inside, now);
        }
        self.keep(name);
        self.tell_rules(name, None);
        self.tell_watchers(name, now);
    }

    pub(super) fn forget_unused(&mut self, now: Duration) {
        self.guesses.forget_full(now);
        self.guessers.forget_full(now);
        self.keepers.forget_full(now);
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
        let invitations = kept.map(|kept| kept.invitations(now)).unwrap_or_default();
        let desk = Desk { waiting, invitations };
        for (place, conn) in (1..).zip(line) {
            self.send(conn, ServerMessage::Waiting { place, hosted });
        }
        for conn in hosts {
            self.send(conn, ServerMessage::Desk(desk.clone()));
        }
    }
}
