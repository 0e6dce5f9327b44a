//! Response headers for security.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};

/// Headers of every response. The permissions policy lists only features that browsers know: Chromium
/// logs a warning to the console for any other.
const EVERYWHERE: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // The URL of a room is a secret.
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), \
         accelerometer=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), midi=(), \
         payment=(), serial=(), usb=()",
    ),
];

/// Adds the headers of every response. By default caches have to revalidate it.
pub(super) async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in EVERYWHERE {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let revalidate = HeaderValue::from_static("no-cache");
    headers.entry(header::CACHE_CONTROL).or_insert(revalidate);
    response
}

/// Keeps a page out of search engines: the URL of a room is a secret, and its page names the
/// participants.
pub(super) fn hide(response: &mut Response) {
    let robots = HeaderName::from_static("x-robots-tag");
    response.headers_mut().insert(robots, HeaderValue::from_static("noindex, nofollow"));
}

/// Tells browsers to use HTTPS only for two years (HSTS, RFC 6797).
pub(super) async fn only_https(mut response: Response) -> Response {
    let policy = HeaderValue::from_static("max-age=63072000");
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, policy);
    response
}

/// Whether the browser considers this origin trustworthy: only then does it send fetch metadata (W3C
/// Fetch Metadata, section 2).
pub(super) fn is_secure(request: &HeaderMap) -> bool {
    request.contains_key("sec-fetch-dest")
}
