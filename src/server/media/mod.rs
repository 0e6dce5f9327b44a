//! The media plane: Salon's own STUN, TURN and forwarding server. It has a thread of its own, so that packets
//! do not wait for pages and rooms. Only this module knows quinn-udp.

mod address;
mod batch;
mod forwarding;
mod load;
mod options;
mod port;
mod relay;
mod stream;
mod udp;

pub(crate) use address::{Addresses, Sources};
pub use options::MediaOptions;
#[cfg(test)]
pub(crate) use options::RELAY_PORTS;
pub(crate) use port::Port;
pub(crate) use stream::{Stream, StreamClient, StreamPermit};
pub(crate) use udp::SOCKET_BUFFER_BYTES;

use crate::{
    protocol::{PeerId, RoomName, limits::DIRECT_PARTICIPANTS},
    rate_limit::Rate,
    room,
    server::{credentials::turn::TurnSecret, error::ServerError, metrics::RelayMetrics},
};
use forwarding::Forwarding;
use relay::Relay;
use salon_turn::Input;
use std::{cell::RefCell, fmt, io, net::IpAddr, rc::Rc, thread, time::Duration};
use tokio::{
    runtime::Builder,
    sync::{mpsc, watch},
    task::{LocalSet, spawn_local},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tracing::{error, info};

/// The realm of TURN credentials. A short one keeps replies small.
pub(crate) const REALM: &str = "salon";
/// Maximum of bytes a second to each other participant: a camera and a screen.
const BYTES_PER_OTHER: u32 = 750_000;
/// Interval at which the clock and the addresses of this machine are looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Whether there is a relay at the moment: there has to be an address at which peers reach it.
pub(crate) type HasRelay = watch::Receiver<bool>;

/// Something that the rest of the server tells the media plane. The channel is unbounded because the rooms
/// do not wait; it carries two small messages for each seat and WebSocket, whose number is limited, and what
/// participants say of their media, which the rooms limit.
#[derive(Debug)]
enum Event {
    /// About addresses of clients.
    Input(Input<'static>),
    /// Somebody has a seat, or it is free.
    Seat(PeerId, bool),
    /// About a participant of a room whose media is forwarded.
    Forward(RoomName, room::Forwarding, Reply),
    /// A client over TCP or TLS.
    Client(StreamClient),
    #[cfg(test)]
    Fault,
}

/// Takes the answer to an offer.
struct Reply(Box<dyn FnOnce(room::Answer) + Send>);

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply")
    }
}

/// Handle to the media plane, which ends when the last handle is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    events: mpsc::UnboundedSender<Event>,
    has_relay: HasRelay,
}

/// What the media plane needs to know.
#[derive(Debug)]
pub(crate) struct MediaConfig<'a> {
    pub(crate) options: MediaOptions,
    /// The names of the certificate.
    pub(crate) names: Vec<String>,
    pub(crate) max_participants: usize,
    /// The secret with which TURN credentials are made.
    pub(crate) secret: &'a TurnSecret,
    pub(crate) metrics: RelayMetrics,
}

impl Media {
    /// Starts the media plane at a port.
    ///
    /// # Errors
    /// [`ServerError::Io`].
    pub(crate) fn start(port: &Port, config: MediaConfig<'_>) -> Result<Self, ServerError> {
        let MediaConfig { options, names, max_participants, secret, metrics } = config;
        let mut nonce_key = [0; 32];
        getrandom::fill(&mut nonce_key).map_err(io::Error::other)?;
        let sources = Sources::new(port.address().ip(), names, &options);
        let MediaOptions { relay_ports, relay_allow, .. } = options;
        let core = salon_turn::Server::new(salon_turn::Config {
            realm: REALM.to_owned(),
            secret: secret.as_bytes().to_vec(),
            nonce_key,
            relay_ports,
            forwarding_port: port.address().port(),
            allowed_peers: relay_allow,
            rate: rate(max_participants.min(DIRECT_PARTICIPANTS)),
        });
        let (events, receiver) = mpsc::unbounded_channel();
        let (tell, has_relay) = watch::channel(false);
        let (socket, bound) = (port.udp()?, port.address());
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("media".to_owned()).spawn(move || {
            let served = LocalSet::new().block_on(&runtime, async {
                let forwarding = Forwarding::new(bound, metrics.forwarding());
                let relay = Relay::new(core, forwarding, udp::Udp::new(socket)?, metrics);
                serve(relay, receiver, sources, tell).await
            });
            if let Err(error) = served {
                error!(%error, "STUN, TURN and forwarding have ended");
            }
        })?;
        Ok(Self { events, has_relay })
    }

    /// Whether there is a relay.
    pub(crate) fn has_relay(&self) -> HasRelay {
        self.has_relay.clone()
    }

    /// Waits until the media plane has ended, which only happens by a fault.
    pub(crate) async fn ended(mut self) {
        while self.has_relay.changed().await.is_ok() {}
    }

    /// Tells whether somebody has this seat: without it, there are no allocations, and nothing is forwarded.
    pub(crate) fn seat(&self, seat: PeerId, is_taken: bool) {
        self.tell(Event::Seat(seat, is_taken));
    }

    /// Tells about a participant of a room whose media is forwarded. An offer is answered by a call of `reply` on the
    /// thread of the media plane, which must not wait.
    pub(crate) fn forward(
        &self,
        room: RoomName,
        forwarding: room::Forwarding,
        reply: impl FnOnce(room::Answer) + Send + 'static,
    ) {
        self.tell(Event::Forward(room, forwarding, Reply(Box::new(reply))));
    }

    /// Tells that somebody is connected from this address, until the result is dropped.
    pub(crate) fn know(&self, address: IpAddr) -> Known {
        self.tell(Event::Input(Input::Connected(address)));
        Known { media: self.clone(), address }
    }

    /// Hands over a client over TCP or TLS.
    pub(crate) fn client(&self, client: StreamClient) {
        self.tell(Event::Client(client));
    }

    fn tell(&self, event: Event) {
        // Fails only after the media plane has ended, which was logged.
        let _ = self.events.send(event);
    }
}

/// Somebody who is connected from an address.
#[derive(Debug)]
pub(crate) struct Known {
    media: Media,
    address: IpAddr,
}

impl Drop for Known {
    fn drop(&mut self) {
        self.media.tell(Event::Input(Input::Disconnected(self.address)));
    }
}

/// Maximum of bytes of a participant in each direction, with a burst of a second.
fn rate(max_participants: usize) -> Rate {
    let others = u32::try_from(max_participants.saturating_sub(1)).unwrap_or(u32::MAX);
    Rate::new(BYTES_PER_OTHER.saturating_mul(others.max(1)), Duration::from_secs(1))
}

async fn serve(
    relay: Rc<RefCell<Relay>>,
    mut events: mpsc::UnboundedReceiver<Event>,
    sources: Sources,
    tell: watch::Sender<bool>,
) -> io::Result<()> {
    let mut receiving = spawn_local(relay::receive_from_clients(relay.clone()));
    let rescheduled = relay.borrow().rescheduled();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let looking = spawn_local(keep_addresses(relay.clone(), sources, tell));
    loop {
        let due = relay.borrow().deadline();
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => handle(&relay, event),
                None => break,
            },
            _ = look.tick() => relay.borrow_mut().synchronize(),
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                relay.borrow_mut().tick();
            }
            () = rescheduled.notified() => {}
            ended = &mut receiving => return ended.map_err(io::Error::other)?,
        }
    }
    looking.abort();
    receiving.abort();
    Ok(())
}

fn handle(relay: &Rc<RefCell<Relay>>, event: Event) {
    match event {
        Event::Input(input) => relay.borrow_mut().input(input),
        Event::Seat(seat, is_taken) => relay.borrow_mut().seat(seat, is_taken),
        Event::Forward(room, forwarding, Reply(reply)) => {
            let answer = relay.borrow_mut().forward(&room, forwarding);
            if let Some(answer) = answer {
                reply(answer);
            }
        }
        Event::Client(client) => drop(spawn_local(stream::serve(relay.clone(), client))),
        #[cfg(test)]
        Event::Fault => panic!("a fault"),
    }
}

/// Keeps the relay informed about the addresses of this machine.
async fn keep_addresses(relay: Rc<RefCell<Relay>>, sources: Sources, tell: watch::Sender<bool>) {
    let mut known = Addresses::default();
    loop {
        let found = sources.look(&known).await;
        if found != known {
            let Addresses { relay: addresses, own } = &found;
            relay.borrow_mut().input(Input::Addresses { relay: addresses, own });
            relay.borrow_mut().set_addresses(&found);
            let is_news = found.relay != known.relay || known == Addresses::default();
            if sources.is_reachable && is_news {
                announce(addresses);
            }
            tell.send_replace(!addresses.is_empty());
            known = found;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn announce(addresses: &[IpAddr]) {
    match addresses {
        [] => info!(
            "TURN relays nothing: no public address was found. Calls across symmetric NATs or restrictive \
             firewalls fail, unless --external-ip (SALON_EXTERNAL_IP) names one"
        ),
        _ => info!(count = addresses.len(), "TURN relays for calls that cannot connect directly"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::metrics::Metrics;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_fault_is_noticed() {
        let port = Port::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let config = MediaConfig {
            options: MediaOptions::default(),
            names: Vec::new(),
            max_participants: 4,
            secret: &TurnSecret::fresh().unwrap(),
            metrics: Metrics::new().relay(),
        };
        let media = Media::start(&port, config).unwrap();
        let ended = media.clone().ended();
        media.tell(Event::Fault);
        timeout(Duration::from_secs(10), ended).await.unwrap();
    }
}
