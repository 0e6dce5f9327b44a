//! The STUN and TURN server with its sockets: what they receive goes into the pure core, whose outputs
//! are executed at once. Packets of participants whose media is forwarded go to the forwarding server.

use super::{
    Addresses,
    batch::{Batch, Destination, From},
    forwarding::{Forwarding, Transmit},
    load::Load,
    udp::{Buffers, Packet, Udp},
};
use crate::{
    protocol::{PeerId, RoomName},
    room::{self, Answer},
    server::{clock::unix_time, metrics::RelayMetrics},
};
use salon_turn::{Client, Header, Input, Output, Server, Transport};
use std::{
    cell::RefCell,
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    rc::{Rc, Weak},
    time::{Duration, Instant as StdInstant},
};
use tokio::{
    sync::{Notify, mpsc},
    task::{AbortHandle, spawn_local, yield_now},
    time::Instant,
};
use tracing::{debug, warn};

/// Messages that wait for a client who reads slowly over TCP: a tenth of a second of video. Further packets
/// are lost, as on any full link.
const OUTBOX: usize = 64;
const ZEROS: [u8; 4] = [0; 4];

/// The messages to send to a client over TCP or TLS.
pub(super) type StreamInbox = mpsc::Receiver<Vec<u8>>;

/// The socket of a relayed address, until it is dropped.
struct Relayed {
    socket: Rc<Udp>,
    receiving: AbortHandle,
}

impl Drop for Relayed {
    fn drop(&mut self) {
        self.receiving.abort();
    }
}

/// The servers and their sockets, which all belong to one thread.
pub(super) struct Relay {
    core: Server,
    forwarding: Forwarding,
    /// When the forwarding server is due, and who wants to know when that changes.
    forwarding_due: Option<StdInstant>,
    rescheduled: Rc<Notify>,
    load: Load,
    started: Instant,
    metrics: RelayMetrics,
    /// The port of the clients.
    port: Rc<Udp>,
    relayed: HashMap<SocketAddr, Relayed>,
    streams: HashMap<u64, mpsc::Sender<Vec<u8>>>,
    /// Number of streams so far.
    opened: u64,
    batch: Batch,
    buffers: Option<Box<Buffers>>,
    this: Weak<RefCell<Self>>,
}

impl Relay {
    pub(super) fn new(
        core: Server,
        forwarding: Forwarding,
        port: Udp,
        metrics: RelayMetrics,
    ) -> Rc<RefCell<Self>> {
        Rc::new_cyclic(|this| {
            RefCell::new(Self {
                core,
                forwarding,
                forwarding_due: None,
                rescheduled: Rc::default(),
                load: Load::new(StdInstant::now()),
                started: Instant::now(),
                metrics,
                port: Rc::new(port),
                relayed: HashMap::new(),
                streams: HashMap::new(),
                opened: 0,
                batch: Batch::default(),
                buffers: Some(Box::new(Buffers::new())),
                this: this.clone(),
            })
        })
    }

    /// Time since the start.
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Tells the core the wall-clock time, by which credentials expire, and brings the metrics up to date.
    pub(super) fn synchronize(&mut self) {
        let epoch = unix_time().saturating_sub(self.now());
        self.input(Input::Epoch(epoch));
        self.metrics.allocations(self.core.allocations());
        self.core.refusals().iter().for_each(|(code, total)| self.metrics.refusals(*code, *total));
        self.metrics.unanswered(self.core.unanswered());
    }

    /// When [`Self::tick`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let core = self.core.poll_timeout().map(|due| self.started + due);
        core.into_iter().chain(self.forwarding_due.map(Instant::from_std)).min()
    }

    /// Tells when [`Self::deadline`] may have changed.
    pub(super) fn rescheduled(&self) -> Rc<Notify> {
        self.rescheduled.clone()
    }

    /// Does what is due.
    pub(super) fn tick(&mut self) {
        if self.core.poll_timeout().is_some_and(|due| due <= self.now()) {
            self.input(Input::Tick);
        }
        let now = StdInstant::now();
        self.flush_forwarding(now);
        self.load.note(now, StdInstant::now());
    }

    /// Follows a change of this machine's addresses.
    pub(super) fn set_addresses(&mut self, addresses: &Addresses) {
        self.forwarding.set_addresses(addresses);
    }

    /// Somebody has a seat, or it is free.
    pub(super) fn seat(&mut self, seat: PeerId, is_taken: bool) {
        self.input(if is_taken { Input::SeatTaken(seat) } else { Input::SeatFreed(seat) });
        if !is_taken {
            let now = StdInstant::now();
            self.forwarding.free(seat, now);
            self.flush_forwarding(now);
        }
    }

    /// Does what a room asks the forwarding server for. An offer has an answer.
    pub(super) fn forward(&mut self, room: &RoomName, request: room::Forwarding) -> Option<Answer> {
        let now = StdInstant::now();
        let answer = self.forwarding.handle(room, request, self.load.is_high(), now);
        self.flush_forwarding(now);
        answer
    }

    /// Sends what the forwarding server has to send.
    fn flush_forwarding(&mut self, now: StdInstant) {
        self.forwarding.flush(now);
        while let Some(Transmit { from_local, to, bytes }) = self.forwarding.poll() {
            if self.relayed.contains_key(&to) {
                // A participant who is relayed by this server.
                let from = SocketAddr::new(from_local.unwrap_or(to.ip()), self.forwarding.port());
                self.handle(Input::Packet { relay: to, from, bytes: &bytes });
                continue;
            }
            let destination = Destination { from: From::Server(from_local), to };
            self.transmit(destination, [&bytes, &[], &[]]);
        }
        self.flush();
        let due = self.forwarding.deadline();
        if due != self.forwarding_due {
            self.forwarding_due = due;
            self.rescheduled.notify_one();
        }
    }

    pub(super) fn has_allocation(&self, client: &Client) -> bool {
        self.core.has_allocation(client)
    }

    /// Registers a client over TCP or TLS.
    pub(super) fn open(&mut self, address: SocketAddr) -> (Client, StreamInbox) {
        self.opened += 1;
        let (sender, inbox) = mpsc::channel(OUTBOX);
        self.streams.insert(self.opened, sender);
        let transport = Transport::Stream(self.opened);
        (Client { transport, address, local: None }, inbox)
    }

    /// Forgets a client over TCP or TLS.
    pub(super) fn close(&mut self, client: Client) {
        if let Transport::Stream(number) = client.transport {
            self.streams.remove(&number);
        }
        self.input(Input::Closed(client));
    }

    /// Handles an input and executes what follows from it.
    pub(super) fn input(&mut self, input: Input<'_>) {
        self.handle(input);
        self.flush_forwarding(StdInstant::now());
    }

    /// The same without sending what may leave together with what follows: [`Self::flush`] sends it.
    fn handle(&mut self, input: Input<'_>) {
        let bytes = match input {
            Input::Message(_, bytes) | Input::Packet { bytes, .. } => bytes,
            _ => &[],
        };
        let now = self.now();
        self.core.handle(input, now);
        while let Some(output) = self.core.poll() {
            self.execute(output, bytes);
        }
    }

    /// Receives what clients have sent over UDP.
    fn receive_from_clients(&mut self) {
        let (port, now) = (self.port.clone(), StdInstant::now());
        self.receive(&port, |relay, packet| {
            if !relay.forwarding.receive(&packet, now) {
                let Packet { from: address, local, bytes } = packet;
                let client = Client { transport: Transport::Udp, address, local };
                relay.handle(Input::Message(client, bytes));
            }
        });
        self.flush_forwarding(now);
        self.load.note(now, StdInstant::now());
    }

    /// Receives what peers have sent to a relayed address.
    fn receive_from_peers(&mut self, relay: SocketAddr, socket: &Udp) {
        self.receive(socket, |this, Packet { from, bytes, .. }| {
            this.handle(Input::Packet { relay, from, bytes });
        });
    }

    fn receive(&mut self, socket: &Udp, each: impl Fn(&mut Self, Packet<'_>)) {
        let Some(mut buffers) = self.buffers.take() else { return };
        socket.receive(&mut buffers, |packet| each(self, packet));
        self.buffers = Some(buffers);
        self.flush();
    }

    fn execute(&mut self, output: Output, bytes: &[u8]) {
        match output {
            Output::Reply(client, message) => self.deliver(client, [&message, &[], &[]]),
            Output::Deliver { to, header, payload } => {
                let payload = bytes.get(payload).unwrap_or_default();
                let padding = payload.len().next_multiple_of(4) - payload.len();
                let padding = ZEROS.get(..padding).unwrap_or_default();
                self.metrics.to_client(payload.len());
                let (header, is_padded) = match &header {
                    Header::Indication(header) => (&header[..], true),
                    Header::Channel(header) => (&header[..], to.transport != Transport::Udp),
                };
                self.deliver(to, [header, payload, if is_padded { padding } else { &[] }]);
            }
            Output::Send { relay, to, payload } => {
                let payload = bytes.get(payload).unwrap_or_default();
                self.metrics.to_peer(payload.len());
                self.transmit(Destination { from: From::Relay(relay), to }, [payload, &[], &[]]);
            }
            Output::Forward { relay, to, payload } => {
                let bytes = bytes.get(payload).unwrap_or_default();
                self.metrics.to_peer(bytes.len());
                let packet = Packet { from: relay, local: Some(to.ip()), bytes };
                self.forwarding.receive(&packet, StdInstant::now());
            }
            Output::Bind(relay) => self.bind(relay),
            Output::Unbind(relay) => {
                self.flush();
                self.relayed.remove(&relay);
            }
        }
    }

    /// Sends a message to a client.
    fn deliver(&mut self, client: Client, parts: [&[u8]; 3]) {
        match client.transport {
            Transport::Udp => {
                let from = From::Server(client.local);
                self.transmit(Destination { from, to: client.address }, parts);
            }
            Transport::Stream(number) => {
                let outbox = self.streams.get(&number);
                if outbox.is_some_and(|outbox| outbox.try_send(parts.concat()).is_err()) {
                    self.metrics.dropped();
                }
            }
        }
    }

    /// Sends a packet, together with those before it if that is possible.
    fn transmit(&mut self, destination: Destination, parts: [&[u8]; 3]) {
        let length = parts.iter().map(|part| part.len()).sum();
        if !self.batch.has_room(destination, length, self.port.max_packets()) {
            self.flush();
        }
        self.batch.push(destination, parts);
    }

    fn flush(&mut self) {
        let Some((from, run)) = self.batch.run() else { return };
        let socket = match from {
            From::Server(_) => Some(&self.port),
            From::Relay(relay) => self.relayed.get(&relay).map(|relayed| &relayed.socket),
        };
        if let Some(Err(error)) = socket.map(|socket| socket.send(run)) {
            debug!(%error, "cannot send to a client or a peer");
            self.metrics.dropped();
        }
        self.batch.clear();
    }

    /// Binds the socket of a relayed address, and has it received from.
    fn bind(&mut self, relay: SocketAddr) {
        match bind(relay) {
            Ok(socket) => {
                let socket = Rc::new(socket);
                let receiving =
                    spawn_local(receive_from_peers(self.this.clone(), relay, socket.clone()));
                let receiving = receiving.abort_handle();
                self.relayed.insert(relay, Relayed { socket, receiving });
            }
            Err(error) => {
                warn!(%error, "cannot bind a port of --relay-ports");
                self.metrics.dropped();
                let now = self.now();
                self.core.handle(Input::NotBound(relay), now);
            }
        }
    }
}

/// Binds the port of a relayed address. The address itself may be that of a NAT in front of this machine.
fn bind(relay: SocketAddr) -> io::Result<Udp> {
    Udp::bind(relay).or_else(|error| match error.kind() {
        io::ErrorKind::AddrNotAvailable => {
            let any: IpAddr = match relay {
                SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            };
            Udp::bind(SocketAddr::new(any, relay.port()))
        }
        _ => Err(error),
    })
}

/// Receives from clients until the relay is dropped.
pub(super) async fn receive_from_clients(relay: Rc<RefCell<Relay>>) -> io::Result<()> {
    let port = relay.borrow().port.clone();
    loop {
        port.readable().await?;
        relay.borrow_mut().receive_from_clients();
        // A flood leaves time for streams and other sockets.
        yield_now().await;
    }
}

async fn receive_from_peers(this: Weak<RefCell<Relay>>, relay: SocketAddr, socket: Rc<Udp>) {
    while socket.readable().await.is_ok() {
        let Some(this) = this.upgrade() else { return };
        this.borrow_mut().receive_from_peers(relay, &socket);
        yield_now().await;
    }
}
