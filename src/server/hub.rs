//! The one task that owns the rooms. Sockets tell it what they hear; it tells them what to write,
//! and never waits for one of them.

use super::{
    connection::{Closing, Connection, Full, HubGone, Outbox, Outgoing, Voice, queue},
    seat::Secret,
};
use crate::{
    protocol::{ClientMessage, Join, RoomName, RoomState, ServerMessage},
    room::{self, Command, ConnId, Identity, Input, Rooms},
};
use std::{
    collections::BTreeMap,
    future,
    ops::ControlFlow,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use tracing::debug;
use tungstenite::Utf8Bytes;

/// How many events of all sockets wait for the hub before the sockets wait themselves.
const EVENTS: usize = 256;

/// What the hub's task is told.
#[derive(Debug)]
pub(super) enum Event {
    /// A socket asks for its connection.
    Open(oneshot::Sender<Connection>),
    /// A socket has heard something.
    Input(Input),
    /// A page wants to know who is in a room.
    State(RoomName, oneshot::Sender<RoomState>),
    /// The server ends.
    Stop,
}

/// How much the hub remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rooms that somebody sits in or watches.
    pub rooms: usize,
    /// Open connections.
    pub connections: usize,
}

/// A handle to the hub's task, which ends when it is stopped or the last handle is dropped.
#[derive(Clone, Debug)]
pub struct Hub {
    events: mpsc::Sender<Event>,
    counts: watch::Receiver<Counts>,
}

impl Hub {
    /// Starts the task.
    pub(super) fn start(config: room::Config, secret: Secret) -> (Self, JoinHandle<()>) {
        let (events, inbox) = mpsc::channel(EVENTS);
        let (publish, counts) = watch::channel(Counts::default());
        let task = tokio::spawn(Task::new(config, secret, &events, inbox, publish).run());
        (Self { events, counts }, task)
    }

    /// Registers a socket. It is remembered until the connection's voice is dropped.
    pub(super) async fn open(&self) -> Result<Connection, HubGone> {
        let (reply, answer) = oneshot::channel();
        self.events.send(Event::Open(reply)).await.map_err(|_| HubGone)?;
        answer.await.map_err(|_| HubGone)
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

    /// How much is remembered, now and whenever it changes.
    #[must_use]
    pub fn counts(&self) -> watch::Receiver<Counts> {
        self.counts.clone()
    }

    /// Closes every connection and lets the task end.
    pub(super) async fn stop(&self) {
        // It has ended already if nobody takes the event.
        let _ = self.events.send(Event::Stop).await;
    }
}

/// What the hub holds of a socket.
#[derive(Debug)]
struct Socket {
    outbox: Outbox,
    closing: oneshot::Sender<Closing>,
}

struct Task {
    start: Instant,
    /// The time of the start since the Unix epoch: seats outlive a run of the server, so the rooms'
    /// time does, too. From there on it is told by a clock that nobody sets.
    epoch: Duration,
    secret: Secret,
    rooms: Rooms,
    sockets: BTreeMap<ConnId, Socket>,
    opened: u64,
    /// Weak, so that the task does not keep itself alive.
    handle: mpsc::WeakSender<Event>,
    events: mpsc::Receiver<Event>,
    /// Unbounded because a dropped voice cannot wait; each connection sends one at most.
    closed: (mpsc::UnboundedSender<ConnId>, mpsc::UnboundedReceiver<ConnId>),
    alive: (mpsc::Sender<()>, mpsc::Receiver<()>),
    counts: watch::Sender<Counts>,
}

impl Task {
    fn new(
        config: room::Config,
        secret: Secret,
        handle: &mpsc::Sender<Event>,
        events: mpsc::Receiver<Event>,
        counts: watch::Sender<Counts>,
    ) -> Self {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            start: Instant::now(),
            epoch,
            secret,
            rooms: Rooms::new(config, epoch),
            sockets: BTreeMap::new(),
            opened: 0,
            handle: handle.downgrade(),
            events,
            closed: mpsc::unbounded_channel(),
            alive: mpsc::channel(1),
            counts,
        }
    }

    async fn run(mut self) {
        loop {
            tokio::select! {
                event = self.events.recv() => {
                    if self.event(event).is_break() {
                        break;
                    }
                }
                Some(conn) = self.closed.1.recv() => {
                    // What the connection said last, as that its person leaves, comes first.
                    while let Ok(event) = self.events.try_recv() {
                        if self.event(Some(event)).is_break() {
                            return self.stop().await;
                        }
                    }
                    self.sockets.remove(&conn);
                    self.handle(Input::Closed(conn));
                }
                () = until(self.rooms.poll_timeout().map(|at| self.start + at.saturating_sub(self.epoch))) => {
                    self.handle(Input::Tick);
                }
            }
            self.publish();
        }
        self.stop().await;
    }

    /// Returns whether to go on.
    fn event(&mut self, event: Option<Event>) -> ControlFlow<()> {
        match event {
            Some(Event::Open(reply)) => self.open(reply),
            Some(Event::Input(input)) => self.handle(input),
            // Who asked may be gone by now.
            Some(Event::State(room, reply)) => drop(reply.send(self.state(&room))),
            Some(Event::Stop) | None => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    /// Tells every socket to close and waits until they have.
    async fn stop(self) {
        for (_, socket) in self.sockets {
            // It may have closed in this moment.
            let _ = socket.closing.send(Closing::Restart);
        }
        // Who still waits for an answer learns that none will come.
        drop(self.events);
        let (own, mut others) = self.alive;
        drop(own);
        others.recv().await;
    }

    fn open(&mut self, reply: oneshot::Sender<Connection>) {
        // Without a handle nobody waits for the reply either.
        let Some(handle) = self.handle.upgrade() else { return };
        self.opened += 1;
        let conn = ConnId(self.opened);
        let (outbox, inbox) = queue();
        let (closer, closing) = oneshot::channel();
        self.sockets.insert(conn, Socket { outbox, closing: closer });
        self.handle(Input::Opened(conn));
        let voice = Voice::new(conn, handle, self.closed.0.clone());
        let alive = self.alive.0.clone();
        // Whoever asked may be gone: then the voice is dropped here and reports the closing.
        drop(reply.send(Connection { conn, voice, inbox, closing, alive }));
    }

    fn state(&self, room: &RoomName) -> RoomState {
        self.rooms.state(room, self.now())
    }

    fn now(&self) -> Duration {
        self.epoch + self.start.elapsed()
    }

    /// Who a message gives a seat to.
    fn identify(&self, message: &ClientMessage, fresh: Identity, now: Duration) -> Identity {
        let ClientMessage::Join(Join { room, seat: Some(claim), .. }) = message else {
            return Identity { since: now, ..fresh };
        };
        let proven = claim.token.as_ref().and_then(|token| self.secret.verify(room, token, now));
        let identity = proven.unwrap_or(Identity { since: now, ..fresh });
        let token = self.secret.prove(room, identity.id, identity.since, now);
        Identity { token, ..identity }
    }

    fn handle(&mut self, input: Input) {
        let now = self.now();
        let input = match input {
            Input::Message { conn, message: Ok(message), identity } => {
                let identity = self.identify(&message, identity, now);
                Input::Message { conn, message: Ok(message), identity }
            }
            other => other,
        };
        self.rooms.handle(input, now);
        let mut last: Option<(ServerMessage, Utf8Bytes)> = None;
        while let Some(command) = self.rooms.poll() {
            let (conn, result) = match command {
                Command::Send(conn, message) => {
                    // What several people are told is written once.
                    let json = match last.take() {
                        Some((same, json)) if same == message => json,
                        _ => message.to_json().into(),
                    };
                    last = Some((message, json.clone()));
                    (conn, self.push(conn, Outgoing::Text(json)))
                }
                Command::Ping(conn) => (conn, self.push(conn, Outgoing::Ping)),
                Command::Close(conn) => {
                    self.close(conn, Closing::Silent);
                    continue;
                }
                Command::CloseUnused(conn) => {
                    self.close(conn, Closing::Unused);
                    continue;
                }
            };
            if result == Err(Full) {
                self.close(conn, Closing::Slow);
                self.rooms.handle(Input::Closed(conn), now);
            }
        }
    }

    fn push(&self, conn: ConnId, item: Outgoing) -> Result<(), Full> {
        self.sockets.get(&conn).map_or(Ok(()), |socket| socket.outbox.push(item))
    }

    fn close(&mut self, conn: ConnId, closing: Closing) {
        let Some(socket) = self.sockets.remove(&conn) else { return };
        debug!(conn = conn.0, ?closing, "closing");
        // It may have closed in this moment.
        let _ = socket.closing.send(closing);
    }

    fn publish(&self) {
        let counts =
            Counts { rooms: self.rooms.room_count(), connections: self.rooms.connection_count() };
        self.counts.send_if_modified(|published| {
            let changed = *published != counts;
            *published = counts;
            changed
        });
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => future::pending().await,
    }
}

#[cfg(test)]
mod tests;
