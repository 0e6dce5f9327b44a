//! `/ws`: one task per WebSocket (RFC 6455), between the network and the hub.

use super::frame_limiter::{FrameError, FrameLimiter};
use crate::{
    protocol::{ABANDONED, ClientMessage, ParseError, limits::MESSAGE_BYTES},
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

/// Kept by every connection for as long as it lives: most messages are a few hundred bytes, and room
/// for a larger one is made when its length is known.
const READ_BUFFER: usize = 1024 + 64;
/// More than this is written without waiting for the rest of a batch.
const WRITE_BUFFER: usize = 16 * 1024;
/// What a client leaves unread here, beyond what the kernel holds for it.
const WRITE_BUFFER_MAX: usize = 256 * 1024;
/// How many messages are written before the network is asked to take them.
const BATCH: usize = 32;
/// How long a client may take to receive one batch.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to answer that the connection closes (RFC 6455, section 7.1.1).
const FAREWELL: Duration = Duration::from_secs(1);

type WebSocket = WebSocketStream<FrameLimiter<TokioIo<Upgraded>>>;
type Sink = SplitSink<WebSocket, Message>;
type Frames = SplitStream<WebSocket>;

/// How a conversation ended.
enum End {
    /// The client is gone without a word.
    Gone,
    /// The client closes the connection.
    Leaving,
    /// The server closes the connection.
    Close(CloseReason),
}

impl End {
    /// What metrics and logs call it.
    fn name(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Leaving => "leaving",
            Self::Close(closing) => closing.name(),
        }
    }
}

/// Talks with a client until one of them ends it.
pub(super) async fn serve(upgrading: OnUpgrade, hub: Hub, limits: &Limits, address: ClientAddress) {
    let Ok(upgraded) = upgrading.await else { return };
    let (sink, frames) = websocket(upgraded, limits).await.split();
    match hub.open(address).await {
        Ok(connection) => {
            let span = span(connection.id(), address);
            let metrics = hub.metrics();
            let talk = converse(sink, frames, connection, limits, &metrics);
            talk.instrument(span).await;
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

/// What everything that is logged of a connection goes with. Only who looks for a fault learns where
/// its person is.
fn span(conn: ConnId, address: ClientAddress) -> Span {
    let span = info_span!("connection", number = conn.0, address = Empty);
    if enabled!(Level::DEBUG) {
        span.record("address", display(address));
    }
    span
}

async fn converse(
    mut sink: Sink,
    mut frames: Frames,
    connection: HubConnection,
    limits: &Limits,
    metrics: &Metrics,
) {
    let HubConnection { sender, mut inbox, closing, alive } = connection;
    info!("open");
    let end = tokio::select! {
        // First, so that a hub that ends is not taken for a client that has gone.
        biased;
        Ok(closing) = closing => End::Close(closing),
        end = write(&mut inbox, &mut sink) => end,
        end = read(&mut frames, &sender) => end,
    };
    // The seat is free at once; saying goodbye may take a while.
    drop(sender);
    metrics.closed(end.name());
    info!(reason = end.name(), "closed");
    match end {
        End::Gone => {}
        End::Leaving => {
            // Reading on sends the answer to the client's goodbye.
            let _ = timeout(FAREWELL, drain(&mut frames)).await;
        }
        End::Close(closing) => Box::pin(close_gracefully(sink, frames, closing, limits)).await,
    }
    drop(alive);
}

/// Passes on what the client says until it stops.
async fn read(frames: &mut Frames, sender: &HubSender) -> End {
    loop {
        let told = match frames.next().await {
            Some(Ok(Message::Text(text))) => sender.send(ClientMessage::parse(&text)).await,
            Some(Ok(Message::Binary(bytes))) => sender.send(parse_binary(&bytes)).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => sender.heard().await,
            Some(Ok(Message::Close(frame))) => {
                if frame.is_none_or(|frame| u16::from(frame.code) != ABANDONED) {
                    // Should the hub be gone, so is the seat.
                    let _ = sender.unloaded().await;
                }
                return End::Leaving;
            }
            // What is asked to be written raw is never read.
            Some(Ok(Message::Frame(_))) => Ok(()),
            Some(Err(error)) => return read_error(&error),
            None => return End::Gone,
        };
        if let Err(closing) = told {
            return End::Close(closing);
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
        E::Capacity(CapacityError::MessageTooLong { .. }) => End::Close(CloseReason::TooLarge),
        E::Utf8(_) => End::Close(CloseReason::NotText),
        E::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        E::Protocol(_) => End::Close(CloseReason::Protocol),
        E::Io(error) => frame_error(error).map_or(End::Gone, End::Close),
        _ => End::Gone,
    }
}

fn frame_error(error: &io::Error) -> Option<CloseReason> {
    Some(match error.get_ref()?.downcast_ref()? {
        FrameError::TooFast => CloseReason::TooFast,
        FrameError::Unfinished => CloseReason::Unfinished,
    })
}

/// Writes what the hub says until it lets go of the connection or the client takes no more.
async fn write(inbox: &mut Inbox, sink: &mut Sink) -> End {
    let mut batch = Vec::new();
    while inbox.take(&mut batch, BATCH).await > 0 {
        tokio::select! {
            // First, so that what is taken after a standstill counts.
            biased;
            written = write_batch(&mut batch, sink) => {
                if written.is_err() {
                    return End::Gone;
                }
            }
            () = running(WRITE_TIMEOUT) => return End::Close(CloseReason::SlowConsumer),
        }
    }
    // The hub lets go only after it said why: the closing is on its way.
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

/// Says why the connection ends and gives the client a moment to hear it.
async fn close_gracefully(
    mut sink: Sink,
    mut frames: Frames,
    closing: CloseReason,
    limits: &Limits,
) {
    let frame = close_frame(closing, limits);
    let goodbye = async {
        if sink.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        drain(&mut frames).await;
        if closing.leaves_unread() {
            // Nothing more could be read. Hanging up while data is unread resets the connection
            // (RFC 9293, section 3.6.1), and the client may never see why: wait instead.
            sleep(FAREWELL).await;
        }
    };
    // Who does not answer in time is not waited for.
    let _ = timeout(FAREWELL, goodbye).await;
}

async fn drain(frames: &mut (impl Stream<Item = Result<Message, tungstenite::Error>> + Unpin)) {
    while let Some(Ok(_)) = frames.next().await {}
}

fn close_frame(closing: CloseReason, limits: &Limits) -> CloseFrame {
    let (code, reason) = match closing {
        CloseReason::SlowConsumer => (CloseCode::Policy, "You read too slowly.".into()),
        CloseReason::PingTimeout => (CloseCode::Policy, "You answered no ping.".into()),
        CloseReason::JoinTimeout => {
            let seconds = limits.join_timeout.as_secs_f32();
            (CloseCode::Policy, format!("Watch or join a room within {seconds} seconds.").into())
        }
        CloseReason::TooFast => {
            let messages = limits.message_rate;
            (CloseCode::Policy, format!("Send at most {messages} messages a second.").into())
        }
        CloseReason::Unfinished => {
            let seconds = limits.message_timeout.as_secs_f32();
            (CloseCode::Policy, format!("Finish a message within {seconds} seconds.").into())
        }
        CloseReason::Restart => (CloseCode::Restart, "The server restarts.".into()),
        CloseReason::TooLarge => (CloseCode::Size, "A message has at most 64 KiB.".into()),
        CloseReason::NotText => (CloseCode::Invalid, "A text message is UTF-8.".into()),
        CloseReason::Protocol => (CloseCode::Protocol, "That was no WebSocket frame.".into()),
        CloseReason::Internal => (CloseCode::Error, "The server cannot go on.".into()),
    };
    CloseFrame { code, reason }
}
