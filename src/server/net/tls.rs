//! TLS (RFC 8446) in the server itself: where certificates come from, and the handshake.

use super::{
    acme::{self, Acme, Parts},
    certificate::{self, Lifetime, Loaded},
};
use crate::server::{data::folder::DataFolder, error::ServerError};
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

/// How often the files of a certificate are looked at.
const LOOK: Duration = Duration::from_secs(1);
pub(crate) const HTTPS_PORT: u16 = 443;

/// What runs beside the server so that its certificate is always the newest, until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    tasks: JoinSet<()>,
    pub(crate) certificates: Certificates,
}

/// Where the server's certificate comes from, to have it read again.
#[derive(Clone, Debug, Default)]
pub struct Certificates(Option<Arc<Notify>>);

impl Certificates {
    /// Has the files read again, whether they have changed or not. The log says what came of it.
    pub fn read_again(&self) {
        match &self.0 {
            Some(asked) => asked.notify_one(),
            None => info!("there are no certificate files to read again"),
        }
    }
}

/// Whether the server speaks TLS, and with whose certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Https {
    /// Plain http, for this machine alone or for a proxy that speaks TLS.
    #[default]
    Off,
    /// PEM files that somebody else keeps up to date.
    Files {
        /// The certificate, followed by those that lead to its authority.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// The server gets its certificates by itself.
    Acme(Acme),
}

impl Https {
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

/// What handshakes are made with.
#[derive(Debug)]
pub(crate) struct Tls {
    usual: watch::Receiver<Arc<ServerConfig>>,
    /// For an authority that looks whether a name is this server's.
    challenge: Option<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the certificate, or begins to get one.
    pub(crate) fn open(
        https: &Https,
        data: &DataFolder,
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
                let Parts { usual, challenge, state } = acme.open(&data.folder()?)?;
                keeper.tasks.spawn(acme::keep(state));
                let (_, usual) = watch::channel(usual);
                Some(Self { usual, challenge: Some(challenge) })
            }
        };
        Ok((tls, keeper))
    }

    /// Nothing remains of a connection that only was to show whose name this is.
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

/// Tells one state of a file from another: device, inode, size and time of change.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

impl Files {
    fn stamps(&self) -> [Stamp; 2] {
        [&self.certificate, &self.key].map(|path| {
            let data = fs::metadata(path).ok()?;
            Some((data.dev(), data.ino(), data.size(), data.mtime(), data.mtime_nsec()))
        })
    }

    /// What browsers will refuse is used all the same: nobody would come in without it, either.
    fn load(&self) -> Result<Arc<ServerConfig>, ServerError> {
        let Loaded { config, lifetime } = certificate::load(&self.certificate, &self.key)?;
        let doubt = |lifetime: Lifetime| lifetime.doubt(&self.certificate, SystemTime::now());
        if let Some(doubt) = lifetime.and_then(doubt) {
            warn!("{doubt}");
        }
        Ok(config)
    }

    /// Reads them again whenever they change, or somebody asks. What is wrong stays unused.
    async fn keep(
        self,
        mut seen: [Stamp; 2],
        asked: Arc<Notify>,
        sender: watch::Sender<Arc<ServerConfig>>,
    ) {
        loop {
            let is_asked = timeout(LOOK, asked.notified()).await.is_ok();
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
                        true => info!("the certificate has changed"),
                        false => info!("the certificate was read again and is as before"),
                    }
                }
                Err(error) => warn!("{error} The one from before stays in use."),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::acme::LETS_ENCRYPT, *};

    #[test]
    fn people_are_told_the_name_that_the_certificate_is_for() {
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
