//! Options of Salon's own STUN and TURN server.

use super::parse::socket_addr;
use crate::server::media::MediaOptions;
use clap::Args;
use ipnet::IpNet;
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
};

/// The port of STUN and TURN (RFC 8489, section 8.1).
const PORT: u16 = 3478;

/// Options of Salon's own STUN and TURN server.
#[derive(Clone, Debug, Args)]
pub(super) struct MediaArgs {
    /// Listen address and port of STUN and TURN, over UDP and TCP
    ///
    /// [default: port 3478 at the address of --listen; at all addresses if there is a trusted proxy]
    /// Calls find their way through routers with it, and it relays those for which there is none. It is
    /// not opened with --ice-servers.
    #[arg(long, env = "SALON_MEDIA_LISTEN", hide_env_values = true, value_name = "ADDR")]
    #[arg(value_parser = socket_addr, verbatim_doc_comment)]
    media_listen: Option<SocketAddr>,

    /// IP address at which others reach this machine; one of each family, repeatable
    ///
    /// [default: that of the certificate's name, else a public address of this machine]
    /// Needed behind a NAT that forwards the ports. In the variable, separate addresses with spaces.
    #[arg(long, env = "SALON_EXTERNAL_IP", hide_env_values = true, value_name = "IP")]
    #[arg(value_parser = external_ips, verbatim_doc_comment)]
    external_ip: Vec<Vec<IpAddr>>,

    /// UDP ports of relayed calls
    ///
    /// They need not be open in a firewall: participants who cannot reach them use the relay, too.
    #[arg(long, env = "SALON_RELAY_PORTS", hide_env_values = true, value_name = "FIRST-LAST")]
    #[arg(default_value = "49152-65535", value_parser = relay_ports)]
    relay_ports: RangeInclusive<u16>,

    /// Network (IP address or CIDR) that calls may be relayed to although it is not public; repeatable
    ///
    /// For participants inside a company. In the variable, separate networks with spaces.
    #[arg(long, env = "SALON_RELAY_ALLOW", hide_env_values = true, value_name = "ADDR[/PREFIX]")]
    #[arg(value_parser = networks, verbatim_doc_comment)]
    relay_allow: Vec<Vec<IpNet>>,
}

impl MediaArgs {
    /// The options of a server that listens at `listen`, perhaps behind a trusted proxy.
    pub(super) fn read(self, listen: SocketAddr, has_proxy: bool) -> MediaOptions {
        let usual = if has_proxy { Ipv6Addr::UNSPECIFIED.into() } else { listen.ip() };
        MediaOptions {
            listen: self.media_listen.unwrap_or(SocketAddr::new(usual, PORT)),
            is_chosen: self.media_listen.is_some(),
            external_ips: self.external_ip.into_iter().flatten().collect(),
            relay_ports: self.relay_ports,
            relay_allow: self.relay_allow.into_iter().flatten().collect(),
        }
    }
}

fn external_ips(text: &str) -> Result<Vec<IpAddr>, String> {
    let addresses: Vec<IpAddr> = text
        .split_whitespace()
        .map(|word| word.parse().map_err(|_| format!("{word:?} is not an IP address")))
        .collect::<Result<_, _>>()?;
    match addresses.iter().find(|address| address.is_unspecified() || address.is_multicast()) {
        Some(address) => Err(format!("{address} is not the address of a machine")),
        None => Ok(addresses),
    }
}

fn relay_ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let hint =
        || format!("{text:?} is not a range of ports from 1024 to 65535, such as 49152-65535");
    let (first, last) = text.split_once('-').ok_or_else(hint)?;
    let ports = first.parse().ok().zip(last.parse().ok());
    let ports = ports.filter(|(first, last): &(u16, u16)| *first >= 1024 && first <= last);
    ports.map(|(first, last)| first..=last).ok_or_else(hint)
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let network = |word: &str| {
        let address = word.parse::<IpAddr>().map(IpNet::from);
        let hint = |_| format!("{word:?} is not an IP address or network, such as 10.0.0.0/8");
        address.or_else(|_| word.parse()).map_err(hint)
    };
    text.split_whitespace().map(network).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::media::RELAY_PORTS;

    #[test]
    fn a_range_of_ports_has_two_ends() {
        assert_eq!(relay_ports("49152-65535"), Ok(RELAY_PORTS));
        assert_eq!(relay_ports("1024-1024"), Ok(1024..=1024));
        for bad in
            ["", "50000", "50000-", "1023-2000", "2000-1999", "1-65536", "a-b", "1024-2000-3000"]
        {
            assert!(relay_ports(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn external_addresses_are_those_of_machines() {
        let both: Vec<IpAddr> = vec![[8, 8, 8, 8].into(), "2a00::1".parse().unwrap()];
        assert_eq!(external_ips("8.8.8.8 2a00::1"), Ok(both));
        for bad in ["example.org", "0.0.0.0", "::", "224.0.0.1", "8.8.8.8:3478", "8.8.8.0/24"] {
            assert!(external_ips(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn networks_are_addresses_with_or_without_a_prefix() {
        assert_eq!(networks("10.0.0.0/8 fd00::1").unwrap().len(), 2);
        assert!(networks("10.0.0.0/33").is_err());
    }
}
