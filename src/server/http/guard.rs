//! Checks every request of every listener before it is handled.

use crate::server::{
    headers,
    net::{
        client_ip::TrustedProxies,
        connect_info::ConnectInfo,
        intake::{counted, head_bytes},
        ip_quotas::{IpQuotas, LimitExceeded},
        origin::{self, HostError},
        refusals::{Reason, Refusals},
    },
    state::AppState,
};
use axum::{
    Extension, Router,
    extract::{FromRef, Request, State},
    http::{Method, StatusCode, header},
    middleware::{Next, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
};
use std::{sync::Arc, time::Duration};
use thiserror::Error;
use tokio::{task::yield_now, time::sleep};

/// Delay of a 429 response. Nothing more is read from the connection meanwhile.
const PAUSE: Duration = Duration::from_millis(500);
/// Paths without a rate limit: load balancers poll them, and they cost almost nothing.
const CHECKS: [&str; 2] = ["/healthz", "/readyz"];
/// Methods of pages, files and checks.
const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// What requests are checked against.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) quotas: Arc<IpQuotas>,
    pub(crate) proxies: Arc<TrustedProxies>,
    pub(crate) refusals: Arc<Refusals>,
}

/// Why a request is refused. Displayed as the response to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum RequestError {
    #[error("{0}")]
    Host(#[from] HostError),
    #[error("The request target has to be a path (RFC 9112, section 3.2.1).")]
    NoPath,
    #[error("{0}")]
    TooMany(#[from] LimitExceeded),
}

impl RequestError {
    fn reason(self) -> Reason {
        match self {
            Self::Host(_) | Self::NoPath => Reason::Host,
            Self::TooMany(refusal) => refusal.reason(),
        }
    }
}

impl IntoResponse for RequestError {
    fn into_response(self) -> Response {
        match self {
            Self::Host(_) | Self::NoPath => {
                (StatusCode::BAD_REQUEST, self.to_string()).into_response()
            }
            Self::TooMany(refusal) => refusal.into_response(),
        }
    }
}

impl Guard {
    fn check(&self, peer: &ConnectInfo, request: &Request) -> Result<(), RequestError> {
        let path = request.uri().path();
        if !path.starts_with('/') && !is_for_all(request) {
            return Err(RequestError::NoPath);
        }
        origin::host(request.headers())?;
        if !CHECKS.contains(&path) {
            self.quotas.request(self.proxies.client(peer.address, request.headers()))?;
        }
        Ok(())
    }

    async fn refuse(&self, error: RequestError) -> Response {
        self.refusals.note(error.reason());
        if matches!(error, RequestError::TooMany(_)) {
            sleep(PAUSE).await;
        }
        error.into_response()
    }
}

impl FromRef<AppState> for Guard {
    fn from_ref(state: &AppState) -> Self {
        let AppState { quotas, proxies, refusals, .. } = state.clone();
        Self { quotas, proxies, refusals }
    }
}

/// Adds the checks of `guard` to all routes, and security headers to their responses.
pub(crate) fn guarded(routes: Router, guard: Guard) -> Router {
    routes.layer(from_fn_with_state(guard, check)).layer(map_response(headers::secure))
}

/// Handles a request, or refuses it.
async fn check(
    State(guard): State<Guard>,
    Extension(peer): Extension<Arc<ConnectInfo>>,
    request: Request,
    next: Next,
) -> Response {
    // Pipelined requests give way to the tasks of WebSockets.
    yield_now().await;
    let (head, body) = request.into_parts();
    let bytes = head_bytes(&head);
    peer.meter.begin();
    let request = counted(Request::from_parts(head, body), &peer.meter);
    let response = match guard.check(&peer, &request) {
        Ok(()) if is_for_all(&request) => options().await,
        Ok(()) => next.run(request).await,
        Err(error) => guard.refuse(error).await,
    };
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        peer.meter.open();
    }
    peer.meter.end(bytes);
    response
}

/// Whether a request is `OPTIONS *` (RFC 9112, section 3.2.4).
fn is_for_all(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.uri().path() == "*"
}

/// The response to OPTIONS, which some load balancers use as a health check.
pub(crate) async fn options() -> Response {
    (StatusCode::NO_CONTENT, [(header::ALLOW, ALLOWED)]).into_response()
}
