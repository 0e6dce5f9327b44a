//! Checks of the listen addresses.

use super::{
    finding::{ANSWER_TIMEOUT, Finding},
    insecure_tls::over_tls,
};
use crate::server::{config::Config, net::tls::Https};
use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// What a healthy server speaks on an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http,
    Https,
    /// HTTP that redirects to HTTPS.
    Redirect,
}

/// Checks every listen address. Returns whether a healthy server listens on the main one.
pub(super) async fn examine(config: &Config, mut tell: impl FnMut(Finding)) -> bool {
    let is_secure = config.https != Https::Off;
    let pages = if is_secure { Protocol::Https } else { Protocol::Http };
    let (serving, found) = finding(config.listen, pages, "--listen (SALON_LISTEN)").await;
    tell(found);
    if let Some(address) = config.http_redirect_listen {
        tell(
            finding(
                address,
                Protocol::Redirect,
                "--http-redirect-listen (SALON_HTTP_REDIRECT_LISTEN)",
            )
            .await
            .1,
        );
    }
    if let Some(address) = config.metrics_listen {
        tell(finding(address, Protocol::Http, "--metrics-listen (SALON_METRICS_LISTEN)").await.1);
    }
    serving
}

/// Returns whether Salon listens on the address already, and the finding.
async fn finding(address: SocketAddr, protocol: Protocol, option: &str) -> (bool, Finding) {
    let Err(error) = TcpListener::bind(address).await else {
        return (false, Finding::fine(format!("{address} is free to listen on.")));
    };
    let fix = match error.kind() {
        io::ErrorKind::AddrInUse if is_salon(address, protocol).await => {
            let text = format!("A healthy server already listens on {address}.");
            return (true, Finding::fine(text));
        }
        io::ErrorKind::AddrInUse => format!(
            "Stop the program that uses it (see ss -ltnp) or choose another address with {option}."
        ),
        io::ErrorKind::PermissionDenied => {
            format!("Choose a port from 1024 on with {option}, or grant CAP_NET_BIND_SERVICE.")
        }
        _ => format!("Choose an address of this machine with {option}."),
    };
    (false, Finding::problem(format!("Cannot listen on {address}: {error}. {fix}")))
}

/// Whether `/healthz` is answered as by Salon.
async fn is_salon(address: SocketAddr, protocol: Protocol) -> bool {
    let ask = async {
        let stream = TcpStream::connect(address).await?;
        let answer = match protocol {
            Protocol::Https => healthz(over_tls(stream, "localhost").await?).await?,
            Protocol::Http | Protocol::Redirect => healthz(stream).await?,
        };
        let (status, end) = match protocol {
            Protocol::Redirect => ("HTTP/1.1 308", "\r\n\r\n"),
            Protocol::Http | Protocol::Https => ("HTTP/1.1 200", "\r\n\r\nok"),
        };
        Ok::<_, io::Error>(answer.starts_with(status) && answer.ends_with(end))
    };
    matches!(timeout(ANSWER_TIMEOUT, ask).await, Ok(Ok(true)))
}

async fn healthz(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<String> {
    stream.write_all(REQUEST).await?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer).await?;
    Ok(answer)
}
