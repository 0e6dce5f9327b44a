//! From a listening address to the router: who is let in, over what, and for how long they may be
//! silent.

use super::{
    client_ip::TrustedProxies,
    connect_info::ConnectInfo,
    intake::{FREE_BYTES, Intake, Meter},
    ip_quotas::{IpQuotas, LimitExceeded},
    refusals::{Reason, Refusals},
    tls::Tls,
};
use crate::server::{
    headers,
    limits::{HEADER_BYTES, Limits},
};
use axum::{
    Extension, Router,
    extract::Request,
    http::StatusCode,
    middleware::AddExtension,
    response::{IntoResponse, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, join, split},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tower::Layer;
use tracing::{debug, info, warn};

/// How long to wait for a descriptor to be free again.
const EXHAUSTED_WAIT: Duration = Duration::from_millis(100);
/// How many refusals are put into words at a time; the others are only cut off.
const REFUSALS: usize = 64;
/// How long a trusted proxy may keep a connection idle. Proxies end them after a minute or two; were
/// the server first, a request could be on its way by then.
const PROXY_IDLE: Duration = Duration::from_secs(180);
/// How long a refused client may take to read why.
const REFUSAL_TIME: Duration = Duration::from_secs(1);
/// What a refused client is taken to ask for.
const ANYTHING: &[u8] = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
/// What TLS holds of every handshake anyway.
const HANDSHAKE_BYTES: usize = 4 * 1024;
const TOO_LARGE: &str = "The header of a request has at most 16 KiB here, and at most 100 lines.";

/// What all connections to one address go through.
#[derive(Debug)]
pub(crate) struct Listener {
    quotas: Arc<IpQuotas>,
    proxies: Arc<TrustedProxies>,
    header_timeout: Duration,
    tls_handshake_timeout: Duration,
    send_timeout: Duration,
    tls: Option<Tls>,
    refusals: Arc<Refusals>,
    /// For those who are told why they are refused.
    words: Arc<Semaphore>,
}

impl Listener {
    pub(crate) fn new(
        limits: &Limits,
        quotas: Arc<IpQuotas>,
        proxies: Arc<TrustedProxies>,
        refusals: Arc<Refusals>,
        tls: Option<Tls>,
    ) -> Arc<Self> {
        let words = Arc::new(Semaphore::new(REFUSALS));
        Arc::new(Self {
            quotas,
            proxies,
            header_timeout: limits.header_timeout,
            tls_handshake_timeout: limits.tls_handshake_timeout,
            send_timeout: limits.send_timeout,
            tls,
            refusals,
            words,
        })
    }

    /// The same for an address where nobody speaks TLS.
    pub(crate) fn without_tls(&self) -> Arc<Self> {
        Arc::new(Self {
            quotas: self.quotas.clone(),
            proxies: self.proxies.clone(),
            header_timeout: self.header_timeout,
            tls_handshake_timeout: self.tls_handshake_timeout,
            send_timeout: self.send_timeout,
            tls: None,
            refusals: self.refusals.clone(),
            words: self.words.clone(),
        })
    }

    /// Lets clients in until `stop` comes, and returns when the last request is answered.
    pub(crate) async fn serve(
        self: Arc<Self>,
        tcp: TcpListener,
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
                accepted = tcp.accept() => accepted,
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
        drop((tcp, connections));
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
        let local = stream.local_addr().ok().map(|local| local.ip().to_canonical());
        let permit = match self.proxies.trusts(address) {
            true => None,
            false => match self.quotas.connect(address.into()) {
                Ok(permit) => Some(permit),
                Err(refusal) => return self.refuse(stream, refusal),
            },
        };
        let router = router.clone();
        let header = if permit.is_some() { self.header_timeout } else { PROXY_IDLE };
        let turns = permit.as_ref().map(|_| self.quotas.large(address.into()));
        tokio::spawn(async move {
            without_delay(&stream);
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(self.send_timeout));
            let stream = Box::pin(stream);
            let speaker = Speaker { listener: self.clone(), header, ending };
            let meter = Arc::new(Meter::default());
            let peer = Arc::new(ConnectInfo { address, local, permit, meter: meter.clone() });
            let service = Extension(peer).layer(router);
            let Some(tls) = &self.tls else {
                let stream = Intake::new(stream, FREE_BYTES, meter, turns);
                return speaker.speak(stream, service).await;
            };
            let begun = Arc::new(Meter::default());
            let stream = Intake::new(stream, HANDSHAKE_BYTES, begun.clone(), turns.clone());
            match timeout(self.tls_handshake_timeout, tls.handshake(stream)).await {
                Ok(Ok(Some(stream))) => {
                    begun.open();
                    let stream = Intake::new(stream, FREE_BYTES, meter, turns);
                    speaker.speak(stream, service).await;
                }
                Ok(Ok(None)) => debug!("a certificate authority has looked in"),
                Ok(Err(error)) => debug!(%error, "no TLS"),
                Err(_) => debug!("the TLS handshake took too long"),
            }
        });
    }

    /// Says why, where that costs little: over TLS it would take a handshake.
    fn refuse(self: Arc<Self>, stream: TcpStream, refusal: LimitExceeded) {
        self.refusals.note(refusal.reason());
        if self.tls.is_some() {
            return;
        }
        tokio::spawn(async move { self.tell(stream, || refusal.into_response()).await });
    }

    /// Answers whatever is asked, unless too many others are being answered.
    async fn tell(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send,
        answer: impl Fn() -> Response,
    ) {
        let Ok(_turn) = self.words.try_acquire() else { return };
        let _ = timeout(REFUSAL_TIME, reject(stream, answer)).await;
    }
}

/// HTTP/1.1 on one connection.
struct Speaker {
    listener: Arc<Listener>,
    /// How long the header of a request may take after the last answer.
    header: Duration,
    ending: watch::Receiver<()>,
}

impl Speaker {
    /// Until the connection ends or becomes a WebSocket.
    async fn speak<S>(mut self, stream: Intake<S>, service: AddExtension<Router, Arc<ConnectInfo>>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.header);
        // A little more than may be read, so that the intake is the one that says no.
        http.max_buf_size(HEADER_BYTES + FREE_BYTES);
        let service = TowerToHyperService::new(service);
        let mut connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let ended = tokio::select! {
            ended = &mut connection => ended,
            _ = self.ending.changed() => {
                std::pin::Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await
            }
        };
        let Err(error) = ended else { return };
        debug!(%error, "a connection broke");
        let stream = connection.into_parts().map(|parts| parts.io.into_inner());
        if let Some(stream) = stream.and_then(Intake::overfull) {
            self.listener.refusals.note(Reason::Header);
            self.listener.tell(stream, too_large).await;
        }
    }
}

/// RFC 6585, section 5.
fn too_large() -> Response {
    (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, TOO_LARGE).into_response()
}

/// Hanging up while something is unread would reset the connection (RFC 9293, section 3.6.1), and
/// the client might never see why: so it is read.
async fn reject(
    stream: impl AsyncRead + AsyncWrite + Send,
    answer: impl Fn() -> Response,
) -> hyper::Result<()> {
    let (mut unread, answers) = split(stream);
    let answer = &answer;
    let service = service_fn(async |_: Request<Incoming>| {
        Ok::<_, Infallible>(headers::secure(answer()).await)
    });
    let stream = TokioIo::new(join(ANYTHING, answers));
    http1::Builder::new().half_close(true).serve_connection(stream, service).await?;
    let mut buffer = [0; 1024];
    while unread.read(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {}
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
