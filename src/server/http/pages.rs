//! Handlers of the pages.

use super::html::shell;
use crate::{
    protocol::{Boot, FreshRoom, NoRoom, Page, RoomLink, RoomName},
    server::{
        credentials::tokens::TokenSigner,
        csp::PagePolicy,
        headers,
        net::{origin, refusals::Reason},
        state::AppState,
    },
    storage::host_link,
};
use axum::{
    extract::{Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use leptos::{
    context::{provide_context, use_context},
    nonce::use_nonce,
};
use leptos_axum::ResponseOptions;
use serde::Deserialize;
use tracing::error;

/// Query parameter of the start page with the code of an invalid room name or link.
const PROBLEM: &str = "problem=";

/// The page that a path leads to.
#[derive(Debug, PartialEq, Eq)]
enum PagePath {
    /// The start page.
    Home,
    /// A room's page.
    Room(RoomName),
    /// A room's page under a URL that is not canonical.
    Misspelt(RoomLink),
    /// No page.
    NotFound,
}

impl PagePath {
    fn of(path: &str) -> Self {
        if path == "/" {
            return Self::Home;
        }
        let Some(rest) = path.strip_prefix("/room/") else { return Self::NotFound };
        match rest.parse::<RoomName>() {
            Ok(room) if room.as_str() == rest => Self::Room(room),
            _ => RoomLink::in_address(rest).map_or(Self::NotFound, Self::Misspelt),
        }
    }
}

/// Renders the page of a path.
pub(crate) async fn page(State(state): State<AppState>, request: Request) -> Response {
    let path = PagePath::of(request.uri().path());
    let Some(origin) = origin::of_request(request.headers(), state.is_secure) else {
        // Some load balancers use HEAD / as a health check, without `Host`.
        return match (request.method(), path) {
            (&Method::HEAD, PagePath::Home) => StatusCode::OK.into_response(),
            _ => {
                state.refusals.note(Reason::NoHost);
                (StatusCode::BAD_REQUEST, origin::NO_HOST).into_response()
            }
        };
    };
    let page = match path {
        PagePath::Home => Page::Home {
            problem: request
                .uri()
                .query()
                .and_then(|query| query.strip_prefix(PROBLEM))
                .and_then(NoRoom::of_code),
            fresh: fresh_room(&state.secret),
        },
        PagePath::Room(name) => {
            let state = state.hub.state(name.clone()).await.unwrap_or_default();
            Page::Room { name, state }
        }
        PagePath::Misspelt(RoomLink { room, secret }) => {
            let query = request.uri().query().map(|query| format!("?{query}"));
            let fragment = secret.map(|secret| format!("#{secret}"));
            let [query, fragment] = [query, fragment].map(Option::unwrap_or_default);
            return Redirect::permanent(&format!("/room/{room}{query}{fragment}")).into_response();
        }
        PagePath::NotFound => Page::NotFound,
    };
    let missing = page == Page::NotFound;
    let is_public = matches!(page, Page::Home { .. });
    let host = origin::host(request.headers()).ok().flatten();
    let ice_urls = host.map(|host| state.reach.turn_credentials.urls(&host)).unwrap_or_default();
    let boot = Boot { origin, page, ice_urls };
    let mut response = render(state, boot, request).await;
    if missing {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    if !is_public {
        headers::hide(&mut response);
    }
    response
}

async fn render(state: AppState, boot: Boot, request: Request) -> Response {
    let AppState { leptos, site, policy, .. } = state;
    let names = site.names();
    let is_secure = headers::is_secure(request.headers());
    let context = move || {
        provide_context(boot.clone());
        if let Some(response) = use_context::<ResponseOptions>() {
            add_headers(&response, is_secure, &policy);
        }
    };
    let render = leptos_axum::render_app_to_stream_with_context(context, move || {
        shell(leptos.clone(), &names)
    });
    render(request).await
}

/// Adds the headers of a page that Leptos is rendering: the CSP, and isolation from windows of other
/// sites.
fn add_headers(response: &ResponseOptions, is_secure: bool, policy: &PagePolicy) {
    let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    response.insert_header(header::CONTENT_SECURITY_POLICY, policy.value(&nonce));
    response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // On insecure origins browsers ignore it with a warning in the console.
    if is_secure {
        let opener = HeaderName::from_static("cross-origin-opener-policy");
        response.insert_header(opener, HeaderValue::from_static("same-origin"));
    }
}

/// Creates the name of a new room and its host key.
fn fresh_room(secret: &TokenSigner) -> Option<FreshRoom> {
    let mut bits = [0; 8];
    if let Err(error) = getrandom::fill(&mut bits) {
        error!(%error, "cannot create a room name: no randomness");
        return None;
    }
    let room = RoomName::from_random(bits);
    let key = secret.host_key(&room, 0)?;
    Some(FreshRoom { room, key })
}

/// `POST /new`: redirects to a new room. The host key is in the fragment, which browsers never send.
pub(crate) async fn new_room(State(state): State<AppState>) -> Response {
    match fresh_room(&state.secret) {
        Some(FreshRoom { room, key }) => {
            Redirect::to(&host_link(&format!("/room/{room}"), &key)).into_response()
        }
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The form on the start page.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    room: String,
}

/// `GET /go?room=`: redirects to the room with the name or link that was entered.
pub(crate) async fn go(
    State(state): State<AppState>,
    headers: HeaderMap,
    typed: Result<Query<Typed>, QueryRejection>,
) -> Redirect {
    let Query(typed) = typed.unwrap_or_default();
    let origin = origin::of_request(&headers, state.is_secure).unwrap_or_default();
    match RoomLink::read(&typed.room, &origin) {
        Ok(RoomLink { room, secret: None }) => Redirect::to(&format!("/room/{room}")),
        Ok(RoomLink { room, secret: Some(secret) }) => {
            Redirect::to(&format!("/room/{room}#{secret}"))
        }
        Err(problem) => Redirect::to(&format!("/?{PROBLEM}{}", problem.code())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_urls_are_canonical() {
        let room = |name: &str| name.parse::<RoomName>().unwrap();
        assert_eq!(PagePath::of("/room/standup"), PagePath::Room(room("standup")));
        let misspelt = || PagePath::Misspelt(RoomLink { room: room("standup"), secret: None });
        assert_eq!(PagePath::of("/room/Standup"), misspelt());
        assert_eq!(PagePath::of("/room/standup/"), misspelt());
        assert_eq!(PagePath::of("/room/standup."), misspelt());
        assert_eq!(PagePath::of("/room/two%20words"), PagePath::NotFound);
        assert_eq!(PagePath::of("/room/"), PagePath::NotFound);
        assert_eq!(PagePath::of("/"), PagePath::Home);
        assert_eq!(PagePath::of("/rooms"), PagePath::NotFound);
    }
}
