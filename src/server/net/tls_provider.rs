//! The cryptography that TLS is made with.

use std::sync::Arc;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};

/// Ring, which needs nothing but a C compiler.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
