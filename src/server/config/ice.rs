//! Parses `--ice-servers`, the STUN and TURN servers of the browsers.

use super::error::NoConfig;
use crate::{
    protocol::IceServer,
    server::credentials::turn::{TurnSecret, needs_credential},
};
use std::{net::Ipv6Addr, str::FromStr};
use thiserror::Error;

/// Why a text is not a list of ICE servers. The messages may hold a URL, but no credential.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum IceError {
    /// The scheme is unknown.
    #[error("{0} does not start with stun:, stuns:, turn: or turns:")]
    Scheme(String),
    /// The host, the port or what follows them is malformed (RFC 7064 and RFC 7065, section 3.1).
    #[error(
        "{0} is not of the form stun:host, stun:host:port or turn:host:port?transport=udp (or tcp)"
    )]
    Form(String),
    /// A TURN server has neither credentials nor a secret to derive them from.
    #[error(
        "{0} requires a username and a credential: {0}|username|credential, or its secret with \
         --turn-static-auth-secret (SALON_TURN_STATIC_AUTH_SECRET)"
    )]
    NoCredential(String),
    /// A STUN server has credentials.
    #[error("{0} is a STUN server and takes no username and credential")]
    NeedlessCredential(String),
    /// The URL contains credentials. Browsers reject such a URL, and it would end up in logs.
    #[error("username and credential are not part of the URL: write URL|username|credential")]
    CredentialInUrl,
    /// `none`, the empty list, was given with servers.
    #[error("none cannot be combined with servers")]
    NoneAmongOthers,
}

/// Servers separated by white space, as in the environment variable.
#[derive(Clone)]
pub(super) struct IceList(Vec<IceServer>);

impl IceList {
    const NONE: &str = "none";

    /// Concatenates the lists. `none` has to be the only value.
    pub(super) fn join(lists: Vec<Self>) -> Result<Vec<IceServer>, IceError> {
        let alone = lists.len() == 1;
        if !alone && lists.iter().any(|list| list.0.is_empty()) {
            return Err(IceError::NoneAmongOthers);
        }
        Ok(lists.into_iter().flat_map(|list| list.0).collect())
    }
}

impl FromStr for IceList {
    type Err = IceError;

    fn from_str(text: &str) -> Result<Self, IceError> {
        let words: Vec<_> = text.split_whitespace().collect();
        if words == [Self::NONE] {
            return Ok(Self(Vec::new()));
        }
        if words.contains(&Self::NONE) {
            return Err(IceError::NoneAmongOthers);
        }
        if words.is_empty() {
            return Err(IceError::Form("an empty text".to_owned()));
        }
        words.into_iter().map(server).collect::<Result<_, _>>().map(Self)
    }
}

/// Parses `URL` or `URL|username|credential`. A TURN server without credentials gets them from the
/// shared secret.
fn server(text: &str) -> Result<IceServer, IceError> {
    let mut parts = text.splitn(3, '|').map(str::to_owned);
    let urls = parts.next().unwrap_or_default();
    let (username, credential) = (parts.next(), parts.next());
    let given = |part: &Option<String>| part.as_deref().is_some_and(|part| !part.is_empty());
    let both = given(&username) && given(&credential);
    match relays(&urls)? {
        true if username.is_some() && !both => Err(IceError::NoCredential(urls)),
        false if username.is_some() => Err(IceError::NeedlessCredential(urls)),
        _ => Ok(IceServer { urls, username, credential }),
    }
}

/// Checks the form of a URL and returns whether it is that of a TURN server.
fn relays(url: &str) -> Result<bool, IceError> {
    if url.contains('@') {
        return Err(IceError::CredentialInUrl);
    }
    let scheme = || IceError::Scheme(url.to_owned());
    let (name, rest) = url.split_once(':').ok_or_else(scheme)?;
    let relay = match name {
        "stun" | "stuns" => false,
        "turn" | "turns" => true,
        _ => return Err(scheme()),
    };
    let (address, transport) = match rest.split_once("?transport=") {
        Some((address, transport)) => (address, Some(transport)),
        None => (rest, None),
    };
    let transport_fits = match transport {
        Some(transport) => relay && matches!(transport, "udp" | "tcp"),
        None => true,
    };
    if !transport_fits || !is_address(address) {
        return Err(IceError::Form(url.to_owned()));
    }
    Ok(relay)
}

/// Whether a text is `host` or `host:port`; the host is a name, an IPv4 address or an IPv6 address in
/// brackets.
fn is_address(text: &str) -> bool {
    let (host_is_fine, rest) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']').unwrap_or_default();
            (host.parse::<Ipv6Addr>().is_ok(), rest)
        }
        None => {
            let (host, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            (!host.is_empty() && host.bytes().all(allowed), rest)
        }
    };
    let port_is_fine = match rest.strip_prefix(':') {
        Some(port) => port.parse::<u16>().is_ok_and(|port| port > 0),
        None => rest.is_empty(),
    };
    host_is_fine && port_is_fine
}

/// Returns the servers of `--ice-servers`, if `--turn-static-auth-secret` is given exactly where one of
/// them needs it.
pub(super) fn servers(
    lists: Vec<IceList>,
    secret: Option<&TurnSecret>,
) -> Result<Vec<IceServer>, NoConfig> {
    let wrong =
        |error: IceError| NoConfig::Wrong(format!("--ice-servers (SALON_ICE_SERVERS): {error}."));
    let servers = IceList::join(lists).map_err(wrong)?;
    match (servers.iter().find(|server| needs_credential(server)), secret) {
        (Some(server), None) => Err(wrong(IceError::NoCredential(server.urls.clone()))),
        (None, Some(_)) => {
            let option = "--turn-static-auth-secret (SALON_TURN_STATIC_AUTH_SECRET)";
            let why = "--ice-servers (SALON_ICE_SERVERS) has no TURN server without credentials";
            Err(NoConfig::Wrong(format!("{option}: {why}.")))
        }
        _ => Ok(servers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Vec<IceServer>, IceError> {
        text.parse::<IceList>().map(|list| list.0)
    }

    #[test]
    fn urls_follow_the_rfcs() {
        for good in [
            "stun:stun.example.org",
            "stun:192.0.2.1:3478",
            "stuns:[2001:db8::1]:5349",
            "turn:relay.example.org?transport=udp|u|c",
            "turns:relay.example.org:443?transport=tcp|user:1|p|w=",
            "turn:example.org",
        ] {
            assert_eq!(list(good).map(|list| list.len()), Ok(1), "{good}");
        }
        for bad in [
            "",
            "stun",
            "stun:",
            "stun://stun.example.org",
            "http://example.org",
            "stun:example.org:0",
            "stun:example.org:65536",
            "stun:[2001:db8::1",
            "stun:2001:db8::1",
            "stun:example.org?transport=udp",
            "turn:example.org?transport=sctp|u|c",
            "turn:example.org|u",
            "turn:example.org||",
            "stun:example.org|u|c",
            "turn:u:secret@example.org",
        ] {
            assert!(list(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials_are_kept_whole_and_out_of_sentences() {
        let servers = list("stun:a.example  turn:b.example|user|p|w").unwrap();
        assert_eq!(servers[1].username.as_deref(), Some("user"));
        assert_eq!(servers[1].credential.as_deref(), Some("p|w"));
        for bad in ["stun:a.example|user|hunter2", "turn:user:hunter2@a.example", "x:|u|hunter2"] {
            let sentence = list(bad).unwrap_err().to_string();
            assert!(!sentence.contains("hunter2"), "{sentence}");
        }
    }

    #[test]
    fn none_stands_alone() {
        assert_eq!(list("none"), Ok(Vec::new()));
        assert_eq!(list("none stun:a.example"), Err(IceError::NoneAmongOthers));
        let both = ["none", "stun:a.example"].map(|text| text.parse().unwrap());
        assert_eq!(IceList::join(both.to_vec()), Err(IceError::NoneAmongOthers));
    }
}
