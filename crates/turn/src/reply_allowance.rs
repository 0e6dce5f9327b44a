//! Replies to addresses that are not proven: a sender may have forged its address, and the reply would
//! hit somebody else.

use salon_core::rate_limit::{Bucket, Rate};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    time::Duration,
};

/// The size does not depend on how many addresses there are. Networks that share a cell share their
/// allowance.
const CELLS: usize = 4096;
/// Replies to one network: 20 at once, then two a second.
const PER_NETWORK: Rate = Rate::new(20, Duration::from_secs(10));
/// Replies to all networks together, however many addresses are forged. Participants do not depend on it:
/// they are connected before they use the relay.
const TO_ALL: Rate = Rate::new(2000, Duration::from_secs(10));
/// In addition for an address from which somebody is connected to the server. In an office, many
/// people share one.
const PER_KNOWN: Rate = Rate::new(400, Duration::from_secs(20));

/// Limits the replies to unproven addresses, by network.
pub(crate) struct ReplyAllowance {
    key: u64,
    cells: Vec<Bucket>,
    all: Bucket,
    refused: u64,
}

impl ReplyAllowance {
    /// `key`: random, or somebody could find out who shares a cell with whom.
    pub(crate) fn new(key: u64) -> Self {
        Self { key, cells: vec![Bucket::default(); CELLS], all: Bucket::default(), refused: 0 }
    }

    /// Whether one more reply may be sent to this address. `is_known`: somebody is connected to the server
    /// from there.
    pub(crate) fn take(&mut self, to: IpAddr, is_known: bool, now: Duration) -> bool {
        let mut hasher = DefaultHasher::new();
        self.key.hash(&mut hasher);
        match (to, is_known) {
            // Apart from the network that it belongs to.
            (to, true) => (1_u8, to).hash(&mut hasher),
            (IpAddr::V4(v4), false) => (0_u8, u32::from(v4) >> 8).hash(&mut hasher),
            (IpAddr::V6(v6), false) => (0_u8, u128::from(v6) >> 80).hash(&mut hasher),
        }
        let cell = usize::try_from(hasher.finish() % CELLS as u64).unwrap_or_default();
        let Some(cell) = self.cells.get_mut(cell) else { return false };
        let may = match is_known {
            true => cell.take(PER_KNOWN, now).is_ok(),
            false => cell.take(PER_NETWORK, now).is_ok() && self.all.take(TO_ALL, now).is_ok(),
        };
        self.refused += u64::from(!may);
        may
    }

    /// Number of replies that were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    fn sent(allowance: &mut ReplyAllowance, to: &str, is_known: bool, now: Duration) -> usize {
        let to = to.parse().unwrap();
        (0..1000).filter(|_| allowance.take(to, is_known, now)).count()
    }

    #[test]
    fn t13_a_network_gets_few_replies_however_many_are_asked_for() {
        let mut allowance = ReplyAllowance::new(1);
        assert_eq!(sent(&mut allowance, "192.0.2.1", false, NOW), 20);
        assert_eq!(allowance.refused(), 980);
        assert_eq!(sent(&mut allowance, "192.0.2.200", false, NOW), 0, "the same network");
        assert_eq!(sent(&mut allowance, "198.51.100.1", false, NOW), 20);
        let later = NOW + Duration::from_secs(3);
        assert_eq!(sent(&mut allowance, "192.0.2.1", false, later), 6);
        assert_eq!(sent(&mut allowance, "2001:db8:1::1", false, NOW), 20);
        assert_eq!(sent(&mut allowance, "2001:db8:1:ffff::1", false, NOW), 0);
    }

    #[test]
    fn an_office_gets_enough_for_everybody() {
        let mut allowance = ReplyAllowance::new(1);
        assert_eq!(sent(&mut allowance, "192.0.2.1", false, NOW), 20);
        assert_eq!(sent(&mut allowance, "192.0.2.1", true, NOW), 400);
    }

    #[test]
    fn t13_all_forged_addresses_together_get_few_replies_from_a_fixed_table() {
        let mut allowance = ReplyAllowance::new(1);
        let addresses = (0..100_000_u32).map(|host| IpAddr::from((host << 8).to_be_bytes()));
        let replies = addresses.filter(|to| allowance.take(*to, false, NOW)).count();
        assert_eq!(replies, 2000);
        assert!(allowance.take([9, 9, 9, 9].into(), true, NOW), "a participant gets one");
        assert_eq!(allowance.cells.len(), CELLS);
    }
}
