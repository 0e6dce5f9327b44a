//! Conversations with the server, as sequences of (input, time) with the expected outputs.

use super::*;
use salon_core::{protocol::PeerId, rate_limit::Rate};
use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};
use stun_types::{
    attribute::{ErrorCode, Nonce, Realm, Username, XorMappedAddress},
    message::{
        BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageHeader,
        MessageWriteVec, Method,
    },
    prelude::*,
};
use turn_types::{
    AddressFamily,
    attribute::{
        ChannelNumber, Data, Lifetime, RequestedAddressFamily, RequestedTransport, XorPeerAddress,
        XorRelayedAddress,
    },
    message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, DATA, REFRESH, SEND},
};

mod access;
mod lifetimes;
mod misuse;
mod relaying;
mod vectors;

/// Unix time of the server's start.
const EPOCH: Duration = Duration::from_secs(1_800_000_000);
const NOW: Duration = Duration::from_secs(10);
const RELAY: &str = "5.5.5.5";
const PEER: &str = "8.8.8.8:4000";
const SEAT: PeerId = PeerId(7);
/// Expires ten minutes after [`EPOCH`].
const USERNAME: &str = "1800000600:0000000000000007-0123456789abcdef";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn udp(text: &str) -> Client {
    Client { transport: Transport::Udp, address: address(text), local: None }
}

fn me() -> Client {
    udp("9.9.9.9:1000")
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A relay at [`RELAY`] and an IPv6 address, with 20 ports.
fn server() -> Server {
    server_with(50_000..=50_019)
}

fn server_with(relay_ports: RangeInclusive<u16>) -> Server {
    let mut server = Server::new(Config {
        realm: "salon".to_owned(),
        secret: b"north".to_vec(),
        nonce_key: [3; 32],
        relay_ports,
        forwarding_port: 3478,
        allowed_peers: Vec::new(),
        rate: Rate::new(750_000, secs(1)),
    });
    let relay = [RELAY.parse().unwrap(), "2a00::5".parse().unwrap()];
    server.handle(Input::Epoch(EPOCH), Duration::ZERO);
    server.handle(Input::Addresses { relay: &relay, own: &[] }, Duration::ZERO);
    server.handle(Input::SeatTaken(SEAT), Duration::ZERO);
    server
}

fn outputs(server: &mut Server, input: Input<'_>, now: Duration) -> Vec<Output> {
    server.handle(input, now);
    std::iter::from_fn(|| server.poll()).collect()
}

fn send(server: &mut Server, from: Client, bytes: &[u8], now: Duration) -> Vec<Output> {
    outputs(server, Input::Message(from, bytes), now)
}

/// The only reply among the outputs.
fn reply(outputs: &[Output], to: Client) -> Vec<u8> {
    let mut replies = outputs.iter().filter_map(|output| match output {
        Output::Reply(client, bytes) if *client == to => Some(bytes.clone()),
        _ => None,
    });
    let reply = replies.next().expect("a reply");
    assert_eq!(replies.next(), None);
    reply
}

/// The code of an error response, or nothing if it is a success.
fn code(bytes: &[u8]) -> Option<u16> {
    let message = Message::from_bytes(bytes).unwrap();
    match message.class() {
        MessageClass::Success => None,
        MessageClass::Error => Some(message.attribute::<ErrorCode>().unwrap().code()),
        other => panic!("{other:?}"),
    }
}

/// Somebody who uses the server, with the nonce that they were given last.
struct User {
    client: Client,
    username: String,
    nonce: String,
}

impl User {
    /// Asks for a nonce.
    fn new(server: &mut Server, client: Client, username: &str, now: Duration) -> Self {
        let bytes = reply(&send(server, client, &bare(ALLOCATE), now), client);
        assert_eq!(code(&bytes), Some(401));
        let message = Message::from_bytes(&bytes).unwrap();
        let nonce = message.attribute::<Nonce>().unwrap().nonce().to_owned();
        Self { client, username: username.to_owned(), nonce }
    }

    fn credentials(&self) -> LongTermKeyCredentials {
        credentials::credentials_of(&self.username, b"north", "salon").unwrap()
    }

    /// An authenticated request; `add` writes further attributes.
    fn request(&self, method: Method, add: impl FnOnce(&mut MessageWriteVec)) -> Vec<u8> {
        let mut message = Message::builder_request(method, MessageWriteVec::new());
        add(&mut message);
        message.add_attribute(&Username::new(&self.username).unwrap()).unwrap();
        message.add_attribute(&Realm::new("salon").unwrap()).unwrap();
        message.add_attribute(&Nonce::new(&self.nonce).unwrap()).unwrap();
        let credentials = self.credentials().into();
        message.add_message_integrity(&credentials, IntegrityAlgorithm::Sha1).unwrap();
        message.finish()
    }

    /// The reply to such a request. Replies to authenticated requests are signed.
    fn ask(
        &self,
        server: &mut Server,
        method: Method,
        add: impl FnOnce(&mut MessageWriteVec),
        now: Duration,
    ) -> (Vec<u8>, Vec<Output>) {
        let all = send(server, self.client, &self.request(method, add), now);
        let bytes = reply(&all, self.client);
        let rest = all.into_iter().filter(|output| !matches!(output, Output::Reply(..)));
        (bytes, rest.collect())
    }

    /// Allocates, and returns the relayed address.
    fn allocate(&self, server: &mut Server, now: Duration) -> Result<SocketAddr, u16> {
        let (bytes, rest) = self.ask(server, ALLOCATE, add_udp, now);
        assert_eq!(rest, []);
        if let Some(code) = code(&bytes) {
            return Err(code);
        }
        let message = Message::from_bytes(&bytes).unwrap();
        message.validate_integrity(&self.credentials().into()).unwrap();
        let relayed = message.attribute::<XorRelayedAddress>().unwrap();
        Ok(relayed.addr(message.transaction_id()))
    }

    /// Asks for a permission; returns the code of an error.
    fn permit(&self, server: &mut Server, peer: SocketAddr, now: Duration) -> Option<u16> {
        let (bytes, _) =
            self.ask(server, CREATE_PERMISSION, |message| add_peer(message, peer), now);
        code(&bytes)
    }

    /// Binds a channel; returns the code of an error.
    fn bind(
        &self,
        server: &mut Server,
        channel: u16,
        peer: SocketAddr,
        now: Duration,
    ) -> Option<u16> {
        let add = |message: &mut MessageWriteVec| {
            message.add_attribute(&ChannelNumber::new(channel)).unwrap();
            add_peer(message, peer);
        };
        let (bytes, _) = self.ask(server, CHANNEL_BIND, add, now);
        code(&bytes)
    }

    /// Refreshes, and returns the lifetime in seconds.
    fn refresh(&self, server: &mut Server, lifetime: u32, now: Duration) -> Result<u32, u16> {
        let add = |message: &mut MessageWriteVec| {
            message.add_attribute(&Lifetime::new(lifetime)).unwrap();
        };
        let (bytes, _) = self.ask(server, REFRESH, add, now);
        match code(&bytes) {
            Some(code) => Err(code),
            None => {
                let message = Message::from_bytes(&bytes).unwrap();
                Ok(message.attribute::<Lifetime>().unwrap().seconds())
            }
        }
    }
}

fn add_udp(message: &mut MessageWriteVec) {
    let transport = RequestedTransport::new(RequestedTransport::UDP);
    message.add_attribute(&transport).unwrap();
}

fn add_udp_over_ipv6(message: &mut MessageWriteVec) {
    add_udp(message);
    let family = RequestedAddressFamily::new(AddressFamily::IPV6);
    message.add_attribute(&family).unwrap();
}

fn add_peer(message: &mut MessageWriteVec, peer: SocketAddr) {
    let peer = XorPeerAddress::new(peer, message.transaction_id());
    message.add_attribute(&peer).unwrap();
}

/// A request without credentials.
fn bare(method: Method) -> Vec<u8> {
    Message::builder_request(method, MessageWriteVec::new()).finish()
}

/// Somebody with an allocation.
fn allocated(server: &mut Server) -> (User, SocketAddr) {
    let user = User::new(server, me(), USERNAME, NOW);
    let relay = user.allocate(server, NOW).unwrap();
    (user, relay)
}

/// A Send indication.
fn indication(peer: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut message = Message::builder_indication(SEND, MessageWriteVec::new());
    add_peer(&mut message, peer);
    message.add_attribute(&Data::new(payload)).unwrap();
    message.finish()
}

/// ChannelData.
fn channel_data(channel: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    [&channel.to_be_bytes()[..], &length.to_be_bytes(), payload].concat()
}
