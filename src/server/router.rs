//! What the server answers to.

use super::{
    http::{
        guard::{Guard, guarded},
        health, pages,
        qr::{self, Pictures},
        static_files, upload_test,
        workshop::{self, Workshop},
    },
    site::Site,
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

/// Every route of the server.
pub(super) fn router(state: AppState, site: &Site) -> Router {
    let guard = Guard::from_ref(&state);
    let workshop = Workshop::new(state.quotas.clone(), state.proxies.clone());
    let ordered = from_fn_with_state(workshop, workshop::order);
    let pictures = Extension(Arc::<Pictures>::default());
    let picture = get(qr::picture).layer((pictures, ordered.clone()));
    // Each page is worked out and compressed before anything of it is sent.
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
        .merge(compress(static_files::service(site, pages)))
        .with_state(state);
    guarded(routes, guard)
}

/// What is not compressed yet is compressed on the way.
fn compress(routes: Router<AppState>) -> Router<AppState> {
    // The browser app is large and compressed when it is built, or served as it is.
    let compressible = DefaultPredicate::new().and(NotForContentType::new("application/wasm"));
    routes.layer(CompressionLayer::new().compress_when(compressible))
}
