//! The IP address of a client: the peer of the connection, or the address that a trusted proxy
//! forwards.

use crate::rate_limit::client_network;
use axum::http::HeaderMap;
use ipnet::IpNet;
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};
use thiserror::Error;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";
/// Prefix lengths of the largest private networks: 10.0.0.0/8 (RFC 1918) and fc00::/7 (RFC 4193).
const NARROW_V4: u8 = 8;
const NARROW_V6: u8 = 7;

/// A client address for limits: an IPv4 address or an IPv6 /64 network, the least that a subscriber
/// gets (RFC 6177). `Debug` hides it, as it is personal data.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(IpAddr);

impl fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientAddress")
    }
}

/// For logs at debug level.
impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ClientAddress {
    /// The address, or the first one of the network.
    pub(crate) fn ip(self) -> IpAddr {
        self.0
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self(client_network(address))
    }
}

/// The text is not an IP address or network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not an IP address or network, such as 127.0.0.1 or 10.0.0.0/8")]
pub struct ParseProxyError(String);

/// Proxies whose forwarding headers are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl FromStr for TrustedProxies {
    type Err = ParseProxyError;

    /// Parses addresses and networks separated by white space, as in the environment variable.
    fn from_str(text: &str) -> Result<Self, ParseProxyError> {
        let network = |word: &str| {
            let address = word.parse::<IpAddr>().map(|address| address.to_canonical().into());
            address.or_else(|_| word.parse()).map_err(|_| ParseProxyError(word.to_owned()))
        };
        text.split_whitespace().map(network).collect::<Result<_, _>>().map(Self)
    }
}

impl FromIterator<Self> for TrustedProxies {
    fn from_iter<T: IntoIterator<Item = Self>>(lists: T) -> Self {
        Self(lists.into_iter().flat_map(|list| list.0).collect())
    }
}

impl TrustedProxies {
    /// Whether there are any.
    pub(crate) fn is_some(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether a peer is a trusted proxy.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns a network, if there is one, that includes clients: one larger than any private network,
    /// after adjacent ones were merged.
    pub(crate) fn everybody(&self) -> Option<IpNet> {
        let is_wide = |network: &IpNet| match network {
            IpNet::V4(network) => network.prefix_len() < NARROW_V4,
            IpNet::V6(network) => network.prefix_len() < NARROW_V6,
        };
        IpNet::aggregate(&self.0).into_iter().find(is_wide)
    }

    /// Returns the client address: the last forwarded address that is not a trusted proxy.
    ///
    /// A proxy appends the address of its peer to `X-Forwarded-For` or `Forwarded` (RFC 7239), and
    /// passes on what the client wrote into both. So they are read from the right, and if they
    /// contradict each other, neither is trusted.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer.into();
        }
        let named = |name, hop: fn(&str) -> Option<IpAddr>| {
            headers.contains_key(name).then(|| self.last_stranger(peer, headers, name, hop))
        };
        let client = match (named(FORWARDED_FOR, address), named(FORWARDED, forwarded_for)) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(client), _) | (None, Some(client)) => client,
            (None, None) => peer,
        };
        client.into()
    }

    fn last_stranger(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        name: &str,
        hop: fn(&str) -> Option<IpAddr>,
    ) -> IpAddr {
        let lines: Vec<_> = headers.get_all(name).iter().map(|line| line.to_str()).collect();
        let hops = lines.into_iter().rev().flat_map(|line| line.unwrap_or_default().rsplit(','));
        let mut client = peer;
        for hop in hops.map(hop) {
            // A trusted proxy appends only valid addresses.
            let Some(address) = hop else { break };
            client = address;
            if !self.trusts(address) {
                break;
            }
        }
        client
    }
}

/// Whether a request has a forwarding header.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED_FOR) || headers.contains_key(FORWARDED)
}

/// Parses an address with or without a port, in the notations of common proxies.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    bare.parse().ok().or_else(port).map(|address: IpAddr| address.to_canonical())
}

/// Parses the `for` of an element of `Forwarded` (RFC 7239, section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| address(value))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn client(proxies: &str, peer: &str, headers: &[(&'static str, &str)]) -> IpAddr {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value)))
            .map(|(name, value)| (name, value.unwrap()))
            .fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            });
        let proxies: TrustedProxies = proxies.parse().unwrap();
        proxies.client(peer.parse().unwrap(), &headers).0
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let forged = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.1")];
        for header in forged {
            assert_eq!(client("", "127.0.0.1", &[header]), ip("127.0.0.1"));
            assert_eq!(client("10.0.0.0/8", "192.0.2.1", &[header]), ip("192.0.2.1"));
            assert_eq!(client("10.0.0.0/8", "10.9.9.9", &[header]), ip("198.51.100.1"));
            assert_eq!(client("10.0.0.1", "::ffff:10.0.0.1", &[header]), ip("198.51.100.1"));
        }
    }

    #[test]
    fn the_last_untrusted_address_is_the_client() {
        let proxies = "127.0.0.1 10.0.0.0/8 2001:db8:1::/48";
        for (line, expected) in [
            ("198.51.100.1", "198.51.100.1"),
            ("1.2.3.4, 198.51.100.1", "198.51.100.1"),
            ("1.2.3.4, 198.51.100.1, 10.0.0.7, 2001:db8:1::5", "198.51.100.1"),
            ("1.2.3.4,198.51.100.1:4711", "198.51.100.1"),
            ("[2001:db8:9::1]:4711", "2001:db8:9::"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
            ("10.0.0.9, 10.0.0.7", "10.0.0.9"),
            ("198.51.100.1, unknown, 10.0.0.7", "10.0.0.7"),
            ("unknown", "127.0.0.1"),
            ("", "127.0.0.1"),
        ] {
            let header = [("x-forwarded-for", line)];
            assert_eq!(client(proxies, "127.0.0.1", &header), ip(expected), "{line}");
        }
        let two = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "10.0.0.7")];
        assert_eq!(client(proxies, "127.0.0.1", &two), ip("198.51.100.1"));
    }

    #[test]
    fn the_forwarded_header_is_read() {
        for (line, expected) in [
            ("for=198.51.100.1", "198.51.100.1"),
            (r#"for=1.2.3.4, For="198.51.100.1:80";proto=https;by=10.0.0.1"#, "198.51.100.1"),
            (r#"proto=https;for="[2001:db8:9::1]:4711""#, "2001:db8:9::"),
            ("for=1.2.3.4, for=_hidden", "127.0.0.1"),
            ("by=198.51.100.1", "127.0.0.1"),
        ] {
            let header = [("forwarded", line)];
            assert_eq!(client("127.0.0.1", "127.0.0.1", &header), ip(expected), "{line}");
        }
    }

    #[test]
    fn contradicting_headers_are_ignored() {
        let both = |one, other| [("x-forwarded-for", one), ("forwarded", other)];
        let agreeing = both("198.51.100.1", "for=198.51.100.1");
        assert_eq!(client("127.0.0.1", "127.0.0.1", &agreeing), ip("198.51.100.1"));
        let forged = both("198.51.100.1", "for=198.51.100.2");
        assert_eq!(client("127.0.0.1", "127.0.0.1", &forged), ip("127.0.0.1"));
    }

    #[test]
    fn networks_that_contain_every_address_are_recognised() {
        for wide in [
            "0.0.0.0/0",
            "::/0",
            "127.0.0.1 0.0.0.0/1",
            "0.0.0.0/1 128.0.0.0/1",
            "2000::/3",
            "64.0.0.0/7",
        ] {
            assert!(wide.parse::<TrustedProxies>().unwrap().everybody().is_some(), "{wide}");
        }
        let narrow = "127.0.0.1 ::1 10.0.0.0/8 172.16.0.0/12 fc00::/7 104.16.0.0/13 2606:4700::/32";
        assert_eq!(narrow.parse::<TrustedProxies>().unwrap().everybody(), None);
        assert_eq!(TrustedProxies::default().everybody(), None);
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_client() {
        let client = |text: &str| ClientAddress::from(ip(text));
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:ffff:ffff:ffff"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
        assert_eq!(client("192.0.2.1"), client("::ffff:192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        let parse = |text: &str| text.parse::<TrustedProxies>();
        assert!(parse("127.0.0.1 ::1 10.0.0.0/8 fd00::/8").is_ok());
        for wrong in ["localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0", "127.0.0.1, ::1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
