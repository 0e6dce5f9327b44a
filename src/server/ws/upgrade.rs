//! `/ws`, which upgrades a request to a WebSocket (RFC 6455), and `/ws/check`, which tells a page why
//! that failed: browsers do not.

use super::{
    handshake::{self, HandshakeError},
    socket,
};
use crate::server::{
    net::{
        client_ip::{ClientAddress, is_forwarded},
        connect_info::ConnectInfo,
        ip_quotas::{ConnectionPermit, LimitExceeded},
        origin::{self, OriginError},
        refusals::Reason,
    },
    state::AppState,
};
use axum::{
    Extension, Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, uri::Authority},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::{
    net::IpAddr,
    sync::{Arc, Once},
};
use thiserror::Error;
use tracing::warn;
use tungstenite::handshake::server::create_response_with_body;

/// `/ws`: opens a WebSocket.
pub(crate) async fn upgrade(
    State(state): State<AppState>,
    Extension(peer): Extension<Arc<ConnectInfo>>,
    mut request: Request,
) -> Response {
    let address = state.proxies.client(peer.address, request.headers());
    let (permit, host) = match admit(&state, &peer, address, &request) {
        Ok(admitted) => admitted,
        Err(error) => {
            state.refusals.note(error.reason());
            state.quotas.remember(address, error.reason());
            return error.into_response();
        }
    };
    let Ok(response) = create_response_with_body(&request, Body::empty) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let upgrading = hyper::upgrade::on(&mut request);
    let (hub, limits) = (state.hub.clone(), state.limits.clone());
    let known = state.reach.media.as_ref().map(|media| media.know(address.ip()));
    tokio::spawn(async move {
        socket::serve(upgrading, hub, &limits, (address, host)).await;
        drop((permit, peer, known));
    });
    response
}

/// Why a request is not upgraded. Displayed as the response to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum UpgradeError {
    #[error("{0}")]
    Handshake(#[from] HandshakeError),
    #[error("{0}")]
    Origin(#[from] OriginError),
    #[error("{0}")]
    Quota(#[from] LimitExceeded),
}

impl UpgradeError {
    /// The reason in metrics and logs.
    fn reason(self) -> Reason {
        match self {
            Self::Handshake(error) => error.reason(),
            Self::Origin(error) => error.reason(),
            Self::Quota(refusal) => refusal.reason(),
        }
    }
}

impl IntoResponse for UpgradeError {
    fn into_response(self) -> Response {
        match self {
            Self::Handshake(error) => error.into_response(),
            Self::Origin(error @ OriginError::NoHost) => {
                (StatusCode::BAD_REQUEST, error.to_string()).into_response()
            }
            Self::Origin(error) => (StatusCode::FORBIDDEN, error.to_string()).into_response(),
            Self::Quota(refusal) => refusal.into_response(),
        }
    }
}

/// Checks whether a WebSocket may be opened, counts it, and returns the host of its page. The limits come last, so that pages of other
/// sites cannot use up those of their visitors.
fn admit(
    state: &AppState,
    peer: &ConnectInfo,
    address: ClientAddress,
    request: &Request,
) -> Result<(Option<ConnectionPermit>, Authority), UpgradeError> {
    let headers = request.headers();
    let Ok(host) = origin::host(headers) else { return Err(OriginError::NoHost.into()) };
    let host = host.ok_or(OriginError::NoHost)?;
    handshake::check(request.version(), headers)?;
    state.origins.check(headers)?;
    state.quotas.open_socket(address)?;
    if peer.permit.is_some() && is_near(peer.address) && is_forwarded(headers) {
        warn_of_proxy();
    }
    Ok((state.count(peer, headers)?, host))
}

/// Whether an address may be that of the operator's own proxy. Clients can forge forwarding headers.
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// Warns once, not for every WebSocket.
fn warn_of_proxy() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        warn!(
            "All clients behind the proxy count as one address. Add the proxy to --trusted-proxies \
             or SALON_TRUSTED_PROXIES."
        );
    });
}

/// What arrived of a request, and why the last WebSocket was refused.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Arrived {
    /// The `Host`, or null.
    host: Option<String>,
    /// Whether this request has the headers of an upgrade. Pages cannot set them with `fetch`.
    upgrade: bool,
    /// Whether a page of the request's `Origin` may open a WebSocket: `ok`, `missing`, or `foreign`.
    origin: &'static str,
    /// Whether the request has a forwarding header.
    forwarded: bool,
    /// Why a WebSocket from the client's address was refused within the last minute, or null.
    refused: Option<Refused>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Refused {
    reason: &'static str,
    /// Time since then in whole seconds.
    seconds_ago: u64,
}

/// `/ws/check`: reports what arrived here to a page whose WebSocket failed.
pub(crate) async fn check(
    State(state): State<AppState>,
    Extension(peer): Extension<Arc<ConnectInfo>>,
    headers: HeaderMap,
) -> Json<Arrived> {
    let address = state.proxies.client(peer.address, &headers);
    let refused = state.quotas.refused(address);
    Json(Arrived {
        host: origin::host(&headers).ok().flatten().map(|host| host.to_string()),
        upgrade: handshake::upgrades(&headers).is_ok(),
        origin: match state.origins.check(&headers) {
            Ok(()) => "ok",
            Err(OriginError::Missing) => "missing",
            Err(OriginError::Foreign | OriginError::NoHost) => "foreign",
        },
        forwarded: is_forwarded(&headers),
        refused: refused
            .map(|(reason, ago)| Refused { reason: reason.name(), seconds_ago: ago.as_secs() }),
    })
}
