//! TLS (RFC 8446) in the server itself: where certificates come from, and the handshake.

use super::{
    acme::{self, Acme, LETS_ENCRYPT, Parts},
    certificate::{self, Lifetime, Loaded},
    config::DataFolder,
    error::ServerError,
};
use clap::Args;
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
    rustls::{
        ServerConfig,
        crypto::{CryptoProvider, ring},
        server::Acceptor,
    },
    server::TlsStream,
};
use tracing::{info, warn};

/// How often the files of a certificate are looked at.
const LOOK: Duration = Duration::from_secs(1);
pub(super) const HTTPS_PORT: u16 = 443;

/// What runs beside the server so that its certificate is always the newest, until it is dropped.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    tasks: JoinSet<()>,
    pub(super) certificates: Certificates,
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

/// What the options say of https.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct HttpsArgs {
    /// Serve over https with this certificate: a PEM file of it and what leads to its authority
    ///
    /// When this file or that of the key changes, both are read again.
    #[arg(long, env = "SALON_TLS_CERT", hide_env_values = true, value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// The key of that certificate, a PEM file
    #[arg(long, env = "SALON_TLS_KEY", hide_env_values = true, value_name = "FILE")]
    tls_key: Option<PathBuf>,

    /// Serve over https with a certificate for this name, from Let's Encrypt; again for more names
    ///
    /// Agrees to the authority's terms of service. It has to reach this server under the name, at
    /// port 443. In the variable, white space separates the names.
    #[arg(long, env = "SALON_ACME", hide_env_values = true, value_name = "DOMAIN")]
    #[arg(value_parser = domains, verbatim_doc_comment)]
    acme: Vec<Vec<String>>,

    /// An e-mail address to which the authority may write
    #[arg(long, env = "SALON_ACME_CONTACT", hide_env_values = true, value_name = "ADDRESS")]
    acme_contact: Option<String>,

    /// The ACME directory of another authority
    #[arg(long, env = "SALON_ACME_DIRECTORY", hide_env_values = true, value_name = "URL")]
    #[arg(default_value = LETS_ENCRYPT, value_parser = https_url)]
    acme_directory: String,

    /// By whom that directory's own certificate is signed, if not by a public authority: a PEM file
    #[arg(long, env = "SALON_ACME_CA", hide_env_values = true, value_name = "FILE")]
    acme_ca: Option<PathBuf>,

    /// Where to lead from plain http to https, such as [::]:80
    #[arg(long, env = "SALON_HTTP", hide_env_values = true, value_name = "ADDR")]
    #[arg(value_parser = super::config::socket_addr)]
    http: Option<SocketAddr>,
}

impl HttpsArgs {
    /// Where certificates come from, and where to lead from.
    pub(super) fn read(self) -> Result<(Https, Option<SocketAddr>), String> {
        let domains: Vec<_> = self.acme.into_iter().flatten().collect();
        let https = match (self.tls_cert, self.tls_key, domains.is_empty()) {
            (None, None, true) => Https::Off,
            (None, None, false) => Https::Acme(Acme {
                domains,
                contact: self.acme_contact,
                directory: self.acme_directory,
                authority: self.acme_ca,
            }),
            (Some(certificate), Some(key), true) => Https::Files { certificate, key },
            (Some(_), Some(_), false) => {
                let choice = "--tls-cert (SALON_TLS_CERT) and --acme (SALON_ACME)";
                return Err(format!("{choice} exclude each other."));
            }
            (Some(_), None, _) => {
                return Err("--tls-cert (SALON_TLS_CERT) needs --tls-key (SALON_TLS_KEY).".into());
            }
            (None, Some(_), _) => {
                return Err("--tls-key (SALON_TLS_KEY) needs --tls-cert (SALON_TLS_CERT).".into());
            }
        };
        if https == Https::Off && self.http.is_some() {
            let nothing = "--http (SALON_HTTP) needs --acme or --tls-cert";
            return Err(format!("{nothing}: there is no https to lead to."));
        }
        Ok((https, self.http))
    }
}

fn domains(text: &str) -> Result<Vec<String>, String> {
    text.split_whitespace().map(domain).collect()
}

/// RFC 1123, section 2.1.
fn domain(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(is_inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_domain = text.len() <= 253
        && text.split('.').all(is_label)
        && !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_domain
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| format!("{text:?} is no name of a server, such as call.example.org"))
}

fn https_url(text: &str) -> Result<String, String> {
    let is_https = text.parse::<axum::http::Uri>().is_ok() && text.starts_with("https://");
    is_https.then(|| text.to_owned()).ok_or_else(|| format!("{text:?} is no https address"))
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
    pub(super) fn origin(&self, local: SocketAddr) -> String {
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

/// Ring, which needs nothing but a C compiler.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What handshakes are made with.
#[derive(Debug)]
pub(super) struct Tls {
    usual: watch::Receiver<Arc<ServerConfig>>,
    /// For an authority that looks whether a name is this server's.
    challenge: Option<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the certificate, or begins to get one.
    pub(super) fn open(
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
    pub(super) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
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
    use super::*;

    #[test]
    fn domains_are_names_and_not_addresses() {
        for good in ["call.example.org", "Call.Example.ORG", "localhost", "xn--bcher-kva.example"] {
            assert_eq!(domain(good), Ok(good.to_ascii_lowercase()));
        }
        for wrong in ["", ".", "a..b", "call.example.org.", "192.0.2.1", "::1", "a b", "-a.example"]
        {
            assert!(domain(wrong).is_err(), "{wrong}");
        }
    }

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
