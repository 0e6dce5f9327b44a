//! The STUN and TURN server, with anything that clients and peers may send.
//!
//! An input is a sequence of events: the kind, a length, and that many bytes. Nothing panics, what is
//! relayed is part of what was received, and only peers with permission are relayed to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use salon_core::{protocol::PeerId, rate_limit::Rate};
use salon_turn::{Client, Config, Input, Output, Server, Transport, first_frame};
use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use stun_types::{
    attribute::{Nonce, RawAttribute, Realm, Username},
    message::{IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageWriteVec, Method},
    prelude::*,
};

const USERNAME: &str = "1800000600:0000000000000007-0";
const SECRET: &[u8] = b"north";
const RELAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(5, 5, 5, 5));
const FORWARDING_PORT: u16 = 3478;
/// Attributes that are only written by functions of their own.
const SIGNATURES: [u16; 3] = [0x0008, 0x001c, 0x8028];
const METHODS: [u16; 6] = [0x001, 0x003, 0x004, 0x008, 0x009, 0x00a];

struct World {
    server: Server,
    now: Duration,
    nonce: String,
    bound: BTreeSet<SocketAddr>,
}

fn client(number: u8) -> Client {
    let transport =
        if number.is_multiple_of(2) { Transport::Udp } else { Transport::Stream(number.into()) };
    let address = SocketAddr::from(([9, 9, 9, number % 4], 1000));
    Client { transport, address, local: None }
}

impl World {
    fn new() -> Self {
        let mut server = Server::new(Config {
            realm: "salon".to_owned(),
            secret: SECRET.to_vec(),
            nonce_key: [3; 32],
            relay_ports: 50_000..=50_003,
            forwarding_port: FORWARDING_PORT,
            allowed_peers: Vec::new(),
            rate: Rate::new(750_000, Duration::from_secs(1)),
        });
        server.handle(Input::Epoch(Duration::from_secs(1_800_000_000)), Duration::ZERO);
        server.handle(Input::Addresses { relay: &[RELAY], own: &[] }, Duration::ZERO);
        server.handle(Input::SeatTaken(PeerId(7)), Duration::ZERO);
        Self { server, now: Duration::ZERO, nonce: String::new(), bound: BTreeSet::new() }
    }

    fn handle(&mut self, input: Input<'_>) {
        let bytes = match input {
            Input::Message(_, bytes) | Input::Packet { bytes, .. } => bytes,
            _ => &[],
        };
        self.server.handle(input, self.now);
        while let Some(output) = self.server.poll() {
            match output {
                Output::Reply(_, reply) => self.read(&reply),
                Output::Send { relay, to, payload } => {
                    assert!(bytes.get(payload).is_some(), "no part of the input");
                    assert!(self.bound.contains(&relay), "without a socket");
                    assert!(salon_turn::is_public(to.ip()) && to.ip() != RELAY, "{to}");
                }
                Output::Forward { relay, to, payload } => {
                    assert!(bytes.get(payload).is_some(), "no part of the input");
                    assert!(self.bound.contains(&relay), "without a socket");
                    assert!(to.ip() == RELAY && to.port() == FORWARDING_PORT, "{to}");
                }
                Output::Deliver { payload, .. } => {
                    assert!(bytes.get(payload).is_some(), "no part of the input");
                }
                Output::Bind(relay) => assert!(self.bound.insert(relay), "bound twice"),
                Output::Unbind(relay) => assert!(self.bound.remove(&relay), "was not bound"),
            }
        }
        assert!(
            self.server.poll_timeout().is_none_or(|due| due > self.now),
            "a deadline comes again"
        );
    }

    /// Every reply is a message; the nonce in it is used from then on.
    fn read(&mut self, reply: &[u8]) {
        let message = Message::from_bytes(reply).expect("a message");
        if let Ok(nonce) = message.attribute::<Nonce>() {
            self.nonce = nonce.nonce().to_owned();
        }
    }

    /// A request with these attributes, correctly signed.
    fn signed(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (method, mut rest) = bytes.split_first()?;
        let method = METHODS[usize::from(*method) % METHODS.len()];
        let mut request = Message::builder_request(Method::new(method), MessageWriteVec::new());
        while let Some(([high, low, length], after)) = rest.split_first_chunk::<3>() {
            let length = usize::from(*length).min(after.len());
            let (value, after) = after.split_at(length);
            let kind = u16::from_be_bytes([*high, *low]);
            if !SIGNATURES.contains(&kind) {
                let _ = request.add_attribute(&RawAttribute::new(kind.into(), value));
            }
            rest = after;
        }
        let password = salon_turn::password(SECRET, USERNAME)?;
        let credentials = LongTermKeyCredentials::new(USERNAME.into(), password, "salon".into());
        request.add_attribute(&Username::new(USERNAME).ok()?).ok()?;
        request.add_attribute(&Realm::new("salon").ok()?).ok()?;
        request.add_attribute(&Nonce::new(&self.nonce).ok()?).ok()?;
        let _ = request.add_message_integrity(&credentials.into(), IntegrityAlgorithm::Sha1);
        Some(request.finish())
    }

    fn step(&mut self, kind: u8, bytes: &[u8]) {
        let from = client(kind >> 4);
        match kind & 7 {
            0 => self.handle(Input::Message(from, bytes)),
            1 | 2 => {
                if let Some(request) = self.signed(bytes) {
                    self.handle(Input::Message(from, &request));
                }
            }
            3 => {
                let relay = SocketAddr::new(RELAY, 50_000 + u16::from(kind >> 4) % 4);
                let from = SocketAddr::from(([8, 8, 8, 8], 4000));
                self.handle(Input::Packet { relay, from, bytes });
            }
            4 => {
                let mut rest = bytes;
                while let Ok(Some(frame)) = first_frame(rest) {
                    assert!(frame.length <= frame.padded && frame.padded > 0);
                    let Some((message, after)) = rest.split_at_checked(frame.padded) else { break };
                    self.handle(Input::Message(client(1), &message[..frame.length]));
                    rest = after;
                }
            }
            5 => {
                self.now += Duration::from_secs(bytes.len() as u64 * 10);
                self.handle(Input::Tick);
            }
            6 => self.handle(Input::Closed(from)),
            _ if bytes.len().is_multiple_of(2) => self.handle(Input::SeatTaken(PeerId(7))),
            _ => self.handle(Input::SeatFreed(PeerId(7))),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let mut world = World::new();
    let mut rest = data;
    while let Some(([kind, length], after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(*length).min(after.len());
        let (bytes, after) = after.split_at(length);
        world.step(*kind, bytes);
        rest = after;
    }
});
