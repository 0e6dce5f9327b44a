//! Limits per address, and of the whole server, across all rooms.

use crate::rate_limit::{Buckets, Rate};
use std::time::Duration;

/// Rate of passcodes tried and set from one address, not counting correct ones.
const PASSCODE_ATTEMPTS_PER_ADDRESS: Rate = Rate::new(10, Duration::from_secs(60));
/// Rate at which people at one address may add stored rooms: 30 at once, then 30 a day.
const NEWLY_STORED_PER_ADDRESS: Rate = Rate::new(30, Duration::from_secs(24 * 60 * 60));
/// Approximate rate in bytes of updates to watchers at one address: 2 MiB at once, then 128 KiB a
/// second. The lobbies of a whole office stay far below; beyond it, updates are delayed.
const WATCHER_BYTES_PER_ADDRESS: Rate = Rate::new(2 << 20, Duration::from_secs(16));

/// The limiters for each address.
#[derive(Debug)]
pub(in super::super) struct Limits {
    /// Limits passcodes that are tried and set.
    pub(in super::super) passcode_attempts: Buckets<u64>,
    /// Limits newly stored rooms.
    pub(in super::super) newly_stored: Buckets<u64>,
    /// Limits updates to watchers.
    pub(in super::super) watcher_bytes: Buckets<u64>,
}

impl Limits {
    pub(in super::super) fn new() -> Self {
        Self {
            passcode_attempts: Buckets::new(PASSCODE_ATTEMPTS_PER_ADDRESS),
            newly_stored: Buckets::new(NEWLY_STORED_PER_ADDRESS),
            watcher_bytes: Buckets::new(WATCHER_BYTES_PER_ADDRESS),
        }
    }

    /// Forgets addresses with full buckets.
    pub(super) fn forget_full(&mut self, now: Duration) {
        self.passcode_attempts.forget_full(now);
        self.newly_stored.forget_full(now);
        self.watcher_bytes.forget_full(now);
    }

    /// Whether no address is stored.
    pub(super) fn is_empty(&self) -> bool {
        self.passcode_attempts.is_empty()
            && self.newly_stored.is_empty()
            && self.watcher_bytes.is_empty()
    }
}

/// Whether the server has capacity for one more room.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Space {
    /// For a room with people, or the limit that was reached.
    pub(in super::super) occupied: Result<(), usize>,
    /// For a stored room.
    pub(in super::super) stored: Vacancy,
}

/// Whether one more room may be stored.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Vacancy {
    Free,
    /// If another room is evicted.
    Displacing,
    None {
        /// The limit that was reached.
        most: usize,
    },
}

/// How a room counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Footprint {
    pub(super) is_occupied: bool,
    pub(super) is_stored: bool,
    /// Its next deadline.
    pub(super) due: Option<Duration>,
}

/// Counts of rooms.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// Rooms with people inside or waiting.
    pub(super) occupied: usize,
    /// Rooms with people that are also stored.
    pub(super) stored: usize,
}

impl Census {
    pub(super) fn update(&mut self, before: Footprint, after: Footprint) {
        let count = |count: usize, before: bool, after: bool| {
            (count + usize::from(after)).saturating_sub(usize::from(before))
        };
        self.occupied = count(self.occupied, before.is_occupied, after.is_occupied);
        self.stored = count(self.stored, before.is_stored, after.is_stored);
    }
}
