//! Which STUN and TURN servers people use: what an operator may write, checked before it is
//! handed to every browser.

use super::error::NoConfig;
use crate::{
    protocol::IceServer,
    server::credentials::turn::{RelaySecret, needs_credential},
};
use std::{net::Ipv6Addr, str::FromStr};
use thiserror::Error;

/// Why a text names no ICE server. The sentences repeat a URL at most, never a credential.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum IceError {
    /// The scheme is another one.
    #[error("{0} does not begin with stun:, stuns:, turn: or turns:")]
    Scheme(String),
    /// The host, the port or what follows them is malformed (RFC 7064 and RFC 7065, section 3.1).
    #[error(
        "{0} is not of the form stun:host, stun:host:port or turn:host:port?transport=udp (or tcp)"
    )]
    Form(String),
    /// TURN needs to know who asks.
    #[error(
        "{0} needs a user name and a credential: {0}|username|credential, or the secret that it \
         shares with --turn-static-auth-secret (SALON_TURN_STATIC_AUTH_SECRET)"
    )]
    NoCredential(String),
    /// STUN asks for none.
    #[error("{0} takes no user name and no credential")]
    NeedlessCredential(String),
    /// Browsers refuse such a URL, and it would end up in logs.
    #[error("the user name and the credential do not belong into the URL: URL|username|credential")]
    CredentialInUrl,
    /// `none` stands for an empty list.
    #[error("none stands alone, without other servers")]
    NoneAmongOthers,
}

/// Some servers, separated by white space: what one environment variable holds.
#[derive(Clone)]
pub(super) struct IceList(Vec<IceServer>);

impl IceList {
    const NONE: &str = "none";

    /// One list of them all; `none` only where it is the only word.
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

/// Reads `URL` or `URL|username|credential`. A relay without credentials is one for which they are
/// made.
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

/// Checks the form of a URL and returns whether it is a relay's.
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

/// `host` or `host:port`, the host being a name, an IPv4 address or an IPv6 address in brackets.
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

/// The servers, none of which needs credentials that it does not get, or gets some in vain.
pub(super) fn servers(
    lists: Vec<IceList>,
    secret: Option<&RelaySecret>,
) -> Result<Vec<IceServer>, NoConfig> {
    let wrong =
        |error: IceError| NoConfig::Wrong(format!("--ice-servers (SALON_ICE_SERVERS): {error}."));
    let servers = IceList::join(lists).map_err(wrong)?;
    match (servers.iter().find(|server| needs_credential(server)), secret) {
        (Some(server), None) => Err(wrong(IceError::NoCredential(server.urls.clone()))),
        (None, Some(_)) => {
            let why = "no TURN server without user name and credential is given with --ice-servers";
            Err(NoConfig::Wrong(format!(
                "--turn-static-auth-secret (SALON_TURN_STATIC_AUTH_SECRET): {why} (SALON_ICE_SERVERS)."
            )))
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
