//! The settings of a room, as decided by its hosts.

use super::{
    Context, Decisions, Refusal, Room, RoomOutput, directory::Vacancy, refusal, seats::Seat,
};
use crate::protocol::{ErrorCode, PeerId, RoomSettings, ServerMessage};
use std::time::Duration;

/// The decisions of the hosts, and how they are stored.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) decisions: Option<Decisions>,
    /// Whether they end with the call, because a limit on storage was reached.
    pub(super) this_call_only: bool,
    /// The address whose limit on stored rooms they count against.
    stored_by: Option<u64>,
}

impl Settings {
    pub(super) fn new(decisions: Option<Decisions>) -> Self {
        Self { decisions, ..Self::default() }
    }

    /// The generation of the current host key. Later ones are valid, too.
    pub(super) fn generation(&self) -> u64 {
        self.decisions.as_ref().map_or(0, |decisions| decisions.generation)
    }

    /// The decisions, to be changed. Call [`Room::commit`] afterwards.
    pub(super) fn decisions_mut(&mut self, now: Duration) -> &mut Decisions {
        let fresh = || Decisions { used: now, brief: true, ..Decisions::default() };
        self.decisions.get_or_insert_with(fresh)
    }
}

impl Room {
    /// Stores the decisions before anyone is told.
    pub(super) fn commit(&mut self, cx: &mut Context<'_>) {
        if !self.store(cx) {
            return;
        }
        let host = cx.by.filter(|conn| self.is_host(*conn));
        let told = self.connections().chain(cx.by).collect();
        self.outputs.push(RoomOutput::Sync { told, host });
    }

    /// Stores the decisions, or deletes them if none is left, without waiting for it. Returns whether
    /// that changes the storage.
    pub(super) fn store(&mut self, cx: &mut Context<'_>) -> bool {
        let is_written = !self.settings.this_call_only;
        if let Some(decisions) =
            self.settings.decisions.as_ref().filter(|decisions| !decisions.is_nothing())
        {
            if is_written {
                self.outputs.push(RoomOutput::Store(decisions.clone()));
            }
            return is_written;
        }
        if let Some(stored_by) = self.settings.stored_by.take() {
            cx.limits.newly_stored.give_back(&stored_by);
        }
        let was_stored = self.settings.decisions.take().is_some() && is_written;
        if was_stored {
            self.outputs.push(RoomOutput::Forget);
        }
        was_stored
    }

    /// Refuses to store more than the limits allow. At the server's own limit, another room may be
    /// evicted.
    pub(super) fn refuse_storing(
        &mut self,
        address: u64,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        if self.is_stored() {
            return Ok(());
        }
        if !cx.limits.newly_stored.take(address, cx.now) {
            let sentence = "Too many rooms are stored from this address. Try again tomorrow.";
            return Err(refusal(ErrorCode::TryLater, sentence));
        }
        match cx.space.stored {
            Vacancy::Free => {}
            Vacancy::Displacing => self.outputs.push(RoomOutput::Displace),
            Vacancy::None { most } => {
                cx.limits.newly_stored.give_back(&address);
                let message = format!("The server has reached its limit of {most} stored rooms.");
                return Err((ErrorCode::TooManyRooms, message));
            }
        }
        (self.settings.this_call_only, self.settings.stored_by) = (false, Some(address));
        Ok(())
    }

    /// Whether something is stored beyond the call.
    pub(super) fn is_stored(&self) -> bool {
        !self.settings.this_call_only && self.settings.decisions.is_some()
    }

    /// Forgets the decisions.
    pub(super) fn forget(&mut self, cx: &mut Context<'_>) {
        self.settings.decisions = None;
        self.outputs.push(RoomOutput::Forget);
        self.tell_watchers(cx);
    }

    /// Records that the room is in use.
    pub(super) fn touch(&mut self, cx: &mut Context<'_>) {
        if self.settings.decisions.as_mut().is_some_and(|decisions| decisions.touch(cx.now)) {
            self.store(cx);
        }
    }

    /// Records use, or forgets expired decisions.
    pub(super) fn sweep(&mut self, cx: &mut Context<'_>) {
        if self.is_occupied() {
            self.touch(cx);
        } else if self
            .settings
            .decisions
            .as_ref()
            .is_some_and(|decisions| decisions.is_expired(cx.now))
        {
            self.forget(cx);
        }
    }

    /// Changes access. If it becomes more restrictive, seat tokens of people who are not inside
    /// become void.
    pub(super) fn change(
        &mut self,
        closes: bool,
        cx: &mut Context<'_>,
        change: impl FnOnce(&mut Decisions),
    ) {
        let inside = self.inside().collect();
        let decisions = self.settings.decisions_mut(cx.now);
        change(decisions);
        if closes {
            decisions.close(inside, cx.now);
        }
        self.commit(cx);
        self.tell_settings(None);
        self.admit_unblocked(cx);
        self.tell_watchers(cx);
    }

    /// The settings as participants may know them.
    pub(super) fn public_settings(&self) -> RoomSettings {
        let decisions = self.settings.decisions.as_ref();
        RoomSettings {
            locked: decisions.is_some_and(|decisions| decisions.locked),
            waiting_room: decisions.is_some_and(|decisions| decisions.waiting_room),
            passcode: decisions.is_some_and(|decisions| decisions.passcode_hash.is_some()),
            hosts: self.seats.hosts().map(|seat| seat.id).collect(),
        }
    }

    /// Sends the settings to everyone inside except one who already has them.
    pub(super) fn tell_settings(&mut self, told: Option<PeerId>) {
        let untold = self.seats.all().iter().filter(|seat| Some(seat.id) != told);
        let untold = untold.filter_map(Seat::conn).collect();
        self.broadcast(untold, ServerMessage::RoomSettings(self.public_settings()));
    }
}
