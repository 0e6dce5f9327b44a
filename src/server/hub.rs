//! The one task that owns the rooms. Sockets tell it what they hear; it tells them what to write,
//! and never waits for one of them.

use super::{
    address::ClientAddress,
    connection::{Closing, Connection, Full, HubGone, Outbox, Outgoing, Voice, queue},
    error::ServerError,
    metrics::Metrics,
    relay::Relays,
    secret::Secret,
    store::Store,
};
use crate::{
    protocol::{
        ClientMessage, ErrorCode, HostAction, Join, PeerId, Report, RoomName, RoomState,
        ServerMessage,
    },
    room::{self, Command, ConnId, Identity, Input, Rooms},
};
use std::{
    collections::BTreeMap,
    future,
    hash::{BuildHasher, RandomState},
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use tracing::{debug, error, info};
use tungstenite::Utf8Bytes;

/// How many events of all sockets wait for the hub before the sockets wait themselves.
const EVENTS: usize = 256;

/// What the hub's task is told.
#[derive(Debug)]
pub(super) enum Event {
    /// A socket asks for its connection.
    Open(ClientAddress, oneshot::Sender<Connection>),
    /// A socket has heard something.
    Input(Input),
    /// A page wants to know who is in a room.
    State(RoomName, oneshot::Sender<RoomState>),
    /// A connection wants to know the hash that a room's passcode has to match, if it has one.
    Passcode(ConnId, RoomName, oneshot::Sender<Option<String>>),
    /// A connection wants to know whether it may set a passcode.
    MaySetPasscode(ConnId, oneshot::Sender<bool>),
    /// Somebody wants to know how many seats are taken or held.
    People(oneshot::Sender<usize>),
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
    metrics: Arc<Metrics>,
}

impl Hub {
    /// Starts the task.
    ///
    /// # Errors
    /// What was kept of the rooms cannot be read.
    pub(super) fn start(
        config: room::Config,
        means: Means,
    ) -> Result<(Self, JoinHandle<()>), ServerError> {
        let (events, inbox) = mpsc::channel(EVENTS);
        let (publish, counts) = watch::channel(Counts::default());
        let kept = means.store.load()?;
        let metrics = Arc::new(Metrics::new());
        let mut task = Task::new(config, means, &events, inbox, publish, metrics.clone());
        for (room, kept) in kept {
            task.rooms.restore(room, kept);
        }
        Ok((Self { events, counts, metrics }, tokio::spawn(task.run())))
    }

    /// Registers a socket. It is remembered until the connection's voice is dropped.
    pub(super) async fn open(&self, address: ClientAddress) -> Result<Connection, HubGone> {
        let (reply, answer) = oneshot::channel();
        self.events.send(Event::Open(address, reply)).await.map_err(|_| HubGone)?;
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

    /// How many seats are taken or held now.
    pub(super) async fn people(&self) -> Result<usize, HubGone> {
        let (reply, answer) = oneshot::channel();
        self.events.send(Event::People(reply)).await.map_err(|_| HubGone)?;
        answer.await.map_err(|_| HubGone)
    }

    /// How many events wait to be handled.
    pub(super) fn waiting(&self) -> usize {
        self.events.max_capacity().saturating_sub(self.events.capacity())
    }

    /// Whether anybody can still come in: not once the server ends.
    pub(super) fn is_open(&self) -> bool {
        !self.events.is_closed()
    }

    pub(super) fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
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

/// What the hub has beside the rooms.
#[derive(Debug)]
pub(super) struct Means {
    /// Signs what people carry around.
    pub(super) secret: Secret,
    /// Gives people the way around what stands between them.
    pub(super) relays: Relays,
    /// Keeps what hosts decide.
    pub(super) store: Store,
}

/// What the hub holds of a socket.
#[derive(Debug)]
struct Socket {
    /// Stands for the address it comes from.
    address: u64,
    outbox: Outbox,
    closing: oneshot::Sender<Closing>,
    /// Whether a report counts: one does after each `joined`.
    may_report: bool,
}

/// Who asked for a seat with the message that is being handled.
#[derive(Clone, Copy)]
struct Joining {
    conn: ConnId,
    returning: bool,
}

struct Task {
    start: Instant,
    /// The time of the start since the Unix epoch: seats outlive a run of the server, so the rooms'
    /// time does, too. From there on it is told by a clock that nobody sets.
    epoch: Duration,
    means: Means,
    rooms: Rooms,
    sockets: BTreeMap<ConnId, Socket>,
    /// Makes numbers of addresses, others in each run.
    hasher: RandomState,
    opened: u64,
    /// Weak, so that the task does not keep itself alive.
    handle: mpsc::WeakSender<Event>,
    events: mpsc::Receiver<Event>,
    /// Unbounded because a dropped voice cannot wait; each connection sends one at most.
    closed: (mpsc::UnboundedSender<ConnId>, mpsc::UnboundedReceiver<ConnId>),
    alive: (mpsc::Sender<()>, mpsc::Receiver<()>),
    counts: watch::Sender<Counts>,
    metrics: Arc<Metrics>,
}

impl Task {
    fn new(
        config: room::Config,
        means: Means,
        handle: &mpsc::Sender<Event>,
        events: mpsc::Receiver<Event>,
        counts: watch::Sender<Counts>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let epoch = time_of_day();
        Self {
            start: Instant::now(),
            epoch,
            means,
            rooms: Rooms::new(config, epoch),
            sockets: BTreeMap::new(),
            hasher: RandomState::new(),
            opened: 0,
            handle: handle.downgrade(),
            events,
            closed: mpsc::unbounded_channel(),
            alive: mpsc::channel(1),
            counts,
            metrics,
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
            Some(Event::Open(address, reply)) => self.open(address, reply),
            Some(Event::Input(input)) => self.handle(input),
            // Who asked may be gone by now.
            Some(Event::State(room, reply)) => drop(reply.send(self.state(&room))),
            Some(Event::Passcode(conn, room, reply)) => {
                let (address, now) = (self.address(conn), self.now());
                drop(reply.send(self.rooms.passcode(conn, &room, address, now)));
            }
            Some(Event::MaySetPasscode(conn, reply)) => {
                let (address, now) = (self.address(conn), self.now());
                let _ = reply.send(self.rooms.may_set_passcode(conn, address, now));
            }
            Some(Event::People(reply)) => drop(reply.send(self.rooms.person_count())),
            Some(Event::Stop) | None => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    /// Tells every socket to close and waits until they have.
    async fn stop(self) {
        // Who still waits for an answer learns that none will come, and nobody new is let in.
        drop(self.events);
        for (_, socket) in self.sockets {
            // It may have closed in this moment.
            let _ = socket.closing.send(Closing::Restart);
        }
        let (own, mut others) = self.alive;
        drop(own);
        others.recv().await;
    }

    fn open(&mut self, address: ClientAddress, reply: oneshot::Sender<Connection>) {
        // Without a handle nobody waits for the reply either.
        let Some(handle) = self.handle.upgrade() else { return };
        self.opened += 1;
        let conn = ConnId(self.opened);
        let (outbox, inbox) = queue();
        let (closer, closing) = oneshot::channel();
        let address = self.hasher.hash_one(address);
        let socket = Socket { address, outbox, closing: closer, may_report: false };
        self.sockets.insert(conn, socket);
        self.handle(Input::Opened(conn));
        let voice = Voice::new(conn, handle, self.closed.0.clone());
        let alive = self.alive.0.clone();
        // Whoever asked may be gone: then the voice is dropped here and reports the closing.
        drop(reply.send(Connection { conn, voice, inbox, closing, alive }));
    }

    fn address(&self, conn: ConnId) -> u64 {
        self.sockets.get(&conn).map(|socket| socket.address).unwrap_or_default()
    }

    fn state(&self, room: &RoomName) -> RoomState {
        self.rooms.seen_from_outside(room, self.now())
    }

    fn now(&self) -> Duration {
        self.epoch + self.start.elapsed()
    }

    /// What a message's sender has proven.
    fn identify(
        &self,
        conn: ConnId,
        message: &ClientMessage,
        fresh: Identity,
        now: Duration,
    ) -> Identity {
        let fresh = Identity { address: self.address(conn), ..fresh };
        match message {
            ClientMessage::Join(join) => self.identify_newcomer(join, fresh, now),
            ClientMessage::Host(HostAction::Invite { .. }) => {
                let seat = self.rooms.seat(conn);
                let token = seat.and_then(|(room, _)| self.means.secret.invite(room, fresh.id.0));
                Identity { token, ..fresh }
            }
            _ => fresh,
        }
    }

    fn identify_newcomer(&self, join: &Join, fresh: Identity, now: Duration) -> Identity {
        let Join { room, seat, pass, .. } = join;
        let secret = &self.means.secret;
        let token = seat.as_ref().and_then(|claim| claim.token.as_ref());
        let seat_before = token.and_then(|token| secret.verify(room, token, now));
        let Identity { id, since, returning, .. } =
            seat_before.unwrap_or(Identity { id: fresh.id, since: now, ..Identity::default() });
        Identity {
            id,
            since,
            returning,
            token: seat.as_ref().and_then(|_| secret.prove(room, id, since, now)),
            host: pass.host.as_ref().and_then(|key| secret.host_generation(room, key)),
            invitation: pass.invitation.as_ref().and_then(|token| secret.invited(room, token)),
            passcode: fresh.passcode,
            tried: fresh.tried,
            address: fresh.address,
        }
    }

    /// Makes the credentials that belong into a message.
    fn equip(&self, conn: ConnId, message: &mut ServerMessage) {
        if let ServerMessage::Joined { ice, .. } | ServerMessage::Ice(ice) = message
            && let Some((room, id)) = self.rooms.seat(conn)
        {
            *ice = self.means.relays.grant(room, id, &self.means.secret, time_of_day());
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.now();
        let input = match input {
            Input::Message { conn, message: Ok(message), identity } => {
                let identity = Box::new(self.identify(conn, &message, *identity, now));
                Input::Message { conn, message: Ok(message), identity }
            }
            other => other,
        };
        let joining = self.look_at(&input);
        self.rooms.handle(input, now);
        let mut last: Option<(ServerMessage, Utf8Bytes)> = None;
        while let Some(command) = self.rooms.poll() {
            let (conn, result) = match command {
                Command::Send(conn, mut message) => {
                    self.equip(conn, &mut message);
                    self.note(conn, &message, joining);
                    // What several people are told is written once.
                    let json = match last.take() {
                        Some((same, json)) if same == message => json,
                        _ => message.to_json().into(),
                    };
                    self.metrics.sent(json.len());
                    let pushed = match &message {
                        ServerMessage::Signal { from, .. } => self.relay(*from, conn, json.clone()),
                        _ => (conn, self.push(conn, Outgoing::Text(json.clone()))),
                    };
                    last = Some((message, json));
                    pushed
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
                Command::Keep(room, kept) => {
                    note_failure(self.means.store.keep(&room, &kept));
                    continue;
                }
                Command::Forget(room) => {
                    note_failure(self.means.store.forget(&room));
                    continue;
                }
                Command::GiveKey(conn, room, generation) => {
                    let Some(key) = self.means.secret.host_key(&room, generation) else { continue };
                    let message = ServerMessage::HostKey(key).to_json();
                    (conn, self.push(conn, Outgoing::Text(message.into())))
                }
            };
            if result == Err(Full) {
                self.close(conn, Closing::Slow);
                self.rooms.handle(Input::Closed(conn), now);
            }
        }
    }

    /// Takes the operator's figures out of what a client says, and notes whether it wants a seat.
    fn look_at(&mut self, input: &Input) -> Option<Joining> {
        let Input::Message { conn, message: Ok(message), identity } = input else { return None };
        match message {
            ClientMessage::Join(_) => Some(Joining { conn: *conn, returning: identity.returning }),
            ClientMessage::Report(report) => {
                self.take(*conn, *report);
                None
            }
            _ => None,
        }
    }

    fn take(&mut self, conn: ConnId, report: Report) {
        if let Some(socket) = self.sockets.get_mut(&conn).filter(|socket| socket.may_report) {
            socket.may_report = false;
            self.metrics.reported(report);
        }
    }

    /// Counts and logs what a client is told.
    fn note(&mut self, conn: ConnId, message: &ServerMessage, joining: Option<Joining>) {
        let joining = joining.filter(|joining| joining.conn == conn);
        match message {
            ServerMessage::Signal { signal, .. } => self.metrics.relayed(signal),
            ServerMessage::Joined { .. } => {
                let returned = joining.is_some_and(|joining| joining.returning);
                self.metrics.joined(returned);
                info!(connection = conn.0, returned, "joined");
                if let Some(socket) = self.sockets.get_mut(&conn) {
                    socket.may_report = true;
                }
            }
            ServerMessage::Error { code, .. } => {
                self.metrics.refused(*code, joining.is_some());
                if joining.is_some() {
                    info!(connection = conn.0, ?code, "not let in");
                }
            }
            _ => {}
        }
    }

    fn push(&self, conn: ConnId, item: Outgoing) -> Result<(), Full> {
        self.sockets.get(&conn).map_or(Ok(()), |socket| socket.outbox.push(item))
    }

    /// Passes on what somebody says to another one. If too much of theirs waits for that one already,
    /// it is not passed on, and they are told. Returns whose queue was written to last.
    fn relay(&mut self, from: PeerId, to: ConnId, json: Utf8Bytes) -> (ConnId, Result<(), Full>) {
        let outbox = self.sockets.get_mut(&to).map(|socket| &mut socket.outbox);
        if outbox.is_none_or(|outbox| outbox.relay(from, json).is_ok()) {
            return (to, Ok(()));
        }
        let Some(from) = self.rooms.beside(to, from) else { return (to, Ok(())) };
        let code = ErrorCode::RecipientBusy;
        self.metrics.refused(code, false);
        let message = "Too much of yours waits for them: this was not passed on.".to_owned();
        let error = ServerMessage::Error { code, message }.to_json();
        (from, self.push(from, Outgoing::Text(error.into())))
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

/// The rooms go on as decided; only a restart would not know of it.
fn note_failure(written: Result<(), rusqlite::Error>) {
    if let Err(error) = written {
        error!(%error, "what a host decided could not be written down");
    }
}

/// Since the Unix epoch.
pub(super) fn time_of_day() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => future::pending().await,
    }
}

#[cfg(test)]
mod tests;
