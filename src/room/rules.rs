//! How rooms are kept, as their hosts decided it.

use super::{Command, Keeping, Rate, Refusal, Room, Rooms, refusal, seats::Seat};
use crate::protocol::{ErrorCode, PeerId, RoomName, Rules, ServerMessage};
use std::time::Duration;

/// Of how many more rooms something may be kept for people at one address: 30 at once, and 30 a day.
pub(super) const KEPT_FOR_ADDRESS: Rate = Rate::new(30, Duration::from_secs(24 * 60 * 60));

impl Rooms {
    /// Takes in what was kept of a room by [`Command::Keep`], before anybody is there.
    pub fn restore(&mut self, room: RoomName, kept: Keeping) {
        self.kept.insert(room, kept);
    }

    /// The generation of a room's host key that is good. So is a later one.
    #[must_use]
    pub fn key_generation(&self, room: &RoomName) -> u64 {
        self.kept.get(room).map_or(0, |kept| kept.generation)
    }

    /// What is decided about a room from now on. To be followed by [`Rooms::keep`].
    pub(super) fn decide(&mut self, name: &RoomName, now: Duration) -> &mut Keeping {
        let fresh = || Keeping { used: now, brief: true, ..Keeping::default() };
        self.kept.entry(name.clone()).or_insert_with(fresh)
    }

    /// Has what was decided written down before anybody is told of it.
    pub(super) fn keep(&mut self, name: &RoomName) {
        if !self.note(name) {
            return;
        }
        let (now, by) = self.acting;
        let host = by.filter(|conn| self.is_host(*conn));
        let told = self.rooms.get(name).into_iter().flat_map(Room::connections).chain(by);
        let number = self.barrier.begin(name, told, host, now);
        self.commands.push_back(Command::Sync(number));
    }

    /// What was kept up to this number is written down, or will not be in time: people are told, and
    /// a host whose decision it was knows how long it holds.
    pub(super) fn synced(&mut self, number: u64, written: bool) {
        let (told, hosts) = self.barrier.pass(number);
        self.commands.extend(told);
        for conn in hosts.into_iter().filter(|_| !written) {
            let message = "That is in force, but could not be saved yet: until it is, a restart of \
                           the server undoes it.";
            let (code, message) = refusal(ErrorCode::NotKept, message);
            self.send(conn, ServerMessage::Error { code, message });
        }
    }

    /// Has what is known of a room written down at some time, or forgotten if it has become nothing.
    /// Returns whether that changes what is written down.
    pub(super) fn note(&mut self, name: &RoomName) -> bool {
        let is_written = !self.is_for_this_call(name);
        if let Some(kept) = self.kept.get(name).filter(|kept| !kept.is_nothing()) {
            if is_written {
                self.commands.push_back(Command::Keep(name.clone(), kept.clone()));
            }
            return is_written;
        }
        if let Some(keeper) = self.rooms.get_mut(name).and_then(|room| room.keeper.take()) {
            self.keepers.give_back(&keeper);
        }
        let was_kept = self.kept.remove(name).is_some() && is_written;
        if was_kept {
            self.commands.push_back(Command::Forget(name.clone()));
        }
        was_kept
    }

    /// Refuses to begin to keep something where that would be too much. Where it is only too much for
    /// the server, what was used on one day only makes place, and of that what was unused the longest.
    pub(super) fn refuse_keeping(
        &mut self,
        name: &RoomName,
        address: u64,
        now: Duration,
    ) -> Result<(), Refusal> {
        if !self.is_for_this_call(name) && self.kept.contains_key(name) {
            return Ok(());
        }
        if !self.keepers.take(address, now) {
            let sentence = "Something is kept of too many rooms from here: try again tomorrow.";
            return Err(refusal(ErrorCode::TryLater, sentence));
        }
        let most = self.config.kept;
        if self.kept_count() >= most {
            let Some(displaced) = self.least_used() else {
                self.keepers.give_back(&address);
                let message = format!("This server keeps the rules of {most} rooms, and no more.");
                return Err((ErrorCode::TooManyRooms, message));
            };
            self.forget(&displaced, now);
        }
        if let Some(room) = self.rooms.get_mut(name) {
            (room.for_this_call, room.keeper) = (false, Some(address));
        }
        Ok(())
    }

    /// Whether what is decided about a room is not written down.
    pub(super) fn is_for_this_call(&self, name: &RoomName) -> bool {
        self.rooms.get(name).is_some_and(|room| room.for_this_call)
    }

    /// The room that makes place first, if any may.
    fn least_used(&self) -> Option<RoomName> {
        let brief = self.kept.iter().filter(|(name, kept)| kept.brief && !self.is_occupied(name));
        let in_memory = brief.map(|(name, kept)| (kept.used, name));
        in_memory.chain(self.shelf.least_used()).min().map(|(_, name)| name.clone())
    }

    fn is_occupied(&self, name: &RoomName) -> bool {
        self.rooms.get(name).is_some_and(Room::is_occupied)
    }

    /// Forgets what was decided about a room.
    fn forget(&mut self, name: &RoomName, now: Duration) {
        self.kept.remove(name);
        self.shelf.forget(name);
        self.commands.push_back(Command::Forget(name.clone()));
        self.tell_watchers(name, now);
    }

    /// Changes who may come in. Where fewer may from now on, seats of people who are not inside open
    /// no doors any more.
    pub(super) fn change(
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
        self.pass_doors(name, now);
        self.tell_watchers(name, now);
    }

    pub(super) fn forget_unused(&mut self, now: Duration) {
        self.guesses.forget_full(now);
        self.guessers.forget_full(now);
        self.keepers.forget_full(now);
        self.shows.forget_full(now);
        let (mut over, mut used) = (Vec::new(), Vec::new());
        for (name, kept) in &mut self.kept {
            if self.rooms.get(name).is_some_and(Room::is_occupied) {
                used.extend(kept.touch(now).then(|| name.clone()));
            } else if kept.is_over(now) {
                over.push(name.clone());
            }
        }
        for name in &used {
            self.note(name);
        }
        over.iter().for_each(|name| self.forget(name, now));
        if self.shelf.len() > 0 {
            self.commands.push_back(Command::Sweep(now));
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
}
