//! From plain http to https.

use super::{
    certificate,
    guard::Guard,
    origin,
    refusals::{Reason, Refusals},
    router::guarded,
    tls::Https,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header, uri::Authority},
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};
use tokio::task::spawn_blocking;

/// What somebody is told who asks for another server.
const MISDIRECTED: &str = "This server has no certificate for that name.";

/// Where plain http leads to.
#[derive(Debug)]
struct Redirect {
    https: Https,
    /// The address that is listened at.
    local: IpAddr,
    /// The port of https.
    port: u16,
    refusals: Arc<Refusals>,
}

/// Leads requests for the names of this server to the same address over https, at `port`. Whatever
/// else somebody writes into `Host` is not led to.
pub(super) fn router(https: Https, local: IpAddr, port: u16, guard: Guard) -> Router {
    let redirect = Redirect { https, local, port, refusals: guard.refusals.clone() };
    guarded(Router::new().fallback(lead).with_state(Arc::new(redirect)), guard)
}

async fn lead(State(redirect): State<Arc<Redirect>>, request: Request) -> Response {
    let Ok(Some(host)) = origin::host(request.headers()) else {
        return (StatusCode::BAD_REQUEST, origin::NO_HOST).into_response();
    };
    if !redirect.knows(&host).await {
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
    /// Whether a host is this machine, the address that is listened at, or in the certificate.
    async fn knows(&self, host: &Authority) -> bool {
        if origin::is_loopback(host) || origin::address(host) == Some(self.local) {
            return true;
        }
        let name = host.host().to_ascii_lowercase();
        match &self.https {
            Https::Off => false,
            Https::Acme(acme) => acme.domains.contains(&name),
            Https::Files { certificate, .. } => {
                // It may be another one than a minute ago.
                let path = certificate.clone();
                let names = spawn_blocking(move || certificate::names(&path)).await;
                names.is_ok_and(|names| names.iter().any(|pattern| covers(pattern, &name)))
            }
        }
    }
}

/// Whether a name of a certificate stands for a host (RFC 9525, section 6.3).
fn covers(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix("*."), name.split_once('.')) {
        (Some(parent), Some((_, rest))) => parent.eq_ignore_ascii_case(rest),
        _ => pattern.eq_ignore_ascii_case(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_label() {
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
