//! `GET /room/{name}/qr.svg`: the link of a room as a QR code.

use crate::{
    protocol::RoomName,
    server::{headers, net::origin, state::AppState},
};
use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use qrcode::{QrCode, render::svg};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// Default size of the picture in pixels.
const SIDE: u32 = 240;
/// Maximum number of cached pictures, of about 20 KB each.
const KEPT: usize = 64;

/// Cache of the latest pictures.
#[derive(Debug, Default)]
pub(crate) struct Pictures(Mutex<VecDeque<(String, Bytes)>>);

impl Pictures {
    fn get(&self, link: &str) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(other, _)| other == link).map(|(_, picture)| picture.clone())
    }

    fn keep(&self, link: String, picture: Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT - 1);
        kept.push_front((link, picture));
    }

    /// Returns the picture of a link, or none if the link is too long.
    fn of(&self, link: String) -> Option<Bytes> {
        if let Some(picture) = self.get(&link) {
            return Some(picture);
        }
        let picture = Bytes::from(draw(&link)?);
        self.keep(link, picture.clone());
        Some(picture)
    }
}

fn draw(link: &str) -> Option<String> {
    let code = QrCode::new(link).ok()?;
    let mut picture = code.render::<svg::Color>();
    picture.dark_color(svg::Color("#111")).light_color(svg::Color("#fff"));
    Some(picture.quiet_zone(true).min_dimensions(SIDE, SIDE).build())
}

/// Responds with the picture of the room's link.
pub(crate) async fn picture(
    State(state): State<AppState>,
    Extension(pictures): Extension<Arc<Pictures>>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    // A path that is not UTF-8 is not a room name.
    let room = name.ok().and_then(|Path(name)| name.parse::<RoomName>().ok());
    let Some(room) = room else { return StatusCode::NOT_FOUND.into_response() };
    let origin = origin::of_request(&headers, state.is_secure);
    let link = origin.map(|origin| format!("{origin}/room/{room}"));
    let Some(picture) = link.and_then(|link| pictures.of(link)) else {
        return (StatusCode::BAD_REQUEST, origin::NO_HOST).into_response();
    };
    let kind = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")];
    let mut response = (kind, picture).into_response();
    headers::hide(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t29_a_qr_code_is_rendered_once() {
        let pictures = Pictures::default();
        let link = "https://call.example.org/room/123";
        let first = pictures.of(link.to_owned()).unwrap();
        let second = pictures.of(link.to_owned()).unwrap();
        assert_eq!(first.as_ptr(), second.as_ptr());
    }

    #[test]
    fn t33_cached_qr_codes_are_bounded() {
        let pictures = Pictures::default();
        for number in 0..=KEPT {
            pictures.keep(number.to_string(), Bytes::new());
        }
        assert_eq!(pictures.0.lock().unwrap().len(), KEPT);
        assert_eq!(pictures.get("0"), None);
        assert!(pictures.get("1").is_some() && pictures.get(&KEPT.to_string()).is_some());
    }
}
