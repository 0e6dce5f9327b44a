//! What participants say to each other through the server: limits.

use crate::{
    protocol::limits::TALK_BYTES,
    rate_limit::{Bucket, Rate},
};
use std::time::Duration;

/// Maximum size of a message on the data channel in bytes: an envelope with an id of eight bytes.
pub(super) const MESSAGE_BYTES: usize = TALK_BYTES + size_of::<u64>();

/// Messages of a participant: one to each other in a full room at once, then 30 a second.
const MESSAGES: Rate = Rate::new(300, Duration::from_secs(10));
/// Their bytes, 64 KiB a second: a receiver on a slow line takes them as well.
const BYTES: Rate = Rate::new(512 * 1024, Duration::from_secs(8));
/// Bytes that all receivers together get of a participant, 1 MiB a second.
const COPIES: Rate = Rate::new(4 * 1024 * 1024, Duration::from_secs(4));

/// Limits what one participant says.
#[derive(Debug, Default)]
pub(super) struct TalkLimit {
    messages: Bucket,
    bytes: Bucket,
    copies: Bucket,
}

impl TalkLimit {
    /// Whether a message of this size is handled.
    pub(super) fn take(&mut self, bytes: usize, now: Duration) -> bool {
        bytes <= MESSAGE_BYTES
            && self.messages.take(MESSAGES, now).is_ok()
            && self.bytes.take_many(size(bytes), BYTES, now).is_ok()
    }

    /// Whether it is sent to this number of receivers.
    pub(super) fn take_copies(&mut self, bytes: usize, receivers: usize, now: Duration) -> bool {
        self.copies.take_many(size(bytes.saturating_mul(receivers)), COPIES, now).is_ok()
    }
}

fn size(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
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
        assert_eq!(taken(&mut limit, 500, 100, 10), 300);
        assert_eq!(taken(&mut limit, 500, 100, 11), 30);
    }

    #[test]
    fn messages_are_limited_by_size() {
        let mut limit = TalkLimit::default();
        assert!(!limit.take(MESSAGE_BYTES + 1, Duration::from_secs(10)));
        assert_eq!(taken(&mut limit, 100, TALK_BYTES, 10), 8);
        assert_eq!(taken(&mut limit, 100, TALK_BYTES, 11), 1);
    }

    #[test]
    fn t31_copies_are_limited() {
        let mut limit = TalkLimit::default();
        let mut copies = || limit.take_copies(16 * 1024, 249, Duration::from_secs(10));
        assert_eq!([copies(), copies()], [true, false]);
    }
}
