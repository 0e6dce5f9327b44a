//! The addresses that participants may reach through the relay.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

/// An IPv6 network by its first four groups.
const fn v6(a: u16, b: u16, c: u16, d: u16, prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix))
}

/// All of IPv4, and the part of IPv6 that is assigned for global unicast (IANA IPv6 Global Unicast Address
/// Assignments).
const PUBLIC: [IpNet; 2] = [v4(0, 0, 0, 0, 0), v6(0x2000, 0, 0, 0, 3)];

/// What is not on the public Internet all the same (IANA IPv4 and IPv6 Special-Purpose Address
/// Registries).
const SPECIAL: [IpNet; 18] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    // Carrier-grade NAT (RFC 6598).
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    // Documentation (RFC 5737).
    v4(192, 0, 2, 0, 24),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Relays between IPv4 and 6to4 (RFC 7526).
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    // Benchmarks (RFC 2544).
    v4(198, 18, 0, 0, 15),
    // Multicast, reserved, and broadcast.
    v4(224, 0, 0, 0, 3),
    // IETF protocol assignments: benchmarks, ORCHID, AMT and others (RFC 2928).
    v6(0x2001, 0, 0, 0, 23),
    // Documentation (RFC 3849, 9637).
    v6(0x2001, 0xdb8, 0, 0, 32),
    v6(0x3fff, 0, 0, 0, 20),
    // 6bone, which has ended (RFC 3701).
    v6(0x3ffe, 0, 0, 0, 16),
];

/// Every form of IPv6 address that embeds an IPv4 one. Sockets, kernels and routers translate them, so
/// they would lead past a rule for the inner address. No participant needs them.
const EMBEDDING: [IpNet; 6] = [
    // IPv4-compatible and IPv4-mapped, unspecified and loopback (RFC 4291, section 2.5).
    v6(0, 0, 0, 0, 80),
    // IPv4-translated (RFC 2765).
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96)),
    // NAT64, well-known and local (RFC 6052, 8215).
    v6(0x64, 0xff9b, 0, 0, 96),
    v6(0x64, 0xff9b, 1, 0, 48),
    // Teredo (RFC 4380).
    v6(0x2001, 0, 0, 0, 32),
    // 6to4 (RFC 3056).
    v6(0x2002, 0, 0, 0, 16),
];

fn is_in(address: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// Whether an address is one of the public Internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    is_in(address, &PUBLIC) && !is_in(address, &SPECIAL) && !is_in(address, &EMBEDDING)
}

/// Every machine of a network.
const BROADCAST: IpAddr = IpAddr::V4(Ipv4Addr::BROADCAST);

/// Decides for which peers a relay may be used (RFC 8656, section 21.2).
#[derive(Clone, Debug, Default)]
pub(crate) struct PeerFilter {
    /// The addresses of this machine: its services may trust what comes from it.
    pub(crate) own: Vec<IpAddr>,
    /// Those of relayed addresses, which are reached within the process.
    pub(crate) relayed: BTreeSet<IpAddr>,
    /// Networks that are allowed although they are not public, for a server inside them.
    pub(crate) allowed: Vec<IpNet>,
}

impl PeerFilter {
    /// Whether the relay may exchange packets with this address.
    pub(crate) fn allows(&self, peer: IpAddr) -> bool {
        let is_own = self.own.contains(&peer) || self.relayed.contains(&peer);
        let is_nobody = peer.is_unspecified() || peer.is_multicast() || peer == BROADCAST;
        let is_allowed = is_in(peer, &self.allowed) && !is_in(peer, &EMBEDDING) && !is_nobody;
        !is_own && (is_public(peer) || is_allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// One of each kind that T6 names, IPv4 first.
    const PRIVATE_V4: [&str; 22] = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.254",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.254",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
    ];

    const PRIVATE_V6: [&str; 14] = [
        "::",
        "::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "100::1",
        "2001:db8::1",
        "2001:2::1",
        "3fff::1",
        "5f00::1",
        "4000::1",
    ];

    /// Every form that embeds this address.
    fn embedded(inner: Ipv4Addr) -> Vec<Ipv6Addr> {
        let [a, b, c, d] = inner.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        vec![
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, !high, !low),
        ]
    }

    #[test]
    fn t6_addresses_that_are_not_public_are_refused_in_every_form() {
        let filter = PeerFilter::default();
        for text in PRIVATE_V4.into_iter().chain(PRIVATE_V6) {
            assert!(!filter.allows(ip(text)), "{text}");
        }
        for text in PRIVATE_V4.into_iter().chain(["1.1.1.1"]) {
            for form in embedded(text.parse().unwrap()) {
                assert!(!filter.allows(form.into()), "{text} as {form}");
            }
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        let filter = PeerFilter::default();
        let edges = ["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"];
        let more = ["172.15.255.255", "172.32.0.0", "223.255.255.255", "192.0.1.1", "198.20.0.0"];
        let v6 = ["2606:4700::1111", "2a01:4f8::1", "2400::1", "2001:200::1", "2003::1"];
        for text in edges.into_iter().chain(more).chain(v6) {
            assert!(filter.allows(ip(text)), "{text}");
        }
    }

    #[test]
    fn addresses_of_this_machine_are_refused_even_if_their_network_is_allowed() {
        let filter = PeerFilter {
            own: vec![ip("1.1.1.1"), ip("10.1.0.5")],
            allowed: vec!["10.1.0.0/16".parse().unwrap(), "::/0".parse().unwrap()],
            ..PeerFilter::default()
        };
        assert!(filter.allows(ip("10.1.0.6")) && filter.allows(ip("fd00::1")));
        for text in ["1.1.1.1", "10.1.0.5", "10.2.0.1", "::ffff:10.1.0.6", "::1", "::"] {
            assert!(!filter.allows(ip(text)), "{text}");
        }
    }

    #[test]
    fn networks_that_are_allowed_contain_no_groups() {
        let all = ["0.0.0.0/0", "::/0"].map(|network| network.parse().unwrap());
        let filter = PeerFilter { allowed: all.into(), ..PeerFilter::default() };
        for text in ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"] {
            assert!(!filter.allows(ip(text)), "{text}");
        }
        assert!(filter.allows(ip("10.0.0.1")) && filter.allows(ip("fd00::1")));
    }
}
