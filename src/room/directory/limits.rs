//! What is limited for each address, and what there may be on one server, across all rooms.

use crate::rate_limit::{Buckets, Rate};
use std::time::Duration;

/// How many passcodes may be tried and set from one address, but for those that were right.
const GUESSES_OF_ADDRESS: Rate = Rate::new(10, Duration::from_secs(60));
/// Of how many more rooms something may be kept for people at one address: 30 at once, and 30 a day.
const KEPT_FOR_ADDRESS: Rate = Rate::new(30, Duration::from_secs(24 * 60 * 60));
/// How many bytes the watchers at one address are told, about: 2 MiB at once, then 128 KiB a second.
/// The lobbies of a whole office stay far below that; beyond it they learn of changes later.
const TOLD_AT_ADDRESS: Rate = Rate::new(2 << 20, Duration::from_secs(16));

/// The limits of each address.
#[derive(Debug)]
pub(in super::super) struct Limits {
    /// Limits the passcodes that are tried and set.
    pub(in super::super) guessers: Buckets<u64>,
    /// Limits the rooms of which something begins to be kept.
    pub(in super::super) keepers: Buckets<u64>,
    /// Limits what watchers are told.
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

    /// Forgets the addresses that are as good as new.
    pub(super) fn forget_full(&mut self, now: Duration) {
        self.guessers.forget_full(now);
        self.keepers.forget_full(now);
        self.shows.forget_full(now);
    }

    /// Whether no address is remembered.
    pub(super) fn is_empty(&self) -> bool {
        self.guessers.is_empty() && self.keepers.is_empty() && self.shows.is_empty()
    }
}

/// Whether the server has space for one more room.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Space {
    /// In which somebody sits or waits, beside the others; or how many there may be.
    pub(in super::super) occupied: Result<(), usize>,
    /// Of which something is kept.
    pub(in super::super) kept: Vacancy,
}

/// Whether something may be kept of one more room.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Vacancy {
    Free,
    /// If another room gives way.
    Displacing,
    None {
        /// Of how many rooms something may be kept.
        most: usize,
    },
}

/// What counts of one room.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Footprint {
    pub(super) is_occupied: bool,
    pub(super) is_kept: bool,
    /// When it has something to do.
    pub(super) due: Option<Duration>,
}

/// How many rooms there are that count.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// In which somebody sits, or in front of which somebody waits.
    pub(super) occupied: usize,
    /// Of which something is kept, of those where anybody is.
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
