//! Salon's own STUN and TURN server, with real sockets.

mod client;

use crate::{
    https,
    support::{Client, Folder, TestApp, soon},
};
use client::{Transport, TurnClient, add_peer};
use salon::server::{Config, DRAIN_TIMEOUT, Https};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};
use stun_types::{
    attribute::XorMappedAddress,
    message::{BINDING, Message, MessageClass, MessageType, MessageWriteVec},
    prelude::*,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::{Instant, timeout},
};
use turn_types::{attribute::Data, message::SEND};

/// Salon's own server with a relay at 127.0.0.1, for all peers in the loopback network but itself. Each
/// has ports of its own, as tests run at the same time.
fn with_relay(config: &mut Config) {
    static PORTS: AtomicU16 = AtomicU16::new(20_000);
    let first = PORTS.fetch_add(20, Ordering::Relaxed);
    config.media.relay_ports = first..=first + 19;
    config.ice_servers = None;
    config.media.external_ips = vec![[127, 0, 0, 1].into()];
    config.media.relay_allow = vec!["127.0.0.0/8".parse().unwrap()];
}

/// The same with HTTPS. Returns the certificate as well.
async fn start_with_tls(
    folder: &Folder,
    configure: impl FnOnce(&mut Config),
) -> (TestApp, Vec<u8>) {
    let certificate = folder.certify();
    let [cert, key] = ["cert.pem", "key.pem"].map(|file| PathBuf::from(folder.path(file)));
    let app = TestApp::start_with(|config| {
        config.https = Https::Files { certificate: cert, key };
        with_relay(config);
        configure(config);
    })
    .await;
    (app, certificate)
}

/// The URLs of a participant's servers.
fn urls(joined: &Value) -> Vec<String> {
    let servers = joined["iceServers"].as_array().unwrap();
    servers.iter().map(|server| server["urls"].as_str().unwrap().to_owned()).collect()
}

/// The port of Salon's STUN and TURN server.
fn media(joined: &Value) -> SocketAddr {
    let urls = urls(joined);
    let stun = urls.iter().find_map(|url| url.strip_prefix("stun:")).unwrap();
    stun.parse().unwrap()
}

/// Joins as soon as there is a relay.
async fn join(app: &TestApp, room: &str) -> (Client, Value) {
    soon(async {
        loop {
            let (client, joined) = app.join(room).await;
            if urls(&joined).len() > 1 {
                return (client, joined);
            }
        }
    })
    .await
}

/// Two clients whose channels lead to each other's relayed address.
async fn connected(mut one: TurnClient, mut other: TurnClient) -> (TurnClient, TurnClient) {
    let (first, second) = (one.allocate().await.unwrap(), other.allocate().await.unwrap());
    one.bind(second).await.unwrap();
    other.bind(first).await.unwrap();
    (one, other)
}

async fn hear_each_other(one: &mut TurnClient, other: &mut TurnClient) {
    for length in [1, 4, 1200] {
        let packet = vec![7; length];
        one.say(&packet).await;
        assert_eq!(other.hear().await, packet);
        other.say(&packet).await;
        assert_eq!(one.hear().await, packet);
    }
}

fn binding() -> Vec<u8> {
    Message::builder_request(BINDING, MessageWriteVec::new()).finish()
}

#[tokio::test]
async fn stun_tells_clients_their_address() {
    let app = TestApp::start_with(|config| config.ice_servers = None).await;
    let (_ada, joined) = app.join("123").await;
    let [url] = &urls(&joined)[..] else { panic!("{joined}: there is no public address") };
    assert!(url.starts_with("stun:127.0.0.1:"), "{url}");
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mapped_by = async |mut transport: Transport| {
        transport.send(&binding()).await;
        let reply = transport.receive().await.unwrap();
        let message = Message::from_bytes(&reply).unwrap();
        message.attribute::<XorMappedAddress>().unwrap().addr(message.transaction_id())
    };
    let own = socket.local_addr().unwrap();
    socket.connect(media(&joined)).await.unwrap();
    assert_eq!(mapped_by(Transport::Udp(socket)).await, own);
    for server in [media(&joined), app.addr] {
        let stream = TcpStream::connect(server).await.unwrap();
        let own = stream.local_addr().unwrap();
        assert_eq!(mapped_by(Transport::Stream(Box::new(stream))).await, own);
    }
}

#[tokio::test]
async fn participants_reach_each_other_through_the_relay_over_udp_and_tcp() {
    let app = TestApp::start_with(with_relay).await;
    let (_ada, ada) = join(&app, "123").await;
    let (_bob, bob) = join(&app, "123").await;
    let port = media(&ada).port();
    let expected = ["stun:127.0.0.1", "turn:127.0.0.1", "turn:127.0.0.1"];
    let ends = ["", "?transport=udp", "?transport=tcp"];
    let expected: Vec<_> =
        std::iter::zip(expected, ends).map(|(head, end)| format!("{head}:{port}{end}")).collect();
    assert_eq!(urls(&ada), expected);
    for transport in ["udp", "tcp", "web"] {
        let open = async || match transport {
            "udp" => Transport::udp(media(&ada)).await,
            "tcp" => Transport::tcp(media(&ada)).await,
            _ => Transport::tcp(app.addr).await,
        };
        let one = TurnClient::new(open().await, &ada);
        let other = TurnClient::new(Transport::udp(media(&bob)).await, &bob);
        let (mut one, mut other) = connected(one, other).await;
        hear_each_other(&mut one, &mut other).await;
    }
    drop(app);
}

#[tokio::test]
async fn peers_outside_are_reached_through_the_port_of_the_relay() {
    let app = TestApp::start_with(with_relay).await;
    let (_ada, joined) = join(&app, "123").await;
    let peer = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    let mut ada = TurnClient::new(Transport::udp(media(&joined)).await, &joined);
    let relay = ada.allocate().await.unwrap();
    ada.bind(peer.local_addr().unwrap()).await.unwrap();
    ada.say(b"hello").await;
    let mut bytes = [0; 64];
    let (length, from) = soon(peer.recv_from(&mut bytes)).await.unwrap();
    assert_eq!((&bytes[..length], from), (&b"hello"[..], relay));
    // Several at once, of which the last one is shorter.
    for number in 0..20_u8 {
        peer.send_to(&[number; 100], relay).await.unwrap();
    }
    peer.send_to(&[20; 50], relay).await.unwrap();
    for number in 0..=20_u8 {
        assert_eq!(ada.hear().await[0], number);
    }
    // Somebody without permission is not heard.
    let stranger = UdpSocket::bind("127.0.0.3:0").await.unwrap();
    stranger.send_to(b"let me in", relay).await.unwrap();
    peer.send_to(b"and me", relay).await.unwrap();
    assert_eq!(ada.hear().await, b"and me");
}

#[tokio::test]
async fn over_tls_turn_shares_the_port_of_the_pages() {
    let folder = Folder::new();
    let (app, certificate) = start_with_tls(&folder, |_| {}).await;
    let mut ada = https::enter(app.addr, "123").await;
    while urls(&ada.1).len() < 2 {
        ada = https::enter(app.addr, "123").await;
    }
    let (_socket, joined) = ada;
    let url = urls(&joined).pop().unwrap();
    assert_eq!(url, format!("turns:localhost:{}?transport=tcp", app.addr.port()));
    let stream = https::connect(app.addr, "localhost").await.unwrap();
    assert_eq!(stream.get_ref().1.peer_certificates().unwrap()[0].to_vec(), certificate);
    let one = TurnClient::new(Transport::Stream(Box::new(stream)), &joined);
    let port = urls(&joined)[0].rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let other = TurnClient::new(Transport::udp(([127, 0, 0, 1], port).into()).await, &joined);
    let (mut one, mut other) = connected(one, other).await;
    hear_each_other(&mut one, &mut other).await;
}

#[tokio::test]
async fn over_tls_a_client_of_turn_counts_as_one_connection() {
    let folder = Folder::new();
    let limit = |config: &mut Config| config.limits.max_connections_per_ip = 1;
    let (app, _) = start_with_tls(&folder, limit).await;
    let mut stream = https::connect(app.addr, "localhost").await.unwrap();
    stream.write_all(&binding()).await.unwrap();
    soon(stream.read_exact(&mut [0; 32])).await.unwrap();
    assert!(https::connect(app.addr, "localhost").await.is_err(), "the only permit is taken");
    drop(stream);
    soon(async { while https::connect(app.addr, "localhost").await.is_err() {} }).await;
}

#[tokio::test]
async fn t6_services_of_this_machine_are_not_reached() {
    let app = TestApp::start_with(with_relay).await;
    let (_ada, joined) = join(&app, "123").await;
    let service = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let peer = service.local_addr().unwrap();
    let mut ada = TurnClient::new(Transport::udp(media(&joined)).await, &joined);
    ada.allocate().await.unwrap();
    assert_eq!(ada.permit(peer).await, Err(403));
    assert_eq!(ada.bind(peer).await, Err(403));
    let kind = MessageType::from_class_method(MessageClass::Indication, SEND);
    let mut message = Message::builder(kind, 1_u128.into(), MessageWriteVec::new());
    add_peer(&mut message, peer);
    message.add_attribute(&Data::new(b"hello")).unwrap();
    ada.transport.send(&message.finish()).await;
    ada.say(b"hello").await;
    // The server has handled what came before, as it answers in order.
    assert_eq!(ada.permit(peer).await, Err(403));
    let mut bytes = [0; 64];
    assert!(service.try_recv(&mut bytes).is_err(), "nothing arrives");
}

#[tokio::test]
async fn t14_who_is_removed_loses_the_relay_within_a_second() {
    let app = TestApp::start_with(with_relay).await;
    let (mut host, _) = join(&app, "123").await;
    host.say(json!({"type": "host", "action": {"do": "claim"}})).await;
    let (mut guest, joined) = app.join("123").await;
    let peer = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    let mut relayed = TurnClient::new(Transport::udp(media(&joined)).await, &joined);
    relayed.allocate().await.unwrap();
    relayed.bind(peer.local_addr().unwrap()).await.unwrap();
    guest.say(json!({"type": "leave"})).await;
    let left = Instant::now();
    let refused = loop {
        if let Err(code) = relayed.refresh().await {
            break code;
        }
    };
    assert_eq!(refused, 403);
    assert!(left.elapsed() < Duration::from_secs(1), "{:?}", left.elapsed());
    assert_eq!(relayed.allocate().await, Err(403));
}

#[tokio::test]
async fn t14_credentials_of_others_and_wrong_ones_are_refused() {
    let app = TestApp::start_with(with_relay).await;
    let (_ada, mut joined) = join(&app, "123").await;
    let server = joined["iceServers"].as_array_mut().unwrap().iter_mut().last().unwrap();
    server["credential"] = "guessed".into();
    let servers = vec![server.clone()];
    let stun = media(&joined);
    joined["iceServers"] = servers.into();
    let mut mallory = TurnClient::new(Transport::udp(stun).await, &joined);
    assert_eq!(mallory.allocate().await, Err(401));
}

#[tokio::test]
async fn t34_other_bytes_reach_no_other_handler() {
    let app = TestApp::start_with(|config| {
        with_relay(config);
        config.limits.header_timeout = Duration::from_millis(300);
    })
    .await;
    let (_ada, joined) = join(&app, "123").await;
    let ended = async |server: SocketAddr, bytes: &[u8]| {
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // A reset is an end, too.
        let _ = soon(stream.read_to_end(&mut answer)).await;
        answer
    };
    // HTTP and TLS at the port of STUN.
    for bytes in [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], b"\x16\x03\x01\x00\x05", b""] {
        assert_eq!(ended(media(&joined), bytes).await, b"");
    }
    // STUN first, and then something else, at both ports.
    for server in [media(&joined), app.addr] {
        let bytes = [&binding()[..], b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        let answer = ended(server, &bytes).await;
        let is_binding = answer.len() == 32 && answer.starts_with(&[1, 1]);
        assert!(answer.is_empty() || is_binding, "{answer:x?}");
    }
    // HTTP first, and then STUN.
    let bytes = [b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n", &binding()[..]].concat();
    let answer = String::from_utf8_lossy(&ended(app.addr, &bytes).await).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.contains("\u{1}\u{1}"), "no answer of STUN");
    // Half of a message, and then silence.
    let half = binding()[..10].to_vec();
    let mut stream = TcpStream::connect(app.addr).await.unwrap();
    stream.write_all(&half).await.unwrap();
    let mut byte = [0];
    let end = timeout(Duration::from_secs(20), stream.read(&mut byte)).await;
    assert!(matches!(end, Ok(Ok(0) | Err(_))), "{end:?}");
}

#[tokio::test]
async fn connections_without_a_first_byte_do_not_delay_the_shutdown() {
    let app = TestApp::start_with(with_relay).await;
    let mut idle = TcpStream::connect(app.addr).await.unwrap();
    // Connections are accepted in order.
    let (_ada, _) = app.join("123").await;
    let begun = Instant::now();
    app.stop().await.unwrap();
    assert!(begun.elapsed() < DRAIN_TIMEOUT, "{:?}", begun.elapsed());
    assert!(!matches!(soon(idle.read(&mut [0])).await, Ok(1..)));
}
