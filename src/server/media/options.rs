//! The options of the media plane.

use ipnet::IpNet;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
};

/// The ports that RFC 8656, section 7.2 recommends for relayed addresses.
pub(crate) const RELAY_PORTS: RangeInclusive<u16> = 49_152..=65_535;

/// The options of the media plane. By default, it listens at any port for this machine.
#[derive(Clone, Debug)]
pub struct MediaOptions {
    /// The listen address of STUN and TURN over UDP and TCP: `--media-listen`.
    pub listen: SocketAddr,
    /// Whether it was chosen, so that the server does not start without it.
    pub is_chosen: bool,
    /// The addresses at which others reach this machine: `--external-ip`.
    pub external_ips: Vec<IpAddr>,
    /// The ports of relayed addresses: `--relay-ports`.
    pub relay_ports: RangeInclusive<u16>,
    /// Networks that the relay serves besides the public Internet: `--relay-allow`.
    pub relay_allow: Vec<IpNet>,
}

impl Default for MediaOptions {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            is_chosen: true,
            external_ips: Vec::new(),
            relay_ports: RELAY_PORTS,
            relay_allow: Vec::new(),
        }
    }
}
