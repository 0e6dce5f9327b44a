//! Origins: which web pages may open the WebSocket, and the origin of this server in a request.

use super::refusals::Reason;
use axum::http::{
    HeaderMap, Uri, header,
    uri::{Authority, Scheme},
};
use std::{fmt, net::IpAddr, str::FromStr};
use thiserror::Error;

/// The origin of a web page (RFC 6454): scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin {
    secure: bool,
    host: String,
    port: u16,
}

/// The text is not of the form `https://host` or `https://host:port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an origin is of the form https://host or https://host:port")]
pub struct ParseOriginError;

impl FromStr for WebOrigin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        let uri: Uri = text.parse().map_err(|_| ParseOriginError)?;
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(ParseOriginError),
        };
        let authority = uri.authority().ok_or(ParseOriginError)?;
        // An origin has no path, and no user name before the host.
        let bare = text.split_once("://").is_some_and(|(_, rest)| rest == authority.as_str());
        // Other characters that a host may have (RFC 3986) would end a directive of the CSP.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        if !bare || !authority.as_str().bytes().all(is_plain) {
            return Err(ParseOriginError);
        }
        let (host, port) = host_and_port(authority, secure);
        Ok(Self { secure, host, port })
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl WebOrigin {
    /// Whether the scheme is https.
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host without the brackets of an IPv6 address, to connect to.
    pub(crate) fn bare_host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The origin as browsers send it in `Origin`, without a default port.
    pub(crate) fn brief(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.authority())
    }

    /// The host as browsers send it in `Host`, without a default port.
    pub(crate) fn authority(&self) -> String {
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// Whether the origin has this host and port. The scheme is not compared, as the server does not
    /// know it behind a TLS proxy.
    fn is_host(&self, host: &Authority) -> bool {
        host_and_port(host, self.secure) == (self.host.clone(), self.port)
    }
}

fn host_and_port(authority: &Authority, secure: bool) -> (String, u16) {
    let default = if secure { 443 } else { 80 };
    (authority.host().to_ascii_lowercase(), authority.port_u16().unwrap_or(default))
}

/// Origins separated by white space, as in an environment variable.
#[derive(Clone)]
pub(crate) struct OriginList(pub(crate) Vec<WebOrigin>);

impl FromStr for OriginList {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// Clients that may open the WebSocket besides this server's own pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginPolicy {
    /// Pages of these origins.
    pub listed: Vec<WebOrigin>,
    /// Whether clients that send no `Origin` may. Browsers always send one.
    pub allow_none: bool,
}

/// Why an origin is rejected. Displayed as the response to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum OriginError {
    #[error(
        "Pages of this origin may not connect to this server: Origin and Host do not match. A \
         proxy in front of this server has to pass on Host."
    )]
    Foreign,
    #[error("Clients without an Origin header may not connect to this server.")]
    Missing,
    #[error("The Host header is missing. A proxy in front of this server has to pass it on.")]
    NoHost,
}

impl OriginError {
    /// The reason in metrics and logs.
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::Foreign | Self::Missing => Reason::Origin,
            Self::NoHost => Reason::NoHost,
        }
    }
}

impl OriginPolicy {
    /// Checks `Origin` and `Host` of a request. Otherwise any web page could use the server from the
    /// network of its visitor (cross-site WebSocket hijacking).
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), OriginError> {
        let mut given = headers.get_all(header::ORIGIN).iter();
        let origin = match (given.next(), given.next()) {
            (None, _) if self.allow_none => return Ok(()),
            (None, _) => return Err(OriginError::Missing),
            (Some(origin), None) => origin,
            (Some(_), Some(_)) => return Err(OriginError::Foreign),
        };
        let origin = origin.to_str().ok().and_then(|text| text.parse::<WebOrigin>().ok());
        let origin = origin.ok_or(OriginError::Foreign)?;
        if self.listed.contains(&origin) {
            return Ok(());
        }
        match host(headers) {
            Ok(Some(host)) if origin.is_host(&host) => Ok(()),
            Ok(None) => Err(OriginError::NoHost),
            _ => Err(OriginError::Foreign),
        }
    }
}

/// Maximum length of a host name in bytes (RFC 1035, section 2.3.4).
const NAME_BYTES: usize = 253;

/// Why a `Host` header is invalid. Displayed as the response to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum HostError {
    #[error("The Host header is repeated (RFC 9112, section 3.2).")]
    Twice,
    #[error("The Host header is invalid: not a name of at most 253 characters or an address.")]
    NoHost,
}

/// Returns host and port of the `Host` header, if there is one.
pub(crate) fn host(headers: &HeaderMap) -> Result<Option<Authority>, HostError> {
    let mut given = headers.get_all(header::HOST).iter();
    let (Some(text), other) = (given.next(), given.next()) else { return Ok(None) };
    if other.is_some() {
        return Err(HostError::Twice);
    }
    let text = text.to_str().map_err(|_| HostError::NoHost)?;
    if text.is_empty() {
        return Ok(None);
    }
    let host: Authority = text.parse().map_err(|_| HostError::NoHost)?;
    let is_plain = !host.as_str().contains('@') && host.host().len() <= NAME_BYTES;
    is_plain.then_some(Some(host)).ok_or(HostError::NoHost)
}

/// The response to a request without a valid `Host`.
pub(crate) const NO_HOST: &str = "The Host header is missing or invalid. A proxy in front of this \
    server has to pass it on.";

/// Returns the origin of this server as the client sees it, for links. `is_secure` says whether the
/// server itself uses TLS.
///
/// `X-Forwarded-Proto` is trusted from anyone: it affects only the links shown to the same client.
pub(crate) fn of_request(headers: &HeaderMap, is_secure: bool) -> Option<String> {
    let forwarded = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    let claimed = forwarded.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"));
    let scheme = if is_secure || claimed { "https" } else { "http" };
    host(headers).ok()?.map(|host| format!("{scheme}://{host}"))
}

/// The HTTPS origin of a host, at `port`.
pub(crate) fn secure(host: &Authority, port: u16) -> String {
    let name = host.host();
    if port == 443 { format!("https://{name}") } else { format!("https://{name}:{port}") }
}

/// The IP address of a host that is not a name.
pub(crate) fn address(host: &Authority) -> Option<IpAddr> {
    let text = host.host();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// Whether a host is the loopback, as a name (RFC 6761, section 6.3) or an address.
pub(crate) fn is_loopback(host: &Authority) -> bool {
    let name = host.host().trim_end_matches('.').to_ascii_lowercase();
    let is_named = name == "localhost" || name.ends_with(".localhost");
    is_named || address(host).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn verdict(policy: &OriginPolicy, host: &str, origin: &str) -> bool {
        policy.check(&headers(&[("host", host), ("origin", origin)])).is_ok()
    }

    #[test]
    fn only_the_servers_own_origin_is_allowed() {
        let policy = OriginPolicy::default();
        for (host, origin) in [
            ("localhost:3000", "http://localhost:3000"),
            ("call.example.org", "https://call.example.org"),
            ("call.example.org:443", "https://call.example.org"),
            ("CALL.example.org", "http://call.example.org:80"),
            ("[::1]:3000", "http://[::1]:3000"),
        ] {
            assert!(verdict(&policy, host, origin), "{host} {origin}");
        }
        for (host, origin) in [
            ("call.example.org", "null"),
            ("call.example.org", ""),
            ("call.example.org", "https://call.example.org.evil.net"),
            ("call.example.org", "https://evil-call.example.org"),
            ("call.example.org", "https://call.example.org@evil.net"),
            ("call.example.org", "https://call.example.org/"),
            ("call.example.org", "https://call.example.org/https://call.example.org"),
            ("call.example.org", "https://call.example.org:8443"),
            ("call.example.org", "ftp://call.example.org"),
            ("call.example.org:80", "https://call.example.org"),
            ("localhost:3000", "http://localhost:3001"),
        ] {
            assert!(!verdict(&policy, host, origin), "{host} {origin}");
        }
    }

    #[test]
    fn listed_origins_must_match_exactly() {
        let listed = vec!["https://app.example.org".parse().unwrap()];
        let policy = OriginPolicy { listed, allow_none: false };
        assert!(verdict(&policy, "call.example.org", "https://app.example.org:443"));
        assert!(!verdict(&policy, "call.example.org", "http://app.example.org"));
        assert!(!verdict(&policy, "call.example.org", "https://app.example.org.evil.net"));
    }

    #[test]
    fn repeated_origins_are_refused() {
        let mut both = headers(&[("host", "a.example"), ("origin", "http://a.example")]);
        both.append("origin", "http://a.example".parse().unwrap());
        assert_eq!(OriginPolicy::default().check(&both), Err(OriginError::Foreign));
    }

    #[test]
    fn hosts_have_one_name_of_limited_length() {
        let name = "a".repeat(NAME_BYTES);
        for good in ["localhost:3000", "[::1]:3000", &name, &format!("{name}:65535")] {
            assert!(matches!(host(&headers(&[("host", good)])), Ok(Some(_))), "{good}");
        }
        for none in [&headers(&[]), &headers(&[("host", "")])] {
            assert_eq!(host(none), Ok(None));
        }
        for wrong in ["a b", "a@b", "a/b", &format!("{name}a"), &format!("{name}a:80")] {
            assert_eq!(host(&headers(&[("host", wrong)])), Err(HostError::NoHost), "{wrong}");
        }
        let mut both = headers(&[("host", "a.example")]);
        both.append("host", "a.example".parse().unwrap());
        assert_eq!(host(&both), Err(HostError::Twice));
        assert_eq!(of_request(&both, false), None);
    }

    #[test]
    fn a_missing_host_is_distinguished_from_a_foreign_origin() {
        let page = headers(&[("origin", "http://a.example")]);
        assert_eq!(OriginPolicy::default().check(&page), Err(OriginError::NoHost));
    }

    #[test]
    fn requests_without_origin_are_allowed_only_by_option() {
        let none = headers(&[("host", "a.example")]);
        assert_eq!(OriginPolicy::default().check(&none), Err(OriginError::Missing));
        assert_eq!(OriginPolicy { allow_none: true, listed: Vec::new() }.check(&none), Ok(()));
    }

    #[test]
    fn links_have_the_scheme_and_host_of_the_request() {
        let plain = headers(&[("host", "localhost:3000")]);
        assert_eq!(of_request(&plain, false).as_deref(), Some("http://localhost:3000"));
        assert_eq!(of_request(&plain, true).as_deref(), Some("https://localhost:3000"));
        let proxied = headers(&[("host", "call.example.org"), ("x-forwarded-proto", "HTTPS")]);
        assert_eq!(of_request(&proxied, false).as_deref(), Some("https://call.example.org"));
        assert_eq!(of_request(&headers(&[("host", "a b")]), false), None);
        assert_eq!(of_request(&headers(&[]), false), None);
    }

    #[test]
    fn plain_http_redirects_to_the_same_host() {
        for (host, port, expected) in [
            ("call.example.org", 443, "https://call.example.org"),
            ("call.example.org:80", 443, "https://call.example.org"),
            ("call.example.org:8080", 8443, "https://call.example.org:8443"),
            ("[::1]:80", 443, "https://[::1]"),
        ] {
            assert_eq!(secure(&host.parse().unwrap(), port), expected);
        }
    }

    #[test]
    fn loopback_names_and_addresses_are_recognised() {
        for own in
            ["localhost", "LOCALHOST:80", "a.localhost", "localhost.", "127.0.0.2:1", "[::1]"]
        {
            assert!(is_loopback(&own.parse().unwrap()), "{own}");
        }
        for other in ["localhost.example", "127.0.0.1.example", "192.0.2.1", "[2001:db8::1]", "a"] {
            assert!(!is_loopback(&other.parse().unwrap()), "{other}");
        }
    }
}
