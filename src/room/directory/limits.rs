//! Limits per address, and of the whole server, across all rooms.

use crate::rate_limit::{Buckets, Rate};
use std::time::Duration;

/// Rate of passcodes tried and set from one address, not counting correct ones.
const GUESSES_OF_ADDRESS: Rate = Rate::new(10, Duration::from_secs(60));
/// Rate at which people at one address may add stored rooms: 30 at once, then 30 a day.
const KEPT_FOR_ADDRESS: Rate = Rate::new(30, Duration::from_secs(24 * 60 * 60));
/// Approximate rate in bytes of updates to watchers at one address: 2 MiB at once, then 128 KiB a
/// second. The lobbies of a whole office stay far below; beyond it, updates are delayed.
const TOLD_AT_ADDRESS: Rate = Rate::new(2 << 20, Duration::from_secs(16));

/// The limiters for each address.
#[derive(Debug)]
pub(in super::super) struct Limits {
    /// Limits passcodes that are tried and set.
    pub(in super::super) guessers: Buckets<u64>,
    /// Limits newly stored rooms.
    pub(in super::super) keepers: Buckets<u64>,
    /// Limits updates to watchers.
    pub(in super::super) shows: Buckets<u64>,
}

impl Limits {
    pub(in super::super) fn new() -> Self {
        Self {
            guessers: Buckets::new(GUESSES_OF_ADDRESS),
            keepers: Buckets::new(KEPT_FOR_ADDRESS),
            shows: Buckets::new(TOLD_AT_ADDRESS),
        }
    }

    /// Forgets addresses with full buckets.
    pub(super) fn forget_full(&mut self, now: Duration) {
        self.guessers.forget_full(now);
        self.keepers.forget_full(now);
        self.shows.forget_full(now);
    }

    /// Whether no address is stored.
    pub(super) fn is_empty(&self) -> bool {
        self.guessers.is_empty() && self.keepers.is_empty() && self.shows.is_empty()
    }
}

/// Whether the server has capacity for one more room.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Space {
    /// For a room with people, or the limit that was reached.
    pub(in super::super) occupied: Result<(), usize>,
    /// For a stored room.
    pub(in super::super) kept: Vacancy,
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
    pub(super) is_kept: bool,
    /// Its next deadline.
    pub(super) due: Option<Duration>,
}

/// Counts of rooms.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// Rooms with people inside or waiting.
    pub(super) occupied: usize,
    /// Rooms with people that are also stored.
    pub(super) kept: usize,
}

impl Census {
    pub(super) fn update(&mut self, before: Footprint, after: Footprint) {
        let count = |count: usize, before: bool, after: bool| {
            (count + usize::from(after)).saturating_sub(usize::from(before))
        };
        self.occupied = count(self.occupied, before.is_occupied, after.is_occupied);
        self.kept = count(self.kept, before.is_kept, after.is_kept);
    }
}
