//! Sequences of (input, time) with the expected commands; in `any_order`, random sequences.

use super::{directory::SWEEP, *};
use crate::protocol::{
    IceCandidate, Join, ParseError, Pass, Person, Presence, Role, RoomSettings, SdpType, SeatClaim,
    SessionDescription, Signal,
};
use proptest::prelude::*;

mod any_order;
mod deferred;
mod forwarding;
mod hosts;
mod limits;
mod reserved_seats;
mod single_room;

const START: Duration = Duration::ZERO;

const RECONNECT_GRACE: Duration = Duration::from_secs(15);
const PING_TIMEOUT: Duration = Duration::from_secs(12);

/// A directory that has existed for long: all earlier participants have had time to return.
fn rooms(people: usize) -> Directory {
    let mut rooms = restarted(people);
    rooms.resume_window_ends = START;
    rooms
}

fn restarted(people: usize) -> Directory {
    with_stored(people, [])
}

/// Something is stored on disk for these rooms.
fn with_stored(max_participants: usize, stored: impl IntoIterator<Item = RoomName>) -> Directory {
    let join_timeout = RECONNECT_GRACE * 1000;
    let config = Config {
        max_participants,
        max_direct: max_participants,
        timeouts: Timeouts::default(),
        max_rooms: 100,
        max_stored_rooms: 100,
        join_timeout,
    };
    Directory::new(config, START, stored.into_iter().map(|room| (room, None)))
}

/// Something is in memory for an empty room.
fn restore(rooms: &mut Directory, room: RoomName, decisions: Decisions) {
    rooms
        .stored_rooms
        .dormant
        .insert(room, Dormant { decisions, passcode_attempts: Bucket::default() });
}

/// The decisions about a room that are in memory.
fn decisions<'a>(rooms: &'a Directory, room: &RoomName) -> Option<&'a Decisions> {
    let live = rooms.rooms.get(room).and_then(|room| room.settings.decisions.as_ref());
    live.or_else(|| rooms.stored_rooms.dormant.get(room).map(|dormant| &dormant.decisions))
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The commands, with every write done at once.
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

/// A command to several connections as one for each. Most tests are not about who has a seat.
fn each(command: Command) -> Vec<Command> {
    match command {
        Command::Broadcast(to, message) => {
            to.into_iter().map(|conn| Command::Send(conn, message.clone())).collect()
        }
        Command::Seat(..) => Vec::new(),
        other => vec![other],
    }
}

fn say(rooms: &mut Directory, conn: u64, message: ClientMessage, now: Duration) -> Vec<Command> {
    let identity = Identity { id: PeerId(100 + conn), since: now, ..Identity::default() };
    say_as(rooms, conn, message, identity, now)
}

fn said(conn: u64, message: ClientMessage, identity: Identity) -> Input {
    let (message, identity) = (Ok(message), Box::new(identity));
    Input::Message { conn: ConnId(conn), message, identity }
}

fn say_as(
    rooms: &mut Directory,
    conn: u64,
    message: ClientMessage,
    identity: Identity,
    now: Duration,
) -> Vec<Command> {
    rooms.handle(said(conn, message, identity), now);
    drain(rooms)
}

/// Handles the result of a passcode check, and the message that waited for it.
fn checked(rooms: &mut Directory, ticket: u64, checked: Checked, now: Duration) -> Vec<Command> {
    rooms.handle(Input::Checked(ticket, checked), now);
    resumed(rooms, now)
}

/// The commands, after messages that have waited are handled.
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

fn forward(to: Option<u64>) -> ClientMessage {
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
        seat_token: None,
        settings: RoomSettings::default(),
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
fn the_earlier_participant_calls_the_later_one() {
    let mut rooms = rooms(4);
    open_and_join(&mut rooms, 1, "123", START);
    open_and_join(&mut rooms, 2, "123", START);
    rooms.handle(Input::Closed(ConnId(1)), START);
    assert_eq!(
        drain(&mut rooms),
        [Command::Send(ConnId(2), ServerMessage::PeerLeft { peer: PeerId(101) })]
    );
    let commands = open_and_join(&mut rooms, 3, "123", START);
    assert!(commands.contains(&Command::Send(
        ConnId(2),
        ServerMessage::Ready { role: Role::Caller, peer: person(3, 0), link: 2 }
    )));
}

#[test]
fn signals_go_to_the_named_or_the_only_other_participant() {
    let mut rooms = rooms(4);
    open_and_join(&mut rooms, 1, "123", START);
    assert_eq!(refused(&say(&mut rooms, 1, forward(None), START), 1), ErrorCode::PeerNotFound);
    open_and_join(&mut rooms, 2, "123", START);
    let relayed = ServerMessage::Signal { from: PeerId(101), link: None, signal: candidate() };
    assert_eq!(
        say(&mut rooms, 1, forward(None), START),
        [Command::Send(ConnId(2), relayed.clone())]
    );
    open_and_join(&mut rooms, 3, "123", START);
    assert_eq!(refused(&say(&mut rooms, 1, forward(None), START), 1), ErrorCode::RecipientRequired);
    assert_eq!(say(&mut rooms, 1, forward(Some(3)), START), [Command::Send(ConnId(3), relayed)]);
    assert_eq!(refused(&say(&mut rooms, 1, forward(Some(1)), START), 1), ErrorCode::PeerNotFound);
    open_and_join(&mut rooms, 4, "other", START);
    assert_eq!(refused(&say(&mut rooms, 1, forward(Some(4)), START), 1), ErrorCode::PeerNotFound);
}

#[test]
fn only_seated_participants_get_credentials() {
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
fn refusals_have_codes_and_no_effect() {
    let mut rooms = rooms(2);
    rooms.handle(Input::Opened(ConnId(1)), START);
    for early in [forward(None), ClientMessage::Leave, ClientMessage::Presence(Presence::default())]
    {
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
fn watchers_are_told_every_change_until_they_join() {
    let mut rooms = rooms(4);
    let name: RoomName = "123".parse().unwrap();
    rooms.handle(Input::Opened(ConnId(9)), START);
    let seen = |people| {
        let state = RoomState { people, limit: 4, gate: None };
        Command::Send(ConnId(9), ServerMessage::RoomState { room: "123".parse().unwrap(), state })
    };
    assert_eq!(say(&mut rooms, 9, ClientMessage::Watch(name), START), [seen(vec![])]);
    assert_eq!(open_and_join(&mut rooms, 1, "123", START).last(), Some(&seen(vec![person(1, 0)])));
    assert_eq!(say(&mut rooms, 1, ClientMessage::Leave, secs(1)), [seen(vec![])]);
    say(&mut rooms, 9, join_message("123"), secs(2));
    let commands = say(&mut rooms, 1, join_message("123"), secs(3));
    assert!(
        !commands.iter().any(|c| matches!(c, Command::Send(_, ServerMessage::RoomState { .. })))
    );
}

#[test]
fn changed_presence_is_sent_once() {
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
fn hands_are_ordered_by_the_time_they_were_raised() {
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
    assert!(raise(2, Some(0), Some(1)), "the sender is told as well");
    assert!(raise(1, Some(0), Some(2)));
    assert!(!raise(2, None, None));
    assert!(raise(2, Some(0), Some(3)), "at the end of the line");
    assert!(raise(3, Some(1), Some(4)), "clients cannot choose a place");
    assert!(!raise(1, None, None));
    assert!(raise(1, Some(u32::MAX), Some(5)));
    let (room, seat, pass) = ("123".parse().unwrap(), None, Pass::default());
    let join = Join { room, presence: hand(Some(9)), seat, pass, hidden: false };
    rooms.handle(Input::Opened(ConnId(4)), START);
    let told = format!("{:?}", say(&mut rooms, 4, ClientMessage::Join(join), START));
    assert!(
        told.contains("hand: Some(6)") && !told.contains("Some(9)"),
        "nor can newcomers: {told}"
    );
}

#[test]
fn a_broken_connection_is_replaced_once_if_both_request_it() {
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
        assert_eq!(refused(&say(&mut rooms, 1, ask(stranger), START), 1), ErrorCode::PeerNotFound);
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
fn a_silent_connection_is_pinged_and_then_closed() {
    let mut rooms = rooms(4);
    open_and_join(&mut rooms, 1, "123", START);
    open_and_join(&mut rooms, 2, "123", START);
    let mut now = START;
    let mut log = Vec::new();
    while let Some(next) = rooms.poll_timeout().filter(|&next| next <= secs(20)) {
        assert!(next > now, "an unchanged timeout would spin");
        now = next;
        rooms.handle(Input::Alive(ConnId(2)), now);
        rooms.handle(Input::Tick, now);
        log.extend(drain(&mut rooms).into_iter().map(|command| (now, command)));
    }
    let of = |conn| log.iter().filter(move |(_, c)| matches!(c, Command::Ping(id) if *id == conn));
    assert_eq!(of(ConnId(1)).map(|(at, _)| *at).collect::<Vec<_>>(), [secs(4), secs(8)]);
    assert!(log.contains(&(PING_TIMEOUT, Command::Close(ConnId(1)))));
    let left = ServerMessage::PeerLeft { peer: PeerId(101) };
    assert!(log.contains(&(PING_TIMEOUT, Command::Send(ConnId(2), left))));
    assert_eq!(rooms.connection_count(), 1);
}
