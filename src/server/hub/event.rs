//! What the hub's task is told, and what it answers a socket with.

use super::{close_reason::CloseReason, outbox::Inbox};
use crate::{
    protocol::{RoomName, RoomState},
    room::{ConnId, Input},
    server::net::client_ip::ClientAddress,
};
use tokio::sync::{mpsc, oneshot};

/// What the hub's task is told.
#[derive(Debug)]
pub(super) enum Event {
    /// A socket asks for its connection.
    Open(ClientAddress, oneshot::Sender<Opened>),
    /// A socket has heard something.
    Input(Input),
    /// A page wants to know who is in a room.
    State(RoomName, oneshot::Sender<RoomState>),
    /// Somebody wants to know how many seats are taken or held.
    People(oneshot::Sender<usize>),
    /// The server ends.
    Stop,
}

/// A connection, as the hub's task hands it over.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) registration: Registration,
    pub(super) inbox: Inbox,
    /// Comes at most once, past everything that waits in the inbox.
    pub(super) closing: oneshot::Receiver<CloseReason>,
    /// The hub's task waits for all of these before it ends.
    pub(super) alive: mpsc::Sender<()>,
}

/// A connection that the hub knows of, until this is dropped, wherever it was on its way to.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) conn: ConnId,
    /// Unbounded because this cannot wait when it is dropped; each sends one at most.
    pub(super) closed: mpsc::UnboundedSender<ConnId>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        // The hub is gone: nobody is left to tell.
        let _ = self.closed.send(self.conn);
    }
}
