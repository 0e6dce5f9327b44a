//! Events of the hub's task, and its reply to a new WebSocket.

use super::{close_reason::CloseReason, outbox::Inbox};
use crate::{
    protocol::{RoomName, RoomState},
    room::{ConnId, Input},
    server::net::client_ip::ClientAddress,
};
use axum::http::uri::Authority;
use tokio::sync::{mpsc, oneshot};

/// An event for the hub's task.
#[derive(Debug)]
pub(super) enum Event {
    /// A WebSocket was opened by a client whose page comes from this host.
    Open(ClientAddress, Authority, oneshot::Sender<Opened>),
    /// A WebSocket received something.
    Input(Input),
    /// Asks for the state of a room.
    State(RoomName, oneshot::Sender<RoomState>),
    /// Asks for the number of participants.
    ParticipantCount(oneshot::Sender<usize>),
    /// The server shuts down.
    Stop,
}

/// The task's reply to [`Event::Open`].
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) registration: Registration,
    pub(super) inbox: Inbox,
    /// Receives the close reason, ahead of the messages in the inbox.
    pub(super) closing: oneshot::Receiver<CloseReason>,
    /// The hub's task ends after all of these were dropped.
    pub(super) alive: mpsc::Sender<()>,
}

/// Keeps a connection registered with the hub until it is dropped.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) conn: ConnId,
    /// Unbounded because `drop` cannot wait. Each registration sends one message.
    pub(super) closed: mpsc::UnboundedSender<ConnId>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        // Fails only if the hub has ended.
        let _ = self.closed.send(self.conn);
    }
}
