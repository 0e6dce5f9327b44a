//! The policy of the pages.

use super::net::origin::WebOrigin;
use axum::http::HeaderValue;

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
    pub(super) fn value(&self, nonce: &str) -> HeaderValue {
        let Self { rest } = self;
        // A nonce is base64, a port is digits and an origin is plain, so this cannot fail; an empty
        // policy would be none, so nothing at all is allowed should it do so.
        HeaderValue::try_from(format!("default-src 'none'; script-src 'self' 'nonce-{nonce}{rest}"))
            .unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }
}
