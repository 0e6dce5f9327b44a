//! The one task that owns the rooms. Sockets tell it what they hear; it tells them what to write,
//! and never waits for one of them.

use super::{
    address::ClientAddress,
    checks::Checks,
    clock::Clock,
    connection::{Closing, Connection, Full, HubGone, Outbox, Outgoing, Voice, queue},
    error::ServerError,
    metrics::Metrics,
    relay::Relays,
    secret::Secret,
    store::{Names, Store},
    writer::Writer,
};
use crate::{
    protocol::{
        ClientMessage, ErrorCode, HostAction, Join, PeerId, Report, RoomName, RoomState,
        ServerMessage,
    },
    room::{self, Command, ConnId, Directory, Identity, Input},
};
use std::{
    collections::{BTreeMap, VecDeque},
    hash::{BuildHasher, RandomState},
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{sleep_until, timeout},
};
use tracing::{debug, info};
use tungstenite::Utf8Bytes;

/// How many events of all sockets wait for the hub before the sockets wait themselves.
const EVENTS: usize = 256;
/// Within this time the hub answers, or it stands.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// What the hub's task is told.
#[derive(Debug)]
pub(super) enum Event {
    /// A socket asks for its connection.
    Open(ClientAddress, oneshot::Sender<Connection>),
    /// A socket has heard something.
    Input(Input),
    /// A page wants to know who is in a room.
    State(RoomName, oneshot::Sender<RoomState>),
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
    /// The thread that writes cannot be started.
    pub(super) fn start(
        config: room::Config,
        means: Means,
    ) -> Result<(Self, JoinHandle<()>), ServerError> {
        let (events, inbox) = mpsc::channel(EVENTS);
        let (publish, counts) = watch::channel(Counts::default());
        let metrics = Arc::new(Metrics::new());
        let task = Task::new(config, means, &events, inbox, publish, metrics.clone())?;
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

    /// How many seats are taken or held now; none if the hub does not answer.
    pub(super) async fn people(&self) -> Option<usize> {
        let (reply, answer) = oneshot::channel();
        let ask = async {
            self.events.send(Event::People(reply)).await.ok()?;
            answer.await.ok()
        };
        timeout(ANSWERS_WITHIN, ask).await.ok().flatten()
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
    /// What is kept so far.
    pub(super) kept: Names,
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
    /// Whether its client waits for the answer to a `join`, and is returning.
    joining: Option<bool>,
}

struct Task {
    /// Since the Unix epoch: seats outlive a run of the server, so the rooms' time does, too. From
    /// the start on it is told by a clock that nobody sets.
    clock: Clock,
    secret: Secret,
    relays: Relays,
    writer: Writer,
    checks: Checks,
    /// What the writer and the checks say. Unbounded because threads cannot wait; each says one thing
    /// for one that they were asked.
    results: mpsc::UnboundedReceiver<Input>,
    directory: Directory,
    /// Pages that wait for an answer.
    questions: BTreeMap<u64, oneshot::Sender<RoomState>>,
    asked: u64,
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
    ) -> Result<Self, ServerError> {
        let epoch = time_of_day();
        let (results, inputs) = mpsc::unbounded_channel();
        let Means { secret, relays, store, kept } = means;
        Ok(Self {
            clock: Clock::new(epoch),
            secret,
            relays,
            writer: Writer::start(store, results.clone())?,
            checks: Checks::new(results),
            results: inputs,
            directory: Directory::new(config, epoch, kept),
            questions: BTreeMap::new(),
            asked: 0,
            sockets: BTreeMap::new(),
            hasher: RandomState::new(),
            opened: 0,
            handle: handle.downgrade(),
            events,
            closed: mpsc::unbounded_channel(),
            alive: mpsc::channel(1),
            counts,
            metrics,
        })
    }

    async fn run(mut self) {
        while self.turn().await.is_continue() {
            self.publish();
        }
        self.stop().await;
    }

    /// Waits for one thing to happen, and handles it.
    async fn turn(&mut self) -> ControlFlow<()> {
        tokio::select! {
            event = self.events.recv() => self.event(event)?,
            Some(input) = self.results.recv() => self.result(input),
            Some(conn) = self.closed.1.recv() => {
                // What the connection said last, as that its person leaves, comes first.
                self.events_so_far()?;
                self.sockets.remove(&conn);
                self.handle(Input::Closed(conn));
            }
            () = sleep_until(self.clock.wake(self.directory.poll_timeout())) => {
                // Whoever said something before this moment was not silent.
                self.events_so_far()?;
                self.handle(Input::Tick);
            }
        }
        ControlFlow::Continue(())
    }

    /// Handles the events that are there, and not those that come meanwhile.
    fn events_so_far(&mut self) -> ControlFlow<()> {
        for _ in 0..self.events.len() {
            if let Ok(event) = self.events.try_recv() {
                self.event(Some(event))?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Returns whether to go on.
    fn event(&mut self, event: Option<Event>) -> ControlFlow<()> {
        match event {
            Some(Event::Open(address, reply)) => self.open(address, reply),
            Some(Event::Input(input)) => self.handle(input),
            Some(Event::State(room, reply)) => {
                self.asked += 1;
                self.questions.insert(self.asked, reply);
                self.handle(Input::Look(self.asked, room));
            }
            // Who asked may be gone by now.
            Some(Event::People(reply)) => drop(reply.send(self.directory.person_count())),
            Some(Event::Stop) | None => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    fn result(&mut self, input: Input) {
        if let Input::Checked(..) = input {
            self.checks.done();
        }
        self.handle(input);
    }

    /// Tells every socket to close and waits until they have, and until everything is written.
    async fn stop(mut self) {
        // Who still waits for an answer learns that none will come, and nobody new is let in.
        drop((self.events, self.questions, self.writer, self.checks));
        for (_, socket) in self.sockets {
            // It may have closed in this moment.
            let _ = socket.closing.send(Closing::Restart);
        }
        let (own, mut others) = self.alive;
        drop(own);
        others.recv().await;
        while self.results.recv().await.is_some() {}
    }

    fn open(&mut self, address: ClientAddress, reply: oneshot::Sender<Connection>) {
        // Without a handle nobody waits for the reply either.
        let Some(handle) = self.handle.upgrade() else { return };
        self.opened += 1;
        let conn = ConnId(self.opened);
        let (outbox, inbox) = queue();
        let (closer, closing) = oneshot::channel();
        let address = self.hasher.hash_one(address);
        let socket = Socket { address, outbox, closing: closer, may_report: false, joining: None };
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
                let seat = self.directory.seat(conn);
                let token = seat.and_then(|(room, _)| self.secret.invite(room, fresh.id.0));
                Identity { token, ..fresh }
            }
            _ => fresh,
        }
    }

    fn identify_newcomer(&self, join: &Join, fresh: Identity, now: Duration) -> Identity {
        let Join { room, seat, pass, .. } = join;
        let secret = &self.secret;
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
            && let Some((room, id)) = self.directory.seat(conn)
        {
            *ice = self.relays.grant(room, id, &self.secret, time_of_day());
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.clock.look();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let input = match input {
                Input::Message { conn, message: Ok(message), identity } => {
                    let identity = Box::new(self.identify(conn, &message, *identity, now));
                    Input::Message { conn, message: Ok(message), identity }
                }
                other => other,
            };
            self.look_at(&input);
            self.directory.handle(input, now);
            while let Some(command) = self.directory.poll() {
                self.obey(command, &mut inputs, now);
            }
        }
    }

    /// Does what the rooms want; adds what they are to be told about it at once.
    fn obey(&mut self, command: Command, inputs: &mut VecDeque<Input>, now: Duration) {
        match command {
            Command::Send(conn, message) => inputs.extend(self.send(conn, message)),
            Command::Broadcast(to, message) => inputs.extend(self.broadcast(&to, &message)),
            Command::Ping(conn) => inputs.extend(self.push(conn, Outgoing::Ping)),
            Command::SendHostKey(conn, room, generation) => {
                inputs.extend(self.send_host_key(conn, &room, generation));
            }
            Command::Close(conn) => self.close(conn, Closing::Silent),
            Command::CloseUnused(conn) => self.close(conn, Closing::Unused),
            Command::Keep(room, kept) => self.writer.keep(room, Some(kept)),
            Command::Forget(room) => self.writer.keep(room, None),
            Command::Sync(number) => self.writer.sync(number),
            Command::Load(room) => self.writer.load(room),
            Command::Sweep(now) => self.writer.sweep(now),
            Command::Check(check) => inputs.extend(self.checks.begin(check, now)),
            Command::Resume(input) => inputs.push_back(*input),
            Command::Answer(question, state) => {
                // Who asked may be gone by now.
                self.questions.remove(&question).map(|reply| reply.send(state));
            }
        }
    }

    fn send_host_key(&mut self, conn: ConnId, room: &RoomName, generation: u64) -> Option<Input> {
        let key = self.secret.host_key(room, generation)?;
        self.push(conn, Outgoing::Text(ServerMessage::HostKey(key).to_json().into()))
    }

    fn send(&mut self, conn: ConnId, mut message: ServerMessage) -> Option<Input> {
        self.equip(conn, &mut message);
        self.note(conn, &message);
        let json: Utf8Bytes = message.to_json().into();
        self.metrics.sent(json.len());
        match &message {
            ServerMessage::Signal { from, .. } => self.relay(*from, conn, json),
            _ => self.push(conn, Outgoing::Text(json)),
        }
    }

    /// What several people are told is written once.
    fn broadcast(&mut self, to: &[ConnId], message: &ServerMessage) -> Vec<Input> {
        let json: Utf8Bytes = message.to_json().into();
        let mut inputs = Vec::new();
        for conn in to {
            self.note(*conn, message);
            self.metrics.sent(json.len());
            inputs.extend(self.push(*conn, Outgoing::Text(json.clone())));
        }
        inputs
    }

    /// Takes the operator's figures out of what a client says, and notes whether it wants a seat.
    fn look_at(&mut self, input: &Input) {
        let Input::Message { conn, message: Ok(message), identity } = input else { return };
        match message {
            ClientMessage::Join(_) => {
                if let Some(socket) = self.sockets.get_mut(conn) {
                    socket.joining = Some(identity.returning);
                }
            }
            ClientMessage::Report(report) => self.take(*conn, *report),
            _ => {}
        }
    }

    fn take(&mut self, conn: ConnId, report: Report) {
        if let Some(socket) = self.sockets.get_mut(&conn).filter(|socket| socket.may_report) {
            socket.may_report = false;
            self.metrics.reported(report);
        }
    }

    /// Counts and logs what a client is told.
    fn note(&mut self, conn: ConnId, message: &ServerMessage) {
        let socket = self.sockets.get_mut(&conn);
        match message {
            ServerMessage::Signal { signal, .. } => self.metrics.relayed(signal),
            ServerMessage::Joined { .. } => {
                let Some(socket) = socket else { return };
                let returned = socket.joining.take().is_some_and(|returning| returning);
                socket.may_report = true;
                self.metrics.joined(returned);
                info!(connection = conn.0, returned, "joined");
            }
            ServerMessage::Waiting { .. } => {
                if let Some(socket) = socket {
                    socket.joining = None;
                }
            }
            ServerMessage::Error { code, .. } => {
                let joining = socket.and_then(|socket| socket.joining.take()).is_some();
                self.metrics.refused(*code, joining);
                if joining {
                    info!(connection = conn.0, ?code, "not let in");
                }
            }
            _ => {}
        }
    }

    /// Puts something among what waits for a client. One that reads too slowly is closed.
    fn push(&mut self, conn: ConnId, item: Outgoing) -> Option<Input> {
        let socket = self.sockets.get_mut(&conn)?;
        let Err(Full) = socket.outbox.push(item) else { return None };
        self.close(conn, Closing::Slow);
        Some(Input::Closed(conn))
    }

    /// Passes on what somebody says to another one. If too much of theirs waits for that one already,
    /// it is not passed on, and they are told.
    fn relay(&mut self, from: PeerId, to: ConnId, json: Utf8Bytes) -> Option<Input> {
        let from = self.directory.beside(to, from);
        let address = from.map(|from| self.address(from)).unwrap_or_default();
        let outbox = self.sockets.get_mut(&to).map(|socket| &mut socket.outbox);
        if outbox.is_none_or(|outbox| outbox.relay(address, json).is_ok()) {
            return None;
        }
        let from = from?;
        let code = ErrorCode::RecipientBusy;
        self.metrics.refused(code, false);
        let message = "Too much of yours waits for them: this was not passed on.".to_owned();
        let error = ServerMessage::Error { code, message }.to_json();
        self.push(from, Outgoing::Text(error.into()))
    }

    fn close(&mut self, conn: ConnId, closing: Closing) {
        let Some(socket) = self.sockets.remove(&conn) else { return };
        debug!(conn = conn.0, ?closing, "closing");
        // It may have closed in this moment.
        let _ = socket.closing.send(closing);
    }

    fn publish(&self) {
        let counts = Counts {
            rooms: self.directory.room_count(),
            connections: self.directory.connection_count(),
        };
        self.counts.send_if_modified(|published| {
            let changed = *published != counts;
            *published = counts;
            changed
        });
    }
}

/// Since the Unix epoch.
pub(super) fn time_of_day() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests;
