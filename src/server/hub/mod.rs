//! The hub: one task owns the rooms. WebSockets send it events; it queues messages for them and never
//! waits for a client.

mod actor;
pub(super) mod close_reason;
mod event;
mod identity;
mod names;
pub(super) mod outbox;
pub(super) mod sender;
mod services;
mod sockets;
#[cfg(test)]
mod tests;

pub use services::Counts;
pub(super) use services::Services;

use crate::{
    protocol::{RoomName, RoomState},
    room,
    server::{error::ServerError, metrics::Metrics, net::client_ip::ClientAddress},
};
use actor::Actor;
use axum::http::uri::Authority;
use close_reason::HubGone;
use event::Event;
use sender::HubConnection;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

/// Capacity of the hub's input queue. WebSockets stop reading while it is full.
const EVENTS: usize = 256;
/// Time within which a healthy hub answers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// Handle to the hub's task, which ends when it is stopped or the last handle is dropped.
#[derive(Clone, Debug)]
pub struct Hub {
    events: mpsc::Sender<Event>,
    counts: watch::Receiver<Counts>,
    metrics: Arc<Metrics>,
}

impl Hub {
    /// Starts the task.
    ///
    /// # Errors
    /// The writer's thread cannot be started.
    pub(crate) fn start(
        config: room::Config,
        services: Services,
    ) -> Result<(Self, JoinHandle<()>), ServerError> {
        let (events, inbox) = mpsc::channel(EVENTS);
        let (publish, counts) = watch::channel(Counts::default());
        let metrics = services.metrics.clone();
        let task = Actor::new(config, services, inbox, publish)?;
        Ok((Self { events, counts, metrics }, tokio::spawn(task.run())))
    }

    /// Registers a WebSocket, until the connection's sender is dropped. `host` is that of its page.
    pub(crate) async fn open(
        &self,
        address: ClientAddress,
        host: Authority,
    ) -> Result<HubConnection, HubGone> {
        let (reply, answer) = oneshot::channel();
        self.events.send(Event::Open(address, host, reply)).await.map_err(|_| HubGone)?;
        let opened = answer.await.map_err(|_| HubGone)?;
        Ok(HubConnection::new(opened, self.events.clone()))
    }

    /// Returns the current state of a room.
    ///
    /// # Errors
    /// The server is shutting down.
    pub async fn state(&self, room: RoomName) -> Result<RoomState, HubGone> {
        let (reply, answer) = oneshot::channel();
        self.events.send(Event::State(room, reply)).await.map_err(|_| HubGone)?;
        answer.await.map_err(|_| HubGone)
    }

    /// Returns the number of seats, including those held for a reconnection; none if the hub does not
    /// answer in time.
    pub(crate) async fn participant_count(&self) -> Option<usize> {
        let (reply, answer) = oneshot::channel();
        let ask = async {
            self.events.send(Event::ParticipantCount(reply)).await.ok()?;
            answer.await.ok()
        };
        timeout(ANSWER_TIMEOUT, ask).await.ok().flatten()
    }

    /// Returns the number of events in the input queue.
    pub(crate) fn queue_length(&self) -> usize {
        self.events.max_capacity().saturating_sub(self.events.capacity())
    }

    /// Whether the hub accepts connections: not once the server shuts down.
    pub(crate) fn is_open(&self) -> bool {
        !self.events.is_closed()
    }

    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// Watches the sizes of the hub's state.
    #[must_use]
    pub fn counts(&self) -> watch::Receiver<Counts> {
        self.counts.clone()
    }

    /// Closes every connection and lets the task end.
    pub(crate) async fn stop(&self) {
        // Fails only if the task has ended already.
        let _ = self.events.send(Event::Stop).await;
    }
}
