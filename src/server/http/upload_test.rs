//! `POST /speed`: discards an upload, with which a page measures its speed.

use crate::{
    protocol::limits::SPEED_BYTES,
    server::{net::connect_info::ConnectInfo, state::AppState},
};
use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// Timeout of an upload; pages give up earlier.
const TIMEOUT: Duration = Duration::from_secs(10);
const TOO_LARGE: &str = "The upload is larger than a speed test needs.";
const TOO_SLOW: &str = "The upload timed out.";

/// Responds after the whole upload was received.
pub(crate) async fn take(
    State(state): State<AppState>,
    Extension(peer): Extension<Arc<ConnectInfo>>,
    request: Request,
) -> Response {
    if let Err(refusal) = state.origins.check(request.headers()) {
        return (StatusCode::FORBIDDEN, refusal.to_string()).into_response();
    }
    let _permit = match state.count(&peer, request.headers()) {
        Ok(permit) => permit,
        Err(refusal) => return refusal.into_response(),
    };
    match timeout(TIMEOUT, drain(request.into_body())).await {
        Ok(Some(bytes)) if bytes <= SPEED_BYTES => StatusCode::NO_CONTENT.into_response(),
        Ok(Some(_)) => (StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE).into_response(),
        Ok(None) => StatusCode::BAD_REQUEST.into_response(),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, TOO_SLOW).into_response(),
    }
}

/// Reads a body up to the limit and returns its size in bytes; none if it is incomplete.
async fn drain(body: Body) -> Option<usize> {
    let (mut chunks, mut bytes) = (body.into_data_stream(), 0);
    while let Some(chunk) = chunks.next().await {
        bytes += chunk.ok()?.len();
        if bytes > SPEED_BYTES {
            break;
        }
    }
    Some(bytes)
}
