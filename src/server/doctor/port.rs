//! Addresses to listen on, and who listens there already.

use super::{ANSWER_WITHIN, Finding};
use crate::server::{config::Config, tls};
use std::{io, net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};

const ASK: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// What Salon says on an address when it is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    Http,
    Https,
    /// Plain http, which leads to https.
    Redirect,
}

/// Tries every address that the server would listen on.
pub(super) async fn examine(config: &Config, mut tell: impl FnMut(Finding)) {
    let is_secure = config.https != tls::Https::Off;
    let pages = if is_secure { Speech::Https } else { Speech::Http };
    tell(finding(config.listen, pages, "--listen (SALON_LISTEN)").await);
    if let Some(address) = config.http {
        tell(finding(address, Speech::Redirect, "--http (SALON_HTTP)").await);
    }
    if let Some(address) = config.metrics {
        tell(finding(address, Speech::Http, "--metrics (SALON_METRICS)").await);
    }
}

async fn finding(address: SocketAddr, speech: Speech, option: &str) -> Finding {
    let Err(error) = TcpListener::bind(address).await else {
        return Finding::fine(format!("{address} is free to listen on."));
    };
    let fix = match error.kind() {
        io::ErrorKind::AddrInUse if is_salon(address, speech).await => {
            return Finding::fine(format!(
                "A server that is healthy listens on {address} already."
            ));
        }
        io::ErrorKind::AddrInUse => format!(
            "End the program that uses it (ss -ltnp names it) or choose another with {option}."
        ),
        io::ErrorKind::PermissionDenied => format!(
            "Choose a port from 1024 on with {option}, or give the program CAP_NET_BIND_SERVICE."
        ),
        _ => format!("Choose an address of this machine with {option}."),
    };
    Finding::problem(format!("Cannot listen on {address}: {error}. {fix}"))
}

/// Whether `/healthz` is answered there as Salon does.
async fn is_salon(address: SocketAddr, speech: Speech) -> bool {
    let ask = async {
        let stream = TcpStream::connect(address).await?;
        let answer = match speech {
            Speech::Https => healthz(over_tls(stream).await?).await?,
            Speech::Http | Speech::Redirect => healthz(stream).await?,
        };
        let (status, end) = match speech {
            Speech::Redirect => ("HTTP/1.1 308", "\r\n\r\n"),
            Speech::Http | Speech::Https => ("HTTP/1.1 200", "\r\n\r\nok"),
        };
        Ok::<_, io::Error>(answer.starts_with(status) && answer.ends_with(end))
    };
    matches!(timeout(ANSWER_WITHIN, ask).await, Ok(Ok(true)))
}

async fn healthz(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<String> {
    stream.write_all(ASK).await?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn over_tls(stream: TcpStream) -> io::Result<impl AsyncRead + AsyncWrite + Unpin> {
    let provider = tls::provider();
    let anyone = Anyone(provider.signature_verification_algorithms);
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(anyone))
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// Talks to whoever is there. It is asked how it does and told nothing, and whether browsers trust
/// its certificate is looked at elsewhere.
#[derive(Debug)]
struct Anyone(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
