//! Lists of (input, time) and the commands they lead to, then any order of anything.

use super::*;
use crate::protocol::{IceCandidate, Person, SdpType, SessionDescription};
use proptest::prelude::*;

const START: Duration = Duration::ZERO;

fn rooms(people: usize) -> Rooms {
    Rooms::new(Config { people, ice_servers: Vec::new() })
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn drain(rooms: &mut Rooms) -> Vec<Command> {
    std::iter::from_fn(|| rooms.poll()).collect()
}

fn say(rooms: &mut Rooms, conn: u64, message: ClientMessage, now: Duration) -> Vec<Command> {
    let (conn, id) = (ConnId(conn), PeerId(100 + conn));
    rooms.handle(Input::Message { conn, message: Ok(message), id }, now);
    drain(rooms)
}

fn join_message(room: &str) -> ClientMessage {
    ClientMessage::Join(Join { room: room.parse().unwrap(), presence: Presence::default() })
}

fn open_and_join(rooms: &mut Rooms, conn: u64, room: &str, now: Duration) -> Vec<Command> {
    rooms.handle(Input::Opened(ConnId(conn)), now);
    say(rooms, conn, join_message(room), now)
}

fn person(conn: u64, seconds: u64) -> Person {
    Person { id: PeerId(100 + conn), presence: Presence::default(), seconds }
}

fn candidate() -> Signal {
    Signal::Candidate(Some(IceCandidate { candidate: "candidate:1".into(), ..Default::default() }))
}

fn relay(to: Option<u64>) -> ClientMessage {
    ClientMessage::Signal { to: to.map(|conn| PeerId(100 + conn)), signal: candidate() }
}

fn refused(commands: &[Command], conn: u64) -> ErrorCode {
    match commands {
        [Command::Send(to, ServerMessage::Error { code, .. })] if *to == ConnId(conn) => *code,
        other => panic!("expected one error to {conn}, got {other:?}"),
    }
}

#[test]
fn the_first_is_the_caller_and_the_second_the_callee() {
    let mut rooms = rooms(4);
    let joined = |conn: u64, people| ServerMessage::Joined {
        id: PeerId(100 + conn),
        state: RoomState { people, limit: 4 },
        ice_servers: Vec::new(),
    };
    assert_eq!(
        open_and_join(&mut rooms, 1, "123", START),
        [Command::Send(ConnId(1), joined(1, vec![]))]
    );
    assert_eq!(
        open_and_join(&mut rooms, 2, "123", secs(5)),
        [
            Command::Send(ConnId(2), joined(2, vec![person(1, 5)])),
            Command::Send(
                ConnId(1),
                ServerMessage::Ready { role: Role::Caller, peer: person(2, 0) }
            ),
            Command::Send(
                ConnId(2),
                ServerMessage::Ready { role: Role::Callee, peer: person(1, 5) }
            ),
        ]
    );
}

#[test]
fn whoever_stays_is_the_caller_of_whoever_comes_next() {
    let mut rooms = rooms(4);
    open_and_join(&mut rooms, 1, "123", START);
    open_and_join(&mut rooms, 2, "123", START);
    rooms.handle(Input::Closed(ConnId(1)), START);
    assert_eq!(
        drain(&mut rooms),
        [Command::Send(ConnId(2), ServerMessage::Left { peer: PeerId(101) })]
    );
    let commands = open_and_join(&mut rooms, 3, "123", START);
    assert!(commands.contains(&Command::Send(
        ConnId(2),
        ServerMessage::Ready { role: Role::Caller, peer: person(3, 0) }
    )));
}

#[test]
fn signals_go_to_the_only_other_person_or_to_whom_they_name() {
    let mut rooms = rooms(4);
    open_and_join(&mut rooms, 1, "123", START);
    assert_eq!(refused(&say(&mut rooms, 1, relay(None), START), 1), ErrorCode::NoSuchPeer);
    open_and_join(&mut rooms, 2, "123", START);
    let relayed = ServerMessage::Signal { from: PeerId(101), signal: candidate() };
    assert_eq!(say(&mut rooms, 1, relay(None), START), [Command::Send(ConnId(2), relayed.clone())]);
    open_and_join(&mut rooms, 3, "123", START);
    assert_eq!(refused(&say(&mut rooms, 1, relay(None), START), 1), ErrorCode::RecipientNeeded);
    assert_eq!(say(&mut rooms, 1, relay(Some(3)), START), [Command::Send(ConnId(3), relayed)]);
    assert_eq!(refused(&say(&mut rooms, 1, relay(Some(1)), START), 1), ErrorCode::NoSuchPeer);
    open_and_join(&mut rooms, 4, "other", START);
    assert_eq!(refused(&say(&mut rooms, 1, relay(Some(4)), START), 1), ErrorCode::NoSuchPeer);
}

#[test]
fn refusals_have_codes_and_disturb_nobody() {
    let mut rooms = rooms(2);
    rooms.handle(Input::Opened(ConnId(1)), START);
    for early in [relay(None), ClientMessage::Leave, ClientMessage::Presence(Presence::default())] {
        assert_eq!(refused(&say(&mut rooms, 1, early, START), 1), ErrorCode::NotJoined);
    }
    say(&mut rooms, 1, join_message("123"), START);
    open_and_join(&mut rooms, 2, "123", START);
    assert_eq!(refused(&open_and_join(&mut rooms, 3, "123", START), 3), ErrorCode::RoomFull);
    assert_eq!(
        refused(&say(&mut rooms, 1, join_message("456"), START), 1),
        ErrorCode::AlreadyJoined
    );
    assert_eq!(rooms.room_count(), 1);
}

#[test]
fn watchers_hear_of_every_change_until_they_join() {
    let mut rooms = rooms(4);
    let name: RoomName = "123".parse().unwrap();
    rooms.handle(Input::Opened(ConnId(9)), START);
    let seen = |people| {
        let state = RoomState { people, limit: 4 };
        Command::Send(ConnId(9), ServerMessage::Room { room: "123".parse().unwrap(), state })
    };
    assert_eq!(say(&mut rooms, 9, ClientMessage::Watch(name), START), [seen(vec![])]);
    assert_eq!(open_and_join(&mut rooms, 1, "123", START).last(), Some(&seen(vec![person(1, 0)])));
    assert_eq!(say(&mut rooms, 1, ClientMessage::Leave, secs(1)), [seen(vec![])]);
    say(&mut rooms, 9, join_message("123"), secs(2));
    let commands = say(&mut rooms, 1, join_message("123"), secs(3));
    assert!(!commands.iter().any(|c| matches!(c, Command::Send(_, ServerMessage::Room { .. }))));
}

#[test]
fn presence_reaches_the_others_once() {
    let mut rooms = rooms(4);
    open_and_join(&mut rooms, 1, "123", START);
    open_and_join(&mut rooms, 2, "123", START);
    let muted = Presence { mic: false, ..Presence::default() };
    let heard = ServerMessage::Presence { from: PeerId(101), presence: muted.clone() };
    assert_eq!(
        say(&mut rooms, 1, ClientMessage::Presence(muted.clone()), START),
        [Command::Send(ConnId(2), heard)]
    );
    assert_eq!(say(&mut rooms, 1, ClientMessage::Presence(muted), START), []);
}

#[test]
fn silence_is_pinged_and_then_ended() {
    let mut rooms = rooms(4);
    open_and_join(&mut rooms, 1, "123", START);
    open_and_join(&mut rooms, 2, "123", START);
    let mut now = START;
    let mut log = Vec::new();
    while let Some(next) = rooms.poll_timeout().filter(|&next| next <= secs(20)) {
        assert!(next > now, "a timeout that does not move on would spin");
        now = next;
        rooms.handle(Input::Heard(ConnId(2)), now);
        rooms.handle(Input::Tick, now);
        log.extend(drain(&mut rooms).into_iter().map(|command| (now, command)));
    }
    let of = |conn| log.iter().filter(move |(_, c)| matches!(c, Command::Ping(id) if *id == conn));
    assert_eq!(of(ConnId(1)).map(|(at, _)| *at).collect::<Vec<_>>(), [secs(4), secs(8)]);
    assert!(log.contains(&(SILENT_AFTER, Command::Close(ConnId(1)))));
    let left = ServerMessage::Left { peer: PeerId(101) };
    assert!(log.contains(&(SILENT_AFTER, Command::Send(ConnId(2), left))));
    assert_eq!(rooms.connection_count(), 1);
}

/// One step of a random schedule: which connection, what it does, how much time passes before.
fn step() -> impl Strategy<Value = (u64, u8, u8, u64)> {
    (0..6u64, 0..9u8, 0..3u8, 0..5u64)
}

fn act(rooms: &mut Rooms, (conn, action, detail, _): (u64, u8, u8, u64), now: Duration) {
    let id = ConnId(conn);
    let room = ["a", "b", "c"][usize::from(detail)];
    let offer = SessionDescription { kind: SdpType::Offer, sdp: String::new() };
    let message = match action {
        0 if rooms.places.contains_key(&id) => return,
        0 => return rooms.handle(Input::Opened(id), now),
        1 => return rooms.handle(Input::Closed(id), now),
        2 => return rooms.handle(Input::Heard(id), now),
        3 => Ok(ClientMessage::Watch(room.parse().unwrap())),
        4 => Ok(join_message(room)),
        5 => Ok(ClientMessage::Leave),
        6 => Ok(ClientMessage::Signal { to: None, signal: Signal::Offer(offer) }),
        7 => Ok(relay(Some(u64::from(detail)))),
        _ => Err(ParseError::NotJson),
    };
    // Ids collide on purpose: two connections ask for the same one.
    rooms.handle(Input::Message { conn: id, message, id: PeerId(conn / 2) }, now);
}

/// Follows what each client was told, and holds it against the truth.
#[derive(Default)]
struct Witness {
    /// For each pair (me, other) that is linked: my role.
    roles: BTreeMap<(ConnId, PeerId), Role>,
}

impl Witness {
    fn see(&mut self, command: Command) {
        let Command::Send(conn, message) = command else { return };
        match message {
            ServerMessage::Joined { .. } => self.roles.retain(|(me, _), _| *me != conn),
            ServerMessage::Ready { role, peer } => {
                let before = self.roles.insert((conn, peer.id), role);
                assert_eq!(before, None, "{conn:?} was told twice to connect to {peer:?}");
            }
            ServerMessage::Left { peer } => {
                assert!(self.roles.remove(&(conn, peer)).is_some(), "left without ready");
            }
            ServerMessage::Signal { from, .. } => {
                assert!(self.roles.contains_key(&(conn, from)), "a signal from a stranger");
            }
            _ => {}
        }
    }

    fn check(&self, rooms: &Rooms) {
        for room in rooms.rooms.values() {
            let seats: Vec<_> = room.seats.others(ConnId(u64::MAX)).collect();
            assert!(seats.len() <= rooms.config.people);
            assert!(!seats.is_empty() || !room.watchers.is_empty(), "an empty room is remembered");
            for (i, first) in seats.iter().enumerate() {
                for second in &seats[i + 1..] {
                    assert_ne!(first.id, second.id);
                    let roles = (
                        self.roles.get(&(first.conn, second.id)),
                        self.roles.get(&(second.conn, first.id)),
                    );
                    assert_eq!(roles, (Some(&Role::Caller), Some(&Role::Callee)));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_order_of_anything_keeps_the_rooms_right(steps in prop::collection::vec(step(), 0..120)) {
        let mut rooms = rooms(4);
        let mut witness = Witness::default();
        let mut now = START;
        for step in steps {
            now += secs(step.3);
            rooms.handle(Input::Tick, now);
            act(&mut rooms, step, now);
            while let Some(command) = rooms.poll() {
                witness.see(command);
            }
            witness.check(&rooms);
        }
        for conn in 0..6 {
            rooms.handle(Input::Closed(ConnId(conn)), now);
        }
        prop_assert_eq!((rooms.room_count(), rooms.connection_count()), (0, 0));
        rooms.handle(Input::Tick, now + SILENT_AFTER);
        prop_assert_eq!(rooms.poll_timeout(), None);
    }
}
