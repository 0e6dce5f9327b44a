//! Accepts connections, enforces their limits and timeouts, and serves HTTP/1.1 on them.

use super::{
    accept::accept,
    client_ip::{ClientAddress, TrustedProxies},
    connect_info::ConnectInfo,
    intake::{FREE_BYTES, Intake, Meter},
    ip_quotas::{ConnectionPermit, IpQuotas, LimitExceeded},
    refusals::{Reason, Refusals},
    tls::Tls,
};
use crate::server::{
    headers,
    limits::{HEADER_BYTES, Limits},
    media::{Media, Stream, StreamClient, StreamPermit},
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
use salon_turn::starts_stun;
use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, join, split},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_io_timeout::TimeoutWriter;
use tower::Layer;
use tracing::debug;

/// Maximum number of concurrent error responses of the listener; further connections are closed without
/// one.
const REFUSALS: usize = 64;
/// Idle timeout for trusted proxies. Proxies close idle connections after a minute or two; if the
/// server did so first, it could lose a request that is under way.
const PROXY_IDLE: Duration = Duration::from_secs(180);
/// Timeout for sending an error response.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);
/// Stands in for the request of a refused client, which is not parsed.
const ANY_REQUEST: &[u8] = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
/// Bytes of a TLS handshake that need no permit: rustls buffers as many in any case.
const HANDSHAKE_BYTES: usize = 4 * 1024;
const TOO_LARGE: &str = "The request header is too large: at most 16 KiB and 100 fields.";

/// Accepts the connections to a listening address.
#[derive(Debug)]
pub(crate) struct Listener {
    quotas: Arc<IpQuotas>,
    proxies: Arc<TrustedProxies>,
    header_timeout: Duration,
    tls_handshake_timeout: Duration,
    send_timeout: Duration,
    tls: Option<Tls>,
    /// Serves STUN and TURN at the same address.
    media: Option<Media>,
    refusals: Arc<Refusals>,
    /// Permits for error responses.
    responses: Arc<Semaphore>,
}

impl Listener {
    pub(crate) fn new(
        limits: &Limits,
        quotas: Arc<IpQuotas>,
        proxies: Arc<TrustedProxies>,
        refusals: Arc<Refusals>,
        tls: Option<Tls>,
        media: Option<Media>,
    ) -> Arc<Self> {
        let responses = Arc::new(Semaphore::new(REFUSALS));
        Arc::new(Self {
            quotas,
            proxies,
            header_timeout: limits.header_timeout,
            tls_handshake_timeout: limits.tls_handshake_timeout,
            send_timeout: limits.send_timeout,
            tls,
            media,
            refusals,
            responses,
        })
    }

    /// The same for an address without TLS.
    pub(crate) fn without_tls(&self) -> Arc<Self> {
        Arc::new(Self {
            quotas: self.quotas.clone(),
            proxies: self.proxies.clone(),
            header_timeout: self.header_timeout,
            tls_handshake_timeout: self.tls_handshake_timeout,
            send_timeout: self.send_timeout,
            tls: None,
            media: self.media.clone(),
            refusals: self.refusals.clone(),
            responses: self.responses.clone(),
        })
    }

    /// Accepts connections until `stop` completes, and returns after the last request was answered.
    pub(crate) async fn serve(
        self: Arc<Self>,
        tcp: TcpListener,
        router: Router,
        stop: impl Future<Output = ()>,
    ) {
        // A change asks all connections to end; it closes once all of them have dropped their receiver.
        let (ending, connections) = watch::channel(());
        accept(&tcp, stop, |stream, address| {
            self.clone().receive(stream, address, &router, connections.clone());
        })
        .await;
        drop((tcp, connections));
        ending.send_replace(());
        ending.closed().await;
    }

    fn receive(
        self: Arc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        router: &Router,
        mut ending: watch::Receiver<()>,
    ) {
        let (client, address) = (address, address.ip());
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
            if let Some(media) = &self.media {
                match is_stun(first_byte(&stream), header, &mut ending).await {
                    Some(true) => return self.hand_over(media, stream, client, permit),
                    Some(false) => {}
                    None => return debug!("a connection ended before its first byte"),
                }
            }
            let mut stream = TimeoutWriter::new(stream);
            stream.set_timeout(Some(self.send_timeout));
            let stream = Box::pin(stream);
            let meter = Arc::new(Meter::default());
            let service = |permit| {
                let meter = meter.clone();
                Extension(Arc::new(ConnectInfo { address, local, permit, meter })).layer(router)
            };
            let Some(tls) = &self.tls else {
                let (stream, service) =
                    (Intake::new(stream, FREE_BYTES, meter.clone(), turns), service(permit));
                return Http { listener: self, header, ending }.serve(stream, service).await;
            };
            let handshake = Arc::new(Meter::default());
            let stream = Intake::new(stream, HANDSHAKE_BYTES, handshake.clone(), turns.clone());
            match timeout(self.tls_handshake_timeout, tls.handshake(stream)).await {
                Ok(Ok(Some(mut stream))) => {
                    handshake.open();
                    if let Some(media) = &self.media {
                        let first = async { stream.fill_buf().await.ok()?.first().copied() };
                        match is_stun(first, header, &mut ending).await {
                            Some(true) => return self.hand_over(media, stream, client, permit),
                            Some(false) => {}
                            None => return debug!("a connection ended before its first byte"),
                        }
                    }
                    let stream = Intake::new(stream, FREE_BYTES, meter.clone(), turns);
                    let service = service(permit);
                    Http { listener: self.clone(), header, ending }.serve(stream, service).await;
                }
                Ok(Ok(None)) => debug!("answered an ACME challenge"),
                Ok(Err(error)) => debug!(%error, "TLS handshake failed"),
                Err(_) => debug!("TLS handshake timed out"),
            }
        });
    }

    /// Hands a client of STUN and TURN over. It counts as a connection until it has an allocation.
    fn hand_over(
        &self,
        media: &Media,
        stream: impl Stream + 'static,
        address: SocketAddr,
        connection: Option<ConnectionPermit>,
    ) {
        let (quotas, refusals) = (self.quotas.clone(), self.refusals.clone());
        let ip = address.ip();
        let permit = TurnPermit { quotas, refusals, address: ip.into(), permit: connection };
        media.client(StreamClient {
            stream: Box::new(stream),
            address: SocketAddr::new(ip.to_canonical(), address.port()),
            permit: Box::new(permit),
        });
    }

    /// Accepts clients of STUN and TURN only, until `stop` completes.
    pub(crate) async fn serve_media(
        self: Arc<Self>,
        tcp: TcpListener,
        stop: impl Future<Output = ()>,
    ) {
        let each = |stream, address| {
            let this = self.clone();
            tokio::spawn(async move { this.receive_media(stream, address).await });
        };
        accept(&tcp, stop, each).await;
    }

    async fn receive_media(&self, stream: TcpStream, address: SocketAddr) {
        let Some(media) = &self.media else { return };
        let permit = match self.quotas.connect(address.ip().into()) {
            Ok(permit) => permit,
            Err(refusal) => return self.refusals.note(refusal.reason()),
        };
        without_delay(&stream);
        let first = timeout(self.header_timeout, first_byte(&stream)).await;
        if first.ok().flatten().is_some_and(starts_stun) {
            self.hand_over(media, stream, address, Some(permit));
        }
    }

    /// Refuses a connection. Over TLS it is closed without a response, which would take a handshake.
    fn refuse(self: Arc<Self>, stream: TcpStream, refusal: LimitExceeded) {
        self.refusals.note(refusal.reason());
        if self.tls.is_some() {
            return;
        }
        tokio::spawn(async move { self.respond(stream, || refusal.into_response()).await });
    }

    /// Sends an error response, unless too many others are being sent.
    async fn respond(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send,
        answer: impl Fn() -> Response,
    ) {
        let Ok(_permit) = self.responses.try_acquire() else { return };
        let _ = timeout(REFUSAL_TIMEOUT, reject(stream, answer)).await;
    }
}

/// A client of TURN over TCP or TLS counts as a connection of its address until it has an allocation, and apart
/// from then on: participants in an office have several for each of the others.
struct TurnPermit {
    quotas: Arc<IpQuotas>,
    refusals: Arc<Refusals>,
    address: ClientAddress,
    #[allow(dead_code, reason = "released when it is dropped")]
    permit: Option<ConnectionPermit>,
}

impl StreamPermit for TurnPermit {
    fn prove(&mut self) -> bool {
        match self.quotas.stream(self.address) {
            Ok(permit) => {
                self.permit = Some(permit);
                true
            }
            Err(refusal) => {
                self.refusals.note(refusal.reason());
                false
            }
        }
    }
}

/// HTTP/1.1 on one connection.
struct Http {
    listener: Arc<Listener>,
    /// Timeout for the header of the next request.
    header: Duration,
    ending: watch::Receiver<()>,
}

impl Http {
    /// Serves until the connection ends or becomes a WebSocket.
    async fn serve<S>(mut self, stream: Intake<S>, service: AddExtension<Router, Arc<ConnectInfo>>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.header);
        // A little more than the intake lets through, so that the intake rejects large headers.
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
        debug!(%error, "connection error");
        let stream = connection.into_parts().map(|parts| parts.io.into_inner());
        if let Some(stream) = stream.and_then(Intake::overfull) {
            self.listener.refusals.note(Reason::Header);
            self.listener.respond(stream, too_large).await;
        }
    }
}

/// The response to a request header that is too large (RFC 6585, section 5).
fn too_large() -> Response {
    (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, TOO_LARGE).into_response()
}

/// Sends a response without parsing the request, and reads the rest of it: closing a connection with
/// unread data resets it (RFC 9293, section 3.6.1), and the client may never see the response.
async fn reject(
    stream: impl AsyncRead + AsyncWrite + Send,
    answer: impl Fn() -> Response,
) -> hyper::Result<()> {
    let (mut unread, answers) = split(stream);
    let answer = &answer;
    let service = service_fn(async |_: Request<Incoming>| {
        Ok::<_, Infallible>(headers::secure(answer()).await)
    });
    let stream = TokioIo::new(join(ANY_REQUEST, answers));
    http1::Builder::new().half_close(true).serve_connection(stream, service).await?;
    let mut buffer = [0; 1024];
    while unread.read(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {}
    Ok(())
}

/// Whether a connection is one of STUN and TURN, by its first byte; none if it ends before that, takes too
/// long, or the server ends.
async fn is_stun(
    first: impl Future<Output = Option<u8>>,
    limit: Duration,
    ending: &mut watch::Receiver<()>,
) -> Option<bool> {
    tokio::select! {
        first = timeout(limit, first) => first.ok()?.map(starts_stun),
        _ = ending.changed() => None,
    }
}

/// Waits for the first byte of a connection, without reading it; none if the connection ends before.
async fn first_byte(stream: &TcpStream) -> Option<u8> {
    let mut bytes = [0];
    let length = stream.peek(&mut bytes).await.ok()?;
    bytes.first().copied().filter(|_| length > 0)
}

/// Disables Nagle's algorithm, which would delay small messages.
fn without_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "cannot set TCP_NODELAY");
    }
}
