//! The way into a room, as both halves of its page know it: the lobby shows it, and the call, whose
//! code is loaded later, decides it.

use crate::protocol::{ErrorCode, Gate, RoomState};
use std::time::Duration;

/// The phase of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Outside, in the lobby.
    #[default]
    Lobby,
    /// Join was pressed; the server has not answered yet.
    Joining,
    /// The room is full: joins as soon as a seat is free.
    WaitingForSeat,
    /// In the waiting room, until a host admits them.
    Knocking {
        /// Since when.
        since: Duration,
        /// The position among those who wait; 1 is next.
        position: usize,
        /// Whether a host is in the room.
        host_present: bool,
        /// Whether they are admitted as soon as the room is unlocked.
        locked: bool,
    },
    /// Inside.
    InCall {
        /// Since when, as Unix time. Counts on after a reload.
        since: Duration,
    },
    /// Outside, after a call.
    Left {
        /// How long the person was inside.
        after: Duration,
    },
}

/// How far a person is on the way into a room, and what they know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdmissionView {
    /// The phase.
    pub phase: Phase,
    /// Who is inside: outside of a call, as last reported by the server; in a call, those who were
    /// there before and have stayed.
    pub state: RoomState,
    /// Whether `state` may be outdated, because the server cannot be reached.
    pub outdated: bool,
    /// Whether to show the call: the person is inside, or will be once the server has answered.
    pub inside: bool,
    /// Whether the person left because they joined in another tab.
    pub moved: bool,
    /// Why the person is not, or no longer, inside.
    pub refusal: Option<ErrorCode>,
    /// Whether the person has credentials for the room.
    pub has_pass: bool,
}

impl AdmissionView {
    /// Whether the person is in the call.
    #[must_use]
    pub fn is_in_call(&self) -> bool {
        matches!(self.phase, Phase::InCall { .. })
    }

    /// Whether Join asks a host to be let in.
    #[must_use]
    pub fn knocks(&self) -> bool {
        self.state.gate == Some(Gate::WaitingRoom) && !self.has_pass
    }

    /// Whether the room's passcode is asked for.
    #[must_use]
    pub fn needs_passcode(&self) -> bool {
        let asked =
            matches!(self.refusal, Some(ErrorCode::BadPasscode | ErrorCode::PasscodeRequired));
        asked || self.state.gate == Some(Gate::Passcode) && !self.has_pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(gate: Gate) -> AdmissionView {
        let state = RoomState { gate: Some(gate), ..RoomState::default() };
        AdmissionView { state, ..AdmissionView::default() }
    }

    #[test]
    fn credentials_open_gates() {
        assert!(behind(Gate::WaitingRoom).knocks());
        assert!(!AdmissionView { has_pass: true, ..behind(Gate::WaitingRoom) }.knocks());
        assert!(!behind(Gate::Passcode).knocks());
        assert!(behind(Gate::Passcode).needs_passcode());
        assert!(!AdmissionView { has_pass: true, ..behind(Gate::Passcode) }.needs_passcode());
    }

    #[test]
    fn a_refused_passcode_is_asked_for_again() {
        for code in [ErrorCode::BadPasscode, ErrorCode::PasscodeRequired] {
            let refused = AdmissionView { refusal: Some(code), ..AdmissionView::default() };
            assert!(refused.needs_passcode());
        }
        assert!(!AdmissionView::default().needs_passcode());
    }
}
