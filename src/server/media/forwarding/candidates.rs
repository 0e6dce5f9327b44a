//! The addresses at which participants may reach the forwarding server.

use crate::server::media::Addresses;
use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

/// Maximum number of addresses: a browser checks each of them from each of its own. Machines with containers
/// have many.
const MOST: usize = 12;

/// The host candidates (RFC 8445, section 5.1.1.1) of a server whose port is bound to an address, the best first.
/// There may be none until the addresses of the machine are known.
pub(super) fn candidates(bound: SocketAddr, addresses: &Addresses) -> Vec<SocketAddr> {
    let ip = bound.ip();
    let found: Vec<IpAddr> = if ip.is_unspecified() {
        let all = addresses.relay.iter().chain(&addresses.own).map(IpAddr::to_canonical);
        all.filter(|other| ip.is_ipv6() || other.is_ipv4()).collect()
    } else if ip.is_loopback() {
        vec![ip]
    } else {
        // An external address leads to the bound one.
        [ip].into_iter().chain(addresses.relay.iter().copied()).collect()
    };
    let useful = found.into_iter().filter(|ip| is_host(*ip));
    let (near, far): (Vec<IpAddr>, Vec<IpAddr>) = useful.partition(IpAddr::is_loopback);
    // Others do not reach a loopback address.
    let chosen = if far.is_empty() { near } else { far };
    let mut seen = BTreeSet::new();
    let distinct = chosen.into_iter().filter(|ip| seen.insert(*ip));
    distinct.take(MOST).map(|ip| SocketAddr::new(ip, bound.port())).collect()
}

/// Whether this may be the address of a machine on more than one link.
fn is_host(ip: IpAddr) -> bool {
    let is_special = ip.is_unspecified() || ip.is_multicast();
    !is_special
        && match ip {
            IpAddr::V4(ip) => !ip.is_link_local() && !ip.is_broadcast(),
            IpAddr::V6(ip) => !ip.is_unicast_link_local(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bound: &str, relay: &[&str], own: &[&str]) -> Vec<String> {
        let ips = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let addresses = Addresses { relay: ips(relay), own: ips(own) };
        let all = candidates(bound.parse().unwrap(), &addresses);
        all.iter().map(SocketAddr::to_string).collect()
    }

    #[test]
    fn a_chosen_address_is_the_one() {
        let own = ["127.0.0.1", "10.0.0.5"];
        assert_eq!(found("127.0.0.1:1", &[], &own), ["127.0.0.1:1"]);
        assert_eq!(found("127.0.0.1:1", &["8.8.8.8"], &own), ["127.0.0.1:1"]);
        assert_eq!(found("10.0.0.5:1", &[], &own), ["10.0.0.5:1"]);
        let both = ["10.0.0.5:1", "8.8.8.8:1"];
        assert_eq!(found("10.0.0.5:1", &["8.8.8.8"], &own), both, "behind a NAT");
    }

    #[test]
    fn external_addresses_come_before_those_of_the_networks() {
        let own = ["::1", "127.0.0.1", "10.0.0.5", "8.8.8.8", "fe80::1", "fd00::5", "169.254.1.1"];
        let expected = ["8.8.8.8:1", "10.0.0.5:1", "[fd00::5]:1"];
        assert_eq!(found("[::]:1", &["8.8.8.8"], &own), expected);
        assert_eq!(found("0.0.0.0:1", &["8.8.8.8", "2a00::1"], &own), expected[..2]);
    }

    #[test]
    fn loopback_is_better_than_nothing() {
        assert_eq!(found("0.0.0.0:1", &[], &["127.0.0.1", "169.254.1.1"]), ["127.0.0.1:1"]);
        assert_eq!(found("0.0.0.0:1", &[], &[]), [""; 0], "nothing is known yet");
        assert_eq!(found("[::]:1", &[], &["::ffff:10.0.0.5"]), ["10.0.0.5:1"]);
    }

    #[test]
    fn there_are_not_too_many() {
        let own: Vec<String> = (0..40).map(|number| format!("172.17.{number}.1")).collect();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let all = found("0.0.0.0:1", &["8.8.8.8"], &own);
        assert_eq!((all.len(), all[0].as_str()), (MOST, "8.8.8.8:1"));
    }
}
