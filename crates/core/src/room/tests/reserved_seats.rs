//! People with reserved seats.

use super::*;

/// Person `id` joins through `conn`; `linked` means that they return.
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

/// Time passes while everyone who is connected answers pings.
fn tick(rooms: &mut Directory, now: Duration) -> Vec<Command> {
    for conn in 0..9 {
        rooms.handle(Input::Alive(ConnId(conn)), now);
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
    Command::Send(ConnId(conn), ServerMessage::PeerLeft { peer: PeerId(id) })
}

#[test]
fn resuming_a_seat_with_connections_keeps_them() {
    let mut rooms = rooms(2);
    sit(&mut rooms, 1, 1, None, START);
    sit(&mut rooms, 2, 2, None, START);
    assert_eq!(close(&mut rooms, 2, secs(1)), []);
    assert_eq!(tick(&mut rooms, secs(10)), []);
    let commands = sit(&mut rooms, 3, 2, Some(&[1]), secs(10));
    let presence = Presence::default();
    let back =
        Command::Send(ConnId(1), ServerMessage::PeerReconnected { peer: PeerId(2), presence });
    assert!(matches!(commands[0], Command::Send(ConnId(3), ServerMessage::Joined { .. })));
    assert_eq!(commands[1..], [back]);
}

#[test]
fn a_person_who_returns_again_and_again_still_learns_who_has_left() {
    let mut rooms = rooms(2);
    sit(&mut rooms, 1, 1, None, START);
    sit(&mut rooms, 2, 2, None, START);
    let mut now = START;
    for conn in 10..1010 {
        now += Duration::from_millis(20);
        // Somebody with the number 9 was there before.
        let commands = sit(&mut rooms, conn, 2, Some(&[1, 9]), now);
        assert!(commands.contains(&left(conn, 9)), "not after {now:?}");
    }
}

#[test]
fn resuming_a_seat_without_connections_pairs_in_the_same_roles() {
    let mut rooms = rooms(2);
    sit(&mut rooms, 1, 1, None, START);
    sit(&mut rooms, 2, 2, None, START);
    close(&mut rooms, 1, secs(1));
    let commands = sit(&mut rooms, 3, 1, Some(&[]), secs(2));
    assert_eq!(readies(&commands), [(3, 2, Role::Caller), (2, 1, Role::Callee)]);
    assert!(!commands.contains(&left(2, 1)));
}

#[test]
fn a_reserved_seat_counts_until_the_grace_period_ends() {
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
fn an_unloaded_page_has_a_shorter_grace_period() {
    let mut rooms = rooms(2);
    sit(&mut rooms, 1, 1, None, START);
    sit(&mut rooms, 2, 2, None, START);
    rooms.handle(Input::Unloaded(ConnId(2)), secs(1));
    assert_eq!(close(&mut rooms, 2, secs(1)), []);
    assert_eq!(tick(&mut rooms, secs(5)), []);
    assert_eq!(tick(&mut rooms, secs(1) + secs(5)), [left(1, 2)]);
}

#[test]
fn silence_counts_towards_the_grace_period() {
    let mut rooms = rooms(2);
    sit(&mut rooms, 1, 1, None, START);
    assert_eq!(pass(&mut rooms, PING_TIMEOUT), [Command::Close(ConnId(1))]);
    assert_eq!(rooms.room_count(), 1);
    tick(&mut rooms, RECONNECT_GRACE);
    assert_eq!(rooms.room_count(), 0);
}

#[test]
fn leaving_frees_the_seat_at_once() {
    let mut rooms = rooms(2);
    sit(&mut rooms, 1, 1, None, START);
    sit(&mut rooms, 2, 2, None, START);
    assert_eq!(say(&mut rooms, 2, ClientMessage::Leave, secs(1)), [left(1, 2)]);
}

#[test]
fn a_late_join_of_an_abandoned_connection_is_refused() {
    let mut rooms = rooms(2);
    sit(&mut rooms, 5, 1, None, START);
    let late = sit(&mut rooms, 4, 1, Some(&[]), secs(1));
    assert_eq!(refused(&late, 4), ErrorCode::SeatMoved);
    assert!(rooms.seat(ConnId(5)).is_some());
}

#[test]
fn after_a_restart_returning_participants_may_exceed_the_limit() {
    let mut rooms = restarted(1);
    open_and_join(&mut rooms, 1, "123", secs(1));
    let commands = sit(&mut rooms, 2, 2, Some(&[]), secs(2));
    assert!(matches!(commands[0], Command::Send(ConnId(2), ServerMessage::Joined { .. })));
    close(&mut rooms, 2, secs(3));
    tick(&mut rooms, secs(20));
    assert_eq!(refused(&sit(&mut rooms, 3, 2, Some(&[]), secs(20)), 3), ErrorCode::RoomFull);
}

#[test]
fn the_newest_connection_gets_the_seat() {
    let mut rooms = rooms(2);
    sit(&mut rooms, 1, 1, None, START);
    sit(&mut rooms, 2, 2, None, START);
    let commands = sit(&mut rooms, 3, 2, Some(&[]), secs(1));
    assert_eq!(refused(&commands[..1], 2), ErrorCode::SeatMoved);
    assert_eq!(readies(&commands), [(1, 2, Role::Caller), (3, 1, Role::Callee)]);
    assert_eq!(refused(&say(&mut rooms, 2, forward(None), secs(1)), 2), ErrorCode::NotJoined);
    assert_eq!(close(&mut rooms, 2, secs(2)), []);
    assert_eq!(rooms.seen_from_outside(&"123".parse().unwrap(), secs(2)).people.len(), 2);
}

#[test]
fn after_a_restart_a_call_continues_unchanged() {
    let mut rooms = restarted(2);
    assert_eq!(readies(&sit(&mut rooms, 1, 2, Some(&[1]), secs(1))), []);
    assert_eq!(readies(&sit(&mut rooms, 2, 1, Some(&[2]), secs(3))), []);
    assert_eq!(tick(&mut rooms, RECONNECT_GRACE), []);
    let ids: Vec<_> = rooms
        .seen_from_outside(&"123".parse().unwrap(), RECONNECT_GRACE)
        .people
        .iter()
        .map(|p| p.id.0)
        .collect();
    assert_eq!(ids, [1, 2], "in the order of their first arrival");
}

#[test]
fn after_a_restart_missing_participants_have_left() {
    let mut rooms = restarted(2);
    sit(&mut rooms, 1, 1, Some(&[2]), secs(1));
    assert_eq!(tick(&mut rooms, RECONNECT_GRACE), [left(1, 2)]);
    assert_eq!(tick(&mut rooms, RECONNECT_GRACE), []);
}

#[test]
fn a_lost_signal_causes_a_new_pairing() {
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
