//! The forwarding server: a selective forwarding unit (RFC 7667, section 3.7) for rooms with too many people for direct
//! connections. It shares the port with STUN and TURN (RFC 7983), and has no socket of its own.
//!
//! Contract: call [`Forwarding::receive`] for each datagram and [`Forwarding::handle`] for what the rooms ask for, then
//! [`Forwarding::flush`], then drain [`Forwarding::poll`]; `flush` again at [`Forwarding::deadline`] at the latest.

mod candidates;
mod content;
mod demultiplexing;
mod fault;
mod leg;
mod participant;
mod room;
mod sections;
mod senders;
mod setup;
mod talk;
#[cfg(test)]
mod tests;
mod timers;
mod told;
mod wants;

use super::{Addresses, udp::Packet};
use crate::{
    protocol::{ErrorCode, PeerId, RoomName, SdpType, SessionDescription},
    rate_limit::{Bucket, Rate},
    room::{Answer, Forwarding as Request},
    server::metrics::ForwardingMetrics,
};
use candidates::candidates;
use demultiplexing::{Protocol, checked_agent};
use leg::{Leg, NoAnswer};
use participant::{Participant, Terms};
use room::{Room, RoomOutput};
use senders::{Sender, Senders};
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};
use timers::Timers;
use tracing::error;

/// Offers of a participant: each takes time from everybody's media.
const OFFERS: Rate = Rate::new(20, Duration::from_secs(40));

/// A datagram to send from the port.
#[derive(Debug)]
pub(super) struct Transmit {
    /// The address of this machine to send from, if it has several.
    pub(super) from_local: Option<IpAddr>,
    /// Where it goes.
    pub(super) to: SocketAddr,
    /// Its content.
    pub(super) bytes: Vec<u8>,
}

/// All rooms whose media is forwarded.
pub(super) struct Forwarding {
    /// Each exists while somebody is connected, or about to be.
    rooms: HashMap<RoomName, Room>,
    seats: HashMap<PeerId, RoomName>,
    /// Connections by the username fragment with which they are checked.
    agents: HashMap<String, PeerId>,
    /// Until the seat is free.
    offers: HashMap<PeerId, Bucket>,
    senders: Senders,
    /// The address of the port.
    bound: SocketAddr,
    candidates: Vec<SocketAddr>,
    /// The rooms that have something to do.
    touched: BTreeSet<RoomName>,
    timers: Timers<RoomName>,
    outgoing: VecDeque<Transmit>,
    started: Instant,
    metrics: ForwardingMetrics,
}

impl Forwarding {
    /// A server whose port is bound to this address.
    pub(super) fn new(bound: SocketAddr, metrics: ForwardingMetrics) -> Self {
        Self {
            rooms: HashMap::new(),
            seats: HashMap::new(),
            agents: HashMap::new(),
            offers: HashMap::new(),
            senders: Senders::default(),
            bound,
            candidates: candidates(bound, &Addresses::default()),
            touched: BTreeSet::new(),
            timers: Timers::default(),
            outgoing: VecDeque::new(),
            started: Instant::now(),
            metrics,
        }
    }

    /// Sets the addresses of this machine, for further offers.
    pub(super) fn set_addresses(&mut self, addresses: &Addresses) {
        self.candidates = candidates(self.bound, addresses);
    }

    /// The port at which participants reach it.
    pub(super) fn port(&self) -> u16 {
        self.bound.port()
    }

    /// Does what a room asks for. An offer has an answer. If the server is overloaded, those who are connected come
    /// before others.
    pub(super) fn handle(
        &mut self,
        name: &RoomName,
        request: Request,
        is_overloaded: bool,
        now: Instant,
    ) -> Option<Answer> {
        match request {
            Request::Offer { seat, link, .. } if is_overloaded && !self.has(name, seat, link) => {
                Some(Err(refusal(NoAnswer::Overloaded)))
            }
            Request::Offer { seat, link, offer, sources } => {
                let answered = self.offer(name, seat, &offer, Terms { link, sources }, now);
                Some(answered.map_err(refusal))
            }
            Request::Sources(seat, sources) => {
                self.in_room_of(seat, |room| room.set_sources(seat, sources, now));
                None
            }
        }
    }

    fn has(&self, name: &RoomName, seat: PeerId, link: u64) -> bool {
        self.rooms.get(name).is_some_and(|room| room.has(seat, link))
    }

    /// Ends the connection of a participant whose seat is free.
    pub(super) fn free(&mut self, seat: PeerId, now: Instant) {
        self.offers.remove(&seat);
        self.close(seat, now);
    }

    fn close(&mut self, seat: PeerId, now: Instant) {
        self.in_room_of(seat, |room| room.close(seat, now));
    }

    /// Answers an offer: on the existing connection if it has this number, otherwise in its place.
    fn offer(
        &mut self,
        name: &RoomName,
        seat: PeerId,
        offer: &SessionDescription,
        terms: Terms,
        now: Instant,
    ) -> Result<SessionDescription, NoAnswer> {
        if self.candidates.is_empty() {
            return Err(NoAnswer::NoAddress);
        }
        let time = self.time(now);
        if self.offers.entry(seat).or_default().take(OFFERS, time).is_err() {
            return Err(NoAnswer::TooMany);
        }
        let (answer, fragment) = match self.rooms.get_mut(name) {
            Some(room) if room.has(seat, terms.link) => {
                let answered = room.renegotiate(seat, offer, &self.candidates);
                room.set_sources(seat, terms.sources, now);
                self.touched.insert(name.clone());
                answered?
            }
            _ => self.connect(name, seat, offer, terms, now)?,
        };
        self.agents.retain(|_, agent| *agent != seat);
        self.agents.insert(fragment, seat);
        Ok(SessionDescription::new(SdpType::Answer, answer))
    }

    fn connect(
        &mut self,
        name: &RoomName,
        seat: PeerId,
        offer: &SessionDescription,
        terms: Terms,
        now: Instant,
    ) -> Result<(String, String), NoAnswer> {
        let answered = Leg::answer(seat, offer, &self.candidates, now);
        if matches!(answered, Err(NoAnswer::Fault)) {
            error!("an offer to the forwarding server has caused a fault");
            self.metrics.fault();
        }
        let (mut leg, answer) = answered?;
        let fragment = leg.username_fragment().ok_or(NoAnswer::Fault)?;
        self.close(seat, now);
        let metrics = &self.metrics;
        let fresh = || Room::new(metrics.clone(), now);
        let room = self.rooms.entry(name.clone()).or_insert_with(fresh);
        room.add(seat, Participant::new(leg, offer, terms, now));
        self.seats.insert(seat, name.clone());
        self.touched.insert(name.clone());
        self.count();
        Ok((answer, fragment))
    }

    /// Handles a datagram. Returns whether it is for this server, and not for STUN and TURN.
    pub(super) fn receive(&mut self, packet: &Packet<'_>, now: Instant) -> bool {
        let protocol = Protocol::of(packet.bytes);
        if protocol == Protocol::Other {
            return false;
        }
        let known = self.senders.at(packet.from).map(|sender| sender.seat);
        let seat = match protocol {
            Protocol::Media => known,
            Protocol::Stun => {
                let agent = checked_agent(packet.bytes).and_then(|name| self.agents.get(name));
                let Some(agent) = agent.copied() else { return false };
                let time = self.time(now);
                if known.is_none() && !self.senders.may_check(agent, time) {
                    self.metrics.policed();
                    return true;
                }
                known.or(Some(agent))
            }
            Protocol::Other => None,
        };
        match seat.and_then(|seat| Some((seat, self.seats.get(&seat)?.clone()))) {
            Some((seat, name)) => self.receive_from(seat, &name, packet, now),
            None => self.metrics.stranger(),
        }
        true
    }

    fn receive_from(&mut self, seat: PeerId, name: &RoomName, packet: &Packet<'_>, now: Instant) {
        if let Some(room) = self.rooms.get_mut(name) {
            room.receive(seat, packet, now);
            self.collect(name, Some(packet));
            self.touched.insert(name.clone());
        }
    }

    /// Lets time pass, and sends what was forwarded.
    pub(super) fn flush(&mut self, now: Instant) {
        while let Some(name) = self.timers.pop(now) {
            self.touched.insert(name);
        }
        while let Some(name) = self.touched.pop_first() {
            if let Some(room) = self.rooms.get_mut(&name) {
                room.flush(now);
                self.collect(&name, None);
            }
            let deadline = self.rooms.get(&name).and_then(Room::deadline);
            self.timers.set(&name, deadline);
        }
    }

    /// What to send next.
    pub(super) fn poll(&mut self) -> Option<Transmit> {
        self.outgoing.pop_front()
    }

    /// When to call [`Self::flush`] again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Calls a function of a participant's room.
    fn in_room_of(&mut self, seat: PeerId, call: impl FnOnce(&mut Room)) {
        let Some(name) = self.seats.get(&seat).cloned() else { return };
        if let Some(room) = self.rooms.get_mut(&name) {
            call(room);
            self.collect(&name, None);
            self.touched.insert(name);
        }
    }

    /// Does what a room says, because of this packet if there is one. An address whose packet was answered is its
    /// sender's.
    fn collect(&mut self, name: &RoomName, packet: Option<&Packet<'_>>) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let mut gone = Vec::new();
        while let Some(output) = room.poll() {
            match output {
                RoomOutput::Transmit { seat, to, bytes } => {
                    if let Some(packet) = packet.filter(|packet| packet.from == to) {
                        self.senders.add(to, Sender { seat, local: packet.local });
                    }
                    let from_local = self.senders.at(to).and_then(|sender| sender.local);
                    self.outgoing.push_back(Transmit { from_local, to, bytes });
                }
                RoomOutput::Unreachable(seat) => self.senders.forget_addresses(seat),
                RoomOutput::Gone(seat) => gone.push(seat),
            }
        }
        if room.is_empty() {
            self.rooms.remove(name);
        }
        if !gone.is_empty() {
            gone.into_iter().for_each(|seat| self.forget(seat));
            self.count();
        }
    }

    fn forget(&mut self, seat: PeerId) {
        self.senders.forget(seat);
        self.agents.retain(|_, agent| *agent != seat);
        self.seats.remove(&seat);
    }

    /// Time since the start.
    fn time(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    fn count(&self) {
        self.metrics.count(self.rooms.len(), self.seats.len());
    }
}

/// What the client is told of an offer without an answer.
fn refusal(error: NoAnswer) -> (ErrorCode, String) {
    match error {
        NoAnswer::NoAddress => {
            let text = "The server cannot be reached for media: it has no address.";
            (ErrorCode::ServerFull, text.to_owned())
        }
        NoAnswer::Overloaded => {
            let text = "The server forwards as much as it can. Try again later.";
            (ErrorCode::ServerFull, text.to_owned())
        }
        NoAnswer::TooMany => {
            (ErrorCode::TryLater, "Too many descriptions. Try again later.".to_owned())
        }
        NoAnswer::Refused(why) => {
            (ErrorCode::BadMessage, format!("The server cannot answer this description: {why}."))
        }
        NoAnswer::Fault => {
            (ErrorCode::BadMessage, "The server cannot answer this description.".to_owned())
        }
    }
}
