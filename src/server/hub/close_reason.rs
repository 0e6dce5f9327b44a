//! Why the server closes a WebSocket, and the error of a hub that has ended.

use thiserror::Error;

/// Why the server closes a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The client's send queue is full, as it reads too slowly.
    SlowConsumer,
    /// The client gave no sign of life within `--ping-timeout`.
    PingTimeout,
    /// The client neither joined nor watched a room within `--join-timeout`.
    JoinTimeout,
    /// The client sent more frames than `--message-rate` allows.
    RateLimited,
    /// The client did not complete a message within `--message-timeout`.
    MessageTimeout,
    /// The server shuts down, and usually starts again.
    Restart,
    /// A message was larger than [`crate::protocol::limits::MESSAGE_BYTES`].
    MessageTooBig,
    /// A text message was not UTF-8.
    InvalidUtf8,
    /// A frame violated RFC 6455.
    ProtocolError,
    /// The system gave no randomness.
    InternalError,
}

impl CloseReason {
    /// The name in metrics and logs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SlowConsumer => "slow_consumer",
            Self::PingTimeout => "ping_timeout",
            Self::JoinTimeout => "join_timeout",
            Self::RateLimited => "rate_limited",
            Self::MessageTimeout => "message_timeout",
            Self::Restart => "restart",
            Self::MessageTooBig => "message_too_big",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::ProtocolError => "protocol_error",
            Self::InternalError => "internal_error",
        }
    }

    /// Whether reading stops before the end of what the client sent.
    pub(crate) fn leaves_unread(self) -> bool {
        match self {
            Self::RateLimited
            | Self::MessageTimeout
            | Self::MessageTooBig
            | Self::InvalidUtf8
            | Self::ProtocolError => true,
            Self::SlowConsumer
            | Self::PingTimeout
            | Self::JoinTimeout
            | Self::Restart
            | Self::InternalError => false,
        }
    }
}

/// The hub has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the server is shutting down")]
pub struct HubGone;
