//! From plain http to https.

use super::origin;
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Leads every request to the same address over https, at `port`.
pub(super) fn router(port: u16) -> Router {
    Router::new().fallback(async move |request: Request| lead(&request, port))
}

fn lead(request: &Request, port: u16) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let place = origin::secure(request.headers(), port)
        .and_then(|origin| HeaderValue::try_from(format!("{origin}{path}")).ok());
    match place {
        Some(place) => {
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response()
        }
        None => (StatusCode::BAD_REQUEST, origin::NO_HOST).into_response(),
    }
}
