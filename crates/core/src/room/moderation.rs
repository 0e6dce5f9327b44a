//! Actions of hosts.

use super::{
    ConnId, Context, Decisions, Identity, MAX_INVITATION_TTL, MAX_INVITATIONS, Rate, Refusal, Room,
    RoomOutput, StoredInvitation, Unchecked, decisions::remember, nobody, refusal, seats::Seat,
};
use crate::protocol::{
    ClientMessage, ErrorCode, HostAction, PeerId, ServerMessage, TrackSource,
    limits::PASSCODE_CHARS,
};
use std::time::Duration;

/// Rate of actions by the hosts of one room, each of which may be stored.
const ACTIONS: Rate = Rate::new(64, Duration::from_secs(32));

impl Room {
    /// Whether a connection is a host's.
    pub(super) fn is_host(&self, conn: ConnId) -> bool {
        self.seats.of(conn).is_some_and(|seat| seat.host)
    }

    /// Executes a host's action.
    pub(super) fn host(
        &mut self,
        conn: ConnId,
        me: PeerId,
        action: HostAction,
        identity: Identity,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        if !self.is_host(conn) {
            return Err(refusal(ErrorCode::NotHost, "Only a host of the room may do that."));
        }
        if self.actions.take(ACTIONS, cx.now).is_err() {
            let sentence = "Too many actions at once. Try again in a moment.";
            return Err(refusal(ErrorCode::TryLater, sentence));
        }
        if let HostAction::Passcode { passcode: Some(new) } = &action
            && identity.passcode_hash.is_none()
        {
            return self.hash(conn, new.clone(), identity, cx);
        }
        let is_momentary = is_momentary(&action);
        if !is_momentary && let Err(refusal) = self.refuse_storing(identity.address, cx) {
            if outlives_the_call(&action) {
                return Err(refusal);
            }
            // It applies to this call only: a limit on storage must not keep a disruptive person in it.
            self.settings.this_call_only = true;
        }
        let done = self.act(me, action, identity, cx);
        // Decisions without effect are not stored.
        if self.settings.decisions.as_ref().is_none_or(Decisions::is_nothing) {
            self.store(cx);
        }
        if done.is_ok() && !is_momentary {
            self.tell_if_this_call_only(conn);
        }
        done
    }

    /// Hashes a new passcode, for which the host's message waits.
    fn hash(
        &mut self,
        conn: ConnId,
        passcode: String,
        identity: Identity,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        if !(1..=PASSCODE_CHARS).contains(&passcode.chars().count()) {
            let sentence = format!("A passcode has 1 to {PASSCODE_CHARS} characters.");
            return Err((ErrorCode::BadMessage, sentence));
        }
        if identity.passcode_checked || !cx.limits.passcode_attempts.take(identity.address, cx.now)
        {
            let sentence = "The passcode was not changed. Try again in a minute.";
            return Err(refusal(ErrorCode::TryLater, sentence));
        }
        let action = HostAction::Passcode { passcode: Some(passcode.clone()) };
        let message = ClientMessage::Host(action);
        self.check(Unchecked { conn, message, identity, passcode, stored_hash: None });
        Ok(())
    }

    fn tell_if_this_call_only(&mut self, conn: ConnId) {
        if self.settings.decisions.is_some() && self.settings.this_call_only && self.is_host(conn) {
            let message = "This applies only until everyone has left: too many rooms are stored.";
            self.refuse(conn, refusal(ErrorCode::ThisCallOnly, message));
        }
    }

    fn act(
        &mut self,
        me: PeerId,
        action: HostAction,
        identity: Identity,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        match action {
            HostAction::Lock { on } => self.change(on, cx, |decisions| decisions.locked = on),
            HostAction::WaitingRoom { on } => {
                self.change(on, cx, |decisions| decisions.waiting_room = on);
            }
            HostAction::Passcode { passcode } => {
                let hash = passcode.and(identity.passcode_hash);
                self.change(hash.is_some(), cx, |decisions| decisions.passcode_hash = hash);
            }
            HostAction::Admit { to } => return self.admit(to, cx),
            HostAction::Deny { to } => return self.deny(to, cx),
            HostAction::Mute { to, what } => return self.mute(to, what, cx),
            HostAction::Remove { to } => return self.remove(me, to, cx),
            HostAction::TransferHost { to } => return self.transfer_host(to, cx),
            HostAction::RenewHostKey => self.renew_host_key(None, cx),
            HostAction::End => self.end(cx),
            HostAction::Invite { once, ttl } => {
                return self.invite(once, ttl, identity, cx);
            }
            HostAction::Revoke { token } => self.revoke(&token, cx),
        }
        Ok(())
    }

    fn mute(&mut self, to: PeerId, what: TrackSource, cx: &mut Context<'_>) -> Result<(), Refusal> {
        let seat = self.seats.get_mut(to).ok_or_else(nobody)?;
        if what.is_of_screen() {
            let sentence = "A host can switch off a microphone or a camera.";
            return Err(refusal(ErrorCode::BadMessage, sentence));
        }
        let (mut presence, conn) = (seat.presence.clone(), seat.conn());
        presence.switch_off(what);
        if !seat.unconfirmed_mutes.contains(&what) {
            seat.unconfirmed_mutes.push(what);
        }
        // The others are told first, so that they stop playing the microphone whatever this client does:
        // also if it is already off for the server, because the client may have told them otherwise.
        let known = seat.presence == presence;
        self.set_presence(to, presence.clone(), cx);
        if known {
            self.tell_others(to, ServerMessage::Presence { from: to, presence });
        }
        if let Some(conn) = conn {
            self.send(conn, ServerMessage::Muted(what));
        }
        Ok(())
    }

    fn remove(&mut self, me: PeerId, to: PeerId, cx: &mut Context<'_>) -> Result<(), Refusal> {
        if me == to {
            return Err(refusal(ErrorCode::PeerNotFound, "To leave yourself, say \"leave\"."));
        }
        let seat = self.seat(to)?;
        let (conn, invitations) = (seat.conn(), seat.invitations.clone());
        let has_key = self.keyholders.contains(&to);
        let inside = self.inside().filter(|id| *id != to).collect();
        let decisions = self.settings.decisions_mut(cx.now);
        decisions.remove(to);
        decisions.close(inside, cx.now);
        // Their invitations would readmit them.
        decisions.invitations.retain(|invited| !invitations.contains(&invited.id));
        match has_key {
            true => self.renew_host_key(Some(to), cx),
            false => self.commit(cx),
        }
        if !invitations.is_empty() {
            self.tell_waiting_room(cx);
        }
        if let Some(conn) = conn {
            let refusal = refusal(ErrorCode::Removed, "A host removed you from this room.");
            self.dismiss(conn, refusal);
        }
        self.free(to, cx);
        Ok(())
    }

    fn transfer_host(&mut self, to: PeerId, cx: &mut Context<'_>) -> Result<(), Refusal> {
        if self.seat(to)?.conn().is_none() {
            return Err(refusal(ErrorCode::PeerNotFound, "They are not there at the moment."));
        }
        self.settings.decisions_mut(cx.now).designated_host = Some(to);
        self.seats.set_host(to);
        self.renew_host_key(None, cx);
        self.tell_settings(None);
        self.tell_waiting_room(cx);
        Ok(())
    }

    /// Makes all host keys void, and sends a new one to the hosts inside except the removed one.
    /// Hosts who are disconnected get it when they return.
    fn renew_host_key(&mut self, but: Option<PeerId>, cx: &mut Context<'_>) {
        let hosts = self.seats.hosts().filter(|seat| Some(seat.id) != but);
        let (ids, conns): (Vec<_>, Vec<_>) = hosts.map(|seat| (seat.id, seat.conn())).unzip();
        let decisions = self.settings.decisions_mut(cx.now);
        decisions.generation += 1;
        decisions.designated_host = decisions.designated_host.filter(|host| ids.contains(host));
        self.commit(cx);
        self.keyholders = ids;
        for conn in conns.into_iter().flatten() {
            self.send_host_key(conn);
        }
    }

    /// Handles a host key newer than the known one: earlier ones become void. If nothing more can
    /// be stored, its holder is admitted anyway.
    pub(super) fn raise_key(&mut self, identity: &Identity, cx: &mut Context<'_>) {
        let Some(shown) = identity.host.filter(|shown| *shown > self.settings.generation()) else {
            return;
        };
        if self.refuse_storing(identity.address, cx).is_err() {
            return;
        }
        let decisions = self.settings.decisions_mut(cx.now);
        (decisions.generation, decisions.designated_host) = (shown, None);
        self.commit(cx);
        self.seats.set_host(identity.id);
        self.keyholders.clear();
    }

    /// Records that a person has the current host key.
    pub(super) fn add_keyholder(&mut self, id: PeerId) {
        if !self.keyholders.contains(&id) {
            remember(&mut self.keyholders, id);
        }
    }

    /// Sends a host the current key.
    pub(super) fn send_host_key(&mut self, conn: ConnId) {
        self.outputs.push(RoomOutput::SendHostKey(conn, self.settings.generation()));
    }

    /// Whether the host role was transferred to the person on this seat.
    pub(super) fn is_designated(&self, identity: &Identity) -> bool {
        let designated =
            self.settings.decisions.as_ref().and_then(|decisions| decisions.designated_host);
        identity.returning && designated == Some(identity.id)
    }

    pub(super) fn inside(&self) -> impl Iterator<Item = PeerId> {
        self.seats.all().iter().map(|seat| seat.id)
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        let decisions = self.settings.decisions_mut(cx.now);
        decisions.close(Vec::new(), cx.now);
        decisions.ended = cx.now;
        self.commit(cx);
        let seats = self.seats.take();
        self.outputs.extend(seats.iter().map(|seat| RoomOutput::Seat(seat.id, false)));
        let here = seats.iter().filter_map(Seat::conn);
        for conn in here.chain(self.waiting_room.take()) {
            self.dismiss(conn, refusal(ErrorCode::CallEnded, "A host ended the call."));
        }
        self.tell_watchers(cx);
        self.end_call(cx);
    }

    fn invite(
        &mut self,
        once: bool,
        ttl: Option<u64>,
        identity: Identity,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let lasts = ttl.map_or(MAX_INVITATION_TTL, Duration::from_secs).min(MAX_INVITATION_TTL);
        let decisions = self.settings.decisions_mut(cx.now);
        decisions.invitations.retain(|invited| cx.now < invited.ends);
        let Some(token) = identity.token.filter(|_| decisions.invitations.len() < MAX_INVITATIONS)
        else {
            let sentence = format!("A room has at most {MAX_INVITATIONS} invitations at a time.");
            return Err((ErrorCode::TooMany, sentence));
        };
        let (id, ends) = (identity.id.0, cx.now + lasts);
        decisions.invitations.push(StoredInvitation { id, token, once, ends, used_by: None });
        self.commit(cx);
        self.tell_waiting_room(cx);
        Ok(())
    }

    fn revoke(&mut self, token: &str, cx: &mut Context<'_>) {
        self.settings.decisions_mut(cx.now).invitations.retain(|invited| invited.token != token);
        self.commit(cx);
        self.tell_waiting_room(cx);
    }

    fn seat(&self, id: PeerId) -> Result<&Seat, Refusal> {
        self.seats.get(id).ok_or_else(nobody)
    }
}

/// Whether an action is momentary, so that nothing is stored.
fn is_momentary(action: &HostAction) -> bool {
    matches!(action, HostAction::Admit { .. } | HostAction::Deny { .. } | HostAction::Mute { .. })
}

/// Whether an action also applies to later calls.
fn outlives_the_call(action: &HostAction) -> bool {
    matches!(
        action,
        HostAction::Invite { .. } | HostAction::TransferHost { .. } | HostAction::RenewHostKey
    )
}
