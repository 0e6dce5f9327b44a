//! The hub: one task owns the rooms. Sockets tell it what they hear; it tells them what to write, and
//! never waits for one of them.

mod actor;
pub(super) mod close_reason;
mod event;
mod identity;
mod names;
pub(super) mod outbox;
pub(super) mod sender;
#[cfg(test)]
mod tests;

pub use actor::Counts;
pub(super) use actor::Services;

use crate::{
    protocol::{RoomName, RoomState},
    room,
    server::{error::ServerError, metrics::Metrics, net::client_ip::ClientAddress},
};
use actor::Actor;
use close_reason::HubGone;
use event::Event;
use sender::HubConnection;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

/// How many events of all sockets wait for the hub before the sockets wait themselves.
const EVENTS: usize = 256;
/// Within this time the hub answers, or it stands.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// A handle to the hub's task, which ends when it is stopped or the last handle is dropped.
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
    /// The thread that writes cannot be started.
    pub(crate) fn start(
        config: room::Config,
        services: Services,
    ) -> Result<(Self, JoinHandle<()>), ServerError> {
        let (events, inbox) = mpsc::channel(EVENTS);
        let (publish, counts) = watch::channel(Counts::default());
        let metrics = Arc::new(Metrics::new());
        let task = Actor::new(config, services, inbox, publish, metrics.clone())?;
        Ok((Self { events, counts, metrics }, tokio::spawn(task.run())))
    }

    /// Registers a socket. It is remembered until the connection's sender is dropped.
    pub(crate) async fn open(&self, address: ClientAddress) -> Result<HubConnection, HubGone> {
        let (reply, answer) = oneshot::channel();
        self.events.send(Event::Open(address, reply)).await.map_err(|_| HubGone)?;
        let opened = answer.await.map_err(|_| HubGone)?;
        Ok(HubConnection::new(opened, self.events.clone()))
    }

    /// Who is in a room now.
    ///
    /// # Errors
    /// The server is ending.
    pub async fn state(&self, room: RoomName) -> Result<RoomState, HubGone> {
        let (reply, answer) = oneshot::channel();
        self.events.send(Event::State(room, reply)).await.map_err(|_| HubGone)?;
        answer.await.map_err(|_| HubGone)
    }

    /// How many seats are taken or held now; none if the hub does not answer.
    pub(crate) async fn people(&self) -> Option<usize> {
        let (reply, answer) = oneshot::channel();
        let ask = async {
            self.events.send(Event::People(reply)).await.ok()?;
            answer.await.ok()
        };
        timeout(ANSWERS_WITHIN, ask).await.ok().flatten()
    }

    /// How many events wait to be handled.
    pub(crate) fn waiting(&self) -> usize {
        self.events.max_capacity().saturating_sub(self.events.capacity())
    }

    /// Whether anybody can still come in: not once the server ends.
    pub(crate) fn is_open(&self) -> bool {
        !self.events.is_closed()
    }

    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// How much is remembered, now and whenever it changes.
    #[must_use]
    pub fn counts(&self) -> watch::Receiver<Counts> {
        self.counts.clone()
    }

    /// Closes every connection and lets the task end.
    pub(crate) async fn stop(&self) {
        // It has ended already if nobody takes the event.
        let _ = self.events.send(Event::Stop).await;
    }
}
