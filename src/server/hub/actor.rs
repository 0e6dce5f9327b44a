//! The task that owns the rooms: it handles one event at a time, and does what the rooms want.

use super::{
    close_reason::CloseReason,
    event::{Event, Opened, Registration},
    identity,
    outbox::{Full, Outbox, Outgoing, queue},
};
use crate::{
    protocol::{ClientMessage, ErrorCode, PeerId, Report, RoomName, RoomState, ServerMessage},
    room::{self, Command, ConnId, Directory, Identity, Input},
    server::{
        clock::{Clock, unix_time},
        credentials::{checks::Checks, tokens::TokenSigner, turn::TurnCredentials},
        data::{
            store::{Names, Store},
            writer::Writer,
        },
        error::ServerError,
        metrics::Metrics,
        net::client_ip::ClientAddress,
    },
};
use std::{
    collections::{BTreeMap, VecDeque},
    hash::{BuildHasher, RandomState},
    mem,
    ops::ControlFlow,
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::sleep_until,
};
use tracing::{debug, info};
use tungstenite::Utf8Bytes;

/// How much the hub remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rooms that somebody sits in or watches.
    pub rooms: usize,
    /// Open connections.
    pub connections: usize,
}

/// What the hub has beside the rooms.
#[derive(Debug)]
pub(crate) struct Services {
    /// Signs what people carry around.
    pub(crate) secret: TokenSigner,
    /// Issues credentials for relays.
    pub(crate) turn_credentials: TurnCredentials,
    /// Keeps what hosts decide.
    pub(crate) store: Store,
    /// What is kept so far.
    pub(crate) kept: Names,
}

/// What the hub holds of a socket.
#[derive(Debug)]
struct Socket {
    /// Stands for the address it comes from.
    address: u64,
    outbox: Outbox,
    closing: oneshot::Sender<CloseReason>,
    /// Whether a report counts: one does after each `joined`.
    may_report: bool,
    /// Whether its client waits for the answer to a `join`, and is returning.
    joining: Option<bool>,
}

pub(super) struct Actor {
    /// Since the Unix epoch: seats outlive a run of the server, so the rooms' time does, too. From
    /// the start on it is told by a clock that nobody sets.
    clock: Clock,
    secret: TokenSigner,
    turn_credentials: TurnCredentials,
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
    events: mpsc::Receiver<Event>,
    /// Which connections have ended.
    closed: (mpsc::UnboundedSender<ConnId>, mpsc::UnboundedReceiver<ConnId>),
    alive: (mpsc::Sender<()>, mpsc::Receiver<()>),
    counts: watch::Sender<Counts>,
    metrics: Arc<Metrics>,
}

impl Actor {
    pub(super) fn new(
        config: room::Config,
        services: Services,
        events: mpsc::Receiver<Event>,
        counts: watch::Sender<Counts>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ServerError> {
        let epoch = unix_time();
        let (results, inputs) = mpsc::unbounded_channel();
        let Services { secret, turn_credentials, store, kept } = services;
        Ok(Self {
            clock: Clock::new(epoch),
            secret,
            turn_credentials,
            writer: Writer::start(store, results.clone())?,
            checks: Checks::new(results),
            results: inputs,
            directory: Directory::new(config, epoch, kept),
            questions: BTreeMap::new(),
            asked: 0,
            sockets: BTreeMap::new(),
            hasher: RandomState::new(),
            opened: 0,
            events,
            closed: mpsc::unbounded_channel(),
            alive: mpsc::channel(1),
            counts,
            metrics,
        })
    }

    pub(super) async fn run(mut self) {
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
                // Connections that sent something before this moment were not silent.
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
            let _ = socket.closing.send(CloseReason::Restart);
        }
        let (own, mut others) = self.alive;
        drop(own);
        others.recv().await;
        while self.results.recv().await.is_some() {}
    }

    fn open(&mut self, address: ClientAddress, reply: oneshot::Sender<Opened>) {
        self.opened += 1;
        let conn = ConnId(self.opened);
        let (outbox, inbox) = queue();
        let (closer, closing) = oneshot::channel();
        let address = self.hasher.hash_one(address);
        let socket = Socket { address, outbox, closing: closer, may_report: false, joining: None };
        self.sockets.insert(conn, socket);
        self.handle(Input::Opened(conn));
        let registration = Registration { conn, closed: self.closed.0.clone() };
        let alive = self.alive.0.clone();
        // The one who asked may be gone: then the registration is dropped here and reports the closing.
        drop(reply.send(Opened { registration, inbox, closing, alive }));
    }

    fn address(&self, conn: ConnId) -> u64 {
        self.sockets.get(&conn).map(|socket| socket.address).unwrap_or_default()
    }

    /// Makes the credentials that belong into a message.
    fn attach_ice_servers(&self, conn: ConnId, message: &mut ServerMessage) {
        if let ServerMessage::Joined { ice, .. } | ServerMessage::Ice(ice) = message
            && let Some((room, id)) = self.directory.seat(conn)
        {
            *ice = self.turn_credentials.issue(room, id, &self.secret, unix_time());
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.clock.look();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let input = match input {
                Input::Message { conn, message: Ok(message), identity } => {
                    let fresh = Identity { address: self.address(conn), ..*identity };
                    let seat = self.directory.seat(conn);
                    let identity = identity::of_sender(&message, seat, &self.secret, fresh, now);
                    Input::Message { conn, message: Ok(message), identity: Box::new(identity) }
                }
                other => other,
            };
            self.track_join(&input);
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
            Command::Close(conn) => self.close(conn, CloseReason::PingTimeout),
            Command::CloseUnused(conn) => self.close(conn, CloseReason::JoinTimeout),
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
        self.attach_ice_servers(conn, &mut message);
        self.record_metrics(conn, &message);
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
            self.record_metrics(*conn, message);
            self.metrics.sent(json.len());
            inputs.extend(self.push(*conn, Outgoing::Text(json.clone())));
        }
        inputs
    }

    /// Takes the operator's figures out of what a client says, and notes whether it wants a seat.
    fn track_join(&mut self, input: &Input) {
        let Input::Message { conn, message: Ok(message), identity } = input else { return };
        match message {
            ClientMessage::Join(_) => {
                if let Some(socket) = self.sockets.get_mut(conn) {
                    socket.joining = Some(identity.returning);
                }
            }
            ClientMessage::Report(report) => self.record_report(*conn, *report),
            _ => {}
        }
    }

    fn record_report(&mut self, conn: ConnId, report: Report) {
        if let Some(socket) = self.sockets.get_mut(&conn).filter(|socket| socket.may_report) {
            socket.may_report = false;
            self.metrics.reported(report);
        }
    }

    /// Counts and logs what a client is told.
    fn record_metrics(&mut self, conn: ConnId, message: &ServerMessage) {
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
        self.close(conn, CloseReason::SlowConsumer);
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

    fn close(&mut self, conn: ConnId, closing: CloseReason) {
        let Some(socket) = self.sockets.remove(&conn) else { return };
        debug!(conn = conn.0, closing = closing.name(), "closing");
        // It may have closed in this moment.
        let _ = socket.closing.send(closing);
    }

    fn publish(&self) {
        let counts = Counts {
            rooms: self.directory.room_count(),
            connections: self.directory.connection_count(),
        };
        self.counts.send_if_modified(|published| mem::replace(published, counts) != counts);
    }
}
