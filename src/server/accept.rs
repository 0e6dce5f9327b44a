//! From a listening address to the router: who is let in, over what, and for how long they may be
//! silent.

use super::{
    address::TrustedProxies,
    limits::Limits,
    quota::{Permit, Quotas, Refusal},
    tls::Tls,
};
use axum::{Extension, Router, middleware::AddExtension, response::IntoResponse};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tower::Layer;
use tracing::{debug, info, warn};

/// How long to wait for a descriptor to be free again.
const EXHAUSTED_WAIT: Duration = Duration::from_millis(100);
/// So many refusals are put into words at a time; whoever else is refused is only cut off.
const REFUSALS: usize = 64;
/// How long a trusted proxy may keep a connection idle. Proxies end them after a minute or two; were
/// the server first, a request could be on its way by then.
const PROXY_IDLE: Duration = Duration::from_secs(180);
/// How long a refused client may take to read why.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// The other end of a connection; every request carries it.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    /// None for a trusted proxy: it connects for many.
    pub(super) permit: Option<Permit>,
}

/// What all connections to one address go through.
#[derive(Debug)]
pub(super) struct Entrance {
    quotas: Arc<Quotas>,
    proxies: Arc<TrustedProxies>,
    /// How long a handshake and the header of a request may take, and how long a connection that is
    /// not a trusted proxy's may be idle.
    patience: Duration,
    /// How long a client may take none of what is written to it.
    unread: Duration,
    tls: Option<Tls>,
    refusals: Arc<Semaphore>,
}

impl Entrance {
    pub(super) fn new(
        limits: &Limits,
        quotas: Arc<Quotas>,
        proxies: Arc<TrustedProxies>,
        tls: Option<Tls>,
    ) -> Arc<Self> {
        let refusals = Arc::new(Semaphore::new(REFUSALS));
        let (patience, unread) = (limits.patience, limits.unread());
        Arc::new(Self { quotas, proxies, patience, unread, tls, refusals })
    }

    /// The same for an address where nobody speaks TLS.
    pub(super) fn without_tls(&self) -> Arc<Self> {
        Arc::new(Self {
            quotas: self.quotas.clone(),
            proxies: self.proxies.clone(),
            patience: self.patience,
            unread: self.unread,
            tls: None,
            refusals: self.refusals.clone(),
        })
    }

    /// Lets clients in until `stop` comes, and returns when the last request is answered.
    pub(super) async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        router: Router,
        stop: impl Future<Output = ()>,
    ) {
        // Sent once, to end. It is closed when every connection has dropped its end.
        let (ending, connections) = watch::channel(());
        let mut stop = pin!(stop);
        let mut is_exhausted = false;
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stop => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => {
                    if std::mem::take(&mut is_exhausted) {
                        info!("connections are accepted again");
                    }
                    self.clone().receive(stream, address, &router, connections.clone());
                }
                Err(error) if is_only_theirs(&error) => debug!(%error, "gone before accepted"),
                Err(error) => {
                    if !std::mem::replace(&mut is_exhausted, true) {
                        warn!(%error, "no connection can be accepted for now; calls go on");
                    }
                    sleep(EXHAUSTED_WAIT).await;
                }
            }
        }
        drop((listener, connections));
        ending.send_replace(());
        ending.closed().await;
    }

    fn receive(
        self: Arc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        router: &Router,
        ending: watch::Receiver<()>,
    ) {
        let address = address.ip();
        let permit = match self.proxies.trusts(address) {
            true => None,
            false => match self.quotas.connect(address.into()) {
                Ok(permit) => Some(permit),
                Err(refusal) => return self.refuse(stream, refusal),
            },
        };
        let header = if permit.is_some() { self.patience } else { PROXY_IDLE };
        let peer = Arc::new(Peer { address, permit });
        let service = Extension(peer).layer(router.clone());
        tokio::spawn(async move {
            without_delay(&stream);
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(self.unread));
            let stream = Box::pin(stream);
            match &self.tls {
                None => speak(stream, service, header, ending).await,
                Some(tls) => match timeout(self.patience, tls.handshake(stream)).await {
                    Ok(Ok(Some(stream))) => speak(stream, service, header, ending).await,
                    Ok(Ok(None)) => debug!("a certificate authority has looked in"),
                    Ok(Err(error)) => debug!(%error, "no TLS"),
                    Err(_) => debug!("the TLS handshake took too long"),
                },
            }
        });
    }

    /// Says why, where that costs little: over TLS it would take a handshake.
    fn refuse(self: Arc<Self>, stream: TcpStream, refusal: Refusal) {
        debug!(%refusal);
        if self.tls.is_some() {
            return;
        }
        let Ok(turn) = self.refusals.clone().try_acquire_owned() else { return };
        tokio::spawn(async move {
            let _ = timeout(REFUSAL_TIME, say_no(stream, refusal)).await;
            drop(turn);
        });
    }
}

/// HTTP/1.1 until the connection ends or becomes a WebSocket. The header of a request has to be
/// there within `header` after the last answer.
async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    service: AddExtension<Router, Arc<Peer>>,
    header: Duration,
    mut ending: watch::Receiver<()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header);
    let service = TowerToHyperService::new(service);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = ending.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection broke");
    }
}

/// Answers whatever is asked. Hanging up while a request is unread would reset the connection (RFC
/// 9293, section 3.6.1), and the client might never see why: so it is read.
async fn say_no(mut stream: TcpStream, refusal: Refusal) -> io::Result<()> {
    let status = refusal.into_response().status();
    let sentence = refusal.to_string();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{sentence}",
        sentence.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut unread = [0; 1024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

/// Whether accepting failed for the sake of one client, so that the next may be luckier.
fn is_only_theirs(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// Messages are small and each one waits for the last: sending at once beats sending together.
fn without_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "cannot set TCP_NODELAY");
    }
}
