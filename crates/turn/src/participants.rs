//! Who is connected to the rest of the server, as it reports, and what they have relayed.

use crate::counts::Counts;
use salon_core::{
    protocol::PeerId,
    rate_limit::{Bucket, Rate, client_network},
};
use std::{collections::HashMap, net::IpAddr, time::Duration};

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
pub(crate) struct Participants {
    /// The seats that somebody has.
    seats: HashMap<PeerId, Traffic>,
    /// Number of connections from each network.
    connections: Counts<IpAddr>,
}

impl Participants {
    pub(crate) fn take_seat(&mut self, seat: PeerId) {
        self.seats.entry(seat).or_default();
    }

    pub(crate) fn free_seat(&mut self, seat: PeerId) {
        self.seats.remove(&seat);
    }

    pub(crate) fn has_seat(&self, seat: PeerId) -> bool {
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

    pub(crate) fn connected(&mut self, address: IpAddr) {
        self.connections.add(client_network(address));
    }

    pub(crate) fn disconnected(&mut self, address: IpAddr) {
        self.connections.remove(&client_network(address));
    }

    /// Whether somebody is connected from this network.
    pub(crate) fn is_connected_from(&self, address: IpAddr) -> bool {
        self.connections.of(&client_network(address)) > 0
    }

    #[cfg(test)]
    pub(crate) fn entries(&self) -> usize {
        self.seats.len() + self.connections.len()
    }
}
