//! The two ends between a socket's task and the hub: bounded, and never in each other's way.

use super::{hub::Event, passcode};
use crate::{
    protocol::{ClientMessage, HostAction, Join, ParseError, Pass, PeerId, RoomName},
    room::{ConnId, Identity, Input},
};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use thiserror::Error;
use tokio::sync::{
    mpsc::{self, Permit},
    oneshot,
};
use tungstenite::Utf8Bytes;

/// The most bytes that wait for one client, who has never more than a few messages waiting if it
/// keeps up with its room.
const OUTBOX_BYTES: usize = 512 * 1024;
/// What a message weighs at least: so many may wait that one person can send another all that the
/// rate allows at once.
const MESSAGE_WEIGHT: usize = OUTBOX_BYTES / 512;

/// Why the server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// More waits for the client than it reads.
    Slow,
    /// The client answers no ping.
    Silent,
    /// The client neither watches nor joins a room.
    Unused,
    /// The client sends more frames than [`super::limits::Limits::messages`] allows.
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

impl Closing {
    /// What metrics and logs call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Silent => "silent",
            Self::Unused => "unused",
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
    pub(super) fn leaves_unread(self) -> bool {
        use Closing as C;
        matches!(self, C::TooFast | C::Unfinished | C::TooLarge | C::NotText | C::Protocol)
    }
}

/// The hub has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the server is ending")]
pub struct HubGone;

/// Something to write to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outgoing {
    Text(Utf8Bytes),
    Ping,
}

impl Outgoing {
    fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len().max(MESSAGE_WEIGHT),
            Self::Ping => MESSAGE_WEIGHT,
        }
    }
}

/// What a socket's task holds of the hub.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) conn: ConnId,
    pub(super) voice: Voice,
    pub(super) inbox: Inbox,
    /// Comes at most once, past everything that waits in the inbox.
    pub(super) closing: oneshot::Receiver<Closing>,
    /// The hub's task waits for all of these before it ends.
    pub(super) alive: mpsc::Sender<()>,
}

/// Tells the hub what a socket hears. When it is dropped, the connection's seat is free.
#[derive(Debug)]
pub(super) struct Voice {
    conn: ConnId,
    events: mpsc::Sender<Event>,
    closed: mpsc::UnboundedSender<ConnId>,
}

impl Voice {
    pub(super) fn new(
        conn: ConnId,
        events: mpsc::Sender<Event>,
        closed: mpsc::UnboundedSender<ConnId>,
    ) -> Self {
        Self { conn, events, closed }
    }

    /// Passes a message on; waits while the hub is busy, which slows this client down alone.
    pub(super) async fn say(
        &self,
        message: Result<ClientMessage, ParseError>,
    ) -> Result<(), Closing> {
        // Most messages give nobody anything new.
        let id = match message {
            Ok(ClientMessage::Join(_) | ClientMessage::Host(HostAction::Invite { .. })) => {
                PeerId(getrandom::u64().map_err(|_| Closing::Internal)?)
            }
            _ => PeerId::default(),
        };
        // Passcodes are rare: what working on them takes is not kept for everybody.
        let (passcode, tried) = match &message {
            Ok(ClientMessage::Join(Join {
                room,
                pass: Pass { passcode: Some(given), .. },
                ..
            })) => Box::pin(self.verify(room.clone(), given.clone())).await?,
            Ok(ClientMessage::Host(HostAction::Passcode { passcode: Some(new) })) => {
                (Box::pin(self.hash(new.clone())).await?, false)
            }
            _ => (None, false),
        };
        let place = self.place().await?;
        let identity = Box::new(Identity { id, passcode, tried, ..Identity::default() });
        place.send(Event::Input(Input::Message { conn: self.conn, message, identity }));
        Ok(())
    }

    /// The hash that a passcode has, if it is the room's, and whether it was compared.
    async fn verify(
        &self,
        room: RoomName,
        given: String,
    ) -> Result<(Option<String>, bool), Closing> {
        let hash = self.ask(|reply| Event::Passcode(self.conn, room, reply)).await?;
        Ok(match hash {
            Some(hash) => (passcode::verify(given, hash).await, true),
            None => (None, false),
        })
    }

    async fn hash(&self, new: String) -> Result<Option<String>, Closing> {
        let may = self.ask(|reply| Event::MaySetPasscode(self.conn, reply)).await?;
        Ok(if may { passcode::hash(new).await } else { None })
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Event,
    ) -> Result<T, Closing> {
        let (reply, answer) = oneshot::channel();
        self.events.send(question(reply)).await.map_err(|_| Closing::Restart)?;
        answer.await.map_err(|_| Closing::Restart)
    }

    /// Passes on that the client gave a sign of life.
    pub(super) async fn heard(&self) -> Result<(), Closing> {
        self.place().await?.send(Event::Input(Input::Heard(self.conn)));
        Ok(())
    }

    /// Passes on that the client's page is being closed or loaded again.
    pub(super) async fn unloaded(&self) -> Result<(), Closing> {
        self.place().await?.send(Event::Input(Input::Unloaded(self.conn)));
        Ok(())
    }

    /// Waits for a place among the events, with nothing in hand.
    async fn place(&self) -> Result<Permit<'_, Event>, Closing> {
        self.events.reserve().await.map_err(|_| Closing::Restart)
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        // The hub is gone: nobody is left to tell.
        let _ = self.closed.send(self.conn);
    }
}

/// The hub's end of what waits for a client.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: UnboundedSender<Outgoing>,
    weight: Arc<AtomicUsize>,
}

/// The client's end of it.
#[derive(Debug)]
pub(super) struct Inbox {
    queue: UnboundedReceiver<Outgoing>,
    weight: Arc<AtomicUsize>,
}

/// The client reads too slowly, or is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// Bounded by what waits in it, and next to nothing as long as it is empty.
pub(super) fn queue() -> (Outbox, Inbox) {
    let (sender, receiver) = unbounded();
    let weight = Arc::new(AtomicUsize::new(0));
    (Outbox { queue: sender, weight: weight.clone() }, Inbox { queue: receiver, weight })
}

impl Outbox {
    /// Never waits.
    pub(super) fn push(&self, item: Outgoing) -> Result<(), Full> {
        let more = item.weight();
        let before = self.weight.fetch_add(more, Ordering::Relaxed);
        if before + more > OUTBOX_BYTES {
            self.weight.fetch_sub(more, Ordering::Relaxed);
            return Err(Full);
        }
        self.queue.unbounded_send(item).map_err(|_| Full)
    }
}

impl Inbox {
    /// Waits for something to write and takes up to `most` of it; nothing once the hub let go.
    pub(super) async fn take(&mut self, batch: &mut Vec<Outgoing>, most: usize) -> usize {
        let (mut taken, mut weight) = (0, 0);
        let mut next = self.queue.next().await;
        while let Some(item) = next {
            taken += 1;
            weight += item.weight();
            batch.push(item);
            next = if taken < most { self.queue.try_recv().ok() } else { None };
        }
        self.weight.fetch_sub(weight, Ordering::Relaxed);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: usize) -> Outgoing {
        Outgoing::Text("a".repeat(bytes).into())
    }

    #[tokio::test]
    async fn a_queue_is_bounded_in_messages_and_in_bytes() {
        let (outbox, mut inbox) = queue();
        for _ in 0..OUTBOX_BYTES / MESSAGE_WEIGHT {
            assert_eq!(outbox.push(Outgoing::Ping), Ok(()));
        }
        assert_eq!(outbox.push(Outgoing::Ping), Err(Full));

        assert_eq!(inbox.take(&mut Vec::new(), 1000).await, 512);
        assert_eq!(outbox.push(text(OUTBOX_BYTES)), Ok(()));
        assert_eq!(outbox.push(text(1)), Err(Full));
    }

    #[tokio::test]
    async fn what_is_taken_makes_room() {
        let (outbox, mut inbox) = queue();
        for _ in 0..10 {
            assert_eq!(outbox.push(text(OUTBOX_BYTES)), Ok(()));
            let mut batch = Vec::new();
            assert_eq!(inbox.take(&mut batch, 8).await, 1);
            assert_eq!(batch, [text(OUTBOX_BYTES)]);
        }
    }
}
