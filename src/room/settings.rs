//! The settings of a room, as decided by its hosts.

use super::{
    Context, Keeping, Refusal, Room, RoomOutput, directory::Vacancy, refusal, seats::Seat,
};
use crate::protocol::{ErrorCode, PeerId, RoomSettings, ServerMessage};
use std::time::Duration;

/// The decisions of the hosts, if there are any.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) keeping: Option<Keeping>,
    /// Whether they end with the call, because too much is stored already.
    pub(super) for_this_call: bool,
    /// The address that counts as their author.
    keeper: Option<u64>,
}

impl Kept {
    pub(super) fn new(keeping: Option<Keeping>) -> Self {
        Self { keeping, ..Self::default() }
    }

    /// The generation of the current host key. Later ones are valid, too.
    pub(super) fn generation(&self) -> u64 {
        self.keeping.as_ref().map_or(0, |keeping| keeping.generation)
    }

    /// The decisions, to be changed. Call [`Room::keep`] afterwards.
    pub(super) fn decide(&mut self, now: Duration) -> &mut Keeping {
        let fresh = || Keeping { used: now, brief: true, ..Keeping::default() };
        self.keeping.get_or_insert_with(fresh)
    }
}

impl Room {
    /// Stores the decisions before anyone is told.
    pub(super) fn keep(&mut self, cx: &mut Context<'_>) {
        if !self.note(cx) {
            return;
        }
        let host = cx.by.filter(|conn| self.is_host(*conn));
        let told = self.connections().chain(cx.by).collect();
        self.outputs.push(RoomOutput::Sync { told, host });
    }

    /// Stores the current state at some time, or deletes it if nothing is left. Returns whether
    /// that changes the storage.
    pub(super) fn note(&mut self, cx: &mut Context<'_>) -> bool {
        let is_written = !self.kept.for_this_call;
        if let Some(keeping) = self.kept.keeping.as_ref().filter(|kept| !kept.is_nothing()) {
            if is_written {
                self.outputs.push(RoomOutput::Keep(keeping.clone()));
            }
            return is_written;
        }
        if let Some(keeper) = self.kept.keeper.take() {
            cx.limits.keepers.give_back(&keeper);
        }
        let was_kept = self.kept.keeping.take().is_some() && is_written;
        if was_kept {
            self.outputs.push(RoomOutput::Forget);
        }
        was_kept
    }

    /// Refuses to store more than the limits allow. At the server's own limit, another room may be
    /// evicted.
    pub(super) fn refuse_keeping(
        &mut self,
        address: u64,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        if self.is_stored() {
            return Ok(());
        }
        if !cx.limits.keepers.take(address, cx.now) {
            let sentence = "Too many rooms are stored from this address. Try again tomorrow.";
            return Err(refusal(ErrorCode::TryLater, sentence));
        }
        match cx.space.kept {
            Vacancy::Free => {}
            Vacancy::Displacing => self.outputs.push(RoomOutput::Displace),
            Vacancy::None { most } => {
                cx.limits.keepers.give_back(&address);
                let message = format!("The server has reached its limit of {most} stored rooms.");
                return Err((ErrorCode::TooManyRooms, message));
            }
        }
        (self.kept.for_this_call, self.kept.keeper) = (false, Some(address));
        Ok(())
    }

    /// Whether something is stored beyond the call.
    pub(super) fn is_stored(&self) -> bool {
        !self.kept.for_this_call && self.kept.keeping.is_some()
    }

    /// Forgets the decisions.
    pub(super) fn forget(&mut self, cx: &mut Context<'_>) {
        self.kept.keeping = None;
        self.outputs.push(RoomOutput::Forget);
        self.tell_watchers(cx);
    }

    /// Records that the room is in use.
    pub(super) fn note_use(&mut self, cx: &mut Context<'_>) {
        if self.kept.keeping.as_mut().is_some_and(|keeping| keeping.touch(cx.now)) {
            self.note(cx);
        }
    }

    /// Records use, or forgets expired decisions.
    pub(super) fn sweep(&mut self, cx: &mut Context<'_>) {
        if self.is_occupied() {
            self.note_use(cx);
        } else if self.kept.keeping.as_ref().is_some_and(|keeping| keeping.is_over(cx.now)) {
            self.forget(cx);
        }
    }

    /// Changes access. If it becomes more restrictive, seat tokens of people who are not inside
    /// become void.
    pub(super) fn change(
        &mut self,
        closes: bool,
        cx: &mut Context<'_>,
        change: impl FnOnce(&mut Keeping),
    ) {
        let inside = self.inside().collect();
        let kept = self.kept.decide(cx.now);
        change(kept);
        if closes {
            kept.close(inside, cx.now);
        }
        self.keep(cx);
        self.tell_settings(None);
        self.pass_doors(cx);
        self.tell_watchers(cx);
    }

    pub(super) fn settings(&self) -> RoomSettings {
        let kept = self.kept.keeping.as_ref();
        RoomSettings {
            locked: kept.is_some_and(|kept| kept.locked),
            waiting_room: kept.is_some_and(|kept| kept.waiting_room),
            passcode: kept.is_some_and(|kept| kept.passcode.is_some()),
            hosts: self.seats.hosts().map(|seat| seat.id).collect(),
        }
    }

    /// Sends the settings to everyone inside except one who already has them.
    pub(super) fn tell_settings(&mut self, told: Option<PeerId>) {
        let untold = self.seats.all().iter().filter(|seat| Some(seat.id) != told);
        let untold = untold.filter_map(Seat::conn).collect();
        self.broadcast(untold, ServerMessage::RoomSettings(self.settings()));
    }
}
