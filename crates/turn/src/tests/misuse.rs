//! What the relay must not be used for (T6, T13).

use super::*;
use proptest::prelude::*;
use std::net::IpAddr;

/// Addresses of each kind that must not be reached, in forms of both families.
const FORBIDDEN: [&str; 21] = [
    "127.0.0.1",
    "10.0.0.1",
    "192.168.0.1",
    "172.16.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "2001:0:808:808::1",
];

fn with_relay(server: &mut Server, is_v6: bool) -> User {
    let user = User::new(server, me(), USERNAME, NOW);
    let add = if is_v6 { add_udp_over_ipv6 } else { add_udp };
    let (bytes, _) = user.ask(server, ALLOCATE, add, NOW);
    assert_eq!(code(&bytes), None);
    user
}

#[test]
fn t6_no_request_leads_to_an_address_that_is_not_public() {
    for text in FORBIDDEN {
        let ip: IpAddr = text.parse().unwrap();
        let peer = SocketAddr::new(ip, 80);
        let mut server = server();
        let user = with_relay(&mut server, ip.is_ipv6());
        assert_eq!(user.permit(&mut server, peer, NOW), Some(403), "{text}");
        assert_eq!(user.bind(&mut server, 0x4001, peer, NOW), Some(403), "{text}");
        assert_eq!(send(&mut server, me(), &indication(peer, b"x"), NOW), [], "{text}");
        assert_eq!(send(&mut server, me(), &channel_data(0x4001, b"x"), NOW), [], "{text}");
    }
}

#[test]
fn t6_one_forbidden_peer_in_a_request_spoils_it() {
    let mut server = server();
    let user = with_relay(&mut server, false);
    let add = |message: &mut MessageWriteVec| {
        for peer in [PEER, "127.0.0.1:80"] {
            add_peer(message, address(peer));
        }
    };
    let (bytes, rest) = user.ask(&mut server, CREATE_PERMISSION, add, NOW);
    assert_eq!((code(&bytes), rest), (Some(403), Vec::new()));
    assert_eq!(send(&mut server, me(), &indication(address(PEER), b"x"), NOW), []);
}

#[test]
fn t6_of_this_machine_only_live_relayed_addresses_can_be_reached() {
    let mut server = server();
    let user = with_relay(&mut server, false);
    for port in [22, 3479, 50_001] {
        let peer = SocketAddr::new(RELAY.parse().unwrap(), port);
        assert_eq!(user.permit(&mut server, peer, NOW), Some(403), "{port}");
        assert_eq!(user.bind(&mut server, 0x4001, peer, NOW), Some(403), "{port}");
    }
    // The permission is for the address, not for the port: the rest is never sent anywhere.
    assert_eq!(user.permit(&mut server, address("5.5.5.5:50000"), NOW), None);
    for port in [22, 3479, 50_001] {
        let peer = SocketAddr::new(RELAY.parse().unwrap(), port);
        assert_eq!(send(&mut server, me(), &indication(peer, b"x"), NOW), [], "{port}");
    }
}

#[test]
fn t13_forged_senders_cost_no_memory_and_no_more_than_they_send() {
    let mut server = server();
    let before = server.entries();
    let (mut received, mut sent) = (0, 0);
    let request = bare(ALLOCATE);
    for number in 0..100_000_u32 {
        // Each of a network of its own.
        let [_, a, b, c] = number.to_be_bytes();
        let client = udp(&format!("{}.{b}.{c}.7:1000", 11 + a));
        received += request.len();
        for output in send(&mut server, client, &request, NOW) {
            let Output::Reply(_, bytes) = output else { panic!("{output:?}") };
            sent += bytes.len();
        }
    }
    assert_eq!(server.entries(), before);
    // A reply is at most 96 bytes, and all networks together get 2,000 of them.
    assert!(sent <= 2000 * 96, "{sent}");
    assert!(sent * 10 <= received, "{sent} for {received}");
}

#[test]
fn t13_what_is_not_stun_gets_no_answer() {
    let mut server = server();
    let long = [&bare(BINDING)[..], &[0; 4]].concat();
    let mut wrong_cookie = bare(BINDING);
    wrong_cookie[4] ^= 1;
    for bytes in [&b""[..], b"\x00", b"\x80\x60", &[0; 20], &long, &wrong_cookie, b"GET / HTTP/1.1"]
    {
        assert_eq!(send(&mut server, me(), bytes, NOW), []);
    }
    let mut response = bare(BINDING);
    response[0] |= 1;
    assert_eq!(send(&mut server, me(), &response, NOW), [], "two servers would never stop");
}

#[test]
fn t13_an_office_with_participants_gets_its_answers() {
    let mut server = server();
    let asked = |server: &mut Server| {
        (0..300).filter(|_| !send(server, me(), &bare(BINDING), NOW).is_empty()).count()
    };
    assert_eq!(asked(&mut server), 20);
    server.handle(Input::Connected(me().address.ip()), NOW);
    assert_eq!(asked(&mut server), 300);
    server.handle(Input::Disconnected(me().address.ip()), NOW);
    assert_eq!(asked(&mut server), 0);
}

#[test]
fn a_flood_is_cut_to_the_rate() {
    let mut server = server();
    let (user, relay) = allocated(&mut server);
    let peer = address(PEER);
    assert_eq!(user.bind(&mut server, 0x4001, peer, NOW), None);
    let payload = [0; 1200];
    let request = channel_data(0x4001, &payload);
    let sent: usize = (0..2000).map(|_| send(&mut server, me(), &request, NOW).len()).sum();
    assert_eq!(sent, 750_000 / 1200);
    let packet = Input::Packet { relay, from: peer, bytes: &payload };
    let came: usize = (0..2000).map(|_| outputs(&mut server, packet, NOW).len()).sum();
    assert_eq!(came, 750_000 / 1200, "each direction has its own");
}

#[test]
fn t14_more_allocations_of_a_seat_bring_no_higher_rate() {
    let mut server = server();
    let stream = Client { transport: Transport::Stream(1), ..me() };
    let payload = [0; 1200];
    let mut sent = 0;
    for client in [me(), stream] {
        let user = User::new(&mut server, client, USERNAME, NOW);
        user.allocate(&mut server, NOW).unwrap();
        assert_eq!(user.bind(&mut server, 0x4001, address(PEER), NOW), None);
        let request = channel_data(0x4001, &payload);
        sent += (0..2000).map(|_| send(&mut server, client, &request, NOW).len()).sum::<usize>();
    }
    assert_eq!(sent, 750_000 / 1200);
}

#[test]
fn what_follows_the_integrity_is_ignored() {
    let mut server = server();
    let user = with_relay(&mut server, false);
    let mut request = user.request(CREATE_PERMISSION, |message| {
        add_peer(message, address(PEER));
    });
    let transaction = Message::from_bytes(&request).unwrap().transaction_id();
    let added = XorPeerAddress::new(address("8.8.4.4:1"), transaction).to_raw().to_bytes();
    request.extend(&added);
    let length = u16::try_from(request.len() - MessageHeader::LENGTH).unwrap();
    request[2..4].copy_from_slice(&length.to_be_bytes());
    assert_eq!(code(&reply(&send(&mut server, me(), &request, NOW), me())), None);
    assert_eq!(send(&mut server, me(), &indication(address("8.8.4.4:1"), b"x"), NOW), []);
    assert_eq!(send(&mut server, me(), &indication(address(PEER), b"x"), NOW).len(), 1);
}

proptest! {
    /// Whatever arrives, nobody is served who was not, and every range is within what arrived.
    #[test]
    fn t7_broken_messages_do_no_harm(
        kind in 0..5_usize,
        changes in prop::collection::vec((0..400_usize, any::<u8>()), 0..6),
        length in 0..400_usize,
        is_known in any::<bool>(),
    ) {
        let mut server = server();
        let user = with_relay(&mut server, false);
        prop_assert_eq!(user.bind(&mut server, 0x4001, address(PEER), NOW), None);
        let peer = |message: &mut MessageWriteVec| {
            add_peer(message, address("8.8.4.4:1"));
        };
        let mut bytes = match kind {
            0 => user.request(CREATE_PERMISSION, peer),
            1 => user.request(REFRESH, |_| ()),
            2 => indication(address(PEER), b"hello"),
            3 => channel_data(0x4001, b"hello"),
            _ => bare(BINDING),
        };
        let is_whole = changes.iter().all(|(place, byte)| bytes.get(*place).is_none_or(|old| old == byte))
            && length >= bytes.len();
        for (place, byte) in changes {
            if let Some(old) = bytes.get_mut(place) {
                *old = byte;
            }
        }
        bytes.truncate(length);
        let from = if is_known { me() } else { udp("9.9.9.9:2000") };
        for output in send(&mut server, from, &bytes, NOW) {
            match output {
                Output::Reply(to, reply) => {
                    prop_assert_eq!(to, from);
                    let is_served = code(&reply).is_none() && kind < 2;
                    prop_assert!(!is_served || is_whole && is_known);
                }
                Output::Send { to, payload, .. } => {
                    prop_assert!(payload.end <= bytes.len() && to.ip() == address(PEER).ip());
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(server.allocations(), 1);
    }
}

#[test]
fn t6_a_change_of_addresses_neither_ends_calls_nor_opens_this_machine() {
    let mut server = server();
    let (user, relay) = allocated(&mut server);
    let own = SocketAddr::new(relay.ip(), 9);
    assert_eq!(user.permit(&mut server, own, NOW), Some(403));
    server.handle(Input::Addresses { relay: &[], own: &[] }, NOW);
    assert_eq!(user.permit(&mut server, own, NOW), Some(403), "while it is unknown");
    assert_eq!(user.permit(&mut server, relay, NOW), None, "a relayed address of this server");
}

#[test]
fn a_relayed_address_that_cannot_be_bound_is_no_success() {
    let mut server = server();
    let (user, relay) = allocated(&mut server);
    let request = user.request(CREATE_PERMISSION, |message| add_peer(message, address(PEER)));
    server.handle(Input::Message(me(), &request), NOW);
    assert_eq!(server.poll(), Some(Output::Bind(relay)));
    server.handle(Input::NotBound(relay), NOW);
    assert!(
        !std::iter::from_fn(|| server.poll()).any(|output| matches!(output, Output::Reply(..)))
    );
    assert_eq!(user.permit(&mut server, address(PEER), NOW), Some(437));
}

#[test]
fn t28_packets_larger_than_those_of_calls_are_not_relayed() {
    let mut server = server();
    let (user, relay) = allocated(&mut server);
    assert_eq!(user.permit(&mut server, address(PEER), NOW), None);
    let relayed = |server: &mut Server, length: usize| {
        let packet = Input::Packet { relay, from: address(PEER), bytes: &vec![0; length] };
        outputs(server, packet, NOW).len()
    };
    assert_eq!([2048, 2049, 65_535].map(|length| relayed(&mut server, length)), [1, 0, 0]);
}
