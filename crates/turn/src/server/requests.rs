//! Requests of clients (RFC 8489, section 9.2.4; RFC 8656, sections 7 to 12).

use super::{Client, Output, Server, Transport};
use crate::{
    allocation::{Allocation, Full, LIFETIME, NotBound},
    capacity::NoPort,
    credentials::{Claim, credentials_of},
    reply::{self, code},
};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use stun_types::{
    attribute::{AttributeType, MessageIntegrity, Nonce, Realm, Username, XorMappedAddress},
    message::{IntegrityAlgorithm, IntegrityKey, Message, Method},
    prelude::*,
};
use turn_types::{
    AddressFamily,
    attribute::{
        ChannelNumber, DontFragment, EvenPort, Lifetime, RequestedAddressFamily,
        RequestedTransport, ReservationToken, XorPeerAddress, XorRelayedAddress,
    },
    message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH},
};

/// What this server understands of the attributes that have to be understood (RFC 8489, section 14). No
/// packet is fragmented, whether or not that is asked for.
const KNOWN: [AttributeType; 12] = [
    Username::TYPE,
    Realm::TYPE,
    Nonce::TYPE,
    MessageIntegrity::TYPE,
    ChannelNumber::TYPE,
    DontFragment::TYPE,
    EvenPort::TYPE,
    Lifetime::TYPE,
    RequestedAddressFamily::TYPE,
    RequestedTransport::TYPE,
    ReservationToken::TYPE,
    XorPeerAddress::TYPE,
];

/// A request whose sender has proven who they are, and that they receive at their address.
struct Authenticated {
    claim: Claim,
    username: String,
    key: IntegrityKey,
}

/// The code of an error, which is signed if the sender is authenticated.
type Refusal = u16;

impl Server {
    /// Tells a client the address from which its request came.
    pub(super) fn binding(&mut self, from: Client, request: &Message<'_>) {
        if !self.may_reply(from) {
            return;
        }
        let mapped = XorMappedAddress::new(from.address, request.transaction_id());
        let bytes = self
            .refuse_unknown(request, None)
            .unwrap_or_else(|| reply::success(request, &[&mapped], None));
        self.outputs.push_back(Output::Reply(from, bytes));
    }

    pub(super) fn request(&mut self, from: Client, request: &Message<'_>) {
        let method = request.method();
        if ![ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND].contains(&method) {
            return;
        }
        let sender = match self.authenticate(from, request) {
            Ok(sender) => sender,
            Err(code) => return self.refuse_unproven(from, request, code),
        };
        if let Some(bytes) = self.refuse_unknown(request, Some(&sender.key)) {
            return self.outputs.push_back(Output::Reply(from, bytes));
        }
        let outcome = self.authorize(from, method, &sender).and_then(|()| match method {
            ALLOCATE => self.allocate(from, request, &sender),
            REFRESH => self.refresh(from, request, &sender.key),
            CREATE_PERMISSION => self.create_permission(from, request, &sender.key),
            _ => self.channel_bind(from, request, &sender.key),
        });
        let bytes = match outcome {
            Ok(bytes) => bytes,
            Err(code) => {
                self.count(code);
                reply::error(request, code, &[], Some(&sender.key))
            }
        };
        self.outputs.push_back(Output::Reply(from, bytes));
    }

    /// The reply to a request with attributes that have to be understood, and are not.
    fn refuse_unknown(
        &mut self,
        request: &Message<'_>,
        key: Option<&IntegrityKey>,
    ) -> Option<Vec<u8>> {
        let types = request.iter_attributes().map(|(_, attribute)| attribute.get_type());
        let unknown = types.filter(|kind| kind.comprehension_required() && !KNOWN.contains(kind));
        let unknown: Vec<AttributeType> = unknown.collect();
        if unknown.is_empty() {
            return None;
        }
        self.count(code::UNKNOWN_ATTRIBUTE);
        Some(reply::unknown(request, &unknown, key))
    }

    /// Whether to answer somebody whose address may not be proven. A flood is not worth computing answers.
    fn may_reply(&mut self, to: Client) -> bool {
        let ip = to.address.ip();
        let is_proven = to.transport != Transport::Udp;
        is_proven || self.allowance.take(ip, self.participants.is_connected_from(ip), self.now)
    }

    fn count(&mut self, code: Refusal) {
        *self.refusals.entry(code).or_default() += 1;
    }

    fn refuse_unproven(&mut self, to: Client, request: &Message<'_>, code: Refusal) {
        if !self.may_reply(to) {
            return;
        }
        self.count(code);
        let needs_nonce = matches!(code, code::UNAUTHENTICATED | code::STALE_NONCE);
        let nonce = Nonce::new(&self.nonces.make(to.address, self.now));
        let realm = Realm::new(&self.config.realm);
        let bytes = match (needs_nonce, nonce, realm) {
            (true, Ok(nonce), Ok(realm)) => reply::error(request, code, &[&realm, &nonce], None),
            _ => reply::error(request, code, &[], None),
        };
        self.outputs.push_back(Output::Reply(to, bytes));
    }

    /// Checks the long-term credentials of a request (RFC 8489, section 9.2.4).
    fn authenticate(&self, from: Client, request: &Message<'_>) -> Result<Authenticated, Refusal> {
        if !request.has_attribute(MessageIntegrity::TYPE) {
            return Err(code::UNAUTHENTICATED);
        }
        let username = request.attribute::<Username>().map_err(|_| code::BAD_REQUEST)?;
        let nonce = request.attribute::<Nonce>().map_err(|_| code::BAD_REQUEST)?;
        let _ = request.attribute::<Realm>().map_err(|_| code::BAD_REQUEST)?;
        if !self.nonces.accepts(nonce.nonce(), from.address, self.now) {
            return Err(code::STALE_NONCE);
        }
        let username = username.username();
        let claim = Claim::parse(username).ok_or(code::UNAUTHENTICATED)?;
        let known = self.allocations.get(&from);
        let known = known.filter(|allocation| allocation.username == username);
        let key = match known {
            Some(allocation) => allocation.key.clone(),
            None => {
                let credentials = credentials_of(username, &self.config.secret, &self.config.realm);
                credentials.ok_or(code::UNAUTHENTICATED)?.make_key(IntegrityAlgorithm::Sha1)
            }
        };
        request.validate_integrity_with_key(&key).map_err(|_| code::UNAUTHENTICATED)?;
        Ok(Authenticated { claim, username: username.to_owned(), key })
    }

    /// Checks whether an authenticated sender may use the relay. The credentials of an allocation may
    /// have expired, because browsers cannot replace them, but the seat has to be theirs.
    fn authorize(
        &self,
        from: Client,
        method: Method,
        sender: &Authenticated,
    ) -> Result<(), Refusal> {
        if !self.participants.has_seat(sender.claim.seat) {
            return Err(code::FORBIDDEN);
        }
        match self.allocations.get(&from) {
            Some(allocation) if allocation.username != sender.username => {
                Err(code::WRONG_CREDENTIALS)
            }
            None if method == ALLOCATE && sender.claim.expires < self.epoch + self.now => {
                Err(code::UNAUTHENTICATED)
            }
            None if method != ALLOCATE => Err(code::ALLOCATION_MISMATCH),
            _ => Ok(()),
        }
    }

    fn allocate(
        &mut self,
        from: Client,
        request: &Message<'_>,
        sender: &Authenticated,
    ) -> Result<Vec<u8>, Refusal> {
        let transaction = request.transaction_id();
        if let Some(allocation) = self.allocations.get(&from) {
            if allocation.transaction != transaction {
                return Err(code::ALLOCATION_MISMATCH);
            }
            return Ok(self.allocated(from, request, &sender.key));
        }
        let transport = request.attribute::<RequestedTransport>();
        let transport = transport.map_err(|_| code::BAD_REQUEST)?;
        if transport.protocol() != RequestedTransport::UDP {
            return Err(code::UNSUPPORTED_TRANSPORT);
        }
        // Pairs of ports, for RTP and RTCP, are not reserved.
        let even = request.attribute::<EvenPort>().ok();
        let is_pair = even.as_ref().is_some_and(EvenPort::requested);
        if is_pair || request.has_attribute(ReservationToken::TYPE) {
            return Err(code::INSUFFICIENT_CAPACITY);
        }
        let is_ipv6 = wants_ipv6(request).unwrap_or_default();
        let mut addresses = self.relay_addresses.iter();
        let address = addresses.find(|address| address.is_ipv6() == is_ipv6);
        let address = *address.ok_or(code::ADDRESS_FAMILY_NOT_SUPPORTED)?;
        let (seat, ip) = (sender.claim.seat, from.address.ip());
        let port = self.capacity.take(even.is_some(), seat, ip).map_err(|why| match why {
            NoPort::Quota => code::ALLOCATION_QUOTA_REACHED,
            NoPort::Full => code::INSUFFICIENT_CAPACITY,
        })?;
        let relay = SocketAddr::new(address, port);
        let expires = self.now + lifetime(request);
        let owner = (seat, sender.username.clone(), sender.key.clone());
        self.allocations.insert(from, Allocation::new(owner, transaction, relay, expires));
        self.relays.insert(relay, from);
        self.deadlines.insert((expires, from));
        Ok(self.allocated(from, request, &sender.key))
    }

    fn allocated(&self, from: Client, request: &Message<'_>, key: &IntegrityKey) -> Vec<u8> {
        let Some(allocation) = self.allocations.get(&from) else { return Vec::new() };
        let transaction = request.transaction_id();
        let relayed = XorRelayedAddress::new(allocation.relay, transaction);
        let lifetime = Lifetime::new(seconds(allocation.expires.saturating_sub(self.now)));
        let mapped = XorMappedAddress::new(from.address, transaction);
        reply::success(request, &[&relayed, &lifetime, &mapped], Some(key))
    }

    fn refresh(
        &mut self,
        from: Client,
        request: &Message<'_>,
        key: &IntegrityKey,
    ) -> Result<Vec<u8>, Refusal> {
        let (now, lifetime) = (self.now, lifetime(request));
        let allocation = self.allocations.get_mut(&from).ok_or(code::ALLOCATION_MISMATCH)?;
        if wants_ipv6(request).is_some_and(|is_ipv6| is_ipv6 != allocation.relay.is_ipv6()) {
            return Err(code::PEER_ADDRESS_FAMILY_MISMATCH);
        }
        if lifetime.is_zero() {
            self.remove(from);
        } else {
            self.deadlines.remove(&(allocation.expires, from));
            allocation.expires = now + lifetime;
            self.deadlines.insert((allocation.expires, from));
        }
        let lifetime = Lifetime::new(seconds(lifetime));
        Ok(reply::success(request, &[&lifetime], Some(key)))
    }

    fn create_permission(
        &mut self,
        from: Client,
        request: &Message<'_>,
        key: &IntegrityKey,
    ) -> Result<Vec<u8>, Refusal> {
        let peers = peers(request)?;
        for peer in &peers {
            self.check_peer(from, *peer)?;
        }
        let peers: Vec<IpAddr> = peers.iter().map(SocketAddr::ip).collect();
        let now = self.now;
        let allocation = self.allocations.get_mut(&from).ok_or(code::ALLOCATION_MISMATCH)?;
        allocation.permit(&peers, now).map_err(|Full| code::INSUFFICIENT_CAPACITY)?;
        self.open(from);
        Ok(reply::success(request, &[], Some(key)))
    }

    fn channel_bind(
        &mut self,
        from: Client,
        request: &Message<'_>,
        key: &IntegrityKey,
    ) -> Result<Vec<u8>, Refusal> {
        let number = request.attribute::<ChannelNumber>().map_err(|_| code::BAD_REQUEST)?;
        let number = number.channel();
        // RFC 8656 reserves the upper three quarters; clients of RFC 5766 use them.
        let (&[peer], 0x4000..=0x7fff) = (&peers(request)?[..], number) else {
            return Err(code::BAD_REQUEST);
        };
        self.check_peer(from, peer)?;
        let now = self.now;
        let allocation = self.allocations.get_mut(&from).ok_or(code::ALLOCATION_MISMATCH)?;
        allocation.bind(number, peer, now).map_err(|why| match why {
            NotBound::Conflict => code::BAD_REQUEST,
            NotBound::Full => code::INSUFFICIENT_CAPACITY,
        })?;
        self.open(from);
        Ok(reply::success(request, &[], Some(key)))
    }

    /// Checks whether packets may be exchanged with a peer. Of this machine, only the relayed addresses
    /// and what forwards media can be reached.
    fn check_peer(&self, from: Client, peer: SocketAddr) -> Result<(), Refusal> {
        let allocation = self.allocations.get(&from).ok_or(code::ALLOCATION_MISMATCH)?;
        if peer.is_ipv6() != allocation.relay.is_ipv6() {
            return Err(code::PEER_ADDRESS_FAMILY_MISMATCH);
        }
        let is_allowed = match self.peers.relayed.contains(&peer.ip()) {
            true => {
                let is_forwarding = peer.port() == self.config.forwarding_port;
                is_forwarding || self.relays.contains_key(&peer)
            }
            false => self.peers.allows(peer.ip()),
        };
        if is_allowed { Ok(()) } else { Err(code::FORBIDDEN) }
    }

    /// Has the socket of an allocation bound, now that a peer may send to it.
    fn open(&mut self, client: Client) {
        if let Some(allocation) = self.allocations.get_mut(&client)
            && !allocation.is_bound
        {
            allocation.is_bound = true;
            self.outputs.push_back(Output::Bind(allocation.relay));
        }
    }
}

/// Whether a request asks for an IPv6 address, not an IPv4 one, if it asks for either.
fn wants_ipv6(request: &Message<'_>) -> Option<bool> {
    let wanted = request.attribute::<RequestedAddressFamily>().ok()?;
    Some(wanted.family() == AddressFamily::IPV6)
}

/// The lifetime that a request asks for, as far as it is granted.
fn lifetime(request: &Message<'_>) -> Duration {
    match request.attribute::<Lifetime>() {
        Ok(lifetime) => Duration::from_secs(lifetime.seconds().into()).min(LIFETIME),
        Err(_) => LIFETIME,
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// The peers that a request names: at least one.
fn peers(request: &Message<'_>) -> Result<Vec<SocketAddr>, Refusal> {
    let attributes = request.iter_attributes().map(|(_, attribute)| attribute);
    let peers = attributes
        .filter(|attribute| attribute.get_type() == XorPeerAddress::TYPE)
        .map(|attribute| XorPeerAddress::from_raw_ref(&attribute));
    let peers: Vec<SocketAddr> = peers
        .map(|peer| peer.map(|peer| peer.addr(request.transaction_id())))
        .collect::<Result<_, _>>()
        .map_err(|_| code::BAD_REQUEST)?;
    if peers.is_empty() { Err(code::BAD_REQUEST) } else { Ok(peers) }
}
