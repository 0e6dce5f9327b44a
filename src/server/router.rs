//! What the server answers to.

use super::{
    address::TrustedProxies, headers, hub::Hub, limits::Limits, origin::OriginPolicy, pages,
    quota::Quotas, socket,
};
use axum::{
    Router,
    handler::Handler,
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
    pub(super) limits: Arc<Limits>,
    pub(super) quotas: Arc<Quotas>,
    pub(super) proxies: Arc<TrustedProxies>,
    pub(super) leptos: LeptosOptions,
    pub(super) reload_port: Option<u16>,
    /// Whether the server itself speaks TLS.
    pub(super) is_secure: bool,
}

/// Every route of the server.
pub(super) fn router(state: ServerState) -> Router {
    Router::new()
        .route("/ws", any(socket::upgrade))
        .route("/new", post(pages::new_room))
        .route("/go", get(pages::go))
        .route("/room/{name}/qr.svg", get(pages::qr))
        .route("/healthz", get(async || "ok"))
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
