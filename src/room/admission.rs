//! Admission: who joins, and who waits.

use super::{
    Bucket, ConnId, Context, Identity, Keeping, Rate, Refusal, Room, RoomOutput, Standing,
    Unchecked, nobody, not_joined, refusal, seats::Seat,
};
use crate::protocol::{
    ClientMessage, DisplayName, ErrorCode, HostState, Join, Pass, PeerId, Person, Presence,
    ServerMessage, limits::PASSCODE_CHARS,
};
use std::time::Duration;

/// Maximum number of people waiting for one room.
const LINE: usize = 50;
/// Maximum number of them from one address.
const LINE_OF_ADDRESS: usize = 10;

/// Maximum rate of passcode attempts for one room, across all addresses.
const GUESSES_OF_ROOM: Rate = Rate::new(60, Duration::from_secs(60));
/// How often waiting people and hosts are notified about the waiting room.
const NEWS: Rate = Rate::new(12, Duration::from_secs(3));

/// The decision about a newcomer who is not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    In,
    Wait,
    /// Their passcode must first be compared with this hash.
    Check(String, String),
}

/// A person waiting to be admitted.
#[derive(Debug)]
struct Waiter {
    conn: ConnId,
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

/// The people waiting to be admitted, in order of arrival.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiters: Vec<Waiter>,
    /// Limits the notifications about the waiting room.
    news: Bucket,
    /// Whether they have to be told.
    pub(super) is_news: bool,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.waiters.len()
    }

    pub(super) fn connections(&self) -> impl Iterator<Item = ConnId> {
        self.waiters.iter().map(|waiter| waiter.conn)
    }

    pub(super) fn contains(&self, conn: ConnId) -> bool {
        self.connections().any(|waiting| waiting == conn)
    }

    /// Returns whether the connection was waiting.
    pub(super) fn remove(&mut self, conn: ConnId) -> bool {
        let before = self.waiters.len();
        self.waiters.retain(|waiter| waiter.conn != conn);
        self.waiters.len() < before
    }

    /// Frees all places.
    pub(super) fn take(&mut self) -> Vec<ConnId> {
        std::mem::take(&mut self.waiters).iter().map(|waiter| waiter.conn).collect()
    }

    /// Puts a person back who could not be admitted.
    fn put_back(&mut self, waiter: Waiter) {
        let place = |waiter: &Waiter| (waiter.since, waiter.conn);
        let index = self.waiters.partition_point(|other| place(other) < place(&waiter));
        self.waiters.insert(index, waiter);
    }

    /// Takes some out.
    fn call_up(&mut self, whom: impl Fn(&Waiter) -> bool) -> Vec<Waiter> {
        let (called, rest) = std::mem::take(&mut self.waiters).into_iter().partition(whom);
        self.waiters = rest;
        called
    }

    /// Takes one or all out.
    fn call_up_named(&mut self, to: Option<PeerId>) -> Result<Vec<Waiter>, Refusal> {
        let called = self.call_up(|waiter| to.is_none_or(|to| to == waiter.identity.id));
        if to.is_some() && called.is_empty() { Err(nobody()) } else { Ok(called) }
    }

    /// Whether one more person from this address may wait.
    fn has_space(&self, conn: ConnId, address: u64) -> bool {
        let others = self.waiters.iter().filter(|waiter| waiter.conn != conn);
        let neighbours = others.clone().filter(|waiter| waiter.identity.address == address);
        others.count() < LINE && neighbours.count() < LINE_OF_ADDRESS
    }
}

impl Room {
    /// Whether a person may join.
    pub(super) fn admission(
        &mut self,
        join: &Join,
        identity: &Identity,
        cx: &mut Context<'_>,
    ) -> Result<Admission, Refusal> {
        if join.pass.host.is_some() && identity.host.is_none() {
            let sentence = "The host key is no longer valid; join without it.";
            return Err(refusal(ErrorCode::BadHostKey, sentence));
        }
        let Some(kept) = &mut self.kept.keeping else { return Ok(Admission::In) };
        if may_pass(kept, identity)? {
            return Ok(Admission::In);
        }
        if join.pass.invitation.is_some() {
            return by_invitation(kept, identity, cx.now);
        }
        let waiting_room = kept.waiting_room;
        if let Some(hash) = kept.passcode.clone() {
            if identity.passcode.as_ref() != Some(&hash) {
                return self.passcode(join, identity, hash, cx);
            }
            cx.limits.guessers.give_back(&identity.address);
        }
        Ok(if waiting_room { Admission::Wait } else { Admission::In })
    }

    /// Starts the comparison of a passcode.
    fn passcode(
        &mut self,
        join: &Join,
        identity: &Identity,
        hash: String,
        cx: &mut Context<'_>,
    ) -> Result<Admission, Refusal> {
        let Some(given) = &join.pass.passcode else {
            return Err(refusal(ErrorCode::PasscodeRequired, "This room has a passcode."));
        };
        // No passcode is longer.
        if identity.tried || given.chars().count() > PASSCODE_CHARS {
            return Err(refusal(ErrorCode::BadPasscode, "Wrong passcode."));
        }
        if cx.limits.guessers.take(identity.address, cx.now)
            && self.guesses.take(GUESSES_OF_ROOM, cx.now).is_ok()
        {
            return Ok(Admission::Check(given.clone(), hash));
        }
        let sentence = "Too many passcode attempts. Try again in a minute.";
        Err(refusal(ErrorCode::TryLater, sentence))
    }

    /// Works on a passcode for a message, which waits for the result.
    pub(super) fn check(&mut self, unchecked: Unchecked) {
        self.outputs.push(RoomOutput::Check(Box::new(unchecked)));
    }

    /// Handles a message of a waiting person.
    pub(super) fn hear_waiting(
        &mut self,
        conn: ConnId,
        message: ClientMessage,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        match message {
            ClientMessage::Leave => self.leave(conn, cx.now, cx),
            ClientMessage::Presence(presence) => self.rename_waiter(conn, presence, cx),
            _ => return Err(not_joined()),
        }
        Ok(())
    }

    /// Puts a newcomer into the waiting room.
    pub(super) fn queue(
        &mut self,
        conn: ConnId,
        join: Join,
        identity: Identity,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        self.refuse_another(cx)?;
        if !self.line.has_space(conn, identity.address) {
            return Err(refusal(ErrorCode::WaitingRoomFull, "Too many people wait already."));
        }
        self.withdraw(conn, cx);
        // Their credentials have been checked.
        let join = Join { pass: Pass::default(), ..join };
        self.line.waiters.push(Waiter { conn, join, identity, since: cx.now });
        self.moved(conn, Some(Standing::Waiting));
        self.tell_line(cx);
        Ok(())
    }

    fn rename_waiter(&mut self, conn: ConnId, presence: Presence, cx: &Context<'_>) {
        let waiter = self.line.waiters.iter_mut().find(|waiter| waiter.conn == conn);
        if let Some(waiter) = waiter.filter(|waiter| waiter.join.presence != presence) {
            waiter.join.presence = presence;
            self.tell_line(cx);
        }
    }

    /// Admits waiting people unless another barrier stops them: in a locked room they keep waiting,
    /// and those who now need a passcode are told so.
    pub(super) fn pass_doors(&mut self, cx: &mut Context<'_>) {
        if self.line.is_empty() {
            return;
        }
        let kept = self.kept.keeping.as_ref();
        if kept.is_some_and(|kept| kept.locked || kept.waiting_room) {
            // Another barrier may apply now.
            return self.tell_line(cx);
        }
        let passcode = kept.and_then(|kept| kept.passcode.clone());
        let lacks_it = |waiter: &Waiter| passcode.is_some() && waiter.identity.passcode != passcode;
        for waiter in self.line.call_up(lacks_it) {
            let sentence = "The room now has a passcode; join with it.";
            self.dismiss(waiter.conn, refusal(ErrorCode::PasscodeRequired, sentence));
        }
        // Those for whom there is no seat keep waiting.
        let _ = self.admit(None, cx);
    }

    /// Records whom an invitation has admitted.
    pub(super) fn use_invitation(
        &mut self,
        identity: &Identity,
        called: &DisplayName,
        cx: &mut Context<'_>,
    ) {
        let Some(kept) = &mut self.kept.keeping else { return };
        let mut news = kept.welcome(identity.id, identity.invitation, cx.now);
        // A host may try it without using it up.
        let by = identity.invitation.filter(|_| identity.host.is_none());
        if let Some(invited) = by.and_then(|by| kept.invitation(by, identity.id, cx.now)) {
            let used_by = Some((identity.id, called.clone()));
            news |= invited.used_by != used_by;
            invited.used_by = used_by;
        }
        if news {
            self.keep(cx);
            self.tell_line(cx);
        }
    }

    /// Admits one person or all. Those for whom there is no seat keep waiting, in their order.
    pub(super) fn admit(
        &mut self,
        to: Option<PeerId>,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let mut result = Ok(());
        for waiter in self.line.call_up_named(to)? {
            if result.is_ok() {
                result = self.sit(waiter.conn, &waiter.join, &waiter.identity, cx);
            }
            if result.is_err() {
                self.line.put_back(waiter);
            }
        }
        self.tell_line(cx);
        result
    }

    pub(super) fn deny(&mut self, to: Option<PeerId>, cx: &mut Context<'_>) -> Result<(), Refusal> {
        for waiter in self.line.call_up_named(to)? {
            let refusal = refusal(ErrorCode::EntryDenied, "A host did not let you in.");
            self.dismiss(waiter.conn, refusal);
        }
        self.tell_line(cx);
        Ok(())
    }

    /// Tells waiting people their position, and hosts who is waiting: at once or, during many
    /// changes, a little later.
    pub(super) fn tell_line(&mut self, cx: &Context<'_>) {
        if let Err(wait) = self.line.news.take(NEWS, cx.now) {
            if !std::mem::replace(&mut self.line.is_news, true) {
                self.deadlines.insert(cx.now + wait);
            }
            return;
        }
        self.line.is_news = false;
        let host_present = self.seats.hosts().next().is_some();
        let kept = self.kept.keeping.as_ref();
        let locked = kept.is_some_and(|kept| kept.locked && !kept.waiting_room);
        for (position, conn) in (1..).zip(self.line.connections().collect::<Vec<_>>()) {
            self.send(conn, ServerMessage::Waiting { position, host_present, locked });
        }
        let hosts = self.seats.hosts().filter_map(Seat::conn).collect();
        self.broadcast(hosts, ServerMessage::HostState(self.host_state(cx.now)));
    }

    /// The host's view of the waiting room.
    fn host_state(&self, now: Duration) -> HostState {
        let kept = self.kept.keeping.as_ref();
        HostState {
            waiting: self.line.waiters.iter().map(|waiter| waiter.person(now)).collect(),
            invitations: kept.map(|kept| kept.invitations(now)).unwrap_or_default(),
        }
    }
}

/// Whether a person passes all barriers, as a host or as one who was inside when they were put up.
fn may_pass(kept: &Keeping, identity: &Identity) -> Result<bool, Refusal> {
    if kept.removed.contains(&identity.id) {
        return Err(refusal(ErrorCode::Removed, "A host removed you from this room."));
    }
    if identity.host.is_some()
        || identity.returning && kept.accepts_seat(identity.id, identity.since)
    {
        return Ok(true);
    }
    // They may have been disconnected when the call ended.
    if identity.returning && identity.since <= kept.ended {
        return Err(refusal(ErrorCode::CallEnded, "A host ended the call."));
    }
    if kept.locked {
        let sentence = "The room is locked. Nobody else can join.";
        return Err(refusal(ErrorCode::RoomLocked, sentence));
    }
    Ok(false)
}

fn by_invitation(
    kept: &mut Keeping,
    identity: &Identity,
    now: Duration,
) -> Result<Admission, Refusal> {
    let known = identity.invitation;
    match known.and_then(|known| kept.invitation(known, identity.id, now)) {
        Some(_) => Ok(Admission::In),
        None => {
            let sentence =
                "This invitation is over, or was used by somebody else; join without it.";
            Err(refusal(ErrorCode::BadInvitation, sentence))
        }
    }
}
