//! The free ports, and how many of them seats and addresses have.

use crate::{counts::Counts, ports::Ports};
use salon_core::{protocol::PeerId, rate_limit::client_network};
use std::{net::IpAddr, ops::RangeInclusive};

/// A participant in a call of four uses up to 18: for each of three others over UDP, TCP and TLS, by IPv4 and
/// IPv6. Each change of network needs as many again, and the old ones stay until they expire.
pub(crate) const PER_SEAT: usize = 108;
/// An office behind one address.
pub(crate) const PER_ADDRESS: usize = 1024;

/// Why there is no port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPort {
    /// The seat or the address has too many.
    Quota,
    /// None is free.
    Full,
}

pub(crate) struct Capacity {
    ports: Ports,
    seats: Counts<PeerId>,
    addresses: Counts<IpAddr>,
}

impl Capacity {
    pub(crate) fn new(ports: RangeInclusive<u16>) -> Self {
        Self { ports: Ports::new(ports), seats: Counts::default(), addresses: Counts::default() }
    }

    /// Takes a port, an even one if that is asked for.
    pub(crate) fn take(
        &mut self,
        is_even: bool,
        seat: PeerId,
        address: IpAddr,
    ) -> Result<u16, NoPort> {
        let address = client_network(address);
        let is_allowed =
            self.seats.of(&seat) < PER_SEAT && self.addresses.of(&address) < PER_ADDRESS;
        if !is_allowed {
            return Err(NoPort::Quota);
        }
        let port = self.ports.take(is_even).ok_or(NoPort::Full)?;
        self.seats.add(seat);
        self.addresses.add(address);
        Ok(port)
    }

    pub(crate) fn give_back(&mut self, port: u16, seat: PeerId, address: IpAddr) {
        self.ports.give_back(port);
        self.seats.remove(&seat);
        self.addresses.remove(&client_network(address));
    }

    #[cfg(test)]
    pub(crate) fn entries(&self) -> usize {
        self.seats.len() + self.addresses.len()
    }
}
