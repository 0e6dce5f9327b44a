//! Packets between clients and peers.

use super::*;

#[test]
fn a_binding_request_tells_the_address() {
    let mut server = server();
    let bytes = reply(&send(&mut server, me(), &bare(BINDING), NOW), me());
    let message = Message::from_bytes(&bytes).unwrap();
    let mapped = message.attribute::<XorMappedAddress>().unwrap();
    assert_eq!(mapped.addr(message.transaction_id()), me().address);
    assert_eq!(bytes.len(), 32);
}

#[test]
fn indications_carry_packets_both_ways() {
    let mut server = server();
    let (user, relay) = allocated(&mut server);
    assert_eq!(relay, address("5.5.5.5:50000"));
    let peer = address(PEER);
    let request = indication(peer, b"hello");
    assert_eq!(send(&mut server, me(), &request, NOW), [], "there is no permission");
    assert_eq!(user.permit(&mut server, peer, NOW), None);
    let sent = send(&mut server, me(), &request, NOW);
    let [Output::Send { relay: from, to, payload }] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((*from, *to), (relay, peer));
    assert_eq!(&request[payload.clone()], b"hello");

    let packet = Input::Packet { relay, from: peer, bytes: b"hi!" };
    let delivered = outputs(&mut server, packet, NOW);
    let [Output::Deliver { to, header: Header::Indication(header), payload }] = &delivered[..]
    else {
        panic!("{delivered:?}");
    };
    assert_eq!((*to, payload.clone()), (me(), 0..3));
    let bytes = [header, &b"hi!\0"[..]].concat();
    let message = Message::from_bytes(&bytes).unwrap();
    assert!(message.has_class(MessageClass::Indication) && message.has_method(DATA));
    assert_eq!(message.attribute::<Data>().unwrap().data(), b"hi!");
    let shown = message.attribute::<XorPeerAddress>().unwrap();
    assert_eq!(shown.addr(message.transaction_id()), peer);
}

#[test]
fn the_socket_is_bound_by_the_first_permission() {
    let mut server = server();
    let (user, relay) = allocated(&mut server);
    let add = |message: &mut MessageWriteVec| {
        add_peer(message, address(PEER));
    };
    let (_, rest) = user.ask(&mut server, CREATE_PERMISSION, add, NOW);
    assert_eq!(rest, [Output::Bind(relay)]);
    let (_, rest) = user.ask(&mut server, CREATE_PERMISSION, add, NOW);
    assert_eq!(rest, []);
    assert_eq!(user.refresh(&mut server, 600, NOW), Ok(600));
    assert_eq!(outputs(&mut server, Input::NotBound(relay), NOW), [Output::Unbind(relay)]);
    assert_eq!(user.refresh(&mut server, 600, NOW), Err(437));
}

#[test]
fn channels_carry_packets_both_ways() {
    let mut server = server();
    let (user, relay) = allocated(&mut server);
    let peer = address(PEER);
    assert_eq!(user.bind(&mut server, 0x4001, peer, NOW), None);
    let request = channel_data(0x4001, b"hello");
    let sent = send(&mut server, me(), &request, NOW);
    assert_eq!(sent, [Output::Send { relay, to: peer, payload: 4..9 }]);
    let packet = Input::Packet { relay, from: peer, bytes: b"hi!" };
    let header = Header::Channel([0x40, 1, 0, 3]);
    let delivered = [Output::Deliver { to: me(), header, payload: 0..3 }];
    assert_eq!(outputs(&mut server, packet, NOW), delivered);

    // Another port of the same peer has the permission, but no channel.
    let packet = Input::Packet { relay, from: address("8.8.8.8:4001"), bytes: b"hi!" };
    let delivered = outputs(&mut server, packet, NOW);
    assert!(matches!(&delivered[..], [Output::Deliver { header: Header::Indication(_), .. }]));
    let packet = Input::Packet { relay, from: address("8.8.4.4:4000"), bytes: b"hi!" };
    assert_eq!(outputs(&mut server, packet, NOW), [], "there is no permission");

    for broken in [&channel_data(0x4002, b"hello"), &request[..8], &request[..3]] {
        assert_eq!(send(&mut server, me(), broken, NOW), []);
    }
    assert_eq!(send(&mut server, udp("9.9.9.9:1001"), &request, NOW), [], "somebody else");
}

#[test]
fn a_channel_belongs_to_one_peer_and_a_peer_to_one_channel() {
    let mut server = server();
    let (user, _) = allocated(&mut server);
    let (peer, other) = (address(PEER), address("8.8.8.8:4001"));
    assert_eq!(user.bind(&mut server, 0x4001, peer, NOW), None);
    assert_eq!(user.bind(&mut server, 0x4001, peer, NOW), None, "a refresh");
    assert_eq!(user.bind(&mut server, 0x4001, other, NOW), Some(400));
    assert_eq!(user.bind(&mut server, 0x4002, peer, NOW), Some(400));
    assert_eq!(user.bind(&mut server, 0x4002, other, NOW), None);
    for reserved in [0x3fff, 0x8000] {
        assert_eq!(user.bind(&mut server, reserved, address("8.8.8.8:1"), NOW), Some(400));
    }
}

#[test]
fn two_relayed_addresses_exchange_packets_within_the_process() {
    let mut server = server();
    let (mine, my_relay) = allocated(&mut server);
    let client = udp("9.9.9.8:1000");
    let theirs = User::new(&mut server, client, USERNAME, NOW);
    let their_relay = theirs.allocate(&mut server, NOW).unwrap();
    assert_eq!(mine.bind(&mut server, 0x4001, their_relay, NOW), None);
    let request = channel_data(0x4001, b"hello");
    assert_eq!(send(&mut server, me(), &request, NOW), [], "they have not permitted it");
    assert_eq!(theirs.bind(&mut server, 0x4abc, my_relay, NOW), None);
    let header = Header::Channel([0x4a, 0xbc, 0, 5]);
    let delivered = [Output::Deliver { to: client, header, payload: 4..9 }];
    assert_eq!(send(&mut server, me(), &request, NOW), delivered);
}

#[test]
fn what_forwards_media_is_reached_within_the_process() {
    let mut server = server();
    let (user, relay) = allocated(&mut server);
    let forwarding = SocketAddr::new(relay.ip(), 3478);
    assert_eq!(user.bind(&mut server, 0x4001, forwarding, NOW), None);
    let request = channel_data(0x4001, b"hello");
    let sent = send(&mut server, me(), &request, NOW);
    assert_eq!(sent, [Output::Forward { relay, to: forwarding, payload: 4..9 }]);
    let packet = Input::Packet { relay, from: forwarding, bytes: b"hi!" };
    let header = Header::Channel([0x40, 1, 0, 3]);
    let delivered = [Output::Deliver { to: me(), header, payload: 0..3 }];
    assert_eq!(outputs(&mut server, packet, NOW), delivered);
    // Other services of this machine are not reached.
    let other = indication(SocketAddr::new(relay.ip(), 22), b"hello");
    assert_eq!(send(&mut server, me(), &other, NOW), []);
}

#[test]
fn both_address_families_are_relayed() {
    let mut server = server();
    let user = User::new(&mut server, me(), USERNAME, NOW);
    let (bytes, _) = user.ask(&mut server, ALLOCATE, add_udp_over_ipv6, NOW);
    let message = Message::from_bytes(&bytes).unwrap();
    let relayed = message.attribute::<XorRelayedAddress>().unwrap();
    assert_eq!(relayed.addr(message.transaction_id()), address("[2a00::5]:50000"));
    assert_eq!(user.permit(&mut server, address("[2a01::1]:1"), NOW), None);
    assert_eq!(user.permit(&mut server, address(PEER), NOW), Some(443));
}
