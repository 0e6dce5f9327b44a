//! Admission: who joins, and who waits.

use super::{
    Bucket, ConnId, Context, Decisions, Identity, Rate, Refusal, Room, RoomOutput, Standing,
    Unchecked, nobody, not_joined, refusal, seats::Seat,
};
use crate::protocol::{
    ClientMessage, DisplayName, ErrorCode, HostState, Join, Pass, PeerId, Person, Presence,
    ServerMessage, limits::PASSCODE_CHARS,
};
use std::time::Duration;

/// Maximum number of people waiting for one room.
const MAX_WAITING: usize = 50;
/// Maximum number of them from one address.
const MAX_WAITING_PER_ADDRESS: usize = 10;

/// Maximum rate of passcode attempts for one room, across all addresses.
const PASSCODE_ATTEMPTS_PER_ROOM: Rate = Rate::new(60, Duration::from_secs(60));
/// How often waiting people and hosts are notified about the waiting room.
const UPDATE_RATE: Rate = Rate::new(12, Duration::from_secs(3));

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
struct WaitingParticipant {
    conn: ConnId,
    join: Join,
    identity: Identity,
    since: Duration,
}

impl WaitingParticipant {
    fn person(&self, now: Duration) -> Person {
        let seconds = now.saturating_sub(self.since).as_secs();
        Person { id: self.identity.id, presence: self.join.presence.clone(), seconds }
    }
}

/// The people waiting to be admitted, in order of arrival.
#[derive(Debug, Default)]
pub(super) struct WaitingRoom {
    queue: Vec<WaitingParticipant>,
    /// Limits the notifications about the waiting room.
    updates: Bucket,
    /// Whether a notification is pending.
    pub(super) is_update_pending: bool,
}

impl WaitingRoom {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn connections(&self) -> impl Iterator<Item = ConnId> {
        self.queue.iter().map(|waiting| waiting.conn)
    }

    pub(super) fn contains(&self, conn: ConnId) -> bool {
        self.connections().any(|waiting| waiting == conn)
    }

    /// Returns whether the connection was waiting.
    pub(super) fn remove(&mut self, conn: ConnId) -> bool {
        let before = self.queue.len();
        self.queue.retain(|waiting| waiting.conn != conn);
        self.queue.len() < before
    }

    /// Empties the waiting room; returns the connections.
    pub(super) fn take(&mut self) -> Vec<ConnId> {
        std::mem::take(&mut self.queue).iter().map(|waiting| waiting.conn).collect()
    }

    /// Puts back a person who could not be admitted.
    fn put_back(&mut self, waiting: WaitingParticipant) {
        let place = |waiting: &WaitingParticipant| (waiting.since, waiting.conn);
        let index = self.queue.partition_point(|other| place(other) < place(&waiting));
        self.queue.insert(index, waiting);
    }

    /// Takes out the people who match.
    fn take_where(
        &mut self,
        whom: impl Fn(&WaitingParticipant) -> bool,
    ) -> Vec<WaitingParticipant> {
        let (called, rest) = std::mem::take(&mut self.queue).into_iter().partition(whom);
        self.queue = rest;
        called
    }

    /// Takes out one person or all.
    fn take_named(&mut self, to: Option<PeerId>) -> Result<Vec<WaitingParticipant>, Refusal> {
        let called = self.take_where(|waiting| to.is_none_or(|to| to == waiting.identity.id));
        if to.is_some() && called.is_empty() { Err(nobody()) } else { Ok(called) }
    }

    /// Whether one more person from this address may wait.
    fn has_space(&self, conn: ConnId, address: u64) -> bool {
        let others = self.queue.iter().filter(|waiting| waiting.conn != conn);
        let neighbours = others.clone().filter(|waiting| waiting.identity.address == address);
        others.count() < MAX_WAITING && neighbours.count() < MAX_WAITING_PER_ADDRESS
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
        let Some(decisions) = &mut self.settings.decisions else { return Ok(Admission::In) };
        if may_pass(decisions, identity)? {
            return Ok(Admission::In);
        }
        if join.pass.invitation.is_some() {
            return by_invitation(decisions, identity, cx.now);
        }
        let waiting_room = decisions.waiting_room;
        if let Some(hash) = decisions.passcode_hash.clone() {
            if identity.passcode_hash.as_ref() != Some(&hash) {
                return self.passcode(join, identity, hash, cx);
            }
            cx.limits.passcode_attempts.give_back(&identity.address);
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
        if identity.passcode_checked || given.chars().count() > PASSCODE_CHARS {
            return Err(refusal(ErrorCode::BadPasscode, "Wrong passcode."));
        }
        if cx.limits.passcode_attempts.take(identity.address, cx.now)
            && self.passcode_attempts.take(PASSCODE_ATTEMPTS_PER_ROOM, cx.now).is_ok()
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
    pub(super) fn waiting_message(
        &mut self,
        conn: ConnId,
        message: ClientMessage,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        match message {
            ClientMessage::Leave => self.leave(conn, cx.now, cx),
            ClientMessage::Presence(presence) => self.set_waiting_presence(conn, presence, cx),
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
        self.refuse_new_room(cx)?;
        if !self.waiting_room.has_space(conn, identity.address) {
            return Err(refusal(ErrorCode::WaitingRoomFull, "Too many people wait already."));
        }
        self.withdraw(conn, cx);
        // Their credentials have been checked.
        let join = Join { pass: Pass::default(), ..join };
        self.waiting_room.queue.push(WaitingParticipant { conn, join, identity, since: cx.now });
        self.moved(conn, Some(Standing::Waiting));
        self.tell_waiting_room(cx);
        Ok(())
    }

    fn set_waiting_presence(&mut self, conn: ConnId, presence: Presence, cx: &Context<'_>) {
        let waiting = self.waiting_room.queue.iter_mut().find(|waiting| waiting.conn == conn);
        if let Some(waiting) = waiting.filter(|waiting| waiting.join.presence != presence) {
            waiting.join.presence = presence;
            self.tell_waiting_room(cx);
        }
    }

    /// Admits waiting people unless another barrier stops them: in a locked room they keep waiting,
    /// and those who now need a passcode are told so.
    pub(super) fn admit_unblocked(&mut self, cx: &mut Context<'_>) {
        if self.waiting_room.is_empty() {
            return;
        }
        let decisions = self.settings.decisions.as_ref();
        if decisions.is_some_and(|decisions| decisions.locked || decisions.waiting_room) {
            // Another barrier may apply now.
            return self.tell_waiting_room(cx);
        }
        let passcode = decisions.and_then(|decisions| decisions.passcode_hash.clone());
        let lacks_it = |waiting: &WaitingParticipant| {
            passcode.is_some() && waiting.identity.passcode_hash != passcode
        };
        for waiting in self.waiting_room.take_where(lacks_it) {
            let sentence = "The room now has a passcode; join with it.";
            self.dismiss(waiting.conn, refusal(ErrorCode::PasscodeRequired, sentence));
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
        let Some(decisions) = &mut self.settings.decisions else { return };
        let mut changed = decisions.record_guest(identity.id, identity.invitation, cx.now);
        // A host may try it without using it up.
        let by = identity.invitation.filter(|_| identity.host.is_none());
        if let Some(invited) = by.and_then(|by| decisions.invitation(by, identity.id, cx.now)) {
            let used_by = Some((identity.id, called.clone()));
            changed |= invited.used_by != used_by;
            invited.used_by = used_by;
        }
        if changed {
            self.commit(cx);
            self.tell_waiting_room(cx);
        }
    }

    /// Admits one person or all. Those for whom there is no seat keep waiting, in their order.
    pub(super) fn admit(
        &mut self,
        to: Option<PeerId>,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let mut result = Ok(());
        for waiting in self.waiting_room.take_named(to)? {
            if result.is_ok() {
                result = self.complete_join(waiting.conn, &waiting.join, &waiting.identity, cx);
            }
            if result.is_err() {
                self.waiting_room.put_back(waiting);
            }
        }
        self.tell_waiting_room(cx);
        result
    }

    pub(super) fn deny(&mut self, to: Option<PeerId>, cx: &mut Context<'_>) -> Result<(), Refusal> {
        for waiting in self.waiting_room.take_named(to)? {
            let refusal = refusal(ErrorCode::EntryDenied, "A host did not let you in.");
            self.dismiss(waiting.conn, refusal);
        }
        self.tell_waiting_room(cx);
        Ok(())
    }

    /// Tells waiting people their position, and hosts who is waiting: at once or, during many
    /// changes, a little later.
    pub(super) fn tell_waiting_room(&mut self, cx: &Context<'_>) {
        if let Err(wait) = self.waiting_room.updates.take(UPDATE_RATE, cx.now) {
            if !std::mem::replace(&mut self.waiting_room.is_update_pending, true) {
                self.deadlines.insert(cx.now + wait);
            }
            return;
        }
        self.waiting_room.is_update_pending = false;
        let host_present = self.seats.hosts().next().is_some();
        let decisions = self.settings.decisions.as_ref();
        let locked = decisions.is_some_and(|decisions| decisions.locked && !decisions.waiting_room);
        for (position, conn) in (1..).zip(self.waiting_room.connections().collect::<Vec<_>>()) {
            self.send(conn, ServerMessage::Waiting { position, host_present, locked });
        }
        let hosts = self.seats.hosts().filter_map(Seat::conn).collect();
        self.broadcast(hosts, ServerMessage::HostState(self.host_state(cx.now)));
    }

    /// The host's view of the waiting room.
    fn host_state(&self, now: Duration) -> HostState {
        let decisions = self.settings.decisions.as_ref();
        HostState {
            waiting: self.waiting_room.queue.iter().map(|waiting| waiting.person(now)).collect(),
            invitations: decisions.map(|decisions| decisions.invitations(now)).unwrap_or_default(),
        }
    }
}

/// Whether a person passes all barriers, as a host or as one who was inside when they were put up.
fn may_pass(decisions: &Decisions, identity: &Identity) -> Result<bool, Refusal> {
    if decisions.removed.contains(&identity.id) {
        return Err(refusal(ErrorCode::Removed, "A host removed you from this room."));
    }
    if identity.host.is_some()
        || identity.returning && decisions.accepts_seat(identity.id, identity.since)
    {
        return Ok(true);
    }
    // They may have been disconnected when the call ended.
    if identity.returning && identity.since <= decisions.ended {
        return Err(refusal(ErrorCode::CallEnded, "A host ended the call."));
    }
    if decisions.locked {
        let sentence = "The room is locked. Nobody else can join.";
        return Err(refusal(ErrorCode::RoomLocked, sentence));
    }
    Ok(false)
}

fn by_invitation(
    decisions: &mut Decisions,
    identity: &Identity,
    now: Duration,
) -> Result<Admission, Refusal> {
    let known = identity.invitation;
    match known.and_then(|known| decisions.invitation(known, identity.id, now)) {
        Some(_) => Ok(Admission::In),
        None => {
            let sentence =
                "This invitation has expired or was used by someone else; join without it.";
            Err(refusal(ErrorCode::BadInvitation, sentence))
        }
    }
}
