//! The cryptography of TLS.

use std::sync::Arc;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};

/// Returns ring, which builds with only a C compiler.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
