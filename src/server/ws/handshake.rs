//! Validates the handshake of a WebSocket (RFC 6455, section 4.2.1).

use crate::server::net::refusals::Reason;
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use thiserror::Error;

/// Length of the decoded `Sec-WebSocket-Key`.
const KEY_BYTES: usize = 16;
const VERSION: HeaderValue = HeaderValue::from_static("13");

/// Why a handshake is invalid. Displayed as the response to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum HandshakeError {
    #[error(
        "This is a WebSocket endpoint, and the request arrived as HTTP/1.0. A proxy in front of \
         this server has to speak HTTP/1.1."
    )]
    OldHttp,
    #[error(
        "This is a WebSocket endpoint, and {0} is missing. A proxy in front of this server has to \
         speak HTTP/1.1 and to pass on Upgrade and Connection."
    )]
    NoUpgrade(&'static str),
    #[error("Sec-WebSocket-Version has to be 13 (RFC 6455).")]
    Version,
    #[error("Sec-WebSocket-Key has to be 16 bytes as base64 (RFC 6455, section 4.1).")]
    Key,
}

impl HandshakeError {
    /// The reason in metrics and logs.
    pub(super) fn reason(self) -> Reason {
        match self {
            Self::OldHttp | Self::NoUpgrade(_) => Reason::NoUpgrade,
            Self::Version | Self::Key => Reason::Handshake,
        }
    }
}

impl IntoResponse for HandshakeError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Key => StatusCode::BAD_REQUEST,
            _ => StatusCode::UPGRADE_REQUIRED,
        };
        let upgrade = [
            (header::UPGRADE, HeaderValue::from_static("websocket")),
            (header::SEC_WEBSOCKET_VERSION, VERSION),
        ];
        (status, upgrade, self.to_string()).into_response()
    }
}

/// Checks the handshake, except `Host` and `Origin`.
pub(super) fn check(version: Version, headers: &HeaderMap) -> Result<(), HandshakeError> {
    upgrades(headers)?;
    if version < Version::HTTP_11 {
        return Err(HandshakeError::OldHttp);
    }
    if only(headers, &header::SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        return Err(HandshakeError::Version);
    }
    let key = only(headers, &header::SEC_WEBSOCKET_KEY);
    let key = key.and_then(|key| STANDARD.decode(key).ok());
    key.filter(|key| key.len() == KEY_BYTES).map(drop).ok_or(HandshakeError::Key)
}

/// Checks the headers that proxies do not pass on by default.
pub(super) fn upgrades(headers: &HeaderMap) -> Result<(), HandshakeError> {
    let upgrade = names(headers, &header::UPGRADE, "websocket");
    let connection = names(headers, &header::CONNECTION, "upgrade");
    match (upgrade, connection) {
        (true, true) => Ok(()),
        (false, false) => Err(HandshakeError::NoUpgrade("Upgrade: websocket, Connection: upgrade")),
        (false, true) => Err(HandshakeError::NoUpgrade("Upgrade: websocket")),
        (true, false) => Err(HandshakeError::NoUpgrade("Connection: upgrade")),
    }
}

fn names(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|word| word.trim().eq_ignore_ascii_case(token))
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut given = headers.get_all(name).iter();
    given.next().filter(|_| given.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn verdict(version: Version, headers: &[(&str, &str)]) -> Result<(), HandshakeError> {
        let request = headers
            .iter()
            .fold(Request::get("/ws"), |all, (name, value)| all.header(*name, *value));
        check(version, request.headers_ref().unwrap())
    }

    #[test]
    fn missing_headers_are_named() {
        use HandshakeError as E;
        let upgrade = ("upgrade", "WebSocket");
        let connection = ("connection", "keep-alive, Upgrade");
        let version = ("sec-websocket-version", "13");
        let key = ("sec-websocket-key", KEY);
        let verdict_11 = |headers: &[(&str, &str)]| verdict(Version::HTTP_11, headers);
        let whole = [upgrade, connection, version, key];
        assert_eq!(verdict_11(&whole), Ok(()));
        assert_eq!(verdict(Version::HTTP_10, &whole), Err(E::OldHttp));
        let no_upgrade = Err(E::NoUpgrade("Upgrade: websocket"));
        assert_eq!(verdict_11(&[connection, version, key]), no_upgrade);
        let no_connection = Err(E::NoUpgrade("Connection: upgrade"));
        assert_eq!(verdict_11(&[upgrade, ("connection", "close"), version, key]), no_connection);
        let neither = Err(E::NoUpgrade("Upgrade: websocket, Connection: upgrade"));
        assert_eq!(verdict_11(&[version, key]), neither);
        assert_eq!(verdict_11(&[upgrade, connection, key]), Err(E::Version));
        assert_eq!(verdict_11(&[upgrade, connection, version]), Err(E::Key));
    }

    #[test]
    fn a_key_is_sixteen_bytes() {
        for wrong in ["", "a", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j", "!!!!", "AAAA"] {
            let key = ("sec-websocket-key", wrong);
            let rest = [("upgrade", "websocket"), ("connection", "upgrade")];
            let headers = [&rest[..], &[("sec-websocket-version", "13"), key]].concat();
            assert_eq!(verdict(Version::HTTP_11, &headers), Err(HandshakeError::Key), "{wrong}");
        }
    }
}
