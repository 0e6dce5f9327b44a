//! Who is connected to the rest of the server, as it reports.

use salon_core::protocol::PeerId;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv6Addr},
};

#[derive(Default)]
pub(crate) struct People {
    /// The seats that somebody has.
    seats: BTreeSet<PeerId>,
    /// From how many connections a subscriber is known.
    subscribers: BTreeMap<IpAddr, usize>,
}

impl People {
    pub(crate) fn seat(&mut self, seat: PeerId, is_taken: bool) {
        match is_taken {
            true => drop(self.seats.insert(seat)),
            false => drop(self.seats.remove(&seat)),
        }
    }

    pub(crate) fn have(&self, seat: PeerId) -> bool {
        self.seats.contains(&seat)
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
