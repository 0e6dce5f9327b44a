//! The Content Security Policy of the pages.

use super::net::origin::WebOrigin;
use axum::http::HeaderValue;

/// The policy of a page (Content Security Policy Level 3).
#[derive(Debug)]
pub(super) struct PagePolicy {
    /// The part after the nonce.
    rest: String,
}

impl PagePolicy {
    /// Creates the policy. `frames` lists the origins that may embed pages; `reload_port` is that of
    /// `cargo leptos watch`.
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

    /// Returns the header value. The inline start script has the nonce.
    pub(super) fn value(&self, nonce: &str) -> HeaderValue {
        let Self { rest } = self;
        // This cannot fail: a nonce is base64, and ports and origins are ASCII. The fallback allows
        // nothing, as a missing policy would allow everything.
        HeaderValue::try_from(format!("default-src 'none'; script-src 'self' 'nonce-{nonce}{rest}"))
            .unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }
}
