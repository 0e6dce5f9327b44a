//! The server: what clients and peers send goes in, replies and relayed packets come out.

mod requests;

use crate::{
    allocation::Allocation,
    capacity::Capacity,
    framing::CHANNEL_HEADER,
    interface::{Client, Config, Header, Input, Output, Transport},
    nonce::Nonces,
    participants::{Direction, Participants},
    peer_filter::PeerFilter,
    reply_allowance::ReplyAllowance,
};
use salon_core::protocol::PeerId;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    ops::Range,
    time::Duration,
};
use stun_types::{
    message::{BINDING, Message, MessageClass, MessageHeader, MessageType, MessageWriteVec},
    prelude::*,
};
use turn_types::{
    attribute::{Data, XorPeerAddress},
    message::{DATA, SEND},
};

/// A type and a length (RFC 8489, section 14).
const ATTRIBUTE_HEADER: usize = 4;

/// The largest packet of a peer that is relayed, in bytes: more than any that WebRTC sends. Queues to clients
/// are limited in packets.
const MAX_PACKET: u16 = 2048;

/// A STUN and TURN server.
pub struct Server {
    config: Config,
    peers: PeerFilter,
    relay_addresses: Vec<IpAddr>,
    nonces: Nonces,
    allowance: ReplyAllowance,
    capacity: Capacity,
    now: Duration,
    epoch: Duration,
    allocations: HashMap<Client, Allocation>,
    /// Who has a relayed address.
    relays: HashMap<SocketAddr, Client>,
    /// When allocations end.
    deadlines: BTreeSet<(Duration, Client)>,
    participants: Participants,
    indications: u128,
    /// Number of error responses, by code.
    refusals: BTreeMap<u16, u64>,
    outputs: VecDeque<Output>,
}

impl Server {
    /// A server that knows nobody.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = config.nonce_key;
        Self {
            nonces: Nonces::new(config.nonce_key),
            allowance: ReplyAllowance::new(u64::from_be_bytes([a, b, c, d, e, f, g, h])),
            capacity: Capacity::new(config.relay_ports.clone()),
            peers: PeerFilter { allowed: config.allowed_peers.clone(), ..PeerFilter::default() },
            relay_addresses: Vec::new(),
            config,
            now: Duration::ZERO,
            epoch: Duration::ZERO,
            allocations: HashMap::new(),
            relays: HashMap::new(),
            deadlines: BTreeSet::new(),
            participants: Participants::default(),
            indications: 0,
            refusals: BTreeMap::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Handles an input at `now`, a time since some fixed start that never runs backwards.
    pub fn handle(&mut self, input: Input<'_>, now: Duration) {
        self.now = now;
        self.expire();
        match input {
            Input::Epoch(epoch) => self.epoch = epoch,
            Input::Addresses { relay, own } => {
                self.relay_addresses = relay.to_vec();
                // Allocations outlive a change of the addresses.
                let live = self.relays.keys().map(SocketAddr::ip);
                self.peers.relayed = relay.iter().copied().chain(live).collect();
                self.peers.own = own.to_vec();
            }
            Input::Message(from, bytes) => self.message(from, bytes),
            Input::Closed(client) => self.remove(client),
            Input::Packet { relay, from, bytes } => self.packet(relay, from, 0..bytes.len()),
            Input::NotBound(relay) => {
                if let Some(client) = self.relays.get(&relay).copied() {
                    self.remove(client);
                    // A success response would be wrong. The client asks again, and learns that it has no
                    // allocation.
                    let is_other =
                        |output: &Output| !matches!(output, Output::Reply(to, _) if *to == client);
                    self.outputs.retain(is_other);
                }
            }
            Input::SeatTaken(seat) => self.participants.take_seat(seat),
            Input::SeatFreed(seat) => {
                self.participants.free_seat(seat);
                self.revoke(seat);
            }
            Input::Connected(address) => self.participants.connected(address),
            Input::Disconnected(address) => self.participants.disconnected(address),
            Input::Tick => {}
        }
    }

    /// What to do next because of the inputs so far.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to handle [`Input::Tick`] at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.deadlines.first().map(|(due, _)| *due)
    }

    /// Number of allocations.
    #[must_use]
    pub fn allocations(&self) -> usize {
        self.allocations.len()
    }

    /// Whether a client has an allocation.
    #[must_use]
    pub fn has_allocation(&self, client: &Client) -> bool {
        self.allocations.contains_key(client)
    }

    /// The number of error responses so far, by code.
    #[must_use]
    pub fn refusals(&self) -> &BTreeMap<u16, u64> {
        &self.refusals
    }

    /// The number of requests so far that got no reply because their addresses are not proven.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        self.allowance.refused()
    }

    /// The number of entries of everything that grows with its clients.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> [usize; 5] {
        let (quotas, participants) = (self.capacity.entries(), self.participants.entries());
        [self.allocations.len(), self.relays.len(), self.deadlines.len(), quotas, participants]
    }

    fn expire(&mut self) {
        while let Some((due, client)) = self.deadlines.first().copied()
            && due <= self.now
        {
            self.remove(client);
        }
    }

    fn revoke(&mut self, seat: PeerId) {
        let is_theirs = |(_, allocation): &(&Client, &Allocation)| allocation.seat == seat;
        let theirs: Vec<Client> =
            self.allocations.iter().filter(is_theirs).map(|(client, _)| *client).collect();
        theirs.into_iter().for_each(|client| self.remove(client));
    }

    fn remove(&mut self, client: Client) {
        let Some(allocation) = self.allocations.remove(&client) else { return };
        self.deadlines.remove(&(allocation.expires, client));
        self.relays.remove(&allocation.relay);
        let port = allocation.relay.port();
        self.capacity.give_back(port, allocation.seat, client.address.ip());
        if allocation.is_bound {
            self.outputs.push_back(Output::Unbind(allocation.relay));
        }
    }

    /// Handles a message of a client, by its first two bits (RFC 8656, section 12.4).
    fn message(&mut self, from: Client, bytes: &[u8]) {
        match bytes.first().map(|first| first >> 6) {
            Some(0) => self.stun(from, bytes),
            Some(1) => self.channel_data(from, bytes),
            _ => {}
        }
    }

    fn stun(&mut self, from: Client, bytes: &[u8]) {
        let is_whole = |header: &MessageHeader| {
            MessageHeader::LENGTH + usize::from(header.data_length()) == bytes.len()
        };
        let header = MessageHeader::from_bytes(bytes).ok().filter(is_whole);
        // What is not STUN gets no answer.
        let Some(message) = header.and_then(|_| Message::from_bytes(bytes).ok()) else { return };
        match (message.class(), message.method()) {
            (MessageClass::Request, BINDING) => self.binding(from, &message),
            (MessageClass::Request, _) => self.request(from, &message),
            (MessageClass::Indication, SEND) => self.send_indication(from, &message, bytes),
            _ => {}
        }
    }

    fn channel_data(&mut self, from: Client, bytes: &[u8]) {
        let [a, b, c, d, ..] = *bytes else { return };
        let length = usize::from(u16::from_be_bytes([c, d]));
        let payload = CHANNEL_HEADER..CHANNEL_HEADER + length;
        if payload.end > bytes.len() {
            return;
        }
        let number = u16::from_be_bytes([a, b]);
        self.send(from, payload, |allocation, now| allocation.peer_of(number, now));
    }

    fn send_indication(&mut self, from: Client, message: &Message<'_>, bytes: &[u8]) {
        let Ok(peer) = message.attribute::<XorPeerAddress>() else { return };
        let peer = peer.addr(message.transaction_id());
        let Some((offset, data)) = message.raw_attribute_and_offset(Data::TYPE) else { return };
        let start = offset + ATTRIBUTE_HEADER;
        let payload = start..start + usize::from(data.header.length());
        if payload.end <= bytes.len() {
            self.send(from, payload, |allocation, now| {
                allocation.permits(peer.ip(), now).then_some(peer)
            });
        }
    }

    /// Sends bytes of the last input to the peer that `permitted` returns, if it has a permission.
    fn send(
        &mut self,
        from: Client,
        payload: Range<usize>,
        permitted: impl FnOnce(&Allocation, Duration) -> Option<SocketAddr>,
    ) {
        let Some(allocation) = self.allocations.get(&from) else { return };
        let Some(peer) = permitted(allocation, self.now) else { return };
        let (seat, relay) = (allocation.seat, allocation.relay);
        let limit = (self.config.rate, self.now);
        if !self.participants.may_relay(seat, Direction::ToPeers, payload.len(), limit) {
            return;
        }
        if !self.peers.relayed.contains(&peer.ip()) {
            self.outputs.push_back(Output::Send { relay, to: peer, payload });
        } else if peer.port() == self.config.forwarding_port {
            self.outputs.push_back(Output::Forward { relay, to: peer, payload });
        } else {
            // Within the process: nothing else at these addresses can be reached.
            self.packet(peer, relay, payload);
        }
    }

    /// Delivers bytes of the last input, which a peer has sent to a relayed address.
    fn packet(&mut self, relay: SocketAddr, peer: SocketAddr, payload: Range<usize>) {
        let Some(to) = self.relays.get(&relay).copied() else { return };
        let Some(allocation) = self.allocations.get(&to) else { return };
        let now = self.now;
        let length = u16::try_from(payload.len()).ok().filter(|length| *length <= MAX_PACKET);
        let Some(length) = length else { return };
        let (seat, limit) = (allocation.seat, (self.config.rate, now));
        if !allocation.permits(peer.ip(), now)
            || !self.participants.may_relay(seat, Direction::ToClient, length.into(), limit)
        {
            return;
        }
        let header = match allocation.channel_of(peer, now) {
            Some(channel) => {
                let ([a, b], [c, d]) = (channel.to_be_bytes(), length.to_be_bytes());
                Header::Channel([a, b, c, d])
            }
            None => Header::Indication(self.indication(peer, length)),
        };
        self.outputs.push_back(Output::Deliver { to, header, payload });
    }

    /// A Data indication without its payload, and without the padding of that.
    fn indication(&mut self, peer: SocketAddr, length: u16) -> Vec<u8> {
        self.indications += 1;
        let kind = MessageType::from_class_method(MessageClass::Indication, DATA);
        let transaction = self.indications.into();
        let mut message = Message::builder(kind, transaction, MessageWriteVec::with_capacity(64));
        // Nothing precludes the first attribute.
        let _ = message.add_attribute(&XorPeerAddress::new(peer, transaction));
        let mut bytes = message.finish();
        bytes.extend(Data::TYPE.value().to_be_bytes());
        bytes.extend(length.to_be_bytes());
        let padded = usize::from(length).next_multiple_of(4);
        let total = bytes.len() - MessageHeader::LENGTH + padded;
        if let (Ok(total), Some(field)) = (u16::try_from(total), bytes.get_mut(2..4)) {
            field.copy_from_slice(&total.to_be_bytes());
        }
        bytes
    }
}
