//! `GET /room/{name}/qr.svg`: a room's link, to be photographed by a phone.

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

/// Side of a picture in pixels, should nothing else scale it.
const SIDE: u32 = 240;
/// How many pictures are kept, of some 20 KB each.
const KEPT: usize = 64;

/// The QR codes that were requested last: a person alone in a room requests the same one again.
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

    /// The picture of a link, unless it is too long for one.
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

/// Answers with the picture of the address that was used.
pub(crate) async fn picture(
    State(state): State<AppState>,
    Extension(pictures): Extension<Arc<Pictures>>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    // What is no UTF-8 is no name either.
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
    fn t29_a_picture_is_drawn_once() {
        let pictures = Pictures::default();
        let link = "https://call.example.org/room/123";
        let first = pictures.of(link.to_owned()).unwrap();
        let second = pictures.of(link.to_owned()).unwrap();
        assert_eq!(first.as_ptr(), second.as_ptr());
    }

    #[test]
    fn t33_few_pictures_are_kept() {
        let pictures = Pictures::default();
        for number in 0..=KEPT {
            pictures.keep(number.to_string(), Bytes::new());
        }
        assert_eq!(pictures.0.lock().unwrap().len(), KEPT);
        assert_eq!(pictures.get("0"), None);
        assert!(pictures.get("1").is_some() && pictures.get(&KEPT.to_string()).is_some());
    }
}
