//! The addresses at which others reach this machine.

use super::MediaOptions;
use ipnet::IpNet;
use nix::ifaddrs::getifaddrs;
use std::{collections::BTreeSet, net::IpAddr};
use tokio::net::lookup_host;
use tracing::{debug, warn};

/// Where to look for the external addresses, in this order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// `--external-ip`.
    pub(super) chosen: Vec<IpAddr>,
    /// The names of the certificate, which lead here.
    pub(super) names: Vec<String>,
    /// Networks that a relay may serve besides the public Internet.
    pub(super) allowed: Vec<IpNet>,
    /// Whether clients on other machines reach the server's port.
    pub(super) is_reachable: bool,
}

/// The addresses of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// At most one of each family, at which peers reach the relay.
    pub(crate) relay: Vec<IpAddr>,
    /// Those of its network interfaces, and all at which others may reach it.
    pub(crate) own: Vec<IpAddr>,
}

impl Sources {
    /// The sources of a server that listens at this address, with a certificate for these names.
    pub(crate) fn new(listen: IpAddr, names: Vec<String>, options: &MediaOptions) -> Self {
        Self {
            chosen: options.external_ips.clone(),
            names,
            allowed: options.relay_allow.clone(),
            is_reachable: !listen.is_loopback(),
        }
    }

    /// Looks for the addresses, which change: by DHCP, and with the names of a machine at home. Those of
    /// `before` stay in use while they are among those that are found, or while names cannot be looked up.
    pub(crate) async fn look(&self, before: &Addresses) -> Addresses {
        let interfaces = interfaces();
        if interfaces.is_empty() {
            // What must not be relayed to is unknown.
            return Addresses::default();
        }
        let mut found = self.chosen.clone();
        if found.is_empty() && self.is_reachable {
            match self.resolve().await {
                Some(named) => found = self.useful(named),
                None => found.clone_from(&before.relay),
            }
        }
        if found.is_empty() && self.is_reachable {
            found = self.useful(interfaces.clone());
        }
        let kept = before.relay.iter().filter(|address| found.contains(address));
        let candidates: Vec<IpAddr> = kept.chain(&found).copied().collect();
        let own =
            interfaces.into_iter().chain(found).collect::<BTreeSet<_>>().into_iter().collect();
        Addresses { relay: one_of_each_family(&candidates), own }
    }

    /// The addresses of the names; none if they cannot be looked up.
    async fn resolve(&self) -> Option<Vec<IpAddr>> {
        let mut all = Vec::new();
        let mut has_failed = false;
        for name in self.names.iter().filter(|name| !name.starts_with('*')) {
            match lookup_host((name.as_str(), 0)).await {
                Ok(addresses) => all.extend(addresses.map(|address| address.ip())),
                Err(error) => {
                    debug!(%error, "cannot look up a name of the certificate");
                    has_failed = true;
                }
            }
        }
        (!all.is_empty() || !has_failed).then_some(all)
    }

    /// The addresses that a relay can use.
    fn useful(&self, addresses: Vec<IpAddr>) -> Vec<IpAddr> {
        let is_allowed = |ip: &IpAddr| self.allowed.iter().any(|network| network.contains(ip));
        addresses.into_iter().filter(|ip| salon_turn::is_public(*ip) || is_allowed(ip)).collect()
    }
}

/// The addresses of the network interfaces.
fn interfaces() -> Vec<IpAddr> {
    let listed = match getifaddrs() {
        Ok(listed) => listed,
        Err(error) => {
            warn!(%error, "cannot list the network interfaces");
            return Vec::new();
        }
    };
    let addresses = listed.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|address| address.ip().into());
        v4.or_else(|| address.as_sockaddr_in6().map(|address| address.ip().into()))
    });
    addresses.collect::<BTreeSet<_>>().into_iter().collect()
}

fn one_of_each_family(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let first = |is_ipv6| addresses.iter().find(|address| address.is_ipv6() == is_ipv6);
    [first(false), first(true)].into_iter().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[tokio::test]
    async fn a_chosen_address_is_used_as_it_is() {
        let chosen = ips(&["10.0.0.5", "fd00::5", "10.0.0.6"]);
        let sources = Sources { chosen, ..Sources::default() };
        let found = sources.look(&Addresses::default()).await;
        assert_eq!(found.relay, ips(&["10.0.0.5", "fd00::5"]));
        assert!(found.own.contains(&"127.0.0.1".parse().unwrap()));
    }

    #[tokio::test]
    async fn names_and_interfaces_count_if_others_reach_them() {
        let names = vec!["localhost".to_owned(), "*.example.org".to_owned()];
        let local = Sources { names, is_reachable: true, ..Sources::default() };
        let none = Addresses::default();
        let is_loopback = |found: &Addresses| found.relay.iter().any(IpAddr::is_loopback);
        assert!(!is_loopback(&local.look(&none).await), "nobody else reaches a loopback address");
        let inside = Sources { allowed: vec!["127.0.0.0/8".parse().unwrap()], ..local };
        assert!(is_loopback(&inside.look(&none).await));
        let hidden = Sources { is_reachable: false, ..inside };
        assert_eq!(hidden.look(&none).await.relay, ips(&[]));
    }

    #[tokio::test]
    async fn an_address_stays_in_use_while_names_cannot_be_looked_up() {
        let names = vec!["no-such-name.invalid".to_owned()];
        let sources = Sources { names, is_reachable: true, ..Sources::default() };
        let before = Addresses { relay: ips(&["198.51.100.7"]), own: Vec::new() };
        let found = sources.look(&before).await;
        assert_eq!(found.relay, before.relay);
        assert!(found.own.contains(&before.relay[0]), "nothing is relayed to it");
    }

    #[tokio::test]
    async fn of_several_addresses_the_same_one_stays_in_use() {
        let chosen = ips(&["8.8.4.4", "8.8.8.8"]);
        let before = Addresses { relay: ips(&["8.8.8.8"]), own: Vec::new() };
        let sources = Sources { chosen: chosen.clone(), ..Sources::default() };
        let found = sources.look(&before).await;
        assert_eq!(found.relay, before.relay);
        assert!(chosen.iter().all(|address| found.own.contains(address)));
    }

    #[test]
    fn special_addresses_are_of_no_use() {
        let all = ips(&["127.0.0.1", "192.168.1.2", "fe80::1", "8.8.4.4", "2a00::1"]);
        assert_eq!(Sources::default().useful(all), ips(&["8.8.4.4", "2a00::1"]));
    }
}
