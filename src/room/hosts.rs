//! What hosts do.

use super::{
    Command, ConnId, INVITATIONS, INVITED_FOR, Identity, Invited, Keeping, Rate, Refusal, Rooms,
    keeping::remember, nobody, refusal, seats::Seat,
};
use crate::protocol::{ErrorCode, HostAction, MediaKind, PeerId, RoomName, ServerMessage};
use std::time::Duration;

/// How much the hosts of one room may do: each action may be written down.
const ACTIONS: Rate = Rate::new(64, Duration::from_secs(32));

impl Rooms {
    /// Whether a connection is a host's.
    #[must_use]
    pub fn is_host(&self, conn: ConnId) -> bool {
        let Some((name, id)) = self.seat(conn) else { return false };
        self.rooms.get(name).and_then(|room| room.seats.get(id)).is_some_and(|seat| seat.host)
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
        if let HostAction::Passcode { passcode: Some(new) } = &action
            && identity.passcode.is_none()
        {
            return self.hash(conn, name, new.clone(), identity, now);
        }
        let is_momentary = matches!(
            action,
            HostAction::Admit { .. } | HostAction::TurnAway { .. } | HostAction::Mute { .. }
        );
        let outlives_the_call = matches!(
            action,
            HostAction::Invite { .. } | HostAction::HandOver { .. } | HostAction::RenewKey
        );
        if !is_momentary && let Err(refusal) = self.refuse_keeping(&name, identity.address, now) {
            if outlives_the_call {
                return Err(refusal);
            }
            self.hold_for_this_call(&name);
        }
        let done = self.act(&name, me, action, identity, now);
        // What came to nothing is not kept.
        if self.kept.get(&name).is_none_or(Keeping::is_nothing) {
            self.note(&name);
        }
        if done.is_ok() && !is_momentary {
            self.tell_of_this_call(conn, &name);
        }
        done
    }

    /// Has what hosts decide hold as long as people are there: nobody who disturbs a call stays only
    /// because too much is kept.
    fn hold_for_this_call(&mut self, name: &RoomName) {
        if let Some(room) = self.rooms.get_mut(name) {
            room.for_this_call = true;
        }
    }

    fn tell_of_this_call(&mut self, conn: ConnId, name: &RoomName) {
        if self.kept.contains_key(name) && self.is_for_this_call(name) && self.is_host(conn) {
            let message = "That holds until everybody has left: too much is kept already.";
            let (code, message) = refusal(ErrorCode::ThisCallOnly, message);
            self.send(conn, ServerMessage::Error { code, message });
        }
    }

    fn act(
        &mut self,
        name: &RoomName,
        me: PeerId,
        action: HostAction,
        identity: Identity,
        now: Duration,
    ) -> Result<(), Refusal> {
        match action {
            HostAction::Lock { on } => self.change(name, on, now, |kept| kept.locked = on),
            HostAction::WaitingRoom { on } => {
                self.change(name, on, now, |kept| kept.waiting_room = on);
            }
            HostAction::Passcode { passcode } => {
                let hash = passcode.and(identity.passcode);
                self.change(name, hash.is_some(), now, |kept| kept.passcode = hash);
            }
            HostAction::Admit { to } => return self.admit(name, to, now),
            HostAction::TurnAway { to } => return self.turn_away(name, to, now),
            HostAction::Mute { to, what } => return self.mute(name, to, what, now),
            HostAction::Remove { to } => return self.remove(name, me, to, now),
            HostAction::HandOver { to } => return self.hand_over(name, to, now),
            HostAction::RenewKey => self.renew_key(name, None, now),
            HostAction::End => self.end(name, now),
            HostAction::Invite { once, seconds } => {
                return self.invite(name, once, seconds, identity, now);
            }
            HostAction::Revoke { token } => {
                self.decide(name, now).invitations.retain(|invited| invited.token != token);
                self.keep(name);
                self.tell_line(name, now);
            }
        }
        Ok(())
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
        let (conn, invitations) = (seat.conn(), seat.invitations.clone());
        let has_key = self.rooms.get(name).is_some_and(|room| room.keyholders.contains(&to));
        let inside = self.inside(name).filter(|id| *id != to).collect();
        let kept = self.decide(name, now);
        kept.remove(to);
        kept.close(inside, now);
        // What brought them in would do so again.
        kept.invitations.retain(|invited| !invitations.contains(&invited.id));
        match has_key {
            true => self.renew_key(name, Some(to), now),
            false => self.keep(name),
        }
        if !invitations.is_empty() {
            self.tell_line(name, now);
        }
        if let Some(conn) = conn {
            self.dismiss(conn, ErrorCode::Removed, "A host has put you out of this room.", now);
        }
        self.free(name, to, now);
        Ok(())
    }

    fn hand_over(&mut self, name: &RoomName, to: PeerId, now: Duration) -> Result<(), Refusal> {
        if self.seat_in(name, to)?.conn().is_none() {
            return Err(refusal(ErrorCode::NoSuchPeer, "They are not there at the moment."));
        }
        self.decide(name, now).heir = Some(to);
        if let Some(room) = self.rooms.get_mut(name) {
            room.seats.set_host(to);
        }
        self.renew_key(name, None, now);
        self.tell_rules(name, None);
        self.tell_line(name, now);
        Ok(())
    }

    /// Makes all host keys void, and gives a new one to the hosts who are inside, but for one who is
    /// put out. Who is away for a moment gets it when they are back.
    fn renew_key(&mut self, name: &RoomName, but: Option<PeerId>, now: Duration) {
        let seats = self.rooms.get(name).map(|room| room.seats.all()).unwrap_or_default();
        let hosts = seats.iter().filter(|seat| seat.host && Some(seat.id) != but);
        let (ids, conns): (Vec<_>, Vec<_>) = hosts.map(|seat| (seat.id, seat.conn())).unzip();
        let kept = self.decide(name, now);
        kept.generation += 1;
        kept.heir = kept.heir.filter(|heir| ids.contains(heir));
        self.keep(name);
        if let Some(room) = self.rooms.get_mut(name) {
            room.keyholders = ids;
        }
        for conn in conns.into_iter().flatten() {
            self.give_key(conn, name);
        }
    }

    /// Takes in what a newer host key than the one that is known says: those from before are void.
    /// Where nothing more can be kept, its holder comes in all the same.
    pub(super) fn raise_key(&mut self, name: &RoomName, identity: &Identity, now: Duration) {
        let Some(shown) = identity.host.filter(|shown| *shown > self.key_generation(name)) else {
            return;
        };
        if self.refuse_keeping(name, identity.address, now).is_err() {
            return;
        }
        let kept = self.decide(name, now);
        (kept.generation, kept.heir) = (shown, None);
        self.keep(name);
        if let Some(room) = self.rooms.get_mut(name) {
            room.seats.set_host(identity.id);
            room.keyholders.clear();
        }
    }

    /// Notes that somebody has the host key that is good now.
    pub(super) fn note_keyholder(&mut self, name: &RoomName, id: PeerId) {
        if let Some(room) = self.rooms.get_mut(name)
            && !room.keyholders.contains(&id)
        {
            remember(&mut room.keyholders, id);
        }
    }

    /// Sends a host the key that is good now.
    pub(super) fn give_key(&mut self, conn: ConnId, name: &RoomName) {
        let generation = self.key_generation(name);
        self.tell(conn, Command::GiveKey(conn, name.clone(), generation));
    }

    /// Whether the host role was handed to the person on this seat.
    pub(super) fn is_heir(&self, name: &RoomName, identity: &Identity) -> bool {
        let heir = self.kept.get(name).and_then(|kept| kept.heir);
        identity.returning && heir == Some(identity.id)
    }

    pub(super) fn inside(&self, name: &RoomName) -> impl Iterator<Item = PeerId> {
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
    pub(super) fn dismiss(&mut self, conn: ConnId, code: ErrorCode, sentence: &str, now: Duration) {
        self.displace(conn, now);
        self.send(conn, ServerMessage::Error { code, message: sentence.to_owned() });
    }

    fn seat_in(&self, name: &RoomName, id: PeerId) -> Result<&Seat, Refusal> {
        self.rooms.get(name).and_then(|room| room.seats.get(id)).ok_or_else(nobody)
    }
}
