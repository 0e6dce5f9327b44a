//! What a socket's task holds of the hub, and how it tells the hub what it hears.

use super::{
    close_reason::CloseReason,
    event::{Event, Opened, Registration},
    names,
    outbox::Inbox,
};
use crate::{
    protocol::{ClientMessage, HostAction, ParseError, PeerId},
    room::{ConnId, Identity, Input},
    server::credentials::passcode,
};
use tokio::sync::{
    mpsc::{self, Permit},
    oneshot,
};

/// What a socket's task holds of the hub.
#[derive(Debug)]
pub(crate) struct HubConnection {
    pub(crate) sender: HubSender,
    pub(crate) inbox: Inbox,
    /// Comes at most once, past everything that waits in the inbox.
    pub(crate) closing: oneshot::Receiver<CloseReason>,
    /// The hub's task waits for all of these before it ends.
    pub(crate) alive: mpsc::Sender<()>,
}

impl HubConnection {
    pub(super) fn new(opened: Opened, events: mpsc::Sender<Event>) -> Self {
        let Opened { registration, inbox, closing, alive } = opened;
        Self { sender: HubSender { registration, events }, inbox, closing, alive }
    }

    pub(crate) fn id(&self) -> ConnId {
        self.sender.registration.conn
    }
}

/// Tells the hub what a socket hears. When it is dropped, the connection's seat is free.
#[derive(Debug)]
pub(crate) struct HubSender {
    registration: Registration,
    events: mpsc::Sender<Event>,
}

impl HubSender {
    /// Passes a message on; waits while the hub is busy, which slows this client down alone.
    pub(crate) async fn send(
        &self,
        message: Result<ClientMessage, ParseError>,
    ) -> Result<(), CloseReason> {
        let mut message = message.map(names::shorten);
        // Most messages give nobody anything new.
        let id = match message {
            Ok(ClientMessage::Join(_) | ClientMessage::Host(HostAction::Invite { .. })) => {
                PeerId(getrandom::u64().map_err(|_| CloseReason::Internal)?)
            }
            _ => PeerId::default(),
        };
        if let Ok(message) = &mut message {
            passcode::normalize(message);
        }
        let place = self.place().await?;
        let identity = Box::new(Identity { id, ..Identity::default() });
        place.send(Event::Input(Input::Message {
            conn: self.registration.conn,
            message,
            identity,
        }));
        Ok(())
    }

    /// Passes on that the client gave a sign of life.
    pub(crate) async fn heard(&self) -> Result<(), CloseReason> {
        self.place().await?.send(Event::Input(Input::Heard(self.registration.conn)));
        Ok(())
    }

    /// Passes on that the client's page is being closed or loaded again.
    pub(crate) async fn unloaded(&self) -> Result<(), CloseReason> {
        self.place().await?.send(Event::Input(Input::Unloaded(self.registration.conn)));
        Ok(())
    }

    /// Waits for a place among the events, with nothing in hand.
    async fn place(&self) -> Result<Permit<'_, Event>, CloseReason> {
        self.events.reserve().await.map_err(|_| CloseReason::Restart)
    }
}
