//! What participants say to each other through the server: limits.

use crate::{
    protocol::limits::TALK_BYTES,
    rate_limit::{Bucket, Rate},
};
use std::time::Duration;

/// Maximum size of a message on the data channel in bytes: an envelope with an id of eight bytes.
pub(super) const MESSAGE_BYTES: usize = TALK_BYTES + size_of::<u64>();

/// Buckets are refilled within this time.
const REFILL: Duration = Duration::from_secs(4);
/// 30 messages a second.
const MESSAGES: Rate = Rate::new(120, REFILL);
/// 256 KiB a second.
const BYTES: Rate = Rate::new(1024 * 1024, REFILL);

/// Limits what one participant says. Each message may go to everyone.
#[derive(Debug, Default)]
pub(super) struct TalkLimit {
    messages: Bucket,
    bytes: Bucket,
}

impl TalkLimit {
    /// Whether a message of this size is handled.
    pub(super) fn take(&mut self, bytes: usize, now: Duration) -> bool {
        let size = u32::try_from(bytes).unwrap_or(u32::MAX);
        bytes <= MESSAGE_BYTES
            && self.messages.take(MESSAGES, now).is_ok()
            && self.bytes.take_many(size, BYTES, now).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(limit: &mut TalkLimit, count: usize, bytes: usize, seconds: u64) -> usize {
        (0..count).filter(|_| limit.take(bytes, Duration::from_secs(seconds))).count()
    }

    #[test]
    fn messages_are_limited_by_number() {
        let mut limit = TalkLimit::default();
        assert_eq!(taken(&mut limit, 500, 100, 10), 120);
        assert_eq!(taken(&mut limit, 500, 100, 11), 30);
    }

    #[test]
    fn messages_are_limited_by_size() {
        let mut limit = TalkLimit::default();
        assert!(!limit.take(MESSAGE_BYTES + 1, Duration::from_secs(10)));
        assert_eq!(taken(&mut limit, 100, TALK_BYTES, 10), 16);
        assert_eq!(taken(&mut limit, 100, TALK_BYTES, 11), 4);
    }
}
