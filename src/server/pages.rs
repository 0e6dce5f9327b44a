//! The pages and the links to them.

use super::{headers, hub::Hub, origin, router::ServerState, shell::shell};
use crate::protocol::{Boot, RoomName};
use axum::{
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use leptos::context::{provide_context, use_context};
use leptos_axum::ResponseOptions;
use qrcode::{QrCode, render::svg};
use serde::Deserialize;

const NO_HOST: &str = "The request does not say which host it is for.";
/// Side of a QR code's picture in pixels, should nothing else scale it.
const QR_SIDE: u32 = 240;

/// What the address of a page says about a room.
#[derive(Debug, PartialEq, Eq)]
enum RoomPath {
    /// Not a room's page.
    Other,
    /// A room's page.
    Room(RoomName),
    /// A room's page with its name written in another way.
    Misspelt(RoomName),
    /// There can be no such room.
    Impossible,
}

impl RoomPath {
    fn of(path: &str) -> Self {
        let Some(rest) = path.strip_prefix("/room/") else { return Self::Other };
        let name = rest.strip_suffix('/').unwrap_or(rest);
        match name.parse::<RoomName>() {
            Ok(room) if room.as_str() == rest => Self::Room(room),
            Ok(room) => Self::Misspelt(room),
            Err(_) => Self::Impossible,
        }
    }
}

/// Finds out what a page needs before it is rendered, and corrects its address.
pub(super) async fn prepare(State(hub): State<Hub>, mut request: Request, next: Next) -> Response {
    let Some(origin) = origin::of_request(request.headers()) else {
        return (StatusCode::BAD_REQUEST, NO_HOST).into_response();
    };
    let path = RoomPath::of(request.uri().path());
    let room = match &path {
        RoomPath::Room(name) => hub.state(name.clone()).await.ok(),
        RoomPath::Misspelt(name) => {
            let query = request.uri().query().map(|query| format!("?{query}"));
            let page = format!("/room/{name}{}", query.unwrap_or_default());
            return Redirect::permanent(&page).into_response();
        }
        RoomPath::Other | RoomPath::Impossible => None,
    };
    request.extensions_mut().insert(Boot { origin, room });
    let mut response = next.run(request).await;
    if path == RoomPath::Impossible && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// Runs within Leptos for each page: hands over what [`prepare`] found out and sets the headers.
pub(super) fn context(reload_port: Option<u16>) {
    let parts = use_context::<Parts>();
    let boot = parts.and_then(|parts| parts.extensions.get::<Boot>().cloned());
    provide_context(boot.unwrap_or_default());
    if let Some(response) = use_context::<ResponseOptions>() {
        headers::page(&response, reload_port);
    }
}

/// The page for an address that leads nowhere.
pub(super) async fn not_found(State(state): State<ServerState>, request: Request) -> Response {
    let ServerState { leptos, reload_port, .. } = state;
    let render = leptos_axum::render_app_to_stream_with_context(
        move || context(reload_port),
        move || shell(leptos.clone()),
    );
    render(request).await
}

/// `POST /new`: leads to a room with a name that nobody can guess.
pub(super) async fn new_room() -> Response {
    let mut bits = [0; 8];
    match getrandom::fill(&mut bits) {
        Ok(()) => Redirect::to(&format!("/room/{}", RoomName::from_random(bits))).into_response(),
        Err(error) => {
            tracing::error!(%error, "no randomness for a room's name");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The form on the home page.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    room: String,
}

/// `GET /go?room=`: leads to the room whose name or link was typed.
pub(super) async fn go(typed: Result<Query<Typed>, QueryRejection>) -> Redirect {
    let Query(typed) = typed.unwrap_or_default();
    match RoomName::from_typed(&typed.room) {
        Ok(room) => Redirect::to(&format!("/room/{room}")),
        Err(_) => Redirect::to("/?problem=bad-name"),
    }
}

/// `GET /room/{name}/qr.svg`: the room's link, to be photographed by a phone.
pub(super) async fn qr(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Ok(room) = name.parse::<RoomName>() else { return StatusCode::NOT_FOUND.into_response() };
    let link = origin::of_request(&headers).map(|origin| format!("{origin}/room/{room}"));
    let Some(code) = link.and_then(|link| QrCode::new(link).ok()) else {
        return (StatusCode::BAD_REQUEST, NO_HOST).into_response();
    };
    let picture = code
        .render::<svg::Color>()
        .dark_color(svg::Color("#111"))
        .light_color(svg::Color("#fff"))
        .quiet_zone(true)
        .min_dimensions(QR_SIDE, QR_SIDE)
        .build();
    let kind = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")];
    (kind, picture).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_has_one_address() {
        let room = |name: &str| name.parse::<RoomName>().unwrap();
        assert_eq!(RoomPath::of("/room/standup"), RoomPath::Room(room("standup")));
        assert_eq!(RoomPath::of("/room/Standup"), RoomPath::Misspelt(room("standup")));
        assert_eq!(RoomPath::of("/room/standup/"), RoomPath::Misspelt(room("standup")));
        assert_eq!(RoomPath::of("/room/two%20words"), RoomPath::Impossible);
        assert_eq!(RoomPath::of("/room/"), RoomPath::Impossible);
        assert_eq!(RoomPath::of("/"), RoomPath::Other);
        assert_eq!(RoomPath::of("/rooms"), RoomPath::Other);
    }
}
