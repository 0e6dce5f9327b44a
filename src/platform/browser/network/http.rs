//! HTTP requests to the server.

use crate::platform::browser::INSTANT;
use js_sys::{Promise, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response, window};

/// Minimum size in bytes of a download whose rate is measured: a smaller one mostly measures the round
/// trip.
const WORTH_MEASURING: f64 = 50_000.0;

/// The host and port of this page's server.
#[must_use]
pub fn own_host() -> String {
    window().and_then(|window| window.location().host().ok()).unwrap_or_default()
}

/// Sends a request to the server, and returns the response: `None` if there was none, an empty text if
/// the server does not know the path.
pub async fn ask_server(path: &str) -> Option<String> {
    let init = RequestInit::new();
    // Browsers send no `Origin` with GET.
    init.set_method("POST");
    let answer = response(window()?.fetch_with_str_and_init(path, &init)).await?;
    match answer.status() {
        200 => JsFuture::from(answer.text().ok()?).await.ok()?.as_string(),
        404 | 405 => Some(String::new()),
        _ => None,
    }
}

/// Fetches one of this build's files into the browser's cache, and returns whether that succeeded.
pub(in crate::platform::browser) async fn prefetch_file(path: &str) -> bool {
    let fetch = async {
        let answer = response(window()?.fetch_with_str(path)).await?;
        JsFuture::from(answer.text().ok()?).await.ok().filter(|_| answer.ok())
    };
    fetch.await.is_some()
}

/// The response to a request, if there is one.
pub(super) async fn response(request: Promise) -> Option<Response> {
    JsFuture::from(request).await.ok()?.dyn_into().ok()
}

/// The download rate of this page's largest file in bits per second, if it came over the network (W3C
/// Resource Timing, section 4.3). A lower bound.
#[must_use]
pub fn download_rate() -> Option<f64> {
    let entries = window()?.performance()?.get_entries_by_type("resource");
    let measured = entries.iter().filter_map(|entry| {
        let number = |name: &str| Reflect::get(&entry, &name.into()).ok()?.as_f64();
        let (bytes, carried) = (number("encodedBodySize")?, number("transferSize")?);
        let millis = number("responseEnd")? - number("requestStart")?;
        // Browsers round times: a fast download may have a duration of zero.
        let seconds = millis.max(0.0) / 1000.0 + INSTANT.as_secs_f64();
        (carried >= bytes).then_some((bytes, bytes * 8.0 / seconds))
    });
    let largest = measured.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (largest.0 >= WORTH_MEASURING).then_some(largest.1)
}
