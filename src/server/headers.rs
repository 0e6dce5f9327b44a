//! What browsers are told to refuse.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};

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
