//! What the server answers to.

use super::{
    accept::Peer,
    address::TrustedProxies,
    guard::{self, Guard},
    headers::{self, PagePolicy},
    hub::Hub,
    limits::Limits,
    origin::OriginPolicy,
    pages,
    qr::{self, Pictures},
    quota::{Permit, Quotas, Refusal},
    refusals::Refusals,
    secret::Secret,
    site::Site,
    speed, upgrade,
    workshop::{self, Workshop},
};
use crate::protocol::SPEED_PATH;
use axum::{
    Router,
    extract::{FromRef, State},
    http::{HeaderMap, StatusCode},
    middleware::{from_fn_with_state, map_response},
    routing::{get, post},
};
use leptos::config::LeptosOptions;
use std::sync::Arc;
use tower_http::compression::{
    CompressionLayer, DefaultPredicate, Predicate, predicate::NotForContentType,
};

/// What handlers share.
#[derive(Clone, Debug)]
pub(super) struct ServerState {
    pub(super) hub: Hub,
    pub(super) secret: Secret,
    /// The STUN and TURN servers that people use.
    pub(super) ice_urls: Arc<Vec<String>>,
    pub(super) origins: Arc<OriginPolicy>,
    pub(super) limits: Arc<Limits>,
    pub(super) quotas: Arc<Quotas>,
    pub(super) proxies: Arc<TrustedProxies>,
    pub(super) refusals: Arc<Refusals>,
    pub(super) workshop: Workshop,
    pub(super) pictures: Arc<Pictures>,
    pub(super) leptos: LeptosOptions,
    pub(super) policy: Arc<PagePolicy>,
    /// Whether the server itself speaks TLS.
    pub(super) is_secure: bool,
}

impl ServerState {
    fn guard(&self) -> Guard {
        let Self { quotas, proxies, refusals, .. } = self.clone();
        Guard { quotas, proxies, refusals }
    }

    /// Counts what somebody asks for among the connections of their address, as long as the permit is
    /// kept: a connection from there is counted already, unless a proxy made it.
    pub(super) fn count(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
    ) -> Result<Option<Permit>, Refusal> {
        match peer.permit {
            Some(_) => Ok(None),
            None => self.quotas.connect(self.proxies.client(peer.address, headers)).map(Some),
        }
    }
}

impl FromRef<ServerState> for Hub {
    fn from_ref(state: &ServerState) -> Self {
        state.hub.clone()
    }
}

/// `/healthz`: the program runs.
pub(super) async fn health() -> &'static str {
    "ok"
}

/// `/readyz`: whether to send people here. Not while the server ends, nor when its rooms do not
/// answer.
pub(super) async fn readiness(State(hub): State<Hub>) -> (StatusCode, &'static str) {
    match (hub.is_open(), hub.people().await) {
        (true, Some(_)) => (StatusCode::OK, "ready"),
        (true, None) if hub.is_open() => {
            (StatusCode::SERVICE_UNAVAILABLE, "the rooms do not answer")
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "ending"),
    }
}

/// Every route of the server.
pub(super) fn router(state: ServerState, site: &Site) -> Router {
    let guard = state.guard();
    let ordered = from_fn_with_state(state.clone(), workshop::order);
    let routes = Router::new()
        .route("/ws", get(upgrade::upgrade))
        .route("/ws/check", get(upgrade::check).post(upgrade::check))
        .route(SPEED_PATH, post(speed::take))
        .route("/new", post(pages::new_room))
        .route("/go", get(pages::go))
        .route("/room/{name}/qr.svg", get(qr::picture).layer(ordered))
        .merge(checks())
        .merge(compress(site.service(state.clone())))
        .with_state(state);
    guarded(routes, guard)
}

/// What load balancers and operators ask.
pub(super) fn checks<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Hub: FromRef<S>,
{
    Router::new()
        .route("/healthz", get(health).options(guard::options))
        .route("/readyz", get(readiness).options(guard::options))
}

/// Looks at every request before it is answered, and says to every answer what browsers are to
/// refuse.
pub(super) fn guarded(routes: Router, guard: Guard) -> Router {
    routes.layer(from_fn_with_state(guard, guard::check)).layer(map_response(headers::secure))
}

/// What is not compressed yet is compressed on the way.
pub(super) fn compress(routes: Router<ServerState>) -> Router<ServerState> {
    // The browser app is large and compressed when it is built, or served as it is.
    let compressible = DefaultPredicate::new().and(NotForContentType::new("application/wasm"));
    routes.layer(CompressionLayer::new().compress_when(compressible))
}
