//! How much one person may say over their data channels.

use super::chat::MESSAGES;
use crate::protocol::{PeerId, Talk};
use std::{collections::BTreeMap, time::Duration};

/// Maximum weight of what one participant sends within [`PERIOD`]. The answer to a `sync` weighs at most
/// twice [`MESSAGES`].
pub(super) const MAX_WEIGHT: usize = 10 * MESSAGES;
pub(super) const PERIOD: Duration = Duration::from_secs(60);
/// Weight of a `sync` in messages: its answer may contain the whole stored chat.
const SYNC_WEIGHT: usize = 50;

/// Number of messages received from each sender.
#[derive(Debug, Default)]
pub(super) struct FloodLimit {
    received: BTreeMap<PeerId, Received>,
}

#[derive(Debug)]
struct Received {
    /// How much, and since when that is counted.
    weight: usize,
    since: Duration,
    /// They have said too much, and are not listened to for as long as that is counted.
    is_blocked: bool,
}

impl FloodLimit {
    /// Counts a message, and returns whether the sender is still within the limit. Unparseable
    /// messages count as well.
    pub(super) fn allows(&mut self, from: PeerId, talk: Option<&Talk>, now: Duration) -> bool {
        let fresh = Received { weight: 0, since: now, is_blocked: false };
        let received = self.received.entry(from).or_insert(fresh);
        // The clock may have been set.
        if now.abs_diff(received.since) >= PERIOD {
            (received.weight, received.since) = (0, now);
        }
        received.weight += if matches!(talk, Some(Talk::Sync(_))) { SYNC_WEIGHT } else { 1 };
        received.is_blocked = received.weight > MAX_WEIGHT;
        !received.is_blocked
    }

    /// Whether messages of a participant with a new channel are accepted.
    pub(super) fn admits(&mut self, from: PeerId, now: Duration) -> bool {
        let Some(received) = self.received.get_mut(&from) else { return true };
        received.is_blocked &= now.abs_diff(received.since) < PERIOD;
        !received.is_blocked
    }

    /// Forgets everybody else.
    pub(super) fn retain(&mut self, is_there: impl Fn(PeerId) -> bool) {
        self.received.retain(|id, _| is_there(*id));
    }
}
