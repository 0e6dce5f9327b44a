//! Who is connected to the rest of the server, as it reports.

use salon_core::{
    protocol::PeerId,
    rate_limit::{Bucket, Rate},
};
use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

/// A direction of relayed packets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    ToPeers,
    ToClient,
}

/// What a seat has relayed lately, in all its allocations.
#[derive(Default)]
struct Traffic {
    to_peers: Bucket,
    to_client: Bucket,
}

#[derive(Default)]
pub(crate) struct People {
    /// The seats that somebody has.
    seats: HashMap<PeerId, Traffic>,
    /// From how many connections a subscriber is known.
    subscribers: BTreeMap<IpAddr, usize>,
}

impl People {
    pub(crate) fn seat(&mut self, seat: PeerId, is_taken: bool) {
        match is_taken {
            true => drop(self.seats.entry(seat).or_default()),
            false => drop(self.seats.remove(&seat)),
        }
    }

    pub(crate) fn have(&self, seat: PeerId) -> bool {
        self.seats.contains_key(&seat)
    }

    /// Whether this many bytes of a seat may be relayed now.
    pub(crate) fn may_relay(
        &mut self,
        seat: PeerId,
        direction: Direction,
        bytes: usize,
        (rate, now): (Rate, Duration),
    ) -> bool {
        let Some(traffic) = self.seats.get_mut(&seat) else { return false };
        let bucket = match direction {
            Direction::ToPeers => &mut traffic.to_peers,
            Direction::ToClient => &mut traffic.to_client,
        };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        bucket.take_many(bytes, rate, now).is_ok()
    }

    pub(crate) fn know(&mut self, address: IpAddr, is_known: bool) {
        let address = subscriber(address);
        let count = self.subscribers.get(&address).copied().unwrap_or_default();
        match if is_known { count + 1 } else { count.saturating_sub(1) } {
            0 => drop(self.subscribers.remove(&address)),
            count => drop(self.subscribers.insert(address, count)),
        }
    }

    /// Whether somebody is connected from this address.
    pub(crate) fn are_at(&self, address: IpAddr) -> bool {
        self.subscribers.contains_key(&subscriber(address))
    }

    #[cfg(test)]
    pub(crate) fn entries(&self) -> usize {
        self.seats.len() + self.subscribers.len()
    }
}

/// What stands for a subscriber: an IPv4 address or an IPv6 /64 network (RFC 6177).
pub(crate) fn subscriber(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}
