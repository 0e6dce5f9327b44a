//! What ends by itself.

use super::*;
use proptest::prelude::*;

#[test]
fn an_allocation_ends_unless_it_is_refreshed() {
    let mut server = server();
    let (user, relay) = allocated(&mut server);
    assert_eq!(user.permit(&mut server, address(PEER), NOW), None);
    assert_eq!(server.poll_timeout(), Some(NOW + secs(600)));
    assert_eq!(user.refresh(&mut server, 86_400, NOW + secs(300)), Ok(600), "ten minutes at most");
    assert_eq!(server.poll_timeout(), Some(NOW + secs(900)));
    assert_eq!(outputs(&mut server, Input::Tick, NOW + secs(899)), []);
    let ended = outputs(&mut server, Input::Tick, NOW + secs(900));
    assert_eq!(ended, [Output::Unbind(relay)]);
    assert_eq!((server.poll_timeout(), server.allocations()), (None, 0));
}

#[test]
fn a_lifetime_of_zero_ends_it_at_once() {
    let mut server = server();
    let (user, _) = allocated(&mut server);
    assert_eq!(user.refresh(&mut server, 0, NOW), Ok(0));
    assert_eq!((server.poll_timeout(), server.allocations()), (None, 0));
    assert_eq!(user.allocate(&mut server, NOW), Ok(address("5.5.5.5:50001")), "another port");
}

#[test]
fn a_repeated_request_gets_the_same_allocation_and_a_new_one_is_refused() {
    let mut server = server();
    let user = User::new(&mut server, me(), USERNAME, NOW);
    let request = user.request(ALLOCATE, add_udp);
    let first = reply(&send(&mut server, me(), &request, NOW), me());
    assert_eq!(reply(&send(&mut server, me(), &request, NOW), me()), first);
    assert_eq!(user.allocate(&mut server, NOW), Err(437));
    assert_eq!(server.allocations(), 1);
}

#[test]
fn a_permission_lasts_five_minutes_and_a_channel_ten() {
    let mut server = server();
    let (user, relay) = allocated(&mut server);
    assert_eq!(user.bind(&mut server, 0x4001, address(PEER), NOW), None);
    let request = channel_data(0x4001, b"hello");
    let passes = |server: &mut Server, now| {
        let packet = Input::Packet { relay, from: address(PEER), bytes: b"hello" };
        let there = send(server, me(), &request, now).len();
        (there, outputs(server, packet, now).len())
    };
    assert_eq!(passes(&mut server, NOW + secs(299)), (1, 1));
    assert_eq!(passes(&mut server, NOW + secs(300)), (0, 0));
    assert_eq!(user.permit(&mut server, address(PEER), NOW + secs(400)), None);
    assert_eq!(passes(&mut server, NOW + secs(599)), (1, 1));
}

#[test]
fn a_closed_connection_ends_its_allocation() {
    let mut server = server();
    let stream = Client { transport: Transport::Stream(1), ..me() };
    let user = User::new(&mut server, stream, USERNAME, NOW);
    assert!(user.allocate(&mut server, NOW).is_ok());
    server.handle(Input::Closed(me()), NOW);
    assert_eq!(server.allocations(), 1, "another client at the same address");
    server.handle(Input::Closed(stream), NOW);
    assert_eq!(server.allocations(), 0);
}

#[derive(Clone, Debug)]
enum Act {
    Allocate(u16),
    Refresh(u16, u32),
    Permit(u16),
    Close(u16),
    Wait(u64),
    Revoke,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (1..6_u16).prop_map(Act::Allocate),
        (1..6_u16, prop_oneof![Just(0), 1..900_u32])
            .prop_map(|(port, life)| Act::Refresh(port, life)),
        (1..6_u16).prop_map(Act::Permit),
        (1..6_u16).prop_map(Act::Close),
        (0..400_u64).prop_map(Act::Wait),
        Just(Act::Revoke),
    ]
}

proptest! {
    /// Sockets are bound and closed in turn, ports are never used twice, and in the end nothing is left.
    #[test]
    fn every_socket_that_is_bound_is_closed_once(acts in prop::collection::vec(act(), 0..60)) {
        let mut server = server();
        let mut now = NOW;
        let mut bound = Vec::new();
        let follow = |all: Vec<Output>, bound: &mut Vec<SocketAddr>| {
            for output in all {
                match output {
                    Output::Bind(relay) => {
                        assert!(!bound.contains(&relay), "{relay} is bound already");
                        bound.push(relay);
                    }
                    Output::Unbind(relay) => {
                        let place = bound.iter().position(|other| *other == relay);
                        bound.remove(place.expect("it is bound"));
                    }
                    _ => {}
                }
            }
        };
        for act in acts {
            let user = |server: &mut Server, port: u16| {
                // Over TCP: the allowance is not the subject.
                let address = address(&format!("9.9.9.9:{port}"));
                let client = Client { transport: Transport::Stream(port.into()), address, local: None };
                User::new(server, client, "1900000000:0000000000000007-0", now)
            };
            let all = match act {
                Act::Allocate(port) => {
                    let user = user(&mut server, port);
                    let _ = user.allocate(&mut server, now);
                    Vec::new()
                }
                Act::Refresh(port, life) => {
                    let user = user(&mut server, port);
                    let lifetime = Lifetime::new(life);
                    let add = |message: &mut MessageWriteVec| {
                        message.add_attribute(&lifetime).unwrap();
                    };
                    user.ask(&mut server, REFRESH, add, now).1
                }
                Act::Permit(port) => {
                    let user = user(&mut server, port);
                    let add = |message: &mut MessageWriteVec| {
                        add_peer(message, address(PEER));
                    };
                    user.ask(&mut server, CREATE_PERMISSION, add, now).1
                }
                Act::Close(port) => {
                    let address = address(&format!("9.9.9.9:{port}"));
                    let transport = Transport::Stream(port.into());
                    outputs(&mut server, Input::Closed(Client { transport, address, local: None }), now)
                }
                Act::Wait(seconds) => {
                    now += secs(seconds);
                    outputs(&mut server, Input::Tick, now)
                }
                Act::Revoke => {
                    let all = outputs(&mut server, Input::SeatFreed(SEAT), now);
                    server.handle(Input::SeatTaken(SEAT), now);
                    all
                }
            };
            follow(all, &mut bound);
            prop_assert!(bound.len() <= server.allocations());
            prop_assert!(server.poll_timeout().is_none_or(|due| due > now));
        }
        now += secs(600);
        follow(outputs(&mut server, Input::Tick, now), &mut bound);
        prop_assert!(bound.is_empty());
        prop_assert_eq!((server.allocations(), server.poll_timeout()), (0, None));
    }
}
