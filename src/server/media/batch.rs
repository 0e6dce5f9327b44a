//! Packets that leave together: consecutive packets over the same socket to the same address.

use super::udp::Run;
use std::net::{IpAddr, SocketAddr};

/// The largest UDP payload over IPv4; a run has to fit.
const MAX_BYTES: usize = 65_507;

/// The socket from which a packet is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The port of the clients, from this address if there are several.
    Server(Option<IpAddr>),
    /// A relayed address.
    Relay(SocketAddr),
}

/// Where a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Destination {
    pub(super) from: From,
    pub(super) to: SocketAddr,
}

/// Packets that have not been sent yet.
#[derive(Debug, Default)]
pub(super) struct Batch {
    destination: Option<Destination>,
    bytes: Vec<u8>,
    /// The length of each packet but the last one.
    length: usize,
    packets: usize,
}

impl Batch {
    /// Whether a packet can be sent together with those that are here.
    pub(super) fn has_room(
        &self,
        destination: Destination,
        length: usize,
        max_packets: usize,
    ) -> bool {
        // A shorter packet is the last one of a run.
        let is_open = self.bytes.len() == self.length * self.packets;
        let fits = length <= self.length && self.bytes.len() + length <= MAX_BYTES;
        self.destination == Some(destination) && is_open && fits && self.packets < max_packets
    }

    /// Adds a packet that consists of these parts. There has to be room, or nothing here.
    pub(super) fn push(&mut self, destination: Destination, parts: [&[u8]; 3]) {
        let before = self.bytes.len();
        parts.into_iter().for_each(|part| self.bytes.extend(part));
        if self.packets == 0 {
            self.length = self.bytes.len() - before;
            self.destination = Some(destination);
        }
        self.packets += 1;
    }

    /// What is here, and from where it is sent.
    pub(super) fn run(&self) -> Option<(From, Run<'_>)> {
        let Destination { from, to } = self.destination?;
        let local = match from {
            From::Server(local) => local,
            From::Relay(_) => None,
        };
        Some((from, Run { to, local, bytes: &self.bytes, length: self.length }))
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.destination, self.length, self.packets) = (None, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(port: u16) -> Destination {
        Destination { from: From::Server(None), to: SocketAddr::new([9, 9, 9, 9].into(), port) }
    }

    #[test]
    fn packets_leave_together_until_one_is_shorter() {
        let mut batch = Batch::default();
        assert!(!batch.has_room(destination(1), 4, 64));
        batch.push(destination(1), [b"ab", b"cd", b""]);
        assert!(batch.has_room(destination(1), 4, 64));
        assert!(!batch.has_room(destination(1), 5, 64), "longer than the first");
        assert!(!batch.has_room(destination(2), 4, 64), "to another address");
        assert!(!batch.has_room(destination(1), 4, 1), "more than the system takes");
        batch.push(destination(1), [b"efgh", b"", b""]);
        batch.push(destination(1), [b"i", b"", b""]);
        assert!(!batch.has_room(destination(1), 1, 64), "after the last one");
        let (_, run) = batch.run().unwrap();
        assert_eq!((run.bytes, run.length), (&b"abcdefghi"[..], 4));
        batch.clear();
        assert!(batch.run().is_none());
        batch.push(destination(2), [&[0; 40_000], b"", b""]);
        assert!(!batch.has_room(destination(2), 40_000, 64), "larger than a datagram");
    }
}
