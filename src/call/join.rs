//! How the person comes in, comes back, is refused, and leaves.

use super::{Call, Command, Peer, Phase, Waits};
use crate::protocol::{
    ClientMessage, Desk, ErrorCode, Join, Pass, PeerId, RoomName, RoomState, SeatClaim,
};
use std::time::Duration;

impl Call {
    pub(super) fn watch(&mut self, room: RoomName, now: Duration) {
        self.leave(now);
        self.phase = Phase::Lobby;
        self.room = Some(room);
        self.state = RoomState::default();
        self.open_socket();
    }

    pub(super) fn join(&mut self) {
        if matches!(self.phase, Phase::Lobby | Phase::Left { .. }) && self.room.is_some() {
            self.phase = Phase::Joining;
            self.waits.press(self.now);
            self.moved = false;
            self.refusal = None;
            let open = self.state.gate.is_none() || self.pass.host.is_some();
            self.expects_seat =
                self.seat.is_some() || !self.socket.is_lost() && self.state.has_space() && open;
            // The seat goes to the connection that was opened last.
            match self.seat.is_some() && self.socket.is_connected() {
                true => self.open_socket(),
                false => self.ask_to_join(),
            }
        }
    }

    pub(super) fn leave(&mut self, now: Duration) {
        self.phase = match self.phase {
            Phase::Lobby | Phase::Left { .. } => return,
            Phase::Joining | Phase::Waiting | Phase::Knocking { .. } => Phase::Lobby,
            Phase::InCall { since } => self.left(since, now),
        };
        self.send(ClientMessage::Leave);
        self.waits = Waits::default();
        let seat = self.seat.take();
        self.give_up_seat();
        // An invitation for one person is used up, but not for that person.
        self.left_seat = seat.filter(|_| self.pass.invitation.is_some());
        // Answers to what was asked before must not be taken for answers to what comes next.
        self.open_socket();
    }

    /// What opens the room's doors may come while the person stands at one, or sits inside as a guest.
    pub(super) fn set_pass(&mut self, pass: Pass, spare_key: Option<String>) {
        let passcode = self.pass.passcode.take();
        (self.pass, self.spare_key) = (Pass { passcode, ..pass }, spare_key);
        match self.phase {
            // As the page of the link is shown to everybody who opens it.
            Phase::Lobby | Phase::Left { .. } => {
                self.phase = Phase::Lobby;
                (self.refusal, self.moved) = (None, false);
            }
            Phase::Knocking { .. } => {
                self.phase = Phase::Joining;
                self.refusal = None;
                self.open_socket();
            }
            Phase::InCall { .. } if self.pass.host.is_some() && !self.hosting => self.open_socket(),
            Phase::Joining | Phase::Waiting | Phase::InCall { .. } => {}
        }
    }

    /// Takes the seat again where the server does not know yet whether to keep the address back.
    pub(super) fn sit_down_anew(&mut self) {
        if self.me.is_some() && !self.ice.is_told() {
            self.open_socket();
        }
    }

    /// Tells a fresh connection what this person wants.
    pub(super) fn greet(&mut self) {
        let Some(room) = self.room.clone() else { return };
        match self.phase {
            Phase::Lobby | Phase::Left { .. } | Phase::Waiting => {
                self.send(ClientMessage::Watch(room));
            }
            Phase::Joining | Phase::Knocking { .. } | Phase::InCall { .. } => {
                self.me = None;
                self.ask_to_join();
            }
        }
    }

    pub(super) fn ask_to_join(&mut self) {
        let Some(room) = self.room.clone() else { return };
        let fresh = |peer: &&Peer| peer.key().generation > self.outdated;
        let intact = self.peers.iter().filter(fresh).filter(|peer| peer.is_intact());
        self.kept = intact.map(|peer| peer.key().id).collect();
        let token = self.seat.clone().or_else(|| self.left_seat.clone());
        let seat = Some(SeatClaim { token, linked: self.kept.clone() });
        let (presence, hidden) = (self.presence.clone(), self.ice.tell());
        let pass = self.pass.clone();
        self.send(ClientMessage::Join(Join { room, presence, seat, pass, hidden }));
    }

    pub(super) fn joined(&mut self, id: PeerId, state: RoomState, now: Duration) {
        let since = match self.phase {
            Phase::Lobby | Phase::Left { .. } => return,
            Phase::Joining | Phase::Waiting | Phase::Knocking { .. } => {
                self.came.unwrap_or(self.epoch + now)
            }
            Phase::InCall { since } => since,
        };
        self.came = Some(since);
        // The connections that were kept go on; the server connects the others again.
        let known = |peer: &Peer| {
            let id = peer.key().id;
            self.kept.contains(&id) || state.people.iter().any(|person| person.id == id)
        };
        let gone: Vec<_> = self.peers.iter().filter(|peer| !known(peer)).map(Peer::key).collect();
        for key in gone {
            self.close_peer(key.id);
        }
        self.phase = Phase::InCall { since };
        let report = self.waits.sit(state.people.is_empty(), now);
        self.report(report);
        self.me = Some(id);
        let others = state.people.iter().map(|person| person.id);
        let present: Vec<_> = others.chain(self.peers.iter().map(|peer| peer.key().id)).collect();
        self.content.joined(id, &present);
        for person in &state.people {
            self.with_peer(person.id, |peer| peer.set_presence(person.presence.clone(), now));
        }
        let elsewhere = std::mem::take(&mut self.elsewhere);
        for id in self.kept.clone() {
            self.with_peer(id, |peer| peer.returned(elsewhere, now));
        }
        self.state = state;
        for action in std::mem::take(&mut self.unsaid) {
            self.send(ClientMessage::Host(action));
        }
    }

    pub(super) fn refused(&mut self, code: ErrorCode, now: Duration) {
        let asks = matches!(self.phase, Phase::Joining | Phase::Knocking { .. });
        if !asks && !matches!(self.phase, Phase::InCall { .. }) {
            return;
        }
        use ErrorCode as E;
        match code {
            E::RoomFull if asks || self.me.is_none() => {
                self.give_up_seat();
                self.waits = Waits::default();
                self.phase = Phase::Waiting;
                self.watch_again();
            }
            E::BadSeat => {
                // Only who still hears somebody of those days goes on with what was said.
                let said = self.content.messages();
                let goes_on = !self.kept.is_empty();
                self.give_up_seat();
                if goes_on {
                    self.content.recall(said.to_vec());
                }
                self.ask_to_join();
            }
            // The seat stays theirs: they can have it back here.
            E::SeatMoved => {
                let (seat, came) = (self.seat.take(), self.came);
                let said = self.content.messages();
                self.leave(now);
                (self.seat, self.came) = (seat, came);
                self.content.recall(said.to_vec());
                self.moved = true;
            }
            E::BadKey => {
                let refused = self.pass.host.take();
                self.pass.host = self.spare_key.take().filter(|key| Some(key) != refused.as_ref());
                self.commands.push_back(Command::DropHostKey);
                if self.pass.host.is_none() {
                    self.go_on_without(code);
                }
                self.ask_to_join();
            }
            E::BadInvitation => {
                self.pass.invitation = None;
                self.go_on_without(code);
                self.ask_to_join();
            }
            E::RoomLocked
            | E::PasscodeNeeded
            | E::BadPasscode
            | E::TryLater
            | E::LineFull
            | E::TooManyRooms
                if self.me.is_none() =>
            {
                self.turn_back(code, now);
            }
            E::TurnedAway | E::Removed | E::CallEnded => self.turn_back(code, now),
            E::RoomFull
            | E::TooMany
            | E::TooManyRooms
            | E::TryLater
            | E::NotKept
            | E::ThisCallOnly => {
                self.renews &= matches!(code, E::NotKept | E::ThisCallOnly);
                self.commands.push_back(Command::Tell(code));
            }
            _ => {}
        }
    }

    /// The person goes on without what their link was to open: they would not know why they wait, or
    /// are inside as a guest.
    fn go_on_without(&mut self, code: ErrorCode) {
        self.refusal = Some(code);
        self.commands.push_back(Command::Tell(code));
    }

    /// Back outside, for a reason.
    pub(super) fn turn_back(&mut self, code: ErrorCode, now: Duration) {
        self.pass.passcode = None;
        self.waits = Waits::default();
        self.phase = match self.phase {
            Phase::InCall { since } => self.left(since, now),
            _ => Phase::Lobby,
        };
        self.give_up_seat();
        self.refusal = Some(code);
        self.watch_again();
    }

    fn left(&self, since: Duration, now: Duration) -> Phase {
        Phase::Left { after: (self.epoch + now).saturating_sub(since) }
    }

    pub(super) fn watch_again(&mut self) {
        if let Some(room) = self.room.clone() {
            self.send(ClientMessage::Watch(room));
        }
    }

    pub(super) fn give_up_seat(&mut self) {
        self.close_peers();
        self.content.leave();
        self.me = None;
        (self.seat, self.left_seat, self.came) = (None, None, None);
        self.desk = Desk::default();
        (self.hosting, self.renews) = (false, false);
        self.unsaid.clear();
    }
}
