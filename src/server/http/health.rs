//! Liveness and readiness.

use super::guard;
use crate::server::hub::Hub;
use axum::{
    Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::get,
};

/// The routes for load balancers and monitoring.
pub(crate) fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Hub: FromRef<S>,
{
    Router::new()
        .route("/healthz", get(health).options(guard::options))
        .route("/readyz", get(readiness).options(guard::options))
}

/// `/healthz`: liveness.
async fn health() -> &'static str {
    "ok"
}

/// `/readyz`: readiness. Fails while the server shuts down and when the hub does not answer.
pub(crate) async fn readiness(State(hub): State<Hub>) -> (StatusCode, &'static str) {
    match (hub.is_open(), hub.participant_count().await) {
        (true, Some(_)) => (StatusCode::OK, "ready"),
        (true, None) if hub.is_open() => {
            (StatusCode::SERVICE_UNAVAILABLE, "the hub does not answer")
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "shutting down"),
    }
}
