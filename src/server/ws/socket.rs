//! The task of each WebSocket (RFC 6455), between the network and the hub.

use super::frame_limiter::{FrameError, FrameLimiter};
use crate::{
    protocol::{CLIENT_GAVE_UP, ClientMessage, ParseError, limits::MESSAGE_BYTES},
    room::ConnId,
    server::{
        clock::running,
        hub::{
            Hub,
            close_reason::CloseReason,
            outbox::{Inbox, Outgoing},
            sender::{HubConnection, HubSender},
        },
        limits::Limits,
        metrics::Metrics,
        net::client_ip::ClientAddress,
    },
};
use axum::body::Bytes;
use futures_util::{
    SinkExt, Stream, StreamExt,
    stream::{SplitSink, SplitStream},
};
use humantime::format_duration;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::{io, time::Duration};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tracing::{
    Instrument, Level, Span, enabled,
    field::{Empty, display},
    info, info_span,
};
use tungstenite::{
    Message,
    error::{CapacityError, ProtocolError},
    protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
};

/// Size of the read buffer in bytes, for the lifetime of the connection. Most messages have a few
/// hundred bytes; the buffer grows for a larger one once its length is known.
const READ_BUFFER: usize = 1024 + 64;
/// Buffered bytes above which a batch is written before it is complete.
const WRITE_BUFFER: usize = 16 * 1024;
/// Maximum number of buffered bytes, beyond those in the kernel's send buffer.
const WRITE_BUFFER_MAX: usize = 256 * 1024;
/// Maximum number of messages that are written with one flush.
const BATCH: usize = 32;
/// Timeout for writing one batch.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Timeout of the closing handshake (RFC 6455, section 7.1.1).
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

type WebSocket = WebSocketStream<FrameLimiter<TokioIo<Upgraded>>>;
type Sink = SplitSink<WebSocket, Message>;
type Frames = SplitStream<WebSocket>;

/// How a connection ended.
enum End {
    /// The connection broke without a closing handshake.
    Disconnected,
    /// The client closed the connection.
    ClosedByClient,
    /// The server closes the connection.
    Close(CloseReason),
}

impl End {
    /// The name in metrics and logs.
    fn name(&self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::ClosedByClient => "closed_by_client",
            Self::Close(reason) => reason.name(),
        }
    }
}

/// Serves a WebSocket until one of its sides closes it.
pub(super) async fn serve(upgrading: OnUpgrade, hub: Hub, limits: &Limits, address: ClientAddress) {
    let Ok(upgraded) = upgrading.await else { return };
    let (sink, frames) = websocket(upgraded, limits).await.split();
    match hub.open(address).await {
        Ok(connection) => {
            let span = span(connection.id(), address);
            let metrics = hub.metrics();
            exchange(sink, frames, connection, limits, &metrics).instrument(span).await;
        }
        Err(_) => Box::pin(close_gracefully(sink, frames, CloseReason::Restart, limits)).await,
    }
}

async fn websocket(upgraded: Upgraded, limits: &Limits) -> WebSocket {
    let stream =
        FrameLimiter::new(TokioIo::new(upgraded), limits.messages(), limits.message_timeout);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .max_message_size(Some(MESSAGE_BYTES))
        .max_frame_size(Some(MESSAGE_BYTES));
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

/// Span of all log lines about a connection. The client's address appears at debug level only.
fn span(conn: ConnId, address: ClientAddress) -> Span {
    let span = info_span!("connection", number = conn.0, address = Empty);
    if enabled!(Level::DEBUG) {
        span.record("address", display(address));
    }
    span
}

/// Exchanges messages between the client and the hub, and closes the connection at the end.
async fn exchange(
    mut sink: Sink,
    mut frames: Frames,
    connection: HubConnection,
    limits: &Limits,
    metrics: &Metrics,
) {
    let HubConnection { sender, mut inbox, closing, alive } = connection;
    info!("open");
    let end = tokio::select! {
        // First, so that a hub that ends is not mistaken for a client that disconnected.
        biased;
        Ok(reason) = closing => End::Close(reason),
        end = write(&mut inbox, &mut sink) => end,
        end = read(&mut frames, &sender) => end,
    };
    // This frees the seat before the closing handshake, which may take a while.
    drop(sender);
    metrics.closed(end.name());
    info!(reason = end.name(), "closed");
    match end {
        End::Disconnected => {}
        End::ClosedByClient => {
            // Reading on makes tungstenite answer the client's close frame.
            let _ = timeout(CLOSE_TIMEOUT, drain(&mut frames)).await;
        }
        End::Close(reason) => Box::pin(close_gracefully(sink, frames, reason, limits)).await,
    }
    drop(alive);
}

/// Forwards the client's messages to the hub until the connection ends.
async fn read(frames: &mut Frames, sender: &HubSender) -> End {
    loop {
        let told = match frames.next().await {
            Some(Ok(Message::Text(text))) => sender.send(ClientMessage::parse(&text)).await,
            Some(Ok(Message::Binary(bytes))) => sender.send(parse_binary(&bytes)).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => sender.heard().await,
            Some(Ok(Message::Close(frame))) => {
                if frame.is_none_or(|frame| u16::from(frame.code) != CLIENT_GAVE_UP) {
                    // If the hub is gone, so is the seat.
                    let _ = sender.unloaded().await;
                }
                return End::ClosedByClient;
            }
            // Raw frames are only written, never read.
            Some(Ok(Message::Frame(_))) => Ok(()),
            Some(Err(error)) => return read_error(&error),
            None => return End::Disconnected,
        };
        if let Err(reason) = told {
            return End::Close(reason);
        }
    }
}

fn parse_binary(bytes: &Bytes) -> Result<ClientMessage, ParseError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ParseError::NotJson)?;
    ClientMessage::parse(text)
}

fn read_error(error: &tungstenite::Error) -> End {
    use tungstenite::Error as E;
    match error {
        E::Capacity(CapacityError::MessageTooLong { .. }) => End::Close(CloseReason::MessageTooBig),
        E::Utf8(_) => End::Close(CloseReason::InvalidUtf8),
        E::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Disconnected,
        E::Protocol(_) => End::Close(CloseReason::ProtocolError),
        E::Io(error) => limit_exceeded(error).map_or(End::Disconnected, End::Close),
        _ => End::Disconnected,
    }
}

fn limit_exceeded(error: &io::Error) -> Option<CloseReason> {
    Some(match error.get_ref()?.downcast_ref()? {
        FrameError::RateLimited => CloseReason::RateLimited,
        FrameError::MessageTimeout => CloseReason::MessageTimeout,
    })
}

/// Writes the hub's messages until the connection ends or the client is too slow.
async fn write(inbox: &mut Inbox, sink: &mut Sink) -> End {
    let mut batch = Vec::new();
    while inbox.take(&mut batch, BATCH).await > 0 {
        tokio::select! {
            // First, so that a batch that is written after a suspension counts.
            biased;
            written = write_batch(&mut batch, sink) => {
                if written.is_err() {
                    return End::Disconnected;
                }
            }
            () = running(WRITE_TIMEOUT) => return End::Close(CloseReason::SlowConsumer),
        }
    }
    // The hub drops its outbox only after it sent the close reason, which is on its way.
    std::future::pending().await
}

async fn write_batch(batch: &mut Vec<Outgoing>, sink: &mut Sink) -> Result<(), tungstenite::Error> {
    for item in batch.drain(..) {
        let message = match item {
            Outgoing::Text(text) => Message::Text(text),
            Outgoing::Ping => Message::Ping(Bytes::new()),
        };
        sink.feed(message).await?;
    }
    sink.flush().await
}

/// Sends a close frame and waits for the client to answer it.
async fn close_gracefully(
    mut sink: Sink,
    mut frames: Frames,
    reason: CloseReason,
    limits: &Limits,
) {
    let frame = close_frame(reason, limits);
    let handshake = async {
        if sink.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        drain(&mut frames).await;
        if reason.leaves_unread() {
            // Closing the socket while data is unread resets the connection (RFC 9293, section
            // 3.6.1), and the client may never see the close frame: wait instead.
            sleep(CLOSE_TIMEOUT).await;
        }
    };
    let _ = timeout(CLOSE_TIMEOUT, handshake).await;
}

async fn drain(frames: &mut (impl Stream<Item = Result<Message, tungstenite::Error>> + Unpin)) {
    while let Some(Ok(_)) = frames.next().await {}
}

/// Returns the close code (RFC 6455, section 7.4.1) and a reason for developers of clients.
fn close_frame(reason: CloseReason, limits: &Limits) -> CloseFrame {
    let (code, reason) = match reason {
        CloseReason::SlowConsumer => {
            (CloseCode::Policy, "Client too slow: send queue full.".into())
        }
        CloseReason::PingTimeout => (CloseCode::Policy, "Ping timeout.".into()),
        CloseReason::JoinTimeout => {
            let timeout = format_duration(limits.join_timeout);
            (CloseCode::Policy, format!("Join timeout: no room joined within {timeout}.").into())
        }
        CloseReason::RateLimited => {
            let rate = limits.message_rate;
            (CloseCode::Policy, format!("Rate limit exceeded: {rate} messages per second.").into())
        }
        CloseReason::MessageTimeout => {
            let timeout = format_duration(limits.message_timeout);
            (CloseCode::Policy, format!("Message timeout: incomplete after {timeout}.").into())
        }
        CloseReason::Restart => (CloseCode::Restart, "Server restart.".into()),
        CloseReason::MessageTooBig => (CloseCode::Size, "Message too big: over 64 KiB.".into()),
        CloseReason::InvalidUtf8 => (CloseCode::Invalid, "Invalid UTF-8 in text message.".into()),
        CloseReason::ProtocolError => (CloseCode::Protocol, "Invalid WebSocket frame.".into()),
        CloseReason::InternalError => (CloseCode::Error, "Internal error.".into()),
    };
    CloseFrame { code, reason }
}
