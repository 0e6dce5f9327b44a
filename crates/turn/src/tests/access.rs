//! Who may use the relay, and for how long (T14).

use super::*;
use stun_types::attribute::{
    AttributeType, MessageIntegrity, RawAttribute, Software, UnknownAttributes,
};

fn stranger(server: &mut Server, username: &str) -> User {
    User::new(server, me(), username, NOW)
}

#[test]
fn t14_credentials_have_to_be_valid() {
    let mut server = server();
    for (username, expected) in [
        (USERNAME, Ok(())),
        ("1800000005:0000000000000007-0123456789abcdef", Err(401)),
        ("1800000600:0000000000000008-0123456789abcdef", Err(403)),
        ("1800000600:nobody", Err(401)),
        ("", Err(401)),
        ("1800000600:doctor", Err(401)),
    ] {
        let user = stranger(&mut server, username);
        assert_eq!(user.allocate(&mut server, NOW).map(drop), expected, "{username:?}");
        server.handle(Input::Closed(me()), NOW);
    }
}

#[test]
fn t14_a_wrong_password_is_refused_and_nothing_is_told() {
    let mut server = server();
    let user = stranger(&mut server, USERNAME);
    let mut request = user.request(ALLOCATE, add_udp);
    *request.last_mut().unwrap() ^= 1;
    let bytes = reply(&send(&mut server, me(), &request, NOW), me());
    assert_eq!(code(&bytes), Some(401));
    assert!(!Message::from_bytes(&bytes).unwrap().has_attribute(MessageIntegrity::TYPE));
    assert_eq!(server.allocations(), 0);
}

#[test]
fn t13_a_nonce_is_valid_for_its_address_and_ten_minutes() {
    let mut server = server();
    let user = stranger(&mut server, USERNAME);
    let elsewhere = User { client: udp("9.9.9.9:1001"), nonce: user.nonce.clone(), ..user };
    assert_eq!(elsewhere.allocate(&mut server, NOW), Err(438));
    let user = User { client: me(), ..elsewhere };
    assert!(user.allocate(&mut server, NOW).is_ok());
    assert_eq!(user.refresh(&mut server, 600, NOW + secs(599)), Ok(600));
    assert_eq!(user.refresh(&mut server, 600, NOW + secs(700)), Err(438));
}

#[test]
fn t14_a_running_allocation_outlives_its_credentials() {
    let mut server = server();
    let (mut user, _) = allocated(&mut server);
    for minutes in 1..=15 {
        let now = NOW + secs(60 * minutes);
        user.nonce = User::new(&mut server, udp("9.9.9.9:1000"), USERNAME, now).nonce;
        assert_eq!(user.refresh(&mut server, 600, now), Ok(600), "after {minutes} minutes");
        assert_eq!(user.permit(&mut server, address(PEER), now), None);
    }
    let late = NOW + secs(60 * 15);
    let newcomer = User::new(&mut server, udp("9.9.9.9:1001"), USERNAME, late);
    assert_eq!(newcomer.allocate(&mut server, late), Err(401));
}

#[test]
fn t14_whoever_loses_the_seat_loses_the_relay_at_once() {
    let mut server = server();
    let (user, relay) = allocated(&mut server);
    assert_eq!(user.bind(&mut server, 0x4001, address(PEER), NOW), None);
    let ended = outputs(&mut server, Input::SeatFreed(SEAT), NOW);
    assert_eq!(ended, [Output::Unbind(relay)]);
    assert_eq!(send(&mut server, me(), &channel_data(0x4001, b"hello"), NOW), []);
    let packet = Input::Packet { relay, from: address(PEER), bytes: b"hello" };
    assert_eq!(outputs(&mut server, packet, NOW), []);
    assert_eq!(user.refresh(&mut server, 600, NOW), Err(403));
    assert_eq!(user.allocate(&mut server, NOW), Err(403));
}

#[test]
fn t14_an_allocation_obeys_only_its_user() {
    let mut server = server();
    let (user, _) = allocated(&mut server);
    server.handle(Input::SeatTaken(PeerId(8)), NOW);
    let username = "1800000600:0000000000000008-0123456789abcdef".to_owned();
    let other = User { username, ..user };
    assert_eq!(other.refresh(&mut server, 0, NOW), Err(441));
    assert_eq!(other.permit(&mut server, address(PEER), NOW), Some(441));
    assert_eq!(server.allocations(), 1);
}

/// A client at one of a thousand addresses.
fn stream(index: usize) -> Client {
    let address = SocketAddr::new([9, 9, (index / 256) as u8, index as u8].into(), 1000);
    Client { transport: Transport::Stream(index as u64), address, local: None }
}

#[test]
fn t14_a_thousand_allocations_of_one_seat_end_at_its_quota() {
    let mut server = server_with(50_000..=52_000);
    let allocate = |server: &mut Server, index| {
        User::new(server, stream(index), USERNAME, NOW).allocate(server, NOW)
    };
    let outcomes: Vec<_> = (0..1000).map(|index| allocate(&mut server, index)).collect();
    assert!(outcomes[..capacity::PER_SEAT].iter().all(Result::is_ok));
    assert!(outcomes[capacity::PER_SEAT..].iter().all(|outcome| *outcome == Err(486)));
    server.handle(Input::Closed(stream(3)), NOW);
    assert!(allocate(&mut server, 1000).is_ok());
    assert_eq!(allocate(&mut server, 1001), Err(486));
    server.handle(Input::SeatFreed(SEAT), NOW);
    assert_eq!(server.entries(), [0, 0, 0, 0, 0]);
}

#[test]
fn an_allocation_has_sixteen_peers() {
    let mut server = server();
    let (user, _) = allocated(&mut server);
    for host in 0..16 {
        let peer = address(&format!("8.8.8.{host}:1"));
        assert_eq!(user.bind(&mut server, 0x4000 + host, peer, NOW), None);
    }
    assert_eq!(user.permit(&mut server, address("8.8.4.4:1"), NOW), Some(508));
    assert_eq!(user.bind(&mut server, 0x4020, address("8.8.8.1:2"), NOW), Some(508));
    assert_eq!(user.permit(&mut server, address("8.8.8.1:3"), NOW), None, "a refresh");
}

#[test]
fn t14_an_address_has_a_quota_and_the_server_as_many_allocations_as_ports() {
    let allocate = |server: &mut Server, index: usize, client: Client| {
        let seat = PeerId(index as u64);
        server.handle(Input::SeatTaken(seat), NOW);
        let username = format!("1800000600:{seat}-0");
        User::new(server, client, &username, NOW).allocate(server, NOW)
    };
    let office = |index| Client { address: me().address, ..stream(index) };
    let mut large = server_with(50_000..=52_000);
    let outcomes: Vec<_> =
        (0..1100).map(|index| allocate(&mut large, index, office(index))).collect();
    assert!(outcomes[..capacity::PER_ADDRESS].iter().all(Result::is_ok));
    assert!(outcomes[capacity::PER_ADDRESS..].iter().all(|outcome| *outcome == Err(486)));
    assert!(allocate(&mut large, 1100, stream(1100)).is_ok(), "from elsewhere");
    let mut small = server();
    for index in 0..20 {
        assert!(allocate(&mut small, index, stream(index)).is_ok());
    }
    assert_eq!(allocate(&mut small, 20, stream(20)), Err(508), "there are 20 ports");
    small.handle(Input::Closed(stream(3)), NOW);
    assert_eq!(allocate(&mut small, 20, stream(20)), Ok(address("5.5.5.5:50003")));
}

#[test]
fn requests_that_ask_for_more_than_there_is_are_refused_by_their_code() {
    let mut server = server();
    let user = stranger(&mut server, USERNAME);
    let transport = |protocol| {
        move |message: &mut MessageWriteVec| {
            message.add_attribute(&RequestedTransport::new(protocol)).unwrap();
        }
    };
    let (bytes, _) = user.ask(&mut server, ALLOCATE, |_| (), NOW);
    assert_eq!(code(&bytes), Some(400));
    let (bytes, _) = user.ask(&mut server, ALLOCATE, transport(RequestedTransport::TCP), NOW);
    assert_eq!(code(&bytes), Some(442));
    let pair = |message: &mut MessageWriteVec| {
        add_udp(message);
        message.add_attribute(&turn_types::attribute::EvenPort::new(true)).unwrap();
    };
    let (bytes, _) = user.ask(&mut server, ALLOCATE, pair, NOW);
    assert_eq!(code(&bytes), Some(508));
    assert_eq!(user.permit(&mut server, address(PEER), NOW), Some(437));
    assert_eq!(user.refresh(&mut server, 600, NOW), Err(437));
    let (bytes, _) = user.ask(&mut server, CREATE_PERMISSION, |_| (), NOW);
    assert_eq!(code(&bytes), Some(437));
}

#[test]
fn unknown_attributes_that_have_to_be_understood_are_named() {
    let mut server = server();
    // CHANGE-REQUEST of RFC 5780 has to be understood, SOFTWARE does not.
    let change = RawAttribute::new(AttributeType::new(3), &[0; 4]);
    let add = |message: &mut MessageWriteVec| {
        message.add_attribute(&change).unwrap();
        message.add_attribute(&Software::new("test").unwrap()).unwrap();
    };
    let mut binding = Message::builder_request(BINDING, MessageWriteVec::new());
    add(&mut binding);
    let unsigned = reply(&send(&mut server, me(), &binding.finish(), NOW), me());
    let user = stranger(&mut server, USERNAME);
    let (signed, rest) = user.ask(&mut server, ALLOCATE, add, NOW);
    assert_eq!((server.allocations(), rest), (0, Vec::new()));
    for (bytes, is_signed) in [(unsigned, false), (signed, true)] {
        let message = Message::from_bytes(&bytes).unwrap();
        assert_eq!(code(&bytes), Some(420));
        assert!(message.attribute::<UnknownAttributes>().unwrap().has_attribute(change.get_type()));
        assert_eq!(message.has_attribute(MessageIntegrity::TYPE), is_signed);
    }
}
