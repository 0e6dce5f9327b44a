//! The task that owns the rooms: it handles one event at a time and executes the commands of the rooms.

use super::{
    close_reason::CloseReason,
    event::{Event, Opened, Registration},
    identity,
    outbox::{Full, Outgoing},
    services::{Counts, Services},
    sockets::Sockets,
};
use crate::{
    protocol::{
        ClientMessage, ClientMetrics, ErrorCode, PeerId, RoomName, RoomState, ServerMessage,
    },
    room::{self, Command, ConnId, Directory, Forwarding, Identity, Input},
    server::{
        clock::{Clock, unix_time},
        credentials::{checks::Checks, tokens::TokenSigner},
        data::writer::Writer,
        error::ServerError,
        metrics::Metrics,
        net::client_ip::ClientAddress,
        reach::Reach,
    },
};
use axum::http::uri::Authority;
use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    ops::ControlFlow,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, Sleep, sleep_until},
};
use tracing::info;
use tungstenite::Utf8Bytes;

pub(super) struct Actor {
    /// Time since the Unix epoch, as seats outlive a restart of the server. It is read once at the
    /// start and is monotonic from then on.
    clock: Clock,
    secret: TokenSigner,
    reach: Arc<Reach>,
    writer: Writer,
    checks: Checks,
    /// Results of the writer, the checks and the media plane. Unbounded because their threads cannot wait; there is
    /// one result for each request.
    results: mpsc::UnboundedReceiver<Input>,
    /// For those of the media plane; weak, because the end of the others tells that everything is written.
    answers: mpsc::WeakUnboundedSender<Input>,
    directory: Directory,
    /// Pages that wait for the state of a room.
    questions: BTreeMap<u64, oneshot::Sender<RoomState>>,
    sockets: Sockets,
    events: mpsc::Receiver<Event>,
    /// Connections that have ended.
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
    ) -> Result<Self, ServerError> {
        let epoch = unix_time();
        let (results, inputs) = mpsc::unbounded_channel();
        let Services { secret, reach, store, stored_rooms, metrics } = services;
        Ok(Self {
            clock: Clock::new(epoch),
            secret,
            reach,
            writer: Writer::start(store, results.clone())?,
            answers: results.downgrade(),
            checks: Checks::new(results),
            results: inputs,
            directory: Directory::new(config, epoch, stored_rooms),
            questions: BTreeMap::new(),
            sockets: Sockets::default(),
            events,
            closed: mpsc::unbounded_channel(),
            alive: mpsc::channel(1),
            counts,
            metrics,
        })
    }

    pub(super) async fn run(mut self) {
        let mut timer = pin!(sleep_until(self.wake()));
        while self.turn(timer.as_mut()).await.is_continue() {
            self.publish();
        }
        self.stop().await;
    }

    /// When to handle the next tick at the latest.
    fn wake(&self) -> Instant {
        self.clock.wake(self.directory.poll_timeout())
    }

    /// Waits for the next event and handles it.
    async fn turn(&mut self, mut timer: Pin<&mut Sleep>) -> ControlFlow<()> {
        let wake = self.wake();
        // A tick that is too early does no harm, and costs less than to move the timer in each turn.
        if timer.is_elapsed() || wake < timer.deadline() {
            timer.as_mut().reset(wake);
        }
        tokio::select! {
            event = self.events.recv() => {
                self.event(event)?;
                self.events_so_far()?;
            }
            Some(input) = self.results.recv() => self.result(input),
            Some(conn) = self.closed.1.recv() => {
                // The last messages of the connection, such as `leave`, come first.
                self.events_so_far()?;
                self.sockets.remove(conn);
                self.handle(Input::Closed(conn));
            }
            () = timer => {
                // Signs of life that arrived by now count before the timeouts.
                self.events_so_far()?;
                self.handle(Input::Tick);
            }
        }
        ControlFlow::Continue(())
    }

    /// Handles the events in the queue, but not those that are added meanwhile.
    fn events_so_far(&mut self) -> ControlFlow<()> {
        for _ in 0..self.events.len() {
            if let Ok(event) = self.events.try_recv() {
                self.event(Some(event))?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Handles an event. Breaks when the server shuts down.
    fn event(&mut self, event: Option<Event>) -> ControlFlow<()> {
        match event {
            Some(Event::Open(address, host, reply)) => self.open(address, host, reply),
            Some(Event::Input(input)) => self.handle(input),
            Some(Event::State(room, reply)) => {
                let last = self.questions.last_key_value();
                let number = last.map_or(0, |(last, _)| last.saturating_add(1));
                self.questions.insert(number, reply);
                self.handle(Input::Query(number, room));
            }
            // The receiver may be gone by now.
            Some(Event::ParticipantCount(reply)) => {
                let _ = reply.send(self.directory.participant_count());
            }
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
        // Pending questions fail, and no connection is accepted any more.
        drop((self.events, self.questions, self.writer, self.checks));
        self.sockets.close_all(CloseReason::Restart);
        let (own, mut others) = self.alive;
        drop(own);
        others.recv().await;
        while self.results.recv().await.is_some() {}
    }

    fn open(&mut self, address: ClientAddress, host: Authority, reply: oneshot::Sender<Opened>) {
        let (conn, inbox, closing) = self.sockets.open(address, host);
        self.handle(Input::Opened(conn));
        let registration = Registration { conn, closed: self.closed.0.clone() };
        let alive = self.alive.0.clone();
        // If the receiver is gone, the registration is dropped here and reports the end of the connection.
        drop(reply.send(Opened { registration, inbox, closing, alive }));
    }

    /// Adds the ICE servers, with TURN credentials, to the messages that carry them.
    fn attach_ice_servers(&self, conn: ConnId, message: &mut ServerMessage) {
        if let ServerMessage::Joined { ice, .. } | ServerMessage::Ice(ice) = message
            && let Some(seat) = self.directory.seat(conn)
            && let Some(host) = self.sockets.host(conn)
        {
            *ice = self.reach.turn_credentials.issue(seat, host, &self.secret, unix_time());
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.clock.now();
        let mut inputs = VecDeque::new();
        let mut next = Some(input);
        while let Some(mut input) = next {
            self.identify_sender(&mut input, now);
            self.track_join(&input);
            self.directory.handle(input, now);
            while let Some(command) = self.directory.poll() {
                self.execute(command, &mut inputs, now);
            }
            next = inputs.pop_front();
        }
    }

    fn identify_sender(&self, input: &mut Input, now: Duration) {
        let Input::Message { conn, message: Ok(message), identity } = input else { return };
        let address = self.sockets.address(*conn);
        let fresh = Identity { address, ..mem::take(&mut **identity) };
        let seat = self.directory.seat(*conn);
        **identity = identity::of_sender(message, seat, &self.secret, fresh, now);
    }

    /// Executes a command of the rooms; adds the inputs that result from it.
    fn execute(&mut self, command: Command, inputs: &mut VecDeque<Input>, now: Duration) {
        match command {
            Command::Send(conn, message) => inputs.extend(self.send(conn, message)),
            Command::Broadcast(to, message) => inputs.extend(self.broadcast(&to, &message)),
            Command::Ping(conn) => inputs.extend(self.push(conn, Outgoing::Ping)),
            Command::SendHostKey(conn, room, generation) => {
                inputs.extend(self.send_host_key(conn, &room, generation));
            }
            Command::Close(conn) => self.sockets.close(conn, CloseReason::PingTimeout),
            Command::CloseUnused(conn) => self.sockets.close(conn, CloseReason::JoinTimeout),
            Command::Seat(seat, is_taken) => {
                if let Some(media) = &self.reach.media {
                    media.seat(seat, is_taken);
                }
            }
            Command::Forward(room, forwarding) => self.forward_media(room, forwarding),
            Command::Store(room, decisions) => self.writer.store(room, Some(decisions)),
            Command::Forget(room) => self.writer.store(room, None),
            Command::Sync(number) => self.writer.sync(number),
            Command::Load(room) => self.writer.load(room),
            Command::Sweep(now) => self.writer.sweep(now),
            Command::Check(check) => inputs.extend(self.checks.begin(check, now)),
            Command::Resume(input) => inputs.push_back(*input),
            Command::Answer(question, state) => {
                // The receiver may be gone by now.
                self.questions.remove(&question).map(|reply| reply.send(state));
            }
        }
    }

    /// Tells the media plane about a participant. Its answer to an offer comes back as a result.
    fn forward_media(&self, room: RoomName, forwarding: Forwarding) {
        let Some(media) = &self.reach.media else { return };
        let results = self.answers.clone();
        let about = match &forwarding {
            Forwarding::Offer { seat, link, .. } => Some((room.clone(), *seat, *link)),
            Forwarding::Sources(..) => None,
        };
        media.forward(room, forwarding, move |answer| {
            if let Some((room, seat, link)) = about {
                // There is nobody to tell after the hub has ended.
                let input = Input::Answered { room, seat, link, answer };
                let _ = results.upgrade().map(|results| results.send(input).is_ok());
            }
        });
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
            ServerMessage::Signal { from, .. } if from.is_participant() => {
                self.forward(*from, conn, json)
            }
            _ => self.push(conn, Outgoing::Text(json)),
        }
    }

    /// Serialises a message once for all its recipients.
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

    /// Notes that a client joins, and records the durations that it reports.
    fn track_join(&mut self, input: &Input) {
        let Input::Message { conn, message: Ok(message), identity } = input else { return };
        match message {
            ClientMessage::Join(_) => {
                if let Some(socket) = self.sockets.get_mut(*conn) {
                    socket.joining = Some(identity.returning);
                }
            }
            ClientMessage::ClientMetrics(report) => self.record_report(*conn, *report),
            _ => {}
        }
    }

    fn record_report(&mut self, conn: ConnId, report: ClientMetrics) {
        if let Some(socket) = self.sockets.get_mut(conn).filter(|socket| socket.may_report) {
            socket.may_report = false;
            self.metrics.reported(report);
        }
    }

    /// Updates the metrics and the log for a message to a client.
    fn record_metrics(&mut self, conn: ConnId, message: &ServerMessage) {
        let socket = self.sockets.get_mut(conn);
        match message {
            ServerMessage::Signal { signal, .. } => self.metrics.signal_forwarded(signal),
            ServerMessage::Joined { .. } => {
                let Some(socket) = socket else { return };
                let resumed = socket.joining.take().is_some_and(|returning| returning);
                socket.may_report = true;
                self.metrics.joined(resumed);
                info!(connection = conn.0, resumed, "joined");
            }
            ServerMessage::Waiting { .. } => {
                if let Some(socket) = socket {
                    socket.joining = None;
                }
            }
            ServerMessage::Error { code, .. } => {
                let joining = socket.and_then(|socket| socket.joining.take()).is_some();
                self.metrics.error(*code, joining);
                if joining {
                    info!(connection = conn.0, ?code, "join refused");
                }
            }
            _ => {}
        }
    }

    /// Queues something for a client. A client whose queue is full is closed.
    fn push(&mut self, conn: ConnId, item: Outgoing) -> Option<Input> {
        let Err(Full) = self.sockets.push(conn, item) else { return None };
        Some(Input::Closed(conn))
    }

    /// Forwards a signal of a participant to another one. If too much from the sender's address is
    /// queued there already, the sender gets an error instead.
    fn forward(&mut self, from: PeerId, to: ConnId, json: Utf8Bytes) -> Option<Input> {
        let from = self.directory.conn_of_peer(to, from);
        let address = from.map(|from| self.sockets.address(from)).unwrap_or_default();
        let Err(Full) = self.sockets.forward(address, to, json) else { return None };
        let from = from?;
        let code = ErrorCode::RecipientBusy;
        self.metrics.error(code, false);
        let message = "The recipient's queue is full: the signal was dropped.".to_owned();
        let error = ServerMessage::Error { code, message }.to_json();
        self.push(from, Outgoing::Text(error.into()))
    }

    fn publish(&self) {
        let counts = Counts {
            rooms: self.directory.room_count(),
            connections: self.directory.connection_count(),
        };
        self.counts.send_if_modified(|published| mem::replace(published, counts) != counts);
    }
}
