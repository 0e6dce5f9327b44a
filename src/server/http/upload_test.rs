//! `POST /speed`: receives data from a page to measure its upload speed, and discards it.

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

/// Longer than a page waits for it.
const TIME: Duration = Duration::from_secs(10);
/// What a page may not send.
const TOO_MUCH: &str = "This is more than is needed to find out how fast it goes.";
const TOO_SLOW: &str = "This takes too long. Its time so far says how fast it goes.";

/// Answers when all has arrived.
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
    match timeout(TIME, drain(request.into_body())).await {
        Ok(Some(bytes)) if bytes <= SPEED_BYTES => StatusCode::NO_CONTENT.into_response(),
        Ok(Some(_)) => (StatusCode::PAYLOAD_TOO_LARGE, TOO_MUCH).into_response(),
        Ok(None) => StatusCode::BAD_REQUEST.into_response(),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, TOO_SLOW).into_response(),
    }
}

/// How many bytes there are, as far as that matters; none if the rest does not come.
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
