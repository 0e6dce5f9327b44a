//! The addresses from which participants send.

use crate::{
    protocol::PeerId,
    rate_limit::{Bucket, Rate},
};
use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// Maximum number of addresses of a participant; the oldest is forgotten.
const MOST: usize = 20;
/// Checks of a participant from addresses that are not known: ICE keeps each in memory.
const UNKNOWN: Rate = Rate::new(60, Duration::from_secs(30));

/// A participant who has proven to receive at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sender {
    /// The participant.
    pub(super) seat: PeerId,
    /// The address of this machine to which they send, from which replies have to come.
    pub(super) local: Option<IpAddr>,
}

/// Known addresses. Strangers are not among them, so that their packets leave no state.
#[derive(Debug, Default)]
pub(super) struct Senders {
    by_address: HashMap<SocketAddr, Sender>,
    of: HashMap<PeerId, Known>,
}

/// What is known of a participant.
#[derive(Debug, Default)]
struct Known {
    addresses: VecDeque<SocketAddr>,
    unknown: Bucket,
}

impl Senders {
    /// Who sends from an address.
    pub(super) fn at(&self, address: SocketAddr) -> Option<Sender> {
        self.by_address.get(&address).copied()
    }

    /// Whether a check of a participant from an address that is not known is handled.
    pub(super) fn may_check(&mut self, seat: PeerId, now: Duration) -> bool {
        self.of.entry(seat).or_default().unknown.take(UNKNOWN, now).is_ok()
    }

    /// Adds the address of a participant. One of somebody else stays theirs: with a forged address, nobody takes
    /// the packets of others away.
    pub(super) fn add(&mut self, address: SocketAddr, sender: Sender) {
        if let Some(known) = self.by_address.get_mut(&address) {
            if known.seat == sender.seat {
                *known = sender;
            }
            return;
        }
        self.by_address.insert(address, sender);
        let addresses = &mut self.of.entry(sender.seat).or_default().addresses;
        addresses.push_back(address);
        if addresses.len() > MOST
            && let Some(oldest) = addresses.pop_front()
        {
            self.by_address.remove(&oldest);
        }
    }

    /// Forgets the addresses of a participant.
    pub(super) fn forget_addresses(&mut self, seat: PeerId) {
        let known = self.of.get_mut(&seat).map(|known| &mut known.addresses);
        for address in known.map(std::mem::take).unwrap_or_default() {
            self.by_address.remove(&address);
        }
    }

    /// Forgets a participant.
    pub(super) fn forget(&mut self, seat: PeerId) {
        self.forget_addresses(seat);
        self.of.remove(&seat);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Sender = Sender { seat: PeerId(1), local: None };
    const BOB: Sender = Sender { seat: PeerId(2), local: None };

    fn address(port: u16) -> SocketAddr {
        SocketAddr::new([9, 9, 9, 9].into(), port)
    }

    #[test]
    fn an_address_stays_with_its_participant() {
        let mut senders = Senders::default();
        assert_eq!(senders.at(address(1)), None);
        senders.add(address(1), ADA);
        senders.add(address(1), BOB);
        assert_eq!(senders.at(address(1)), Some(ADA));
        let moved = Sender { local: Some([10, 0, 0, 5].into()), ..ADA };
        senders.add(address(1), moved);
        assert_eq!(senders.at(address(1)), Some(moved));
        senders.forget(PeerId(1));
        senders.add(address(1), BOB);
        assert_eq!(senders.at(address(1)), Some(BOB));
    }

    #[test]
    fn a_participant_has_few_addresses() {
        let mut senders = Senders::default();
        senders.add(address(9999), BOB);
        (0..1000).for_each(|port| senders.add(address(port), ADA));
        assert_eq!(senders.by_address.len(), MOST + 1);
        assert_eq!((senders.at(address(999)), senders.at(address(9999))), (Some(ADA), Some(BOB)));
        assert_eq!(senders.at(address(0)), None);
        senders.forget(PeerId(1));
        assert_eq!((senders.by_address.len(), senders.of.len()), (1, 1));
    }

    #[test]
    fn checks_from_unknown_addresses_are_limited() {
        let mut senders = Senders::default();
        let now = Duration::from_secs(100);
        let count = (0..1000).filter(|_| senders.may_check(PeerId(1), now)).count();
        assert_eq!(count, 60);
        assert!(senders.may_check(PeerId(2), now));
        assert!(senders.may_check(PeerId(1), now + Duration::from_secs(1)));
        // A connection that goes on does not begin again.
        senders.forget_addresses(PeerId(1));
        assert!(senders.of.contains_key(&PeerId(1)));
    }
}
