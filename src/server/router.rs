//! The routes of the server.

use super::{
    http::{
        guard::{Guard, guarded},
        health, pages,
        qr::{self, Pictures},
        render_pool::{self, RenderPool},
        static_files, upload_test,
    },
    state::AppState,
    ws::upgrade,
};
use crate::protocol::SPEED_PATH;
use axum::{
    Extension, Router,
    extract::FromRef,
    middleware::from_fn_with_state,
    routing::{any, get, post},
};
use std::sync::Arc;
use tower_http::compression::{
    CompressionLayer, DefaultPredicate, Predicate, predicate::NotForContentType,
};

/// Builds the router of the main listener.
pub(super) fn router(state: AppState) -> Router {
    let guard = Guard::from_ref(&state);
    let pool = RenderPool::new(state.quotas.clone(), state.proxies.clone());
    let ordered = from_fn_with_state(pool, render_pool::order);
    let pictures = Extension(Arc::<Pictures>::default());
    let picture = get(qr::picture).layer((pictures, ordered.clone()));
    // Each page is rendered and compressed as a whole before it is sent.
    let pages = compress(Router::new().fallback(any(pages::page)));
    let pages = pages.layer(ordered).with_state(state.clone());
    let routes = Router::new()
        .route("/ws", get(upgrade::upgrade))
        .route("/ws/check", get(upgrade::check).post(upgrade::check))
        .route(SPEED_PATH, post(upload_test::take))
        .route("/new", post(pages::new_room))
        .route("/go", get(pages::go))
        .route("/room/{name}/qr.svg", picture)
        .merge(health::routes())
        .merge(compress(static_files::service(&state.site, pages)))
        .with_state(state);
    guarded(routes, guard)
}

/// Compresses responses that are not compressed yet.
fn compress(routes: Router<AppState>) -> Router<AppState> {
    // The WebAssembly is compressed by the build, or else served uncompressed: it is large.
    let compressible = DefaultPredicate::new().and(NotForContentType::new("application/wasm"));
    routes.layer(CompressionLayer::new().compress_when(compressible))
}
