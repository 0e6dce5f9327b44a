//! What browsers are told to refuse.

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

/// Adds what goes with a page that Leptos is rendering: what it may load, run and connect to, and
/// that other sites' windows have no part in it.
pub(super) fn page(response: &ResponseOptions, is_secure: bool, reload_port: Option<u16>) {
    let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    // A nonce is base64 and a port is digits, so this cannot fail; an empty policy would be none,
    // so nothing at all is allowed should it do so.
    let policy = HeaderValue::try_from(content_security_policy(&nonce, reload_port))
        .unwrap_or(HeaderValue::from_static("default-src 'none'"));
    response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Elsewhere browsers ignore it, and say so in the console.
    if is_secure {
        let opener = HeaderName::from_static("cross-origin-opener-policy");
        response.insert_header(opener, HeaderValue::from_static("same-origin"));
    }
}

/// Content Security Policy Level 3. The page's own start script carries the nonce.
fn content_security_policy(nonce: &str, reload_port: Option<u16>) -> String {
    let reload = reload_port
        .map(|port| format!(" ws://127.0.0.1:{port} ws://localhost:{port}"))
        .unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self'; img-src 'self' data:; media-src 'self' blob: mediastream:; \
         connect-src 'self'{reload}; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    )
}
