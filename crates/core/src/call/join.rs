//! Joining, returning, being refused, and leaving.

use super::{Call, Command, Phase, client_metrics::JoinTimer, participant::Participant};
use crate::protocol::{
    ClientMessage, ErrorCode, Join, Pass, PeerId, RoomName, RoomSettings, RoomState, SeatClaim,
};
use std::time::Duration;

/// The state of the admission, and the credentials for it.
#[derive(Debug, Default)]
pub(super) struct Admission {
    pub(super) phase: Phase,
    /// Whether nothing prevented joining when Join was pressed.
    expects_seat: bool,
    /// Why the user is not, or no longer, inside.
    pub(super) refusal: Option<ErrorCode>,
    pub(super) pass: Pass,
    /// The host key to try if the one in the pass is refused.
    spare_key: Option<String>,
    pub(super) seat: Seat,
}

/// The user's seat in the room.
#[derive(Debug, Default)]
pub(super) struct Seat {
    /// The seat token.
    pub(super) token: Option<String>,
    /// When the seat was first taken, since the Unix epoch.
    pub(super) joined_at: Option<Duration>,
    /// The token of a seat that was left, if it may be needed to join again.
    left: Option<String>,
    /// Whether another tab uses the seat.
    pub(super) moved: bool,
    /// The participants whose connections were kept at the last `join`.
    kept_connections: Vec<PeerId>,
    /// Whether the network has changed since the last `joined`.
    pub(super) network_changed: bool,
}

impl Seat {
    /// Takes the token, and returns it with the time at which the seat was first taken.
    fn take(&mut self) -> (Option<String>, Option<Duration>) {
        (self.token.take(), self.joined_at)
    }

    fn give_up(&mut self) {
        (self.token, self.left, self.joined_at) = (None, None, None);
    }
}

impl Admission {
    /// Whether to show the call: the user is inside, or will be as soon as the server has answered.
    pub(super) fn shows_inside(&self) -> bool {
        match self.phase {
            Phase::InCall { .. } => true,
            Phase::Joining => self.expects_seat,
            Phase::Lobby | Phase::WaitingForSeat | Phase::Knocking { .. } | Phase::Left { .. } => {
                false
            }
        }
    }

    /// Whether the user has credentials.
    pub(super) fn has_pass(&self) -> bool {
        self.pass.host.is_some() || self.pass.invitation.is_some() || self.seat.token.is_some()
    }

    pub(super) fn is_in_call(&self) -> bool {
        matches!(self.phase, Phase::InCall { .. })
    }

    /// The server puts the user into the waiting room. Returns whether that is new.
    pub(super) fn wait(
        &mut self,
        position: usize,
        host_present: bool,
        locked: bool,
        now: Duration,
    ) -> bool {
        let (since, is_new) = match self.phase {
            Phase::Joining => (now, true),
            Phase::Knocking { since, .. } => (since, false),
            _ => return false,
        };
        self.phase = Phase::Knocking { since, position, host_present, locked };
        is_new
    }

    /// Replaces a refused host key by the spare one.
    fn take_spare_key(&mut self) {
        let refused = self.pass.host.take();
        self.pass.host = self.spare_key.take().filter(|key| Some(key) != refused.as_ref());
    }

    /// Corrects the time inside for a clock that was set back by this much.
    pub(super) fn set_back(&mut self, back: Duration) {
        self.seat.joined_at = self.seat.joined_at.map(|at| at.saturating_sub(back));
        if let Phase::InCall { since } = &mut self.phase {
            *since = since.saturating_sub(back);
        }
    }
}

impl Call {
    pub(super) fn watch(&mut self, room: RoomName, now: Duration) {
        self.leave(now);
        self.admission.phase = Phase::Lobby;
        self.room.name = Some(room);
        self.room.state = RoomState::default();
        self.open_socket();
    }

    pub(super) fn join(&mut self) {
        let admission = &mut self.admission;
        if matches!(admission.phase, Phase::Lobby | Phase::Left { .. }) && self.room.name.is_some()
        {
            admission.phase = Phase::Joining;
            self.join_timer.join_pressed(self.clock.now);
            admission.seat.moved = false;
            admission.refusal = None;
            let open = self.room.state.gate.is_none() || admission.pass.host.is_some();
            let has_seat = admission.seat.token.is_some();
            admission.expects_seat =
                has_seat || !self.socket.is_lost() && self.room.state.has_space() && open;
            // The server gives the seat to the connection that was opened last.
            match has_seat && self.socket.is_connected() {
                true => self.open_socket(),
                false => self.send_join(),
            }
        }
    }

    pub(super) fn leave(&mut self, now: Duration) {
        self.admission.phase = match self.admission.phase {
            Phase::Lobby | Phase::Left { .. } => return,
            Phase::Joining | Phase::WaitingForSeat | Phase::Knocking { .. } => Phase::Lobby,
            Phase::InCall { since } => self.phase_after_call(since, now),
        };
        self.send(ClientMessage::Leave);
        self.join_timer = JoinTimer::default();
        let seat = self.admission.seat.token.take();
        self.give_up_seat();
        // An invitation for one participant is used up, except for that participant.
        self.admission.seat.left = seat.filter(|_| self.admission.pass.invitation.is_some());
        // Late answers to earlier requests must not be taken for answers to later ones.
        self.open_socket();
    }

    /// Sets the credentials, which may also arrive while the user waits, or is inside as a guest.
    pub(super) fn set_pass(&mut self, pass: Pass, spare_key: Option<String>) {
        let admission = &mut self.admission;
        let passcode = admission.pass.passcode.take();
        (admission.pass, admission.spare_key) = (Pass { passcode, ..pass }, spare_key);
        match admission.phase {
            // Anyone who opens the link sees the lobby.
            Phase::Lobby | Phase::Left { .. } => {
                admission.phase = Phase::Lobby;
                (admission.refusal, admission.seat.moved) = (None, false);
            }
            Phase::Knocking { .. } => {
                admission.phase = Phase::Joining;
                admission.refusal = None;
                self.open_socket();
            }
            Phase::InCall { .. }
                if admission.pass.host.is_some() && !self.host_tools.hosting.is_host =>
            {
                self.open_socket();
            }
            Phase::Joining | Phase::WaitingForSeat | Phase::InCall { .. } => {}
        }
    }

    /// Rejoins if the server does not yet know whether to hide the address.
    pub(super) fn rejoin_to_hide(&mut self) {
        if self.me.is_some() && !self.ice.is_requested() {
            self.open_socket();
        }
    }

    /// Sends the first message on a new WebSocket.
    pub(super) fn send_first_message(&mut self) {
        let Some(room) = self.room.name.clone() else { return };
        match self.admission.phase {
            Phase::Lobby | Phase::Left { .. } | Phase::WaitingForSeat => {
                self.send(ClientMessage::Watch(room));
            }
            Phase::Joining | Phase::Knocking { .. } | Phase::InCall { .. } => {
                self.me = None;
                self.send_join();
            }
        }
    }

    pub(super) fn send_join(&mut self) {
        let Some(room) = self.room.name.clone() else { return };
        let seat = &mut self.admission.seat;
        seat.kept_connections = self.participants.intact();
        let token = seat.token.clone().or_else(|| seat.left.clone());
        let seat = Some(SeatClaim { token, linked: seat.kept_connections.clone() });
        let (presence, hidden) = (self.presence.clone(), self.ice.request_hiding());
        let pass = self.admission.pass.clone();
        self.send(ClientMessage::Join(Join { room, presence, seat, pass, hidden }));
    }

    /// Stores the seat that the server has granted.
    pub(super) fn store_seat(&mut self, id: PeerId, token: Option<String>, settings: RoomSettings) {
        self.host_tools.set_settings(settings, Some(id));
        let key = self.admission.pass.host.clone().filter(|_| self.host_tools.hosting.is_host);
        self.commands.extend(key.map(Command::KeepHostKey));
        self.admission.seat.token = token;
    }

    /// Enters the room that the server has described.
    pub(super) fn joined(&mut self, id: PeerId, state: RoomState, now: Duration) {
        let since = match self.admission.phase {
            Phase::Lobby | Phase::Left { .. } => return,
            Phase::Joining | Phase::WaitingForSeat | Phase::Knocking { .. } => {
                self.admission.seat.joined_at.unwrap_or(self.clock.epoch + now)
            }
            Phase::InCall { since } => since,
        };
        self.admission.seat.joined_at = Some(since);
        // Connections that were kept continue; for all others, the server sends a new `ready`.
        let kept = self.admission.seat.kept_connections.clone();
        let is_known =
            |id: &PeerId| kept.contains(id) || state.people.iter().any(|person| person.id == *id);
        let gone: Vec<_> =
            self.participants.iter().map(Participant::id).filter(|id| !is_known(id)).collect();
        for id in gone {
            self.remove_participant(id);
        }
        if !kept.contains(&PeerId::SERVER) {
            self.disconnect_from_server();
        }
        self.admission.phase = Phase::InCall { since };
        let report = self.join_timer.joined(state.people.is_empty(), now);
        self.report(report);
        self.me = Some(id);
        let others = state.people.iter().map(|person| person.id);
        let present: Vec<_> = others.chain(self.participants.iter().map(Participant::id)).collect();
        self.content.joined(id, &present);
        for person in &state.people {
            self.change_participant(person.id, |one| one.set_presence(person.presence.clone()));
        }
        let network_changed = std::mem::take(&mut self.admission.seat.network_changed);
        for id in kept {
            self.with_connections(id, |one| one.returned(network_changed, now));
        }
        self.room.state = state;
        if self.participants.connection_to(PeerId::SERVER).is_some() {
            // There is no `ready` about those who have joined in the meantime.
            self.meet_everyone();
        }
        for action in self.host_tools.take_pending() {
            self.send(ClientMessage::Host(action));
        }
    }

    pub(super) fn on_error(&mut self, code: ErrorCode, now: Duration) {
        let asks = matches!(self.admission.phase, Phase::Joining | Phase::Knocking { .. });
        if !asks && !self.admission.is_in_call() {
            return;
        }
        use ErrorCode as E;
        match code {
            E::RoomFull if asks || self.me.is_none() => {
                self.give_up_seat();
                self.join_timer = JoinTimer::default();
                self.admission.phase = Phase::WaitingForSeat;
                self.watch_again();
            }
            E::BadSeatToken => {
                // The chat continues only if a connection from before still exists.
                let said = self.content.messages();
                let goes_on = !self.admission.seat.kept_connections.is_empty();
                self.give_up_seat();
                if goes_on {
                    self.content.restore_chat(said.to_vec());
                }
                self.send_join();
            }
            // The token is kept, so that the user can take the seat back here.
            E::SeatMoved => {
                let (token, joined_at) = self.admission.seat.take();
                let said = self.content.messages();
                self.leave(now);
                let seat = &mut self.admission.seat;
                (seat.token, seat.joined_at, seat.moved) = (token, joined_at, true);
                self.content.restore_chat(said.to_vec());
            }
            E::BadHostKey => {
                self.admission.take_spare_key();
                self.commands.push_back(Command::DropHostKey);
                if self.admission.pass.host.is_none() {
                    self.continue_without(code);
                }
                self.send_join();
            }
            E::BadInvitation => {
                self.admission.pass.invitation = None;
                self.continue_without(code);
                self.send_join();
            }
            E::RoomLocked
            | E::PasscodeRequired
            | E::BadPasscode
            | E::TryLater
            | E::WaitingRoomFull
            | E::TooManyRooms
                if self.me.is_none() =>
            {
                self.leave_with_reason(code, now);
            }
            E::EntryDenied | E::Removed | E::CallEnded => self.leave_with_reason(code, now),
            E::RoomFull
            | E::TooMany
            | E::TooManyRooms
            | E::TryLater
            | E::NotKept
            | E::ServerFull
            | E::ThisCallOnly => {
                self.host_tools.on_refusal(code);
                self.commands.push_back(Command::Notify(code));
            }
            _ => {}
        }
    }

    /// Continues without the refused credential, and tells the user: otherwise they would not know
    /// why they wait, or are a guest.
    fn continue_without(&mut self, code: ErrorCode) {
        self.admission.refusal = Some(code);
        self.commands.push_back(Command::Notify(code));
    }

    /// Returns to the lobby, or to the page after a call, with a reason.
    pub(super) fn leave_with_reason(&mut self, code: ErrorCode, now: Duration) {
        self.admission.pass.passcode = None;
        self.join_timer = JoinTimer::default();
        self.admission.phase = match self.admission.phase {
            Phase::InCall { since } => self.phase_after_call(since, now),
            _ => Phase::Lobby,
        };
        self.give_up_seat();
        self.admission.refusal = Some(code);
        self.watch_again();
    }

    fn phase_after_call(&self, since: Duration, now: Duration) -> Phase {
        Phase::Left { after: (self.clock.epoch + now).saturating_sub(since) }
    }

    pub(super) fn watch_again(&mut self) {
        if let Some(room) = self.room.name.clone() {
            self.send(ClientMessage::Watch(room));
        }
    }

    pub(super) fn give_up_seat(&mut self) {
        self.remove_participants();
        self.content.leave();
        self.me = None;
        self.admission.seat.give_up();
        self.host_tools.leave();
    }
}
