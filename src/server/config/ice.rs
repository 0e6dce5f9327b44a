//! STUN and TURN servers of the browsers: `--ice-servers`, and the options with TURN credentials.

use super::error::NoConfig;
use crate::{
    protocol::{IceServer, is_relay},
    server::credentials::turn::TurnSecret,
};
use std::{net::Ipv6Addr, str::FromStr};
use thiserror::Error;

const SECRET: &str = "--turn-static-auth-secret (SALON_TURN_STATIC_AUTH_SECRET)";
const FIXED: &str =
    "--turn-username (SALON_TURN_USERNAME) and --turn-credential (SALON_TURN_CREDENTIAL)";

/// Why a text is not a list of URLs. The messages may hold a URL, but no credential.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum UrlError {
    /// The scheme is unknown.
    #[error("{0} does not start with stun:, stuns:, turn: or turns:")]
    Scheme(String),
    /// The host, the port or what follows them is malformed (RFC 7064 and RFC 7065, section 3.1).
    #[error(
        "{0} is not of the form stun:host, stun:host:port or turn:host:port?transport=udp (or tcp)"
    )]
    Form(String),
    /// The URL contains credentials. Browsers reject such a URL, and it would end up in logs.
    #[error("username and credential are not part of the URL, but options of their own")]
    CredentialInUrl,
    /// `none`, the empty list, was given with URLs.
    #[error("none cannot be combined with servers")]
    NoneAmongOthers,
}

/// URLs separated by white space, as in the environment variable.
#[derive(Clone)]
pub(super) struct IceUrls(Vec<String>);

impl IceUrls {
    const NONE: &str = "none";

    /// Concatenates the lists. `none` has to be the only value.
    fn join(lists: Vec<Self>) -> Result<Vec<String>, UrlError> {
        let alone = lists.len() == 1;
        if !alone && lists.iter().any(|list| list.0.is_empty()) {
            return Err(UrlError::NoneAmongOthers);
        }
        Ok(lists.into_iter().flat_map(|list| list.0).collect())
    }
}

impl FromStr for IceUrls {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let words: Vec<_> = text.split_whitespace().collect();
        if words == [Self::NONE] {
            return Ok(Self(Vec::new()));
        }
        if words.contains(&Self::NONE) {
            return Err(UrlError::NoneAmongOthers);
        }
        if words.is_empty() {
            return Err(UrlError::Form("an empty text".to_owned()));
        }
        words.into_iter().map(url).collect::<Result<_, _>>().map(Self)
    }
}

/// Checks the form of a URL.
fn url(text: &str) -> Result<String, UrlError> {
    if text.contains(['@', '|']) {
        return Err(UrlError::CredentialInUrl);
    }
    let scheme = || UrlError::Scheme(text.to_owned());
    let (name, rest) = text.split_once(':').ok_or_else(scheme)?;
    if !matches!(name, "stun" | "stuns" | "turn" | "turns") {
        return Err(scheme());
    }
    let (address, transport) = match rest.split_once("?transport=") {
        Some((address, transport)) => (address, Some(transport)),
        None => (rest, None),
    };
    let transport_fits = match transport {
        Some(transport) => is_relay(text) && matches!(transport, "udp" | "tcp"),
        None => true,
    };
    if !transport_fits || !is_address(address) {
        return Err(UrlError::Form(text.to_owned()));
    }
    Ok(text.to_owned())
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

/// Credentials of the TURN servers, which have one or the other.
pub(super) struct Credentials<'a> {
    /// `--turn-username`.
    pub(super) username: Option<String>,
    /// `--turn-credential`.
    pub(super) credential: Option<String>,
    /// `--turn-static-auth-secret`.
    pub(super) secret: Option<&'a TurnSecret>,
}

/// Returns the servers of `--ice-servers`, with fixed credentials if there are any; none without the
/// option. Credentials have to be given exactly if there is a TURN server.
pub(super) fn servers(
    lists: Vec<IceUrls>,
    credentials: Credentials<'_>,
) -> Result<Option<Vec<IceServer>>, NoConfig> {
    let is_given = !lists.is_empty();
    let wrong = |text: String| Err(NoConfig::Wrong(text));
    let urls = match IceUrls::join(lists) {
        Ok(urls) => urls,
        Err(error) => return wrong(format!("--ice-servers (SALON_ICE_SERVERS): {error}.")),
    };
    let relay = urls.iter().find(|url| is_relay(url)).cloned();
    let Credentials { username, credential, secret } = credentials;
    let given = match (&username, &credential, secret) {
        (None, None, None) => None,
        (None, None, Some(_)) => Some(SECRET),
        (Some(_), Some(_), None) => Some(FIXED),
        (Some(_), Some(_), Some(_)) => {
            return wrong(format!("{SECRET} cannot be used with {FIXED}."));
        }
        _ => return wrong(format!("{FIXED} have to be used together.")),
    };
    match (relay, given) {
        (Some(url), None) => wrong(format!(
            "--ice-servers (SALON_ICE_SERVERS): {url} requires {SECRET}, or {FIXED}."
        )),
        (None, Some(options)) => wrong(format!(
            "{options}: there is no TURN server in --ice-servers (SALON_ICE_SERVERS)."
        )),
        _ => {
            let server = |urls: String| match is_relay(&urls) {
                true => {
                    IceServer { urls, username: username.clone(), credential: credential.clone() }
                }
                false => IceServer { urls, username: None, credential: None },
            };
            Ok(is_given.then(|| urls.into_iter().map(server).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Vec<String>, UrlError> {
        text.parse::<IceUrls>().map(|list| list.0)
    }

    #[test]
    fn urls_follow_the_rfcs() {
        for good in [
            "stun:stun.example.org",
            "stun:192.0.2.1:3478",
            "stuns:[2001:db8::1]:5349",
            "turn:relay.example.org?transport=udp",
            "turns:relay.example.org:443?transport=tcp",
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
            "turn:example.org?transport=sctp",
        ] {
            assert!(list(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials_in_urls_are_refused_and_not_repeated() {
        for bad in ["turn:user:hunter2@a.example", "turn:a.example|user|hunter2", "x:|u|hunter2"] {
            assert_eq!(list(bad), Err(UrlError::CredentialInUrl));
        }
        assert!(!UrlError::CredentialInUrl.to_string().contains("hunter2"));
    }

    #[test]
    fn none_excludes_other_servers() {
        assert_eq!(list("none"), Ok(Vec::new()));
        assert_eq!(list("none stun:a.example"), Err(UrlError::NoneAmongOthers));
        let both = ["none", "stun:a.example"].map(|text| text.parse().unwrap());
        assert_eq!(IceUrls::join(both.to_vec()), Err(UrlError::NoneAmongOthers));
    }

    #[test]
    fn turn_servers_have_a_secret_or_fixed_credentials() {
        let secret = TurnSecret::from("secret");
        let read = |urls: &str, fixed: [Option<&str>; 2], has_secret: bool| {
            let [username, credential] = fixed.map(|text| text.map(str::to_owned));
            let secret = has_secret.then_some(&secret);
            servers(vec![urls.parse().unwrap()], Credentials { username, credential, secret })
        };
        let both = [Some("ada"), Some("hunter2")];
        let all = read("stun:a.example turn:b.example", both, false).unwrap().unwrap();
        assert_eq!((all[0].username.as_deref(), all[0].credential.as_deref()), (None, None));
        assert_eq!([all[1].username.as_deref(), all[1].credential.as_deref()], both);
        let derived = read("turn:b.example", [None, None], true).unwrap().unwrap();
        assert_eq!(derived[0].credential, None);
        assert!(read("stun:a.example", [None, None], false).is_ok());
        for (urls, fixed, has_secret) in [
            ("turn:b.example", [None, None], false),
            ("turn:b.example", [Some("ada"), None], false),
            ("turn:b.example", [None, Some("hunter2")], true),
            ("turn:b.example", both, true),
            ("stun:a.example", both, false),
            ("none", [None, None], true),
        ] {
            let Err(NoConfig::Wrong(sentence)) = read(urls, fixed, has_secret) else {
                panic!("{urls} {fixed:?} {has_secret}")
            };
            assert!(!sentence.contains("hunter2") && sentence.ends_with('.'), "{sentence}");
        }
    }
}
