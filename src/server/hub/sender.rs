//! A WebSocket's connection to the hub.

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

/// A WebSocket's connection to the hub.
#[derive(Debug)]
pub(crate) struct HubConnection {
    pub(crate) sender: HubSender,
    pub(crate) inbox: Inbox,
    /// Receives the close reason, ahead of the messages in the inbox.
    pub(crate) closing: oneshot::Receiver<CloseReason>,
    /// The hub's task ends after all of these were dropped.
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

/// Sends what a WebSocket receives to the hub. Dropping it ends the connection.
#[derive(Debug)]
pub(crate) struct HubSender {
    registration: Registration,
    events: mpsc::Sender<Event>,
}

impl HubSender {
    /// Sends a message of the client. Waits while the hub's queue is full, which slows down this client;
    /// it is parsed after that, so that a connection stores no more than its text.
    pub(crate) async fn send(
        &self,
        parse: impl FnOnce() -> Result<ClientMessage, ParseError>,
    ) -> Result<(), CloseReason> {
        let place = self.place().await?;
        place.send(Event::Input(self.input(parse().map(names::shorten))?));
        Ok(())
    }

    fn input(&self, mut message: Result<ClientMessage, ParseError>) -> Result<Input, CloseReason> {
        // Other messages create no id.
        let id = match message {
            Ok(ClientMessage::Join(_) | ClientMessage::Host(HostAction::Invite { .. })) => {
                PeerId(getrandom::u64().map_err(|_| CloseReason::InternalError)?)
            }
            _ => PeerId::default(),
        };
        if let Ok(message) = &mut message {
            passcode::normalize(message);
        }
        let identity = Box::new(Identity { id, ..Identity::default() });
        Ok(Input::Message { conn: self.registration.conn, message, identity })
    }

    /// Reports a sign of life of the client.
    pub(crate) async fn alive(&self) -> Result<(), CloseReason> {
        self.place().await?.send(Event::Input(Input::Alive(self.registration.conn)));
        Ok(())
    }

    /// Reports that the client's page is being closed or reloaded.
    pub(crate) async fn unloaded(&self) -> Result<(), CloseReason> {
        self.place().await?.send(Event::Input(Input::Unloaded(self.registration.conn)));
        Ok(())
    }

    /// Waits for a place in the hub's queue.
    async fn place(&self) -> Result<Permit<'_, Event>, CloseReason> {
        if let Ok(place) = self.events.try_reserve() {
            return Ok(place);
        }
        // Boxed, as it is rarely needed.
        Box::pin(self.events.reserve()).await.map_err(|_| CloseReason::Restart)
    }
}
