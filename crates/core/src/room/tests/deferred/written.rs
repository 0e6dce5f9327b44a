//! Decisions are stored before they are announced.

use super::*;

/// The number of the only resulting write.
fn only_written(commands: &[Command]) -> u64 {
    match commands {
        [Command::Store(room, decisions), Command::Sync(number)] if *room == name() => {
            assert!(decisions.locked);
            *number
        }
        other => panic!("{other:?} is told before it is written"),
    }
}

#[test]
fn messages_to_the_room_wait_for_the_write_and_keep_their_order() {
    let mut rooms = hosted();
    let number = only_written(&lock(&mut rooms, secs(1)));
    // A signal, a refused person and a page: they would reveal the decision, or depend on it.
    assert_eq!(hear(&mut rooms, 2, forward(None), newcomer(2), secs(1)), []);
    assert_eq!(come(&mut rooms, 3, false), []);
    rooms.handle(Input::Query(7, name()), secs(1));
    assert_eq!(poll(&mut rooms), []);

    rooms.handle(Input::Synced(number, true), secs(1));
    let commands = poll(&mut rooms);
    assert!(matches!(
        told(&commands, 1)[..],
        [ServerMessage::RoomSettings(_), ServerMessage::Signal { .. }]
    ));
    assert!(matches!(told(&commands, 2)[..], [ServerMessage::RoomSettings(_)]));
    assert_eq!(code(&commands, 3), Some(ErrorCode::RoomLocked));
    let page = commands.iter().find_map(|command| match command {
        Command::Answer(7, state) => state.gate,
        _ => None,
    });
    assert_eq!(page, Some(Gate::Locked));
    assert_eq!(hear(&mut rooms, 2, forward(None), newcomer(2), secs(1)).len(), 1);
}

#[test]
fn other_rooms_do_not_wait() {
    let mut rooms = hosted();
    open_and_join(&mut rooms, 8, "other", START);
    open_and_join(&mut rooms, 9, "other", START);
    only_written(&lock(&mut rooms, secs(1)));
    let signal = hear(&mut rooms, 8, forward(None), newcomer(8), secs(1));
    assert!(matches!(told(&signal, 9)[..], [ServerMessage::Signal { .. }]));
    let ping = hear(&mut rooms, 8, ClientMessage::Ping, newcomer(8), secs(1));
    assert_eq!(told(&ping, 8), [&ServerMessage::Pong]);
}

#[test]
fn t30_the_wait_for_a_write_times_out() {
    let mut rooms = hosted();
    let number = only_written(&lock(&mut rooms, secs(1)));
    let due = rooms.poll_timeout().unwrap();
    assert_eq!(due, secs(1) + WRITE_TIMEOUT);
    rooms.handle(Input::Tick, due - Duration::from_millis(1));
    assert_eq!(poll(&mut rooms), []);
    rooms.handle(Input::Tick, due);
    let commands = poll(&mut rooms);
    assert!(matches!(told(&commands, 2)[..], [ServerMessage::RoomSettings(_)]), "{commands:?}");
    assert_eq!(code(&commands, 1), Some(ErrorCode::NotKept));
    assert_eq!(code(&come(&mut rooms, 3, false), 3), Some(ErrorCode::RoomLocked), "in force");
    // A late result changes nothing.
    rooms.handle(Input::Synced(number, true), due);
    assert_eq!(poll(&mut rooms), []);
}

#[test]
fn t30_a_host_is_told_of_a_failed_write() {
    let mut rooms = hosted();
    let number = only_written(&lock(&mut rooms, secs(1)));
    rooms.handle(Input::Synced(number, false), secs(1));
    let commands = poll(&mut rooms);
    let host = told(&commands, 1);
    assert!(matches!(host[0], ServerMessage::RoomSettings(settings) if settings.locked));
    assert_eq!((code(&commands, 1), code(&commands, 2)), (Some(ErrorCode::NotKept), None));
}

#[test]
fn each_write_holds_back_later_messages_and_several_may_end_at_once() {
    let mut rooms = hosted();
    let first = only_written(&lock(&mut rooms, secs(1)));
    let second = only_written(&lock(&mut rooms, secs(1)));
    rooms.handle(Input::Synced(first, true), secs(1));
    assert_eq!(told(&poll(&mut rooms), 2).len(), 1);
    only_written(&lock(&mut rooms, secs(1)));
    rooms.handle(Input::Synced(second + 1, true), secs(1));
    assert_eq!(told(&poll(&mut rooms), 2).len(), 2);
}

#[test]
fn held_back_messages_are_bounded() {
    let mut rooms = hosted();
    only_written(&lock(&mut rooms, secs(1)));
    let mut told = 0;
    for _ in 0..200 {
        let mut commands = hear(&mut rooms, 1, forward(None), newcomer(1), secs(1));
        if rooms.poll_timeout().is_some_and(|at| at <= secs(1)) {
            rooms.handle(Input::Tick, secs(1));
            commands.extend(poll(&mut rooms));
        }
        told += super::told(&commands, 2).len();
    }
    assert_eq!(told, 201, "the settings, and all later signals");
}

#[test]
fn a_single_use_invitation_is_stored_before_joining() {
    let mut rooms = hosted();
    let invite = HostAction::Invite { once: true, ttl: None };
    let by = Identity { id: PeerId(900), token: Some("token".to_owned()), ..newcomer(1) };
    hear(&mut rooms, 1, ClientMessage::Host(invite), by, START);
    rooms.handle(Input::Synced(1, true), START);
    poll(&mut rooms);
    rooms.handle(Input::Opened(ConnId(3)), START);
    let pass = Pass { invitation: Some("token".to_owned()), ..Pass::default() };
    let invited = Identity { invitation: Some(900), ..newcomer(3) };
    let commands = hear(&mut rooms, 3, join(pass), invited, START);
    assert!(matches!(commands[..], [Command::Store(..), Command::Sync(2)]), "{commands:?}");
    rooms.handle(Input::Synced(2, false), START);
    let commands = poll(&mut rooms);
    assert!(matches!(told(&commands, 3)[0], ServerMessage::Joined { .. }));
    assert_eq!(code(&commands, 3), None, "they made no decision");
}

#[test]
fn updating_the_last_use_does_not_wait() {
    let mut rooms = hosted();
    lock(&mut rooms, secs(1));
    let later = secs(3 * 24 * 60 * 60);
    rooms.handle(Input::Closed(ConnId(1)), secs(2));
    rooms.handle(Input::Closed(ConnId(2)), secs(2));
    rooms.handle(Input::Tick, later);
    poll(&mut rooms);
    let back = Identity { host: Some(0), ..newcomer(1) };
    rooms.handle(Input::Opened(ConnId(5)), later);
    let commands = hear(&mut rooms, 5, join(Pass::default()), back, later);
    assert!(commands.iter().any(|command| matches!(command, Command::Store(..))));
    assert!(!commands.iter().any(|command| matches!(command, Command::Sync(_))));
    assert!(matches!(told(&commands, 5)[0], ServerMessage::Joined { .. }));
}
