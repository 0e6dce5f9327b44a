//! Certificates from an ACME certificate authority (RFC 8555).

use super::tls_provider::provider;
use crate::server::error::ServerError;
use futures_util::StreamExt;
use rustls_acme::{AcmeConfig, AcmeState, caches::DirCache};
use std::{
    fmt,
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, pem::PemObject},
};
use tracing::{info, warn};

/// The default ACME directory.
pub(crate) const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Subdirectory of the data directory with the account and the certificates.
const FOLDER: &str = "acme";

/// ACME settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// Domains of this server; at least one.
    pub domains: Vec<String>,
    /// E-mail address for messages from the authority.
    pub contact: Option<String>,
    /// URL of the authority's directory (RFC 8555, section 7.1.1).
    pub directory: String,
    /// PEM file with the root certificate of the directory's server, if it is not publicly trusted.
    pub authority: Option<PathBuf>,
}

/// TLS configurations with ACME certificates, and the state that [`keep`] drives.
pub(crate) struct Parts {
    pub(crate) usual: Arc<ServerConfig>,
    /// Answers the authority's TLS-ALPN-01 challenges (RFC 8737).
    pub(crate) challenge: Arc<ServerConfig>,
    pub(crate) state: AcmeState<io::Error>,
}

impl Acme {
    /// Prepares ACME. Certificates and account are stored below the directory `data`.
    pub(crate) fn open(&self, data: &Path) -> Result<Parts, ServerError> {
        let folder = data.join(FOLDER);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|error| ServerError::Data { path: folder.clone(), error })?;
        let mut config = AcmeConfig::new(&self.domains)
            .contact(self.contact.iter().map(|address| format!("mailto:{address}")))
            .directory(&self.directory);
        if let Some(path) = &self.authority {
            let trusting = trusting(path).map_err(|problem| {
                let path = path.clone();
                ServerError::Certificate { path, problem }
            })?;
            config = config.client_tls_config(trusting);
        }
        let state = config.cache(DirCache::new(folder)).state();
        let (usual, challenge) = (state.default_rustls_config(), state.challenge_rustls_config());
        Ok(Parts { usual, challenge, state })
    }
}

/// TLS client configuration that trusts the certificates of a file instead of the public authorities.
fn trusting(path: &Path) -> Result<Arc<ClientConfig>, String> {
    let problem = |error: &dyn fmt::Display| error.to_string();
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| problem(&error))? {
        let certificate = certificate.map_err(|error| problem(&error))?;
        roots.add(certificate).map_err(|error| problem(&error))?;
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| problem(&error))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// Obtains and renews certificates for as long as it is polled. Failures are retried with increasing
/// delays.
pub(crate) async fn keep(mut state: AcmeState<io::Error>) {
    while let Some(event) = state.next().await {
        match event {
            Ok(event) => info!(?event, "certificate"),
            Err(error) => warn!(%error, "cannot obtain a certificate; trying again later"),
        }
    }
}
