//! Whether the server is there, and whether to send people to it.

use super::guard;
use crate::server::hub::Hub;
use axum::{
    Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::get,
};

/// What load balancers and operators ask.
pub(crate) fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Hub: FromRef<S>,
{
    Router::new()
        .route("/healthz", get(health).options(guard::options))
        .route("/readyz", get(readiness).options(guard::options))
}

/// `/healthz`: the program runs.
async fn health() -> &'static str {
    "ok"
}

/// `/readyz`: whether to send people here. Not while the server ends, nor when its rooms do not
/// answer.
pub(crate) async fn readiness(State(hub): State<Hub>) -> (StatusCode, &'static str) {
    match (hub.is_open(), hub.people().await) {
        (true, Some(_)) => (StatusCode::OK, "ready"),
        (true, None) if hub.is_open() => {
            (StatusCode::SERVICE_UNAVAILABLE, "the rooms do not answer")
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "ending"),
    }
}
