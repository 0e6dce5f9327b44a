//! Why the server closes a connection, and that the hub has ended.

use thiserror::Error;

/// Why the server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// More waits for the client than it reads.
    SlowConsumer,
    /// The client answers no ping.
    PingTimeout,
    /// The client neither watches nor joins a room.
    JoinTimeout,
    /// The client sends more frames than [`Limits::messages`](crate::server::Limits::messages) allows.
    TooFast,
    /// A frame was begun and not finished.
    Unfinished,
    /// The server ends.
    Restart,
    /// A message was larger than [`crate::protocol::limits::MESSAGE_BYTES`].
    TooLarge,
    /// A text message was not UTF-8.
    NotText,
    /// What arrived is no WebSocket frame.
    Protocol,
    /// The server cannot go on.
    Internal,
}

impl CloseReason {
    /// What metrics and logs call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SlowConsumer => "slow",
            Self::PingTimeout => "silent",
            Self::JoinTimeout => "unused",
            Self::TooFast => "too-fast",
            Self::Unfinished => "unfinished",
            Self::Restart => "restart",
            Self::TooLarge => "too-large",
            Self::NotText => "not-text",
            Self::Protocol => "protocol",
            Self::Internal => "internal",
        }
    }

    /// Whether something of the client stays unread.
    pub(crate) fn leaves_unread(self) -> bool {
        use CloseReason as C;
        matches!(self, C::TooFast | C::Unfinished | C::TooLarge | C::NotText | C::Protocol)
    }
}

/// The hub has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the server is ending")]
pub struct HubGone;
