//! Admission and waiting.

use super::*;

#[test]
fn a_locked_room_admits_only_hosts_and_returning_participants() {
    let mut rooms = hosted(4);
    come(&mut rooms, 2, secs(2));
    let commands = act(&mut rooms, 1, HostAction::Lock { on: true }, secs(3));
    let settings =
        RoomSettings { locked: true, hosts: vec![PeerId(101)], ..RoomSettings::default() };
    assert_eq!(told(&commands, 2), [&ServerMessage::RoomSettings(settings)]);
    assert!(
        matches!(&commands[0], Command::Store(room, decisions) if *room == name() && decisions.locked)
    );
    assert_eq!(refusal(&come(&mut rooms, 3, secs(4)), 3), Some(ErrorCode::RoomLocked));
    rooms.handle(Input::Closed(ConnId(2)), secs(5));
    drain(&mut rooms);
    let back = Identity { returning: true, since: secs(2), ..newcomer(2, secs(2)) };
    assert!(is_inside(&join_as(&mut rooms, 4, Pass::default(), back, secs(100)), 4));
    assert!(is_inside(&come_as_host(&mut rooms, 5, secs(101)), 5));
    act(&mut rooms, 1, HostAction::Lock { on: false }, secs(102));
    assert!(is_inside(&come(&mut rooms, 6, secs(103)), 6));
}

#[test]
fn waiting_people_learn_and_send_nothing_until_admitted() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    let state = rooms.seen_from_outside(&name(), secs(2));
    assert_eq!(state, RoomState { people: vec![], limit: 4, gate: Some(Gate::WaitingRoom) });
    let commands = come(&mut rooms, 2, secs(3));
    assert_eq!(
        told(&commands, 2),
        [&ServerMessage::Waiting { position: 1, host_present: true, locked: false }]
    );
    assert_eq!(host_state(&commands, 1).waiting[0].id, PeerId(102));
    for message in [forward(None), ClientMessage::Host(HostAction::End)] {
        assert_eq!(refused(&say(&mut rooms, 2, message, secs(4)), 2), ErrorCode::NotJoined);
    }
    assert_eq!(refused(&say(&mut rooms, 1, forward(Some(2)), secs(4)), 1), ErrorCode::PeerNotFound);
    come(&mut rooms, 3, secs(5));
    let commands = act(&mut rooms, 1, HostAction::Admit { to: Some(PeerId(102)) }, secs(6));
    assert!(is_inside(&commands, 2));
    assert_eq!(
        told(&commands, 3),
        [&ServerMessage::Waiting { position: 1, host_present: true, locked: false }]
    );
    let commands = act(&mut rooms, 1, HostAction::Deny { to: None }, secs(7));
    assert_eq!(refusal(&commands, 3), Some(ErrorCode::EntryDenied));
    assert_eq!(host_state(&commands, 1), HostState::default());
    come(&mut rooms, 4, secs(8));
    rooms.handle(Input::Closed(ConnId(4)), secs(9));
    assert_eq!(
        host_state(&drain(&mut rooms), 1),
        HostState::default(),
        "a closed connection does not wait"
    );
    come(&mut rooms, 5, secs(10));
    let commands = say(&mut rooms, 5, ClientMessage::Leave, secs(11));
    assert_eq!(host_state(&commands, 1), HostState::default(), "nor after leaving");
}

#[test]
fn people_admitted_to_a_full_room_keep_waiting() {
    let mut rooms = hosted(2);
    come(&mut rooms, 2, secs(2));
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(3));
    assert_eq!(
        rooms.seen_from_outside(&name(), secs(3)).limit,
        0,
        "full, and nothing else is revealed"
    );
    come(&mut rooms, 3, secs(4));
    let commands = act(&mut rooms, 1, HostAction::Admit { to: None }, secs(5));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::RoomFull));
    assert_eq!(host_state(&commands, 1).waiting.len(), 1);
    say(&mut rooms, 2, ClientMessage::Leave, secs(6));
    assert!(is_inside(&act(&mut rooms, 1, HostAction::Admit { to: None }, secs(7)), 3));
}

#[test]
fn a_passcode_is_required_and_attempts_are_limited() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::Passcode { passcode: Some("p".to_owned()) }, secs(2));
    // Like the owner of the rooms: compares, and hands in the message again.
    let guess = |rooms: &mut Directory, conn: u64, address: u64, is_right: bool, now: Duration| {
        let identity = Identity { address, ..newcomer(conn, now) };
        let pass = Pass { passcode: Some("p".to_owned()), ..Pass::default() };
        let commands = join_as(rooms, conn, pass, identity, now);
        let [Command::Check(check)] = &commands[..] else { return commands };
        assert_eq!((check.passcode.as_str(), check.stored_hash.as_deref()), ("p", Some("hash")));
        let fits = check.stored_hash.clone().filter(|_| is_right).map(Checked::Fits);
        checked(rooms, check.ticket, fits.unwrap_or(Checked::Differs), now)
    };
    assert_eq!(refusal(&come(&mut rooms, 2, secs(3)), 2), Some(ErrorCode::PasscodeRequired));
    assert!(is_inside(&guess(&mut rooms, 3, 7, true, secs(3)), 3));
    for conn in 10..20 {
        let commands = guess(&mut rooms, conn, 7, false, secs(4));
        assert_eq!(refusal(&commands, conn), Some(ErrorCode::BadPasscode));
    }
    let commands = guess(&mut rooms, 20, 7, true, secs(5));
    assert_eq!(refusal(&commands, 20), Some(ErrorCode::TryLater), "not compared at all");
    assert!(is_inside(&guess(&mut rooms, 21, 8, true, secs(5)), 21), "others are not locked out");
    assert!(is_inside(&guess(&mut rooms, 22, 7, true, secs(100)), 22));
}

#[test]
fn a_spare_seat_token_does_not_pass_a_lock() {
    let mut rooms = hosted(8);
    let insider = |conn: u64, id: u64, since: u64| Identity {
        id: PeerId(id),
        returning: true,
        ..newcomer(conn, secs(since))
    };
    // Eve sits twice and keeps both tokens; Bob is disconnected when the room is locked.
    come(&mut rooms, 2, secs(2));
    say(&mut rooms, 2, ClientMessage::Leave, secs(2));
    come(&mut rooms, 3, secs(3));
    come(&mut rooms, 4, secs(3));
    rooms.handle(Input::Closed(ConnId(4)), secs(4));
    drain(&mut rooms);
    act(&mut rooms, 1, HostAction::Lock { on: true }, secs(5));
    act(&mut rooms, 1, HostAction::Remove { to: PeerId(103) }, secs(6));
    let come_back = |rooms: &mut Directory, conn, identity, now| {
        join_as(rooms, conn, Pass::default(), identity, now)
    };
    let commands = come_back(&mut rooms, 5, insider(5, 102, 2), secs(7));
    assert_eq!(refusal(&commands, 5), Some(ErrorCode::RoomLocked), "the spare token");
    assert!(is_inside(&come_back(&mut rooms, 6, insider(6, 104, 3), secs(7)), 6), "Bob");
    // People who are admitted later can return as well, however long ago they asked to join.
    act(&mut rooms, 1, HostAction::Lock { on: false }, secs(8));
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(8));
    come(&mut rooms, 7, secs(9));
    act(&mut rooms, 1, HostAction::Lock { on: true }, secs(10));
    assert!(is_inside(&act(&mut rooms, 1, HostAction::Admit { to: None }, secs(11)), 7));
    rooms.handle(Input::Closed(ConnId(7)), secs(12));
    drain(&mut rooms);
    assert!(is_inside(&come_back(&mut rooms, 8, insider(8, 107, 9), secs(60)), 8));
}

#[test]
fn people_without_a_free_seat_keep_their_order() {
    let mut rooms = hosted(2);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    for conn in 2..6 {
        come(&mut rooms, conn, secs(conn));
    }
    let commands = act(&mut rooms, 1, HostAction::Admit { to: None }, secs(7));
    assert!(is_inside(&commands, 2));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::RoomFull));
    let waiting: Vec<_> =
        host_state(&commands, 1).waiting.iter().map(|person| person.id.0).collect();
    assert_eq!(waiting, [103, 104, 105]);
    say(&mut rooms, 2, ClientMessage::Leave, secs(8));
    let commands = act(&mut rooms, 1, HostAction::WaitingRoom { on: false }, secs(9));
    assert!(is_inside(&commands, 3), "without a waiting room, nobody waits");
    assert_eq!(
        told(&commands, 5),
        [&ServerMessage::Waiting { position: 2, host_present: true, locked: false }]
    );
}

#[test]
fn updates_about_the_waiting_room_are_limited() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    let knock = |rooms: &mut Directory, conn: u64, address: u64| {
        let identity = Identity { address, ..newcomer(conn, secs(3)) };
        join_as(rooms, conn, Pass::default(), identity, secs(3))
    };
    for conn in 10..20 {
        assert_eq!(refusal(&knock(&mut rooms, conn, 7), conn), None);
    }
    assert_eq!(refusal(&knock(&mut rooms, 20, 7), 20), Some(ErrorCode::WaitingRoomFull));
    assert_eq!(refusal(&knock(&mut rooms, 21, 8), 21), None, "others still fit");
    let mut told_host = 0;
    for turn in 0..1000 {
        let name = DisplayName::from(format!("{turn}").as_str());
        let presence = Presence { name, ..Presence::default() };
        let commands = say(&mut rooms, 10, ClientMessage::Presence(presence), secs(4));
        told_host += told(&commands, 1).len();
    }
    assert!(told_host <= 12, "{told_host}");
    rooms.handle(Input::Tick, secs(5));
    let last = host_state(&drain(&mut rooms), 1);
    assert_eq!(last.waiting[0].presence.name.as_str(), "999", "the last one arrives eventually");
}

#[test]
fn a_disconnected_participant_is_told_that_the_call_ended() {
    let mut rooms = hosted(4);
    come(&mut rooms, 2, secs(2));
    rooms.handle(Input::Closed(ConnId(2)), secs(3));
    drain(&mut rooms);
    act(&mut rooms, 1, HostAction::End, secs(4));
    let back = Identity { returning: true, ..newcomer(2, secs(2)) };
    let commands = join_as(&mut rooms, 3, Pass::default(), back, secs(5));
    assert_eq!(refusal(&commands, 3), Some(ErrorCode::CallEnded));
    assert!(is_inside(&come(&mut rooms, 4, secs(5)), 4), "a new call begins");
}

#[test]
fn t3_turning_off_one_barrier_does_not_bypass_another() {
    let waiting = || {
        let mut rooms = hosted(9);
        act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
        come(&mut rooms, 2, secs(3));
        rooms
    };
    let open = HostAction::WaitingRoom { on: false };

    let mut rooms = waiting();
    act(&mut rooms, 1, HostAction::Lock { on: true }, secs(4));
    let commands = act(&mut rooms, 1, open.clone(), secs(5));
    assert!(!is_inside(&commands, 2), "the room is locked");
    assert_eq!(rooms.rooms[&name()].waiting_room.len(), 1, "they keep waiting");
    let locked = ServerMessage::Waiting { position: 1, host_present: true, locked: true };
    assert_eq!(told(&commands, 2), [&locked], "and are told that only the lock keeps them");
    let commands = act(&mut rooms, 1, HostAction::Lock { on: false }, secs(6));
    assert!(is_inside(&commands, 2), "and join when there is no barrier left");

    let mut rooms = waiting();
    let passcode = HostAction::Passcode { passcode: Some("p".to_owned()) };
    act(&mut rooms, 1, passcode, secs(4));
    let knows = Identity {
        passcode_hash: Some("hash".to_owned()),
        passcode_checked: true,
        ..newcomer(3, secs(5))
    };
    let pass = Pass { passcode: Some("p".to_owned()), ..Pass::default() };
    let commands = join_as(&mut rooms, 3, pass, knows, secs(5));
    assert_eq!(
        told(&commands, 3),
        [&ServerMessage::Waiting { position: 2, host_present: true, locked: false }]
    );
    let commands = act(&mut rooms, 1, open, secs(6));
    assert!(is_inside(&commands, 3), "they know the passcode");
    assert_eq!(refusal(&commands, 2), Some(ErrorCode::PasscodeRequired), "they do not know it");
    assert_eq!(rooms.rooms[&name()].waiting_room.len(), 0);
}

#[test]
fn people_who_wait_for_a_seat_join_when_one_is_free() {
    let mut rooms = hosted(2);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    come(&mut rooms, 2, secs(3));
    come(&mut rooms, 3, secs(3));
    assert!(is_inside(&act(&mut rooms, 1, HostAction::WaitingRoom { on: false }, secs(4)), 2));
    assert!(is_inside(&say(&mut rooms, 2, ClientMessage::Leave, secs(5)), 3));
}
