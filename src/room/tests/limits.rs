//! What anybody may use of the rooms.

use super::*;
use crate::protocol::limits::CANDIDATES_PER_DESCRIPTION;

const PLACELESS: Duration = Duration::from_secs(10);

fn limited(most: usize) -> Rooms {
    let config = Config { people: 4, hold: HOLD, rooms: most, kept: 2, placeless: PLACELESS };
    let mut rooms = Rooms::new(config, START);
    rooms.gathered = START;
    rooms
}

fn tick(rooms: &mut Rooms, now: Duration) -> Vec<Command> {
    rooms.handle(Input::Tick, now);
    let is_ping = |command: &Command| matches!(command, Command::Ping(_));
    drain(rooms).into_iter().filter(|command| !is_ping(command)).collect()
}

#[test]
fn who_neither_watches_nor_joins_is_closed() {
    let mut rooms = limited(10);
    rooms.handle(Input::Opened(ConnId(1)), START);
    rooms.handle(Input::Opened(ConnId(2)), START);
    rooms.handle(Input::Opened(ConnId(3)), secs(1));
    say(&mut rooms, 2, ClientMessage::Watch("123".parse().unwrap()), secs(9));
    say(&mut rooms, 1, ClientMessage::Ping, secs(9));
    assert_eq!(tick(&mut rooms, PLACELESS - Duration::from_millis(1)), []);
    assert_eq!(tick(&mut rooms, PLACELESS), [Command::CloseUnused(ConnId(1))]);
    assert_eq!(tick(&mut rooms, secs(11)), [Command::CloseUnused(ConnId(3))]);
    assert_eq!((rooms.room_count(), rooms.connection_count()), (1, 1));
}

#[test]
fn who_leaves_has_the_same_time_again() {
    let mut rooms = limited(10);
    open_and_join(&mut rooms, 1, "123", secs(9));
    rooms.handle(Input::Heard(ConnId(1)), secs(19));
    assert_eq!(tick(&mut rooms, secs(20)), []);
    say(&mut rooms, 1, ClientMessage::Leave, secs(21));
    assert_eq!(tick(&mut rooms, secs(30)), []);
    assert_eq!(tick(&mut rooms, secs(31)), [Command::CloseUnused(ConnId(1))]);
    assert_eq!((rooms.room_count(), rooms.connection_count()), (0, 0));
}

#[test]
fn a_refused_join_is_no_place() {
    let mut rooms = limited(10);
    for conn in 1..=4 {
        open_and_join(&mut rooms, conn, "123", START);
    }
    let refusal = open_and_join(&mut rooms, 5, "123", START);
    assert_eq!(refused(&refusal, 5), ErrorCode::RoomFull);
    assert_eq!(tick(&mut rooms, PLACELESS), [Command::CloseUnused(ConnId(5))]);
}

#[test]
fn one_room_too_many_is_refused_and_the_others_go_on() {
    let mut rooms = limited(2);
    open_and_join(&mut rooms, 1, "a", START);
    open_and_join(&mut rooms, 2, "b", START);
    // Who only watches takes no room, and is told of every one.
    for (conn, room) in [(5, "c"), (6, "d")] {
        rooms.handle(Input::Opened(ConnId(conn)), START);
        let watching = say(&mut rooms, conn, ClientMessage::Watch(room.parse().unwrap()), START);
        assert!(matches!(watching[..], [Command::Send(_, ServerMessage::Room { .. })]));
    }

    let joining = open_and_join(&mut rooms, 3, "c", START);
    assert_eq!(refused(&joining, 3), ErrorCode::TooManyRooms);

    let joined = say(&mut rooms, 3, join_message("a"), START);
    assert!(matches!(joined[0], Command::Send(ConnId(3), ServerMessage::Joined { .. })));
    rooms.handle(Input::Closed(ConnId(2)), START);
    let joined = open_and_join(&mut rooms, 4, "c", START);
    assert!(matches!(joined[0], Command::Send(ConnId(4), ServerMessage::Joined { .. })));
}

fn send(rooms: &mut Rooms, from: u64, to: u64, signal: Signal) -> Result<(), ErrorCode> {
    let to = Some(PeerId(100 + to));
    let commands = say(rooms, from, ClientMessage::Signal { to, link: None, signal }, START);
    match commands.as_slice() {
        [Command::Send(_, ServerMessage::Error { code, .. })] => Err(*code),
        [Command::Send(_, ServerMessage::Signal { .. })] => Ok(()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn so_many_candidates_follow_a_description_and_no_more() {
    let mut rooms = limited(10);
    for conn in 1..=3 {
        open_and_join(&mut rooms, conn, "123", START);
    }
    let offer = || {
        let sdp = SessionDescription { kind: SdpType::Offer, sdp: "v=0".into() };
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
    assert_eq!(send(&mut rooms, 1, 3, candidate()), Ok(()), "another person is another matter");
    assert_eq!(send(&mut rooms, 2, 1, candidate()), Ok(()), "and so is the other direction");
    let reception = Signal::Reception(Default::default());
    assert_eq!(send(&mut rooms, 1, 2, reception), Ok(()));

    let link = rooms.links;
    let again = ClientMessage::Reconnect { to: PeerId(102), link: link - 2 };
    say(&mut rooms, 1, again, START);
    assert_ne!(rooms.links, link, "the two are introduced anew");
    assert_eq!(send(&mut rooms, 1, 2, candidate()), Ok(()));
}
