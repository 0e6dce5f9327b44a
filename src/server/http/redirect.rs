//! Redirects HTTP to HTTPS.

use super::guard::{Guard, guarded};
use crate::server::net::{
    certificate,
    connect_info::ConnectInfo,
    origin,
    refusals::{Reason, Refusals},
    tls::Https,
};
use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header, uri::Authority},
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};
use tokio::task::spawn_blocking;

/// Response to a request for another host.
const MISDIRECTED: &str = "This server has no certificate for that name.";

/// The target of redirects.
#[derive(Debug)]
struct Redirect {
    https: Https,
    /// The port of HTTPS.
    port: u16,
    refusals: Arc<Refusals>,
}

/// Redirects requests for the names of this server to HTTPS at `port`. Requests for other hosts are
/// rejected, so that this is no open redirect.
pub(crate) fn router(https: Https, port: u16, guard: Guard) -> Router {
    let redirect = Redirect { https, port, refusals: guard.refusals.clone() };
    guarded(Router::new().fallback(lead).with_state(Arc::new(redirect)), guard)
}

async fn lead(
    State(redirect): State<Arc<Redirect>>,
    Extension(peer): Extension<Arc<ConnectInfo>>,
    request: Request,
) -> Response {
    let Ok(Some(host)) = origin::host(request.headers()) else {
        return (StatusCode::BAD_REQUEST, origin::NO_HOST).into_response();
    };
    if !redirect.knows(&host, peer.local).await {
        redirect.refusals.note(Reason::Host);
        return (StatusCode::MISDIRECTED_REQUEST, MISDIRECTED).into_response();
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let place = format!("{}{path}", origin::secure(&host, redirect.port));
    match HeaderValue::try_from(place) {
        Ok(place) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

impl Redirect {
    /// Whether a host is the loopback, the address that the client connected to, or in the certificate.
    async fn knows(&self, host: &Authority, local: Option<IpAddr>) -> bool {
        let address = origin::address(host);
        if origin::is_loopback(host) || address.is_some() && address == local {
            return true;
        }
        let name = match address {
            Some(address) => address.to_string(),
            None => host.host().trim_end_matches('.').to_ascii_lowercase(),
        };
        match &self.https {
            Https::Off => false,
            Https::Acme(acme) => acme.domains.contains(&name),
            Https::Files { certificate, .. } => {
                // The files may have changed.
                let path = certificate.clone();
                let names = spawn_blocking(move || certificate::names(&path)).await;
                names.is_ok_and(|names| names.iter().any(|pattern| covers(pattern, &name)))
            }
        }
    }
}

/// Whether a name in a certificate matches a host (RFC 9525, section 6.3).
fn covers(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix("*."), name.split_once('.')) {
        (Some(parent), Some((_, rest))) => parent.eq_ignore_ascii_case(rest),
        _ => pattern.eq_ignore_ascii_case(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::metrics::Metrics;

    #[tokio::test]
    async fn a_connections_local_address_is_a_known_host() {
        let refusals = Refusals::new(Arc::new(Metrics::new()));
        let redirect = Redirect { https: Https::Off, port: 443, refusals };
        let local = "192.0.2.7".parse().ok();
        let knows = async |host: &str| redirect.knows(&host.parse().unwrap(), local).await;
        for ours in ["192.0.2.7", "192.0.2.7:80", "[::ffff:192.0.2.7]", "localhost."] {
            assert!(knows(ours).await, "{ours}");
        }
        assert!(!knows("192.0.2.8").await && !knows("call.example.org").await);
        assert!(!redirect.knows(&"call.example.org".parse().unwrap(), None).await);
    }

    #[test]
    fn a_wildcard_matches_one_label() {
        assert!(covers("call.example.org", "call.example.org"));
        assert!(covers("*.Example.org", "call.example.org"));
        for (pattern, name) in [
            ("*.example.org", "example.org"),
            ("*.example.org", "a.b.example.org"),
            ("call.example.org", "evil.example"),
            ("*", "example.org"),
        ] {
            assert!(!covers(pattern, name), "{pattern} {name}");
        }
    }
}
