//! Limits on what a client may use.

use super::*;
use crate::protocol::limits::CANDIDATES_PER_DESCRIPTION;

const JOIN_TIMEOUT: Duration = Duration::from_secs(10);

fn limited(most: usize) -> Directory {
    let config = Config {
        max_participants: 4,
        max_direct: 4,
        timeouts: Timeouts::default(),
        max_rooms: most,
        max_stored_rooms: 2,
        join_timeout: JOIN_TIMEOUT,
    };
    let mut rooms = Directory::new(config, START, []);
    rooms.resume_window_ends = START;
    rooms
}

fn tick(rooms: &mut Directory, now: Duration) -> Vec<Command> {
    rooms.handle(Input::Tick, now);
    let is_ping = |command: &Command| matches!(command, Command::Ping(_));
    drain(rooms).into_iter().filter(|command| !is_ping(command)).collect()
}

/// Time passes while everyone answers pings.
fn answer(rooms: &mut Directory, now: Duration) -> Vec<Command> {
    (1..2000).for_each(|conn| rooms.handle(Input::Alive(ConnId(conn)), now));
    tick(rooms, now)
}

#[test]
fn idle_connections_are_closed() {
    let mut rooms = limited(10);
    rooms.handle(Input::Opened(ConnId(1)), START);
    rooms.handle(Input::Opened(ConnId(2)), START);
    rooms.handle(Input::Opened(ConnId(3)), secs(1));
    say(&mut rooms, 2, ClientMessage::Watch("123".parse().unwrap()), secs(9));
    say(&mut rooms, 1, ClientMessage::Ping, secs(9));
    assert_eq!(tick(&mut rooms, JOIN_TIMEOUT - Duration::from_millis(1)), []);
    assert_eq!(tick(&mut rooms, JOIN_TIMEOUT), [Command::CloseUnused(ConnId(1))]);
    assert_eq!(tick(&mut rooms, secs(11)), [Command::CloseUnused(ConnId(3))]);
    assert_eq!((rooms.room_count(), rooms.connection_count()), (1, 1));
}

#[test]
fn after_leaving_the_idle_time_starts_again() {
    let mut rooms = limited(10);
    open_and_join(&mut rooms, 1, "123", secs(9));
    rooms.handle(Input::Alive(ConnId(1)), secs(19));
    assert_eq!(tick(&mut rooms, secs(20)), []);
    say(&mut rooms, 1, ClientMessage::Leave, secs(21));
    assert_eq!(tick(&mut rooms, secs(30)), []);
    assert_eq!(tick(&mut rooms, secs(31)), [Command::CloseUnused(ConnId(1))]);
    assert_eq!((rooms.room_count(), rooms.connection_count()), (0, 0));
}

#[test]
fn a_refused_join_leaves_the_connection_idle() {
    let mut rooms = limited(10);
    for conn in 1..=4 {
        open_and_join(&mut rooms, conn, "123", START);
    }
    let refusal = open_and_join(&mut rooms, 5, "123", START);
    assert_eq!(refused(&refusal, 5), ErrorCode::RoomFull);
    assert_eq!(tick(&mut rooms, JOIN_TIMEOUT), [Command::CloseUnused(ConnId(5))]);
}

#[test]
fn the_number_of_occupied_rooms_is_limited() {
    let mut rooms = limited(2);
    open_and_join(&mut rooms, 1, "a", START);
    open_and_join(&mut rooms, 2, "b", START);
    // Watching needs no room, and works for every one.
    for (conn, room) in [(5, "c"), (6, "d")] {
        rooms.handle(Input::Opened(ConnId(conn)), START);
        let watching = say(&mut rooms, conn, ClientMessage::Watch(room.parse().unwrap()), START);
        assert!(matches!(watching[..], [Command::Send(_, ServerMessage::RoomState { .. })]));
    }

    let joining = open_and_join(&mut rooms, 3, "c", START);
    assert_eq!(refused(&joining, 3), ErrorCode::TooManyRooms);

    let joined = say(&mut rooms, 3, join_message("a"), START);
    assert!(matches!(joined[0], Command::Send(ConnId(3), ServerMessage::Joined { .. })));
    rooms.handle(Input::Closed(ConnId(2)), START);
    let joined = open_and_join(&mut rooms, 4, "c", START);
    assert!(matches!(joined[0], Command::Send(ConnId(4), ServerMessage::Joined { .. })));
}

fn send(rooms: &mut Directory, from: u64, to: u64, signal: Signal) -> Result<(), ErrorCode> {
    let to = Some(PeerId(100 + to));
    let commands = say(rooms, from, ClientMessage::Signal { to, link: None, signal }, START);
    match commands.as_slice() {
        [Command::Send(_, ServerMessage::Error { code, .. })] => Err(*code),
        [Command::Send(_, ServerMessage::Signal { .. })] => Ok(()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn candidates_per_description_are_limited() {
    let mut rooms = limited(10);
    for conn in 1..=3 {
        open_and_join(&mut rooms, conn, "123", START);
    }
    let offer = || {
        let sdp = SessionDescription::new(SdpType::Offer, "v=0");
        Signal::Offer(sdp)
    };
    for _ in 0..2 {
        assert_eq!(send(&mut rooms, 1, 2, offer()), Ok(()));
        for _ in 0..CANDIDATES_PER_DESCRIPTION {
            assert_eq!(send(&mut rooms, 1, 2, candidate()), Ok(()));
        }
        let more = send(&mut rooms, 1, 2, candidate());
        assert_eq!(more, Err(ErrorCode::TooManyCandidates));
    }
    assert_eq!(send(&mut rooms, 1, 3, candidate()), Ok(()), "counted per recipient");
    assert_eq!(send(&mut rooms, 2, 1, candidate()), Ok(()), "and per sender");
    let reception = Signal::Reception(Default::default());
    assert_eq!(send(&mut rooms, 1, 2, reception), Ok(()));

    let links = |rooms: &Directory| rooms.rooms[&"123".parse().unwrap()].links;
    let link = links(&rooms);
    let again = ClientMessage::Reconnect { to: PeerId(102), link: link - 2 };
    say(&mut rooms, 1, again, START);
    assert_ne!(links(&rooms), link, "the two are paired again");
    assert_eq!(send(&mut rooms, 1, 2, candidate()), Ok(()));
}

/// A busy room of 16.
fn busy() -> Directory {
    let mut rooms = rooms(16);
    for conn in 1..=16 {
        open_and_join(&mut rooms, conn, "123", START);
    }
    rooms
}

fn rename(rooms: &mut Directory, conn: u64, turn: u64, now: Duration) -> Vec<Command> {
    let name = format!("{turn:048}").as_str().into();
    let presence = Presence { name, ..Presence::default() };
    say(rooms, conn, ClientMessage::Presence(presence), now)
}

/// The connections that are told who is in a room, and the number of bytes.
fn shown(commands: &[Command]) -> (Vec<u64>, usize) {
    let told = commands.iter().filter_map(|command| match command {
        Command::Send(conn, message @ ServerMessage::RoomState { .. }) => {
            Some((conn.0, message.to_json().len()))
        }
        _ => None,
    });
    let (conns, bytes): (Vec<_>, Vec<_>) = told.unzip();
    (conns, bytes.iter().sum())
}

#[test]
fn t31_updates_to_watchers_are_combined() {
    let mut rooms = busy();
    rooms.handle(Input::Opened(ConnId(99)), START);
    say(&mut rooms, 99, ClientMessage::Watch("123".parse().unwrap()), START);
    assert_eq!(shown(&rename(&mut rooms, 1, 0, START)).0, [99], "the first one at once");
    let mut told = Vec::new();
    for millis in 1..=4000 {
        let now = Duration::from_millis(millis);
        let mut commands = tick(&mut rooms, now);
        commands.extend(rename(&mut rooms, 1 + millis % 16, millis, now));
        told.extend(shown(&commands).0);
    }
    assert_eq!(told.len(), 8);
    let last = tick(&mut rooms, secs(5));
    assert_eq!(shown(&last).0, [99], "the last one arrives eventually");
    assert!(format!("{last:?}").contains("0004000"));
    assert_eq!(shown(&tick(&mut rooms, secs(6))).0, Vec::<u64>::new());
}

#[test]
fn t31_updates_to_watchers_of_one_address_are_limited() {
    let mut rooms = busy();
    let watch = |rooms: &mut Directory, conn: u64, address: u64, now: Duration| {
        let identity = Identity { address, ..Identity::default() };
        say_as(rooms, conn, ClientMessage::Watch("123".parse().unwrap()), identity, now)
    };
    for conn in 100..340 {
        rooms.handle(Input::Opened(ConnId(conn)), START);
        watch(&mut rooms, conn, 7, START);
    }
    rooms.handle(Input::Opened(ConnId(99)), START);
    watch(&mut rooms, 99, 8, START);
    let (mut bytes, mut of_other, mut heard) = (0, 0, BTreeSet::new());
    for tenths in 1..=600 {
        let now = Duration::from_millis(100 * tenths);
        let mut commands = answer(&mut rooms, now);
        commands.extend(rename(&mut rooms, 1 + tenths % 16, tenths, now));
        // They also ask again and again.
        for conn in 100..110 {
            commands.extend(watch(&mut rooms, conn, 7, now));
        }
        let (conns, sent) = shown(&commands);
        bytes += sent;
        of_other += conns.iter().filter(|conn| **conn == 99).count();
        heard.extend(conns.into_iter().filter(|conn| *conn >= 110));
    }
    assert!(bytes < 11 << 20, "{bytes} bytes in a minute");
    assert_eq!(heard.len(), 230, "each of them in turn");
    assert!((118..=121).contains(&of_other), "{of_other}: nobody else is told less");
}

/// How often a connection is told to connect to others.
fn readies(commands: &[Command], conn: u64) -> usize {
    let ready = |command: &&Command| matches!(command, Command::Send(to, ServerMessage::Ready { .. }) if to.0 == conn);
    commands.iter().filter(ready).count()
}

#[test]
fn t31_endless_joining_and_leaving_starts_few_connections() {
    let mut rooms = rooms(4);
    open_and_join(&mut rooms, 1, "123", START);
    open_and_join(&mut rooms, 2, "123", START);
    rooms.handle(Input::Opened(ConnId(3)), START);
    let (mut told, mut left) = (0, 0);
    for turn in 0..1000 {
        let now = Duration::from_millis(20 * turn);
        let identity = Identity { id: PeerId(1000 + turn), since: now, ..Identity::default() };
        let mut commands = answer(&mut rooms, now);
        commands.extend(say_as(&mut rooms, 3, join_message("123"), identity, now));
        commands.extend(say(&mut rooms, 3, ClientMessage::Leave, now));
        told += readies(&commands, 1);
        left += commands
            .iter()
            .filter(|command| {
                matches!(command, Command::Send(ConnId(1), ServerMessage::PeerLeft { .. }))
            })
            .count();
    }
    assert!((20..=26).contains(&told), "{told} new connections in 20 s");
    assert_eq!(left, told, "only known participants are reported as gone");

    // A newcomer waits for a second at most, and both are told.
    let now = secs(20);
    let mut commands = open_and_join(&mut rooms, 4, "123", now);
    commands.extend(answer(&mut rooms, now + secs(1)));
    commands.extend(answer(&mut rooms, now + secs(2)));
    assert_eq!((readies(&commands, 4), readies(&commands, 1)), (2, 1));
}

#[test]
fn t31_endless_reconnecting_starts_few_connections() {
    for way in 0..3 {
        let mut rooms = rooms(4);
        for conn in 1..=2 {
            open_and_join(&mut rooms, conn, "123", START);
        }
        let mut told = 0;
        for turn in 1..=1000 {
            let now = Duration::from_millis(20 * turn);
            let mut commands = answer(&mut rooms, now);
            let identity = Identity {
                id: PeerId(102),
                returning: true,
                token: Some("t".into()),
                ..Identity::default()
            };
            let join = |linked| {
                let seat = Some(SeatClaim { token: Some("t".into()), linked });
                let (room, presence) = ("123".parse().unwrap(), Presence::default());
                let (pass, hidden) = (Pass::default(), false);
                ClientMessage::Join(Join { room, presence, seat, pass, hidden })
            };
            commands.extend(match way {
                0 => {
                    let link = rooms.rooms[&"123".parse().unwrap()].links;
                    say(&mut rooms, 2, ClientMessage::Reconnect { to: PeerId(101), link }, now)
                }
                // One socket after another takes the seat, with an empty `linked`.
                1 => {
                    rooms.handle(Input::Opened(ConnId(100 + turn)), now);
                    say_as(&mut rooms, 100 + turn, join(Vec::new()), identity, now)
                }
                _ => {
                    say(&mut rooms, 2, ClientMessage::Leave, now);
                    say_as(&mut rooms, 2, join(Vec::new()), identity, now)
                }
            });
            told += readies(&commands, 1);
        }
        assert!((19..=27).contains(&told), "way {way}: {told} new connections in 20 s");
    }
}

#[test]
fn a_full_room_is_paired_at_once() {
    let mut rooms = rooms(16);
    let mut told = 0;
    for conn in 1..=16 {
        told += readies(&open_and_join(&mut rooms, conn, "123", START), conn);
    }
    assert_eq!(told, 16 * 15 / 2);
}

#[test]
fn t31_presence_updates_are_limited() {
    let mut rooms = rooms(4);
    for conn in 1..=3 {
        open_and_join(&mut rooms, conn, "123", START);
    }
    let mut told = 0;
    let names = |commands: &[Command]| {
        let to = |command: &&Command| {
            matches!(command, Command::Send(ConnId(1), ServerMessage::Presence { .. }))
        };
        commands.iter().filter(to).count()
    };
    assert_eq!(names(&rename(&mut rooms, 3, 0, START)), 1, "usually at once");
    for turn in 1..=1000 {
        let now = Duration::from_millis(20 * turn);
        let mut commands = answer(&mut rooms, now);
        commands.extend(rename(&mut rooms, 2, turn, now));
        told += names(&commands);
    }
    assert!((150..=180).contains(&told), "{told} in 20 s");
    let last = answer(&mut rooms, secs(21));
    assert!(format!("{last:?}").contains("0001000"), "the last one arrives eventually");
}

#[test]
fn t31_endless_resuming_sends_few_updates() {
    let mut rooms = rooms(4);
    open_and_join(&mut rooms, 1, "123", START);
    open_and_join(&mut rooms, 2, "123", START);
    let mut told = 0;
    for turn in 1..=1000 {
        let now = Duration::from_millis(20 * turn);
        let mut commands = answer(&mut rooms, now);
        rooms.handle(Input::Opened(ConnId(100 + turn)), now);
        let seat = Some(SeatClaim { token: Some("t".into()), linked: vec![PeerId(101)] });
        let (room, presence) = ("123".parse().unwrap(), Presence::default());
        let join = Join { room, presence, seat, pass: Pass::default(), hidden: false };
        let identity = Identity {
            id: PeerId(102),
            returning: true,
            token: Some("t".into()),
            ..Identity::default()
        };
        commands.extend(say_as(&mut rooms, 100 + turn, ClientMessage::Join(join), identity, now));
        told += commands
            .iter()
            .filter(|command| matches!(command, Command::Send(ConnId(1), _)))
            .count();
    }
    assert!(told < 220, "{told} messages in 20 s");
}
