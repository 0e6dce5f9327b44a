//! TLS (RFC 8446): sources of certificates, and the handshake.

use super::{
    acme::{self, Acme, Parts},
    certificate::{self, Lifetime, Loaded},
};
use crate::server::{data::dir::DataDir, error::ServerError};
use rustls_acme::is_tls_alpn_challenge;
use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::{Notify, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{
    LazyConfigAcceptor,
    rustls::{ServerConfig, server::Acceptor},
    server::TlsStream,
};
use tracing::{info, warn};

/// Interval for checking the certificate files for changes.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
pub(crate) const HTTPS_PORT: u16 = 443;

/// Background tasks that keep the certificate up to date, until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    tasks: JoinSet<()>,
    pub(crate) certificates: Certificates,
}

/// Handle for reloading the certificate files.
#[derive(Clone, Debug, Default)]
pub struct Certificates(Option<Arc<Notify>>);

impl Certificates {
    /// Reloads the files, even if they have not changed. The result is logged.
    pub fn reload(&self) {
        match &self.0 {
            Some(asked) => asked.notify_one(),
            None => info!("there are no certificate files to reload"),
        }
    }
}

/// Source of the server's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Https {
    /// Plain HTTP, for this machine only or for a proxy that terminates TLS.
    #[default]
    Off,
    /// PEM files that another program renews.
    Files {
        /// The certificate, followed by its intermediate certificates.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// An ACME certificate authority.
    Acme(Acme),
}

impl Https {
    /// The names that the certificate is for.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::Off => Vec::new(),
            Self::Files { certificate, .. } => certificate::names(certificate),
            Self::Acme(acme) => acme.domains.clone(),
        }
    }

    pub(crate) fn origin(&self, local: SocketAddr) -> String {
        let named = |acme: &Acme| acme.domains.first().cloned();
        match self {
            Self::Off => format!("http://{local}"),
            Self::Files { .. } => format!("https://{local}"),
            Self::Acme(acme) => match (named(acme).unwrap_or_default(), local.port()) {
                (name, HTTPS_PORT) => format!("https://{name}"),
                (name, port) => format!("https://{name}:{port}"),
            },
        }
    }
}

/// TLS configurations for handshakes.
#[derive(Debug)]
pub(crate) struct Tls {
    usual: watch::Receiver<Arc<ServerConfig>>,
    /// Answers ACME challenges.
    challenge: Option<Arc<ServerConfig>>,
}

impl Tls {
    /// Loads the certificate, or starts to obtain one.
    pub(crate) fn open(
        https: &Https,
        data: &DataDir,
    ) -> Result<(Option<Self>, Keeper), ServerError> {
        let mut keeper = Keeper::default();
        let tls = match https {
            Https::Off => None,
            Https::Files { certificate, key } => {
                let files = Files { certificate: certificate.clone(), key: key.clone() };
                let stamps = files.stamps();
                let (sender, usual) = watch::channel(files.load()?);
                let asked = Arc::new(Notify::new());
                keeper.certificates = Certificates(Some(asked.clone()));
                keeper.tasks.spawn(files.keep(stamps, asked, sender));
                Some(Self { usual, challenge: None })
            }
            Https::Acme(acme) => {
                let Parts { usual, challenge, state } = acme.open(&data.path()?)?;
                keeper.tasks.spawn(acme::keep(state));
                let (_, usual) = watch::channel(usual);
                Some(Self { usual, challenge: Some(challenge) })
            }
        };
        Ok((tls, keeper))
    }

    /// Performs the handshake. Returns none for an ACME challenge, after which the connection ends.
    pub(crate) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<Option<TlsStream<S>>> {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        if let Some(challenge) = &self.challenge
            && is_tls_alpn_challenge(&start.client_hello())
        {
            start.into_stream(challenge.clone()).await?.shutdown().await?;
            return Ok(None);
        }
        let usual = self.usual.borrow().clone();
        start.into_stream(usual).await.map(Some)
    }
}

/// A certificate and its key, in files.
#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// Identifies a version of a file: device, inode, size and modification time.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

impl Files {
    fn stamps(&self) -> [Stamp; 2] {
        [&self.certificate, &self.key].map(|path| {
            let data = fs::metadata(path).ok()?;
            Some((data.dev(), data.ino(), data.size(), data.mtime(), data.mtime_nsec()))
        })
    }

    /// Loads the files. A certificate that browsers reject is used with a warning: without one, nobody
    /// could connect at all.
    fn load(&self) -> Result<Arc<ServerConfig>, ServerError> {
        let Loaded { config, lifetime } = certificate::load(&self.certificate, &self.key)?;
        let doubt = |lifetime: Lifetime| lifetime.doubt(&self.certificate, SystemTime::now());
        if let Some(doubt) = lifetime.and_then(doubt) {
            warn!("{doubt}");
        }
        Ok(config)
    }

    /// Reloads the files when they change or on request. Invalid files are ignored.
    async fn keep(
        self,
        mut seen: [Stamp; 2],
        asked: Arc<Notify>,
        sender: watch::Sender<Arc<ServerConfig>>,
    ) {
        loop {
            let is_asked = timeout(POLL_INTERVAL, asked.notified()).await.is_ok();
            let stamps = self.stamps();
            let has_changed = stamps != seen;
            if !has_changed && !is_asked {
                continue;
            }
            seen = stamps;
            match self.load() {
                Ok(config) => {
                    sender.send_replace(config);
                    match has_changed {
                        true => info!("reloaded the certificate, which has changed"),
                        false => info!("reloaded the certificate, which has not changed"),
                    }
                }
                Err(error) => warn!("{error} The previous certificate stays in use."),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::acme::LETS_ENCRYPT, *};

    #[test]
    fn the_origin_has_the_certificates_name() {
        let local: SocketAddr = "[::]:443".parse().unwrap();
        let acme = Acme {
            domains: vec!["call.example.org".into(), "www.example.org".into()],
            contact: None,
            directory: LETS_ENCRYPT.into(),
            authority: None,
        };
        let acme = Https::Acme(acme);
        assert_eq!(acme.origin(local), "https://call.example.org");
        let other = "[::]:8443".parse().unwrap();
        assert_eq!(acme.origin(other), "https://call.example.org:8443");
        assert_eq!(Https::Off.origin(local), "http://[::]:443");
    }
}
