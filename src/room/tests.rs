//! Lists of (input, time) and the commands they lead to, then any order of anything.

use super::{directory::SWEEP, *};
use crate::protocol::{
    IceCandidate, Join, ParseError, Pass, Person, Presence, Role, Rules, SdpType, SeatClaim,
    SessionDescription, Signal,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

mod alone;
mod elsewhere;
mod hosts;
mod limits;

const START: Duration = Duration::ZERO;

const HOLD: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(12);

/// Directory that have been there for long: everybody who had a seat before has had time to come back.
fn rooms(people: usize) -> Directory {
    let mut rooms = restarted(people);
    rooms.gathered = START;
    rooms
}

fn restarted(people: usize) -> Directory {
    with_kept(people, [])
}

/// Something is on disk of these rooms.
fn with_kept(people: usize, kept: impl IntoIterator<Item = RoomName>) -> Directory {
    let placeless = HOLD * 1000;
    let config = Config { people, clocks: Clocks::default(), rooms: 100, kept: 100, placeless };
    Directory::new(config, START, kept.into_iter().map(|room| (room, None)))
}

/// Something is in memory of a room in which nobody is.
fn restore(rooms: &mut Directory, room: RoomName, keeping: Keeping) {
    rooms.shelf.dormant.insert(room, Dormant { keeping, guesses: Bucket::default() });
}

/// What is in memory of what was decided about a room.
fn kept<'a>(rooms: &'a Directory, room: &RoomName) -> Option<&'a Keeping> {
    let live = rooms.rooms.get(room).and_then(|room| room.kept.keeping.as_ref());
    live.or_else(|| rooms.shelf.dormant.get(room).map(|dormant| &dormant.keeping))
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What they want, by somebody who writes everything down at once.
fn drain(rooms: &mut Directory) -> Vec<Command> {
    let mut commands = Vec::new();
    while let Some(command) = rooms.poll() {
        match command {
            Command::Sync(number) => rooms.handle(Input::Synced(number, true), START),
            other => commands.extend(each(other)),
        }
    }
    commands
}

/// What several are told, as what each of them is told.
fn each(command: Command) -> Vec<Command> {
    match command {
        Command::Broadcast(to, message) => {
            to.into_iter().map(|conn| Command::Send(conn, message.clone())).collect()
        }
        other => vec![other],
    }
}

fn say(rooms: &mut Directory, conn: u64, message: ClientMessage, now: Duration) -> Vec<Command> {
    let identity = Identity { id: PeerId(100 + conn), since: now, ..Identity::default() };
    say_as(rooms, conn, message, identity, now)
}

fn say_as(
    rooms: &mut Directory,
    conn: u64,
    message: ClientMessage,
    identity: Identity,
    now: Duration,
) -> Vec<Command> {
    let (message, identity) = (Ok(message), Box::new(identity));
    rooms.handle(Input::Message { conn: ConnId(conn), message, identity }, now);
    drain(rooms)
}

/// Says what came of a passcode, and hands in again what waited for that.
fn checked(rooms: &mut Directory, ticket: u64, checked: Checked, now: Duration) -> Vec<Command> {
    rooms.handle(Input::Checked(ticket, checked), now);
    resumed(rooms, now)
}

/// What they want, by somebody who also hands in again what has waited.
fn resumed(rooms: &mut Directory, now: Duration) -> Vec<Command> {
    let mut all = Vec::new();
    for command in drain(rooms) {
        match command {
            Command::Resume(input) => {
                rooms.handle(*input, now);
                all.extend(resumed(rooms, now));
            }
            other => all.push(other),
        }
    }
    all
}

fn join_message(room: &str) -> ClientMessage {
    let (room, presence) = (room.parse().unwrap(), Presence::default());
    ClientMessage::Join(Join { room, presence, seat: None, pass: Pass::default(), hidden: false })
}

fn open_and_join(rooms: &mut Directory, conn: u64, room: &str, now: Duration) -> Vec<Command> {
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
    ClientMessage::Signal { to: to.map(|conn| PeerId(100 + conn)), link: None, signal: candidate() }
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
        state: RoomState { people, limit: 4, gate: None },
        ice: IceGrant::default(),
        seat: None,
        rules: Rules::default(),
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
                ServerMessage::Ready { role: Role::Caller, peer: person(2, 0), link: 1 }
            ),
            Command::Send(
                ConnId(2),
                ServerMessage::Ready { role: Role::Callee, peer: person(1, 5), link: 1 }
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
        ServerMessage::Ready { role: Role::Caller, peer: person(3, 0), link: 2 }
    )));
}

#[test]
fn signals_go_to_the_only_other_person_or_to_whom_they_name() {
    let mut rooms = rooms(4);
    open_and_join(&mut rooms, 1, "123", START);
    assert_eq!(refused(&say(&mut rooms, 1, relay(None), START), 1), ErrorCode::NoSuchPeer);
    open_and_join(&mut rooms, 2, "123", START);
    let relayed = ServerMessage::Signal { from: PeerId(101), link: None, signal: candidate() };
    assert_eq!(say(&mut rooms, 1, relay(None), START), [Command::Send(ConnId(2), relayed.clone())]);
    open_and_join(&mut rooms, 3, "123", START);
    assert_eq!(refused(&say(&mut rooms, 1, relay(None), START), 1), ErrorCode::RecipientNeeded);
    assert_eq!(say(&mut rooms, 1, relay(Some(3)), START), [Command::Send(ConnId(3), relayed)]);
    assert_eq!(refused(&say(&mut rooms, 1, relay(Some(1)), START), 1), ErrorCode::NoSuchPeer);
    open_and_join(&mut rooms, 4, "other", START);
    assert_eq!(refused(&say(&mut rooms, 1, relay(Some(4)), START), 1), ErrorCode::NoSuchPeer);
}

#[test]
fn credentials_are_for_whoever_has_a_seat() {
    let mut rooms = rooms(4);
    rooms.handle(Input::Opened(ConnId(1)), START);
    let ask = |rooms: &mut Directory| say(rooms, 1, ClientMessage::Ice, START);
    assert_eq!(refused(&ask(&mut rooms), 1), ErrorCode::NotJoined);
    say(&mut rooms, 1, ClientMessage::Watch("123".parse().unwrap()), START);
    assert_eq!((refused(&ask(&mut rooms), 1), rooms.seat(ConnId(1))), (ErrorCode::NotJoined, None));
    say(&mut rooms, 1, join_message("123"), START);
    let ice = ServerMessage::Ice(IceGrant::default());
    assert_eq!(ask(&mut rooms), [Command::Send(ConnId(1), ice)]);
    assert_eq!(rooms.seat(ConnId(1)), Some((&"123".parse().unwrap(), PeerId(101))));
    say(&mut rooms, 1, ClientMessage::Leave, START);
    assert_eq!((refused(&ask(&mut rooms), 1), rooms.seat(ConnId(1))), (ErrorCode::NotJoined, None));
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
        let state = RoomState { people, limit: 4, gate: None };
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
fn hands_stand_in_the_order_in_which_they_were_raised() {
    let mut rooms = rooms(4);
    (1..=3).for_each(|conn| drop(open_and_join(&mut rooms, conn, "123", START)));
    let hand = |hand| Presence { hand, ..Presence::default() };
    let mut raise = |conn, said, told| {
        let heard = |conn| {
            let presence = hand(told);
            move |to| {
                let presence = presence.clone();
                Command::Send(to, ServerMessage::Presence { from: PeerId(100 + conn), presence })
            }
        };
        let said = ClientMessage::Presence(hand(said));
        let commands = say(&mut rooms, conn, said.clone(), START);
        let own = commands.contains(&heard(conn)(ConnId(conn)));
        let others = (1..=3).filter(|other| *other != conn).map(ConnId);
        assert!(others.map(heard(conn)).all(|told| commands.contains(&told)), "{commands:?}");
        own
    };
    assert!(raise(2, Some(0), Some(1)), "and they are told themselves");
    assert!(raise(1, Some(0), Some(2)));
    assert!(!raise(2, None, None));
    assert!(raise(2, Some(0), Some(3)), "at the end of the line");
    assert!(raise(3, Some(1), Some(4)), "nobody chooses their place");
    assert!(!raise(1, None, None));
    assert!(raise(1, Some(u32::MAX), Some(5)));
    let (room, seat, pass) = ("123".parse().unwrap(), None, Pass::default());
    let join = Join { room, presence: hand(Some(9)), seat, pass, hidden: false };
    rooms.handle(Input::Opened(ConnId(4)), START);
    let told = format!("{:?}", say(&mut rooms, 4, ClientMessage::Join(join), START));
    assert!(
        told.contains("hand: Some(6)") && !told.contains("Some(9)"),
        "nor who comes in: {told}"
    );
}

#[test]
fn a_broken_connection_is_made_anew_once_though_both_ask() {
    let mut rooms = rooms(4);
    open_and_join(&mut rooms, 1, "123", START);
    open_and_join(&mut rooms, 2, "123", START);
    let ask = |to: u64| ClientMessage::Reconnect { to: PeerId(100 + to), link: 1 };
    let ready = |conn, role, peer| {
        Command::Send(ConnId(conn), ServerMessage::Ready { role, peer, link: 2 })
    };
    assert_eq!(
        say(&mut rooms, 2, ask(1), secs(5)),
        [ready(1, Role::Caller, person(2, 5)), ready(2, Role::Callee, person(1, 5))]
    );
    assert_eq!(say(&mut rooms, 1, ask(2), secs(5)), []);
    for stranger in [1, 3] {
        assert_eq!(refused(&say(&mut rooms, 1, ask(stranger), START), 1), ErrorCode::NoSuchPeer);
    }
}

#[test]
fn a_ping_is_answered_at_any_time() {
    let mut rooms = rooms(4);
    rooms.handle(Input::Opened(ConnId(1)), START);
    let pong = [Command::Send(ConnId(1), ServerMessage::Pong)];
    assert_eq!(say(&mut rooms, 1, ClientMessage::Ping, START), pong);
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
    assert!(log.contains(&(SILENCE, Command::Close(ConnId(1)))));
    let left = ServerMessage::Left { peer: PeerId(101) };
    assert!(log.contains(&(SILENCE, Command::Send(ConnId(2), left))));
    assert_eq!(rooms.connection_count(), 1);
}

mod held {
    //! People who asked that their seat is held.

    use super::*;

    /// Person `id` sits down through `conn`; `linked` says that they come back.
    fn sit(
        rooms: &mut Directory,
        conn: u64,
        id: u64,
        linked: Option<&[u64]>,
        now: Duration,
    ) -> Vec<Command> {
        rooms.handle(Input::Opened(ConnId(conn)), now);
        let claim = SeatClaim {
            token: linked.map(|_| "token".to_owned()),
            linked: linked.unwrap_or_default().iter().copied().map(PeerId).collect(),
        };
        let room = "123".parse().unwrap();
        let (presence, pass) = (Presence::default(), Pass::default());
        let join = Join { room, presence, seat: Some(claim), pass, hidden: false };
        let identity = Identity {
            id: PeerId(id),
            since: secs(id),
            token: Some("token".to_owned()),
            returning: linked.is_some(),
            ..Identity::default()
        };
        say_as(rooms, conn, ClientMessage::Join(join), identity, now)
    }

    fn close(rooms: &mut Directory, conn: u64, now: Duration) -> Vec<Command> {
        rooms.handle(Input::Closed(ConnId(conn)), now);
        drain(rooms)
    }

    /// Time passes, in which everybody who is connected answers pings.
    fn tick(rooms: &mut Directory, now: Duration) -> Vec<Command> {
        for conn in 0..9 {
            rooms.handle(Input::Heard(ConnId(conn)), now);
        }
        pass(rooms, now)
    }

    fn pass(rooms: &mut Directory, now: Duration) -> Vec<Command> {
        rooms.handle(Input::Tick, now);
        let is_ping = |command: &Command| matches!(command, Command::Ping(_));
        drain(rooms).into_iter().filter(|command| !is_ping(command)).collect()
    }

    fn readies(commands: &[Command]) -> Vec<(u64, u64, Role)> {
        let ready = |command: &Command| match command {
            Command::Send(conn, ServerMessage::Ready { role, peer, .. }) => {
                Some((conn.0, peer.id.0, *role))
            }
            _ => None,
        };
        commands.iter().filter_map(ready).collect()
    }

    fn left(conn: u64, id: u64) -> Command {
        Command::Send(ConnId(conn), ServerMessage::Left { peer: PeerId(id) })
    }

    #[test]
    fn nobody_notices_who_comes_back_in_time_with_their_connections() {
        let mut rooms = rooms(2);
        sit(&mut rooms, 1, 1, None, START);
        sit(&mut rooms, 2, 2, None, START);
        assert_eq!(close(&mut rooms, 2, secs(1)), []);
        assert_eq!(tick(&mut rooms, secs(10)), []);
        let commands = sit(&mut rooms, 3, 2, Some(&[1]), secs(10));
        let presence = Presence::default();
        let back = Command::Send(ConnId(1), ServerMessage::Back { peer: PeerId(2), presence });
        assert!(matches!(commands[0], Command::Send(ConnId(3), ServerMessage::Joined { .. })));
        assert_eq!(commands[1..], [back]);
    }

    #[test]
    fn who_comes_back_with_nothing_is_connected_anew_in_the_same_roles() {
        let mut rooms = rooms(2);
        sit(&mut rooms, 1, 1, None, START);
        sit(&mut rooms, 2, 2, None, START);
        close(&mut rooms, 1, secs(1));
        let commands = sit(&mut rooms, 3, 1, Some(&[]), secs(2));
        assert_eq!(readies(&commands), [(3, 2, Role::Caller), (2, 1, Role::Callee)]);
        assert!(!commands.contains(&left(2, 1)));
    }

    #[test]
    fn a_held_seat_is_free_after_its_time_and_counts_until_then() {
        let mut rooms = rooms(2);
        sit(&mut rooms, 1, 1, None, START);
        sit(&mut rooms, 2, 2, None, START);
        close(&mut rooms, 2, secs(1));
        assert_eq!(refused(&open_and_join(&mut rooms, 3, "123", secs(5)), 3), ErrorCode::RoomFull);
        assert_eq!(tick(&mut rooms, secs(15)), []);
        assert_eq!(tick(&mut rooms, secs(16)), [left(1, 2)]);
        let commands = say(&mut rooms, 3, join_message("123"), secs(16));
        assert_eq!(readies(&commands), [(1, 103, Role::Caller), (3, 1, Role::Callee)]);
    }

    #[test]
    fn a_page_that_was_closed_is_not_waited_for_as_long() {
        let mut rooms = rooms(2);
        sit(&mut rooms, 1, 1, None, START);
        sit(&mut rooms, 2, 2, None, START);
        rooms.handle(Input::Unloaded(ConnId(2)), secs(1));
        assert_eq!(close(&mut rooms, 2, secs(1)), []);
        assert_eq!(tick(&mut rooms, secs(5)), []);
        assert_eq!(tick(&mut rooms, secs(1) + secs(5)), [left(1, 2)]);
    }

    #[test]
    fn silence_counts_towards_the_time_a_seat_is_held() {
        let mut rooms = rooms(2);
        sit(&mut rooms, 1, 1, None, START);
        assert_eq!(pass(&mut rooms, SILENCE), [Command::Close(ConnId(1))]);
        assert_eq!(rooms.room_count(), 1);
        tick(&mut rooms, HOLD);
        assert_eq!(rooms.room_count(), 0);
    }

    #[test]
    fn leaving_gives_the_seat_up_at_once() {
        let mut rooms = rooms(2);
        sit(&mut rooms, 1, 1, None, START);
        sit(&mut rooms, 2, 2, None, START);
        assert_eq!(say(&mut rooms, 2, ClientMessage::Leave, secs(1)), [left(1, 2)]);
    }

    #[test]
    fn a_late_join_of_a_connection_that_was_given_up_changes_nothing() {
        let mut rooms = rooms(2);
        sit(&mut rooms, 5, 1, None, START);
        let late = sit(&mut rooms, 4, 1, Some(&[]), secs(1));
        assert_eq!(refused(&late, 4), ErrorCode::SeatMoved);
        assert!(rooms.seat(ConnId(5)).is_some());
    }

    #[test]
    fn after_a_restart_nobody_takes_the_seat_of_who_is_on_their_way_back() {
        let mut rooms = restarted(1);
        open_and_join(&mut rooms, 1, "123", secs(1));
        let commands = sit(&mut rooms, 2, 2, Some(&[]), secs(2));
        assert!(matches!(commands[0], Command::Send(ConnId(2), ServerMessage::Joined { .. })));
        close(&mut rooms, 2, secs(3));
        tick(&mut rooms, secs(20));
        assert_eq!(refused(&sit(&mut rooms, 3, 2, Some(&[]), secs(20)), 3), ErrorCode::RoomFull);
    }

    #[test]
    fn the_newest_holder_of_a_seat_wins() {
        let mut rooms = rooms(2);
        sit(&mut rooms, 1, 1, None, START);
        sit(&mut rooms, 2, 2, None, START);
        let commands = sit(&mut rooms, 3, 2, Some(&[]), secs(1));
        assert_eq!(refused(&commands[..1], 2), ErrorCode::SeatMoved);
        assert_eq!(readies(&commands), [(1, 2, Role::Caller), (3, 1, Role::Callee)]);
        assert_eq!(refused(&say(&mut rooms, 2, relay(None), secs(1)), 2), ErrorCode::NotJoined);
        assert_eq!(close(&mut rooms, 2, secs(2)), []);
        assert_eq!(rooms.seen_from_outside(&"123".parse().unwrap(), secs(2)).people.len(), 2);
    }

    #[test]
    fn after_a_restart_a_call_goes_on_as_it_was() {
        let mut rooms = restarted(2);
        assert_eq!(readies(&sit(&mut rooms, 1, 2, Some(&[1]), secs(1))), []);
        assert_eq!(readies(&sit(&mut rooms, 2, 1, Some(&[2]), secs(3))), []);
        assert_eq!(tick(&mut rooms, HOLD), []);
        let ids: Vec<_> = rooms
            .seen_from_outside(&"123".parse().unwrap(), HOLD)
            .people
            .iter()
            .map(|p| p.id.0)
            .collect();
        assert_eq!(ids, [1, 2], "in the order in which they first came");
    }

    #[test]
    fn after_a_restart_who_does_not_come_back_is_gone() {
        let mut rooms = restarted(2);
        sit(&mut rooms, 1, 1, Some(&[2]), secs(1));
        assert_eq!(tick(&mut rooms, HOLD), [left(1, 2)]);
        assert_eq!(tick(&mut rooms, HOLD), []);
    }

    #[test]
    fn what_was_said_to_somebody_away_is_made_up_for() {
        let mut rooms = rooms(2);
        sit(&mut rooms, 1, 1, None, START);
        sit(&mut rooms, 2, 2, None, START);
        close(&mut rooms, 2, secs(1));
        assert_eq!(
            say(
                &mut rooms,
                1,
                ClientMessage::Signal { to: None, link: None, signal: candidate() },
                secs(2)
            ),
            []
        );
        let commands = sit(&mut rooms, 3, 2, Some(&[1]), secs(3));
        assert_eq!(readies(&commands), [(1, 2, Role::Caller), (3, 1, Role::Callee)]);
    }
}

/// One step of a random schedule: which connection, what it does, how much time passes before.
fn step() -> impl Strategy<Value = (u64, u8, u8, u64)> {
    (0..6u64, 0..9u8, 0..3u8, 0..5u64)
}

fn act(rooms: &mut Directory, (conn, action, detail, _): (u64, u8, u8, u64), now: Duration) {
    let id = ConnId(conn);
    let room = ["a", "b", "c"][usize::from(detail)];
    let offer = SessionDescription { kind: SdpType::Offer, sdp: String::new() };
    let message = match action {
        0 if rooms.knows(id) => return,
        0 => return rooms.handle(Input::Opened(id), now),
        1 => return rooms.handle(Input::Closed(id), now),
        2 => return rooms.handle(Input::Heard(id), now),
        3 => Ok(ClientMessage::Watch(room.parse().unwrap())),
        4 => Ok(join_message(room)),
        5 => Ok(ClientMessage::Leave),
        6 => Ok(ClientMessage::Signal { to: None, link: None, signal: Signal::Offer(offer) }),
        7 => Ok(relay(Some(u64::from(detail)))),
        _ => Err(ParseError::NotJson),
    };
    let identity = Identity { id: PeerId(100 + conn), since: now, ..Identity::default() };
    let identity = Box::new(identity);
    rooms.handle(Input::Message { conn: id, message, identity }, now);
}

/// Follows what each client was told, and holds it against the truth.
#[derive(Default)]
struct Witness {
    /// For each pair (me, other) that is linked: my role.
    roles: BTreeMap<(ConnId, PeerId), Role>,
    /// Whom each client knows of.
    known: BTreeSet<(ConnId, PeerId)>,
    /// When each client was told to connect to somebody.
    meetings: BTreeMap<ConnId, Vec<Duration>>,
}

impl Witness {
    fn see(&mut self, command: Command, now: Duration) {
        let Command::Send(conn, message) = command else { return };
        match message {
            ServerMessage::Joined { state, .. } => {
                self.roles.retain(|(me, _), _| *me != conn);
                self.known.retain(|(me, _)| *me != conn);
                self.known.extend(state.people.iter().map(|person| (conn, person.id)));
                self.meetings.remove(&conn);
            }
            ServerMessage::Ready { role, peer, .. } => {
                let before = self.roles.insert((conn, peer.id), role);
                assert_eq!(before, None, "{conn:?} was told twice to connect to {peer:?}");
                self.known.insert((conn, peer.id));
                self.note_meeting(conn, now);
            }
            ServerMessage::Left { peer } => {
                self.roles.remove(&(conn, peer));
                assert!(self.known.remove(&(conn, peer)), "left, of whom nothing was known");
            }
            ServerMessage::Signal { from, .. } => {
                assert!(self.roles.contains_key(&(conn, from)), "a signal from a stranger");
            }
            _ => {}
        }
    }

    /// In a room of four: six at once, then one a second.
    fn note_meeting(&mut self, conn: ConnId, now: Duration) {
        let meetings = self.meetings.entry(conn).or_default();
        meetings.push(now);
        for (index, first) in meetings.iter().enumerate() {
            let since = (meetings.len() - index) as u64;
            assert!(since <= 6 + (now - *first).as_secs(), "{conn:?} is worn out: {meetings:?}");
        }
    }

    fn check(&self, rooms: &Directory) {
        for room in rooms.rooms.values() {
            let seats = room.seats.all();
            assert!(seats.len() <= rooms.config.people);
            assert!(!seats.is_empty() || !room.watchers.is_empty(), "an empty room is remembered");
            for (i, first) in seats.iter().enumerate() {
                for second in &seats[i + 1..] {
                    assert_ne!(first.id, second.id);
                    let roles = (
                        self.roles.get(&(first.conn().unwrap(), second.id)),
                        self.roles.get(&(second.conn().unwrap(), first.id)),
                    );
                    let unpaired = room.unpaired.iter();
                    let waits = unpaired
                        .filter(|(a, b)| {
                            [*a, *b].contains(&first.id) && [*a, *b].contains(&second.id)
                        })
                        .count();
                    match waits {
                        0 => assert_eq!(roles, (Some(&Role::Caller), Some(&Role::Callee))),
                        one => assert_eq!((one, roles), (1, (None, None))),
                    }
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
                each(command).into_iter().for_each(|command| witness.see(command, now));
            }
            witness.check(&rooms);
        }
        // Nobody waits for ever to be told whom to connect to.
        for _ in 0..20 {
            now += secs(1);
            (0..6).for_each(|conn| rooms.handle(Input::Heard(ConnId(conn)), now));
            rooms.handle(Input::Tick, now);
            while let Some(command) = rooms.poll() {
                each(command).into_iter().for_each(|command| witness.see(command, now));
            }
        }
        witness.check(&rooms);
        prop_assert!(!rooms.is_introducing());
        for conn in 0..6 {
            rooms.handle(Input::Closed(ConnId(conn)), now);
        }
        prop_assert_eq!((rooms.room_count(), rooms.connection_count()), (0, 0));
        rooms.handle(Input::Tick, now + SWEEP);
        prop_assert_eq!(rooms.poll_timeout(), None);
    }
}
