//! Passcodes are checked by other threads.

use super::*;

fn set_passcode(rooms: &mut Directory, hash: &str) {
    let decide =
        |room: &mut Room| room.settings.decisions_mut(START).passcode_hash = Some(hash.to_owned());
    rooms.enter(&name(), START, |room, _| decide(room));
}

fn with_passcode() -> Directory {
    let mut rooms = hosted();
    set_passcode(&mut rooms, "hash");
    rooms
}

fn knock(rooms: &mut Directory, conn: u64) -> Check {
    rooms.handle(Input::Opened(ConnId(conn)), START);
    let pass = Pass { passcode: Some("p".to_owned()), ..Pass::default() };
    match &hear(rooms, conn, join(pass), newcomer(conn), START)[..] {
        [Command::Check(check)] => check.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn t32_a_connection_stays_alive_while_its_passcode_is_checked() {
    let mut rooms = with_passcode();
    let check = knock(&mut rooms, 3);
    let pong = hear(&mut rooms, 3, ClientMessage::Ping, newcomer(3), START);
    assert_eq!(told(&pong, 3), [&ServerMessage::Pong]);
    assert_eq!(hear(&mut rooms, 3, forward(None), newcomer(3), START), []);
    let fits = Checked::Fits("hash".to_owned());
    let commands = checked(&mut rooms, check.ticket, fits, START);
    assert!(matches!(told(&commands, 3)[0], ServerMessage::Joined { .. }));
    assert!(rooms.seat(ConnId(3)).is_some());
}

#[test]
fn leaving_cancels_a_passcode_check() {
    let mut rooms = with_passcode();
    let check = knock(&mut rooms, 3);
    assert_eq!(hear(&mut rooms, 3, ClientMessage::Leave, newcomer(3), START), []);
    let fits = Checked::Fits("hash".to_owned());
    assert_eq!(checked(&mut rooms, check.ticket, fits, START), []);
    assert_eq!(rooms.seat(ConnId(3)), None);
}

#[test]
fn a_passcode_changed_during_the_check_does_not_match() {
    let mut rooms = with_passcode();
    let check = knock(&mut rooms, 3);
    set_passcode(&mut rooms, "new hash");
    let fits = Checked::Fits("hash".to_owned());
    let commands = checked(&mut rooms, check.ticket, fits, START);
    assert_eq!(code(&commands, 3), Some(ErrorCode::BadPasscode));
}

#[test]
fn a_busy_check_can_be_repeated() {
    let mut rooms = with_passcode();
    for _ in 0..20 {
        let check = knock(&mut rooms, 3);
        let commands = checked(&mut rooms, check.ticket, Checked::Busy, START);
        assert_eq!(code(&commands, 3), Some(ErrorCode::TryLater));
        rooms.handle(Input::Closed(ConnId(3)), START);
    }
}

#[test]
fn t32_a_hosts_signals_are_forwarded_while_a_passcode_is_hashed() {
    let mut rooms = hosted();
    let set = HostAction::Passcode { passcode: Some("new".to_owned()) };
    let commands = hear(&mut rooms, 1, ClientMessage::Host(set), newcomer(1), START);
    let [Command::Check(check)] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!((check.passcode.as_str(), &check.stored_hash), ("new", &None));
    let signal = hear(&mut rooms, 1, forward(None), newcomer(1), START);
    assert!(matches!(told(&signal, 2)[..], [ServerMessage::Signal { .. }]));
    let hashed = Checked::Fits("hash".to_owned());
    checked(&mut rooms, check.ticket, hashed, START);
    assert!(rooms.rooms[&name()].public_settings().passcode);
}

#[test]
fn a_passcode_is_set_only_in_the_room_it_was_sent_for() {
    let mut rooms = hosted();
    let set = HostAction::Passcode { passcode: Some("new".to_owned()) };
    let commands = hear(&mut rooms, 1, ClientMessage::Host(set), newcomer(1), START);
    let [Command::Check(check)] = &commands[..] else { panic!("{commands:?}") };
    hear(&mut rooms, 1, ClientMessage::Leave, newcomer(1), START);
    let host = Identity { host: Some(0), ..newcomer(1) };
    hear(&mut rooms, 1, join_message("other"), host, START);
    let hashed = Checked::Fits("hash".to_owned());
    checked(&mut rooms, check.ticket, hashed, START);
    assert!(!rooms.rooms[&"other".parse().unwrap()].public_settings().passcode);
}

#[test]
fn too_long_passcodes_are_not_checked() {
    let mut rooms = with_passcode();
    let long = "p".repeat(129);
    let set = HostAction::Passcode { passcode: Some(long.clone()) };
    let commands = hear(&mut rooms, 1, ClientMessage::Host(set), newcomer(1), START);
    assert_eq!(code(&commands, 1), Some(ErrorCode::BadMessage));
    rooms.handle(Input::Opened(ConnId(3)), START);
    let pass = Pass { passcode: Some(long), ..Pass::default() };
    let commands = hear(&mut rooms, 3, join(pass), newcomer(3), START);
    assert_eq!(code(&commands, 3), Some(ErrorCode::BadPasscode));
}
