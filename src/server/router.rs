//! What the server answers to.

use super::{headers, hub::Hub, origin::OriginPolicy, pages, shell::shell, socket};
use crate::app::App;
use axum::{
    Router,
    extract::FromRef,
    handler::Handler,
    middleware::{from_fn_with_state, map_response},
    routing::{any, get, post},
};
use leptos::config::LeptosOptions;
use leptos_axum::{LeptosRoutes, generate_route_list};
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

impl FromRef<ServerState> for LeptosOptions {
    fn from_ref(state: &ServerState) -> Self {
        state.leptos.clone()
    }
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

/// The pages, the files beside them, and the page for everything else.
fn site(state: &ServerState) -> Router<ServerState> {
    let ServerState { leptos, reload_port, .. } = state.clone();
    let root = leptos.site_root.to_string();
    let files = ServeDir::new(root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .not_found_service(pages::not_found.with_state(state.clone()));
    // The browser app is large and compressed when it is built, or served as it is.
    let compressible = DefaultPredicate::new().and(NotForContentType::new("application/wasm"));
    Router::new()
        .leptos_routes_with_context(
            state,
            generate_route_list(App),
            move || pages::context(reload_port),
            move || shell(leptos.clone()),
        )
        .fallback_service(files)
        .layer(from_fn_with_state(state.clone(), pages::prepare))
        .layer(CompressionLayer::new().compress_when(compressible))
}
