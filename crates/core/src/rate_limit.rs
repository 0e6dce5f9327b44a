//! Rate limits: a token bucket, stored as the time at which it will be full.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

/// What counts as one client in limits per address: an IPv4 address, also as a mapped one, or an IPv6 /64
/// network, of which a subscriber has at least one (RFC 6177).
#[must_use]
pub fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// The capacity of a bucket and the rate at which it is refilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    burst: u32,
    /// Time to refill one token.
    interval: Duration,
}

impl Rate {
    /// A bucket of `burst` tokens that is refilled within `refill`. The minimum is one token, and one
    /// nanosecond per token.
    #[must_use]
    pub const fn new(burst: u32, refill: Duration) -> Self {
        let burst = if burst == 0 { 1 } else { burst };
        let interval = match refill.checked_div(burst) {
            Some(interval) if !interval.is_zero() => interval,
            _ => Duration::from_nanos(1),
        };
        Self { burst, interval }
    }
}

/// The tokens that are left. A new bucket is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    full: Duration,
}

impl Bucket {
    /// Takes a token at `now`, a time since some fixed start that never runs backwards.
    ///
    /// # Errors
    ///
    /// If the bucket is empty: the time until the next token.
    pub fn take(&mut self, rate: Rate, now: Duration) -> Result<(), Duration> {
        self.take_many(1, rate, now)
    }

    /// Takes several tokens at once, or none.
    ///
    /// # Errors
    ///
    /// If there are too few: the time until there are enough.
    pub fn take_many(&mut self, tokens: u32, rate: Rate, now: Duration) -> Result<(), Duration> {
        let wait = self.wait(tokens, rate, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.full = self.full.max(now) + rate.interval * tokens;
        Ok(())
    }

    /// Time until this many tokens can be taken.
    #[must_use]
    pub fn wait(&self, tokens: u32, rate: Rate, now: Duration) -> Duration {
        let full = self.full.max(now) + rate.interval * tokens;
        full.saturating_sub(now + rate.interval * rate.burst)
    }

    /// Whether the bucket is full.
    #[must_use]
    pub fn is_full(&self, now: Duration) -> bool {
        self.full <= now
    }
}

/// One bucket per key, all with the same rate.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    rate: Rate,
    used: BTreeMap<K, Bucket>,
}

impl<K: Ord> Buckets<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, used: BTreeMap::new() }
    }

    /// Takes a token, and returns whether there was one.
    pub(crate) fn take(&mut self, key: K, now: Duration) -> bool {
        self.take_many(1, key, now).is_ok()
    }

    /// Takes several tokens at once, or returns the time until there are enough.
    pub(crate) fn take_many(&mut self, tokens: u32, key: K, now: Duration) -> Result<(), Duration> {
        self.used.entry(key).or_default().take_many(tokens, self.rate, now)
    }

    /// Returns a token that was not needed.
    pub(crate) fn give_back(&mut self, key: &K) {
        if let Some(bucket) = self.used.get_mut(key) {
            bucket.full = bucket.full.saturating_sub(self.rate.interval);
        }
    }

    /// Forgets full buckets, which equal new ones.
    pub(crate) fn forget_full(&mut self, now: Duration) {
        self.used.retain(|_, bucket| !bucket.is_full(now));
    }

    /// Whether no bucket is stored.
    pub(crate) fn is_empty(&self) -> bool {
        self.used.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: (u32, Duration) = (400, Duration::from_secs(8));

    fn taken(bucket: &mut Bucket, tries: u32, now: Duration) -> u32 {
        let rate = Rate::new(RATE.0, RATE.1);
        (0..tries).map(|_| u32::from(bucket.take(rate, now).is_ok())).sum()
    }

    #[test]
    fn after_a_burst_only_refilled_tokens_are_taken() {
        let mut bucket = Bucket::default();
        let start = Duration::from_secs(1_800_000_000);
        assert_eq!(taken(&mut bucket, 1000, start), 400);
        assert_eq!(taken(&mut bucket, 1000, start + Duration::from_millis(19)), 0);
        assert_eq!(taken(&mut bucket, 1000, start + Duration::from_millis(20)), 1);
        assert_eq!(taken(&mut bucket, 1000, start + Duration::from_millis(1020)), 50);
        assert!(!bucket.is_full(start + Duration::from_secs(9)));
        assert!(bucket.is_full(start + Duration::from_millis(9020)));
        assert_eq!(taken(&mut bucket, 1000, start + Duration::from_secs(99)), 400);
    }

    #[test]
    fn a_token_is_available_after_the_returned_time() {
        let (mut bucket, rate) = (Bucket::default(), Rate::new(3, Duration::from_secs(60)));
        for _ in 0..3 {
            assert_eq!(bucket.take(rate, Duration::ZERO), Ok(()));
        }
        let wait = bucket.take(rate, Duration::from_secs(1)).unwrap_err();
        assert_eq!(wait, Duration::from_secs(19));
        assert_eq!(bucket.take(rate, Duration::from_secs(20)), Ok(()));
    }

    #[test]
    fn several_tokens_are_taken_all_or_none() {
        let (mut bucket, rate) = (Bucket::default(), Rate::new(10, Duration::from_secs(10)));
        assert_eq!(bucket.take_many(8, rate, Duration::ZERO), Ok(()));
        assert_eq!(bucket.take_many(5, rate, Duration::ZERO), Err(Duration::from_secs(3)));
        assert_eq!(
            bucket.take_many(2, rate, Duration::ZERO),
            Ok(()),
            "the failed attempt took none"
        );
        assert_eq!(bucket.wait(1, rate, Duration::ZERO), Duration::from_secs(1));
    }

    proptest! {
        /// Every window allows at most one burst plus the tokens refilled within it.
        #[test]
        fn no_window_exceeds_the_rate(gaps in proptest::collection::vec(0u64..200, 1..600)) {
            let (mut bucket, rate) = (Bucket::default(), Rate::new(10, Duration::from_secs(1)));
            let mut now = Duration::ZERO;
            let mut taken = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                if bucket.take(rate, now).is_ok() {
                    taken.push(now);
                }
            }
            for (index, first) in taken.iter().enumerate() {
                for (more, last) in taken[index..].iter().enumerate() {
                    let back = (*last - *first).as_millis() / 100;
                    prop_assert!(more as u128 <= 10 + back);
                }
            }
        }
    }
}
