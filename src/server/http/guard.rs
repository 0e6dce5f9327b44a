//! What every request passes before anything is done for it, whichever listener it came to.

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

/// How long somebody who asks too often waits for the answer that says so: what they send meanwhile
/// is not read.
const PAUSE: Duration = Duration::from_millis(500);
/// What may be asked as often as somebody likes: load balancers do, and it costs nothing.
const CHECKS: [&str; 2] = ["/healthz", "/readyz"];
/// What may be done with pages, files and checks.
const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// Who passes.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) quotas: Arc<IpQuotas>,
    pub(crate) proxies: Arc<TrustedProxies>,
    pub(crate) refusals: Arc<Refusals>,
}

/// Why a request is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum Unfit {
    #[error("{0}")]
    Host(#[from] HostError),
    #[error("The target of a request is a path (RFC 9112, section 3.2.1).")]
    NoPath,
    #[error("{0}")]
    TooMany(#[from] LimitExceeded),
}

impl Unfit {
    fn reason(self) -> Reason {
        match self {
            Self::Host(_) | Self::NoPath => Reason::Host,
            Self::TooMany(refusal) => refusal.reason(),
        }
    }
}

impl IntoResponse for Unfit {
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
    fn check(&self, peer: &ConnectInfo, request: &Request) -> Result<(), Unfit> {
        let path = request.uri().path();
        if !path.starts_with('/') && !is_for_all(request) {
            return Err(Unfit::NoPath);
        }
        origin::host(request.headers())?;
        if !CHECKS.contains(&path) {
            self.quotas.request(self.proxies.client(peer.address, request.headers()))?;
        }
        Ok(())
    }

    async fn refuse(&self, unfit: Unfit) -> Response {
        self.refusals.note(unfit.reason());
        if matches!(unfit, Unfit::TooMany(_)) {
            sleep(PAUSE).await;
        }
        unfit.into_response()
    }
}

impl FromRef<AppState> for Guard {
    fn from_ref(state: &AppState) -> Self {
        let AppState { quotas, proxies, refusals, .. } = state.clone();
        Self { quotas, proxies, refusals }
    }
}

/// Looks at every request before it is answered, and says to every answer what browsers are to
/// refuse.
pub(crate) fn guarded(routes: Router, guard: Guard) -> Router {
    routes.layer(from_fn_with_state(guard, check)).layer(map_response(headers::secure))
}

/// Lets a request through, or says why not.
async fn check(
    State(guard): State<Guard>,
    Extension(peer): Extension<Arc<ConnectInfo>>,
    request: Request,
    next: Next,
) -> Response {
    // Requests that wait on the same connection are not answered in one go: messages come first.
    yield_now().await;
    let (head, body) = request.into_parts();
    let bytes = head_bytes(&head);
    peer.meter.begin();
    let request = counted(Request::from_parts(head, body), &peer.meter);
    let response = match guard.check(&peer, &request) {
        Ok(()) if is_for_all(&request) => options().await,
        Ok(()) => next.run(request).await,
        Err(unfit) => guard.refuse(unfit).await,
    };
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        peer.meter.open();
    }
    peer.meter.end(bytes);
    response
}

/// Whether somebody asks for what the server can do (RFC 9112, section 3.2.4).
fn is_for_all(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.uri().path() == "*"
}

/// What some load balancers ask to find out whether the server is there.
pub(crate) async fn options() -> Response {
    (StatusCode::NO_CONTENT, [(header::ALLOW, ALLOWED)]).into_response()
}
