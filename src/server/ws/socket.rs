//! The task of each WebSocket (RFC 6455), between the network and the hub.

use super::{
    frame_limiter::{FrameError, FrameLimiter},
    websocket,
};
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
use axum::{body::Bytes, http::uri::Authority};
use humantime::format_duration;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::{io, time::Duration};
use tokio::time::{sleep, timeout};
use tracing::{Level, enabled, field::display, info};
use tungstenite::{
    Message,
    error::{CapacityError, ProtocolError},
    protocol::{
        CloseFrame,
        frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};

/// Maximum number of messages that are written with one flush.
const BATCH: usize = 32;
/// Timeout for writing one batch.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Timeout of the closing handshake (RFC 6455, section 7.1.1).
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

type WebSocket = websocket::WebSocket<FrameLimiter<TokioIo<Upgraded>>>;

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
pub(super) async fn serve(
    upgrading: OnUpgrade,
    hub: Hub,
    limits: &Limits,
    (address, host): (ClientAddress, Authority),
) {
    let Ok(upgraded) = upgrading.await else { return };
    let stream =
        FrameLimiter::new(TokioIo::new(upgraded), limits.messages(), limits.message_timeout);
    let socket = WebSocket::new(stream, MESSAGE_BYTES);
    // Boxed, as this is large and soon over.
    match Box::pin(hub.open(address, host)).await {
        Ok(connection) => {
            log_open(connection.id(), address);
            exchange(&socket, connection, limits, &hub.metrics()).await;
        }
        Err(_) => Box::pin(close_gracefully(&socket, CloseReason::Restart, limits)).await,
    }
}

/// The client's address appears at debug level only.
fn log_open(conn: ConnId, address: ClientAddress) {
    let address = enabled!(Level::DEBUG).then(|| display(address));
    info!(connection = conn.0, address, "open");
}

/// Exchanges messages between the client and the hub, and closes the connection at the end.
async fn exchange(
    socket: &WebSocket,
    connection: HubConnection,
    limits: &Limits,
    metrics: &Metrics,
) {
    let conn = connection.id();
    let HubConnection { sender, mut inbox, closing, alive } = connection;
    let end = tokio::select! {
        // First, so that a hub that ends is not mistaken for a client that disconnected.
        biased;
        Ok(reason) = closing => End::Close(reason),
        end = write(&mut inbox, socket) => end,
        end = read(socket, &sender) => end,
    };
    // This frees the seat before the closing handshake, which may take a while.
    drop(sender);
    metrics.closed(end.name());
    info!(connection = conn.0, reason = end.name(), "closed");
    match end {
        End::Disconnected => {}
        End::ClosedByClient => {
            // Reading on makes tungstenite answer the client's close frame.
            let _ = timeout(CLOSE_TIMEOUT, socket.drain()).await;
        }
        End::Close(reason) => Box::pin(close_gracefully(socket, reason, limits)).await,
    }
    drop(alive);
}

/// Forwards the client's messages to the hub until the connection ends.
async fn read(socket: &WebSocket, sender: &HubSender) -> End {
    loop {
        let told = match socket.next().await {
            Ok(Message::Text(text)) => sender.send(|| ClientMessage::parse(&text)).await,
            Ok(Message::Binary(bytes)) => sender.send(|| parse_binary(&bytes)).await,
            Ok(Message::Ping(_) | Message::Pong(_)) => sender.alive().await,
            Ok(Message::Close(frame)) => {
                if frame.is_none_or(|frame| u16::from(frame.code) != CLIENT_GAVE_UP) {
                    // If the hub is gone, so is the seat.
                    let _ = sender.unloaded().await;
                }
                return End::ClosedByClient;
            }
            // Raw frames are only written, never read.
            Ok(Message::Frame(_)) => Ok(()),
            Err(error) => return read_error(&error),
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
async fn write(inbox: &mut Inbox, socket: &WebSocket) -> End {
    loop {
        // One for each, as an idle connection needs none.
        let mut batch = Vec::new();
        if inbox.take(&mut batch, BATCH).await == 0 {
            // The hub drops its outbox only after it sent the close reason, which is on its way.
            return std::future::pending().await;
        }
        // Boxed for the same reason.
        if let Err(end) = Box::pin(write_batch(batch, socket)).await {
            return end;
        }
    }
}

async fn write_batch(batch: Vec<Outgoing>, socket: &WebSocket) -> Result<(), End> {
    tokio::select! {
        // First, so that a batch that is written after a suspension counts.
        biased;
        written = send_all(batch, socket) => written.map_err(|_| End::Disconnected),
        () = running(WRITE_TIMEOUT) => Err(End::Close(CloseReason::SlowConsumer)),
    }
}

async fn send_all(batch: Vec<Outgoing>, socket: &WebSocket) -> Result<(), tungstenite::Error> {
    for item in batch {
        let frame = match item {
            Outgoing::Text(text) => Frame::message(text, OpCode::Data(Data::Text), true),
            Outgoing::Ping => Frame::ping(Bytes::new()),
        };
        socket.feed(frame).await?;
    }
    socket.flush().await
}

/// Sends a close frame and waits for the client to answer it.
async fn close_gracefully(socket: &WebSocket, reason: CloseReason, limits: &Limits) {
    let frame = close_frame(reason, limits);
    let handshake = async {
        if socket.close(frame).await.is_err() {
            return;
        }
        socket.drain().await;
        if reason.leaves_unread() {
            // Closing the socket while data is unread resets the connection (RFC 9293, section
            // 3.6.1), and the client may never see the close frame: wait instead.
            sleep(CLOSE_TIMEOUT).await;
        }
    };
    let _ = timeout(CLOSE_TIMEOUT, handshake).await;
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
            (CloseCode::Policy, format!("Rate limit exceeded: {rate} frames per second.").into())
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
