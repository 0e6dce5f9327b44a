//! What browsers are told to refuse.

use super::origin::WebOrigin;
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};
use leptos::nonce::use_nonce;
use leptos_axum::ResponseOptions;

/// Goes with every response. Of the powerful features, only those are named that browsers know:
/// Chromium writes a line to the console for every other one.
const EVERYWHERE: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // The address of a page is the key to its room.
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), \
         accelerometer=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), midi=(), \
         payment=(), serial=(), usb=()",
    ),
];

/// Adds what goes with every response. What may be stored is asked for again before each use.
pub(super) async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in EVERYWHERE {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let revalidate = HeaderValue::from_static("no-cache");
    headers.entry(header::CACHE_CONTROL).or_insert(revalidate);
    response
}

/// Keeps a page out of search engines: the address of a room is the key to it, and its page names
/// who is inside.
pub(super) fn hide(response: &mut Response) {
    let robots = HeaderName::from_static("x-robots-tag");
    response.headers_mut().insert(robots, HeaderValue::from_static("noindex, nofollow"));
}

/// Tells browsers to come over https alone from now on, for two years (RFC 6797).
pub(super) async fn only_https(mut response: Response) -> Response {
    let policy = HeaderValue::from_static("max-age=63072000");
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, policy);
    response
}

/// Whether the asking browser trusts this address, by https or because it is its own machine: only
/// then does it say what it asks for (W3C Fetch Metadata, section 2).
pub(super) fn is_secure(request: &HeaderMap) -> bool {
    request.contains_key("sec-fetch-dest")
}

/// What a page may load, run and connect to, and who may show it within a page of theirs (Content
/// Security Policy Level 3).
#[derive(Debug)]
pub(super) struct PagePolicy {
    /// All of it that follows the nonce.
    rest: String,
}

impl PagePolicy {
    /// `reload_port` is that of `cargo leptos watch`.
    pub(super) fn new(frames: &[WebOrigin], reload_port: Option<u16>) -> Self {
        let reload = reload_port
            .map(|port| format!(" ws://127.0.0.1:{port} ws://localhost:{port}"))
            .unwrap_or_default();
        let frames = match frames {
            [] => "'none'".to_owned(),
            _ => frames.iter().map(WebOrigin::to_string).collect::<Vec<_>>().join(" "),
        };
        let rest = format!(
            "' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
             media-src 'self' blob: mediastream:; connect-src 'self'{reload}; \
             manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {frames}"
        );
        Self { rest }
    }

    /// The page's own start script carries the nonce.
    fn value(&self, nonce: &str) -> HeaderValue {
        let Self { rest } = self;
        // A nonce is base64, a port is digits and an origin is plain, so this cannot fail; an empty
        // policy would be none, so nothing at all is allowed should it do so.
        HeaderValue::try_from(format!("default-src 'none'; script-src 'self' 'nonce-{nonce}{rest}"))
            .unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }
}

/// Adds what goes with a page that Leptos is rendering: its policy, and that other sites' windows
/// have no part in it.
pub(super) fn page(response: &ResponseOptions, is_secure: bool, policy: &PagePolicy) {
    let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    response.insert_header(header::CONTENT_SECURITY_POLICY, policy.value(&nonce));
    response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Elsewhere browsers ignore it, and say so in the console.
    if is_secure {
        let opener = HeaderName::from_static("cross-origin-opener-policy");
        response.insert_header(opener, HeaderValue::from_static("same-origin"));
    }
}
