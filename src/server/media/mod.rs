//! The media plane: Salon's own STUN and TURN server. It has a thread of its own, so that relayed packets
//! do not wait for pages and rooms. Only this module knows quinn-udp.

mod address;
mod batch;
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
    protocol::PeerId,
    rate_limit::Rate,
    server::{credentials::turn::TurnSecret, error::ServerError, metrics::RelayMetrics},
};
use relay::Relay;
use salon_turn::Input;
use std::{cell::RefCell, io, net::IpAddr, rc::Rc, thread, time::Duration};
use tokio::{
    runtime::Builder,
    sync::{mpsc, watch},
    task::{LocalSet, spawn_local},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tracing::{error, info};

/// The realm of TURN credentials. A short one keeps replies small.
pub(crate) const REALM: &str = "salon";
/// Maximum of bytes of an allocation in each direction: a camera and a screen, with a burst of a second.
const RATE: Rate = Rate::new(750_000, Duration::from_secs(1));
/// Interval at which the clock and the addresses of this machine are looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Whether there is a relay at the moment: there has to be an address at which peers reach it.
pub(crate) type HasRelay = watch::Receiver<bool>;

/// Something that the rest of the server tells the media plane. The channel is unbounded because the rooms
/// do not wait; it carries two small messages for each seat and WebSocket, whose number is limited.
#[derive(Debug)]
enum Event {
    /// Somebody has this seat, or nobody has it any more.
    Seat(PeerId, bool),
    /// Somebody is connected from this address, or not any more.
    Known(IpAddr, bool),
    /// A client over TCP or TLS.
    Client(StreamClient),
}

/// Handle to the media plane, which ends when the last handle is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    events: mpsc::UnboundedSender<Event>,
}

impl Media {
    /// Starts the media plane at a port. Its TURN server accepts credentials that are made with this
    /// secret.
    ///
    /// # Errors
    /// [`ServerError::Io`].
    pub(crate) fn start(
        port: &Port,
        options: MediaOptions,
        names: Vec<String>,
        secret: &TurnSecret,
        metrics: RelayMetrics,
    ) -> Result<(Self, HasRelay), ServerError> {
        let mut nonce_key = [0; 32];
        getrandom::fill(&mut nonce_key).map_err(io::Error::other)?;
        let sources = Sources::new(port.address().ip(), names, &options);
        let MediaOptions { relay_ports, relay_allow, .. } = options;
        let core = salon_turn::Server::new(salon_turn::Config {
            realm: REALM.to_owned(),
            secret: secret.as_bytes().to_vec(),
            nonce_key,
            relay_ports,
            allowed_peers: relay_allow,
            rate: RATE,
        });
        let (sender, events) = mpsc::unbounded_channel();
        let (tell, has_relay) = watch::channel(false);
        let socket = port.udp()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("media".to_owned()).spawn(move || {
            let served = LocalSet::new().block_on(&runtime, async {
                let relay = Relay::new(core, udp::Udp::new(socket)?, metrics);
                serve(relay, events, sources, tell).await
            });
            if let Err(error) = served {
                error!(%error, "STUN and TURN have ended");
            }
        })?;
        Ok((Self { events: sender }, has_relay))
    }

    /// Tells whether somebody has this seat: without it, there are no allocations.
    pub(crate) fn seat(&self, seat: PeerId, is_taken: bool) {
        self.tell(Event::Seat(seat, is_taken));
    }

    /// Tells that somebody is connected from this address, until the result is dropped.
    pub(crate) fn know(&self, address: IpAddr) -> Known {
        self.tell(Event::Known(address, true));
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
        self.media.tell(Event::Known(self.address, false));
    }
}

async fn serve(
    relay: Rc<RefCell<Relay>>,
    mut events: mpsc::UnboundedReceiver<Event>,
    sources: Sources,
    tell: watch::Sender<bool>,
) -> io::Result<()> {
    let mut receiving = spawn_local(relay::receive_from_clients(relay.clone()));
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
                relay.borrow_mut().input(Input::Tick);
            }
            ended = &mut receiving => return ended.map_err(io::Error::other)?,
        }
    }
    looking.abort();
    receiving.abort();
    Ok(())
}

fn handle(relay: &Rc<RefCell<Relay>>, event: Event) {
    match event {
        Event::Seat(seat, is_taken) => relay.borrow_mut().input(Input::Seat(seat, is_taken)),
        Event::Known(address, is_open) => relay.borrow_mut().input(Input::Known(address, is_open)),
        Event::Client(client) => drop(spawn_local(stream::serve(relay.clone(), client))),
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
            "no public address was found: calls between strict networks have no relay, unless \
             --external-ip (SALON_EXTERNAL_IP) names one"
        ),
        _ => info!(count = addresses.len(), "relaying for calls between strict networks"),
    }
}
