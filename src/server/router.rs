//! What the server answers to.

use super::{headers, hub::Hub, origin::OriginPolicy, pages, socket};
use axum::{
    Router,
    extract::{FromRef, State},
    handler::Handler,
    http::StatusCode,
    middleware::map_response,
    routing::{any, get, post},
};
use leptos::config::LeptosOptions;
use std::sync::Arc;
use tower_http::{
    compression::{CompressionLayer, DefaultPredicate, Predicate, predicate::NotForContentType},
    services::ServeDir,
};

/// What handlers share.
#[derive(Clone, Debug)]
pub(super) struct ServerState {
    pub(super) hub: Hub,
    pub(super) origins: Arc<OriginPolicy>,
    pub(super) leptos: LeptosOptions,
    pub(super) reload_port: Option<u16>,
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

/// `/readyz`: whether to send people here. Not while the server ends.
pub(super) async fn readiness(State(hub): State<Hub>) -> (StatusCode, &'static str) {
    match hub.is_open() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "ending"),
    }
}

/// Every route of the server.
pub(super) fn router(state: ServerState) -> Router {
    Router::new()
        .route("/ws", any(socket::upgrade))
        .route("/new", post(pages::new_room))
        .route("/go", get(pages::go))
        .route("/room/{name}/qr.svg", get(pages::qr))
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .merge(site(&state))
        .layer(map_response(headers::secure))
        .with_state(state)
}

/// The files, and the pages for everything else.
fn site(state: &ServerState) -> Router<ServerState> {
    let files = ServeDir::new(state.leptos.site_root.to_string())
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .fallback(pages::page.with_state(state.clone()));
    // The browser app is large and compressed when it is built, or served as it is.
    let compressible = DefaultPredicate::new().and(NotForContentType::new("application/wasm"));
    Router::new().fallback_service(files).layer(CompressionLayer::new().compress_when(compressible))
}
