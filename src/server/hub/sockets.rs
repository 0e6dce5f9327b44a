//! The open WebSockets, as the hub sees them.

use super::{
    close_reason::CloseReason,
    outbox::{Full, Inbox, Outbox, Outgoing, queue},
};
use crate::{room::ConnId, server::net::client_ip::ClientAddress};
use axum::http::uri::Authority;
use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
};
use tokio::sync::oneshot;
use tracing::debug;
use tungstenite::Utf8Bytes;

/// All open WebSockets.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    sockets: BTreeMap<ConnId, Socket>,
    /// Number of WebSockets opened so far.
    opened: u64,
    /// Hashes client addresses, with another key in each run.
    hasher: RandomState,
}

/// One WebSocket.
#[derive(Debug)]
pub(super) struct Socket {
    /// Hash of the client's address.
    address: u64,
    /// The host of its page.
    host: Authority,
    outbox: Outbox,
    closing: oneshot::Sender<CloseReason>,
    /// Whether the next report counts: one does after each `joined`.
    pub(super) may_report: bool,
    /// While a `join` is unanswered: whether it resumes a seat.
    pub(super) joining: Option<bool>,
}

impl Sockets {
    /// Adds a WebSocket. Returns its id, its queue, and the receiver of its close reason.
    pub(super) fn open(
        &mut self,
        address: ClientAddress,
        host: Authority,
    ) -> (ConnId, Inbox, oneshot::Receiver<CloseReason>) {
        self.opened += 1;
        let conn = ConnId(self.opened);
        let (outbox, inbox) = queue();
        let (closer, closing) = oneshot::channel();
        let (address, may_report, joining) = (self.hasher.hash_one(address), false, None);
        let socket = Socket { address, host, outbox, closing: closer, may_report, joining };
        self.sockets.insert(conn, socket);
        (conn, inbox, closing)
    }

    pub(super) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Socket> {
        self.sockets.get_mut(&conn)
    }

    /// The hash of a client's address.
    pub(super) fn address(&self, conn: ConnId) -> u64 {
        self.sockets.get(&conn).map(|socket| socket.address).unwrap_or_default()
    }

    /// The host of a client's page.
    pub(super) fn host(&self, conn: ConnId) -> Option<&Authority> {
        self.sockets.get(&conn).map(|socket| &socket.host)
    }

    /// Queues something for a client. A client whose queue is full is closed.
    pub(super) fn push(&mut self, conn: ConnId, item: Outgoing) -> Result<(), Full> {
        let Some(socket) = self.sockets.get(&conn) else { return Ok(()) };
        let pushed = socket.outbox.push(item);
        if pushed.is_err() {
            self.close(conn, CloseReason::SlowConsumer);
        }
        pushed
    }

    /// Queues a message that was sent from an address for another client, unless too much from that
    /// address is queued there already.
    pub(super) fn forward(&self, from: u64, to: ConnId, json: Utf8Bytes) -> Result<(), Full> {
        match self.sockets.get(&to) {
            Some(socket) => socket.outbox.forward(from, json),
            None => Ok(()),
        }
    }

    /// Forgets a WebSocket that has ended.
    pub(super) fn remove(&mut self, conn: ConnId) {
        self.sockets.remove(&conn);
    }

    /// Tells a WebSocket to close.
    pub(super) fn close(&mut self, conn: ConnId, reason: CloseReason) {
        let Some(socket) = self.sockets.remove(&conn) else { return };
        debug!(connection = conn.0, reason = reason.name(), "closing");
        socket.close(reason);
    }

    /// Tells every WebSocket to close.
    pub(super) fn close_all(self, reason: CloseReason) {
        self.sockets.into_values().for_each(|socket| socket.close(reason));
    }
}

impl Socket {
    fn close(self, reason: CloseReason) {
        // It may be closed already.
        let _ = self.closing.send(reason);
    }
}
