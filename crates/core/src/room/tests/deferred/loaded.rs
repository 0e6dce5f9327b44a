//! Stored rooms are loaded on demand.

use super::*;

fn with_stored_room() -> Directory {
    stored_on_disk(&[name()])
}

/// Something is stored on disk for these rooms, and connection 1 is open.
fn stored_on_disk(stored: &[RoomName]) -> Directory {
    let mut rooms = with_stored(4, stored.iter().cloned());
    rooms.resume_window_ends = START;
    rooms.handle(Input::Opened(ConnId(1)), START);
    rooms
}

fn locked() -> Decisions {
    Decisions { locked: true, ..Decisions::default() }
}

#[test]
fn a_room_that_is_not_stored_is_not_loaded() {
    let mut rooms = with_stored_room();
    let commands = hear(&mut rooms, 1, join_message("other"), newcomer(1), START);
    assert!(matches!(told(&commands, 1)[..], [ServerMessage::Joined { .. }]));
}

#[test]
fn a_join_and_later_messages_wait_until_the_room_is_loaded() {
    let mut rooms = with_stored_room();
    let load = [Command::Load(name())];
    assert_eq!(hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START), load);
    let muted = Presence { mic: false, ..Presence::default() };
    let said = ClientMessage::Presence(muted.clone());
    assert_eq!(hear(&mut rooms, 1, said, newcomer(1), START), []);
    rooms.handle(Input::Query(7, name()), START);
    assert_eq!(poll(&mut rooms), [], "it is loaded once");
    let pong = hear(&mut rooms, 1, ClientMessage::Ping, newcomer(1), START);
    assert_eq!(told(&pong, 1), [&ServerMessage::Pong]);

    let open = Decisions { generation: 1, ..Decisions::default() };
    rooms.handle(Input::Loaded(name(), Some(open)), START);
    let commands = poll(&mut rooms);
    assert!(matches!(commands.last(), Some(Command::Answer(7, _))));
    assert_eq!(
        decisions(&rooms, &name()).unwrap().generation,
        1,
        "known before the sender is identified"
    );
    for command in commands {
        if let Command::Resume(input) = command {
            rooms.handle(*input, START);
        }
    }
    assert!(matches!(told(&poll(&mut rooms), 1)[..], [ServerMessage::Joined { .. }]));
    assert_eq!(rooms.seen_from_outside(&name(), START).people[0].presence, muted);
}

#[test]
fn loaded_decisions_apply() {
    let mut rooms = with_stored_room();
    hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START);
    rooms.handle(Input::Loaded(name(), Some(locked())), START);
    assert_eq!(code(&resumed(&mut rooms, START), 1), Some(ErrorCode::RoomLocked));
    // It is in memory now.
    assert_eq!(code(&come(&mut rooms, 2, false), 2), Some(ErrorCode::RoomLocked));
}

#[test]
fn t30_joins_are_refused_when_loading_times_out() {
    let mut rooms = with_stored_room();
    hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START);
    rooms.handle(Input::Query(7, name()), START);
    poll(&mut rooms);
    let due = rooms.poll_timeout().unwrap();
    assert_eq!(due, secs(2));
    rooms.handle(Input::Tick, due);
    let commands = poll(&mut rooms);
    assert_eq!(code(&commands, 1), Some(ErrorCode::TryLater));
    assert!(commands.contains(&Command::Answer(7, RoomState::default())));
    let load = [Command::Load(name())];
    assert_eq!(hear(&mut rooms, 1, join(Pass::default()), newcomer(1), due), load);
}

#[test]
fn leaving_or_closing_ends_the_wait() {
    let mut rooms = with_stored_room();
    hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START);
    assert_eq!(hear(&mut rooms, 1, ClientMessage::Leave, newcomer(1), START), []);
    come(&mut rooms, 2, false);
    rooms.handle(Input::Closed(ConnId(2)), START);
    rooms.handle(Input::Loaded(name(), None), START);
    assert_eq!(poll(&mut rooms), []);
    assert_eq!(rooms.participant_count(), 0);
}

#[test]
fn messages_behind_a_waiting_join_are_bounded() {
    let mut rooms = with_stored_room();
    hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START);
    let codes =
        (0..100).filter_map(|_| code(&hear(&mut rooms, 1, forward(None), newcomer(1), START), 1));
    assert!(codes.filter(|code| *code == ErrorCode::TryLater).count() >= 90);
}

#[test]
fn unused_rooms_are_unloaded() {
    let names = || (0..2000).map(|room| format!("room-{room}").parse::<RoomName>().unwrap());
    let mut rooms = with_stored(4, names());
    for room in names() {
        rooms.handle(Input::Query(1, room.clone()), START);
        rooms.handle(Input::Loaded(room, Some(locked())), START);
        poll(&mut rooms);
    }
    assert_eq!((rooms.stored_rooms.dormant.len(), rooms.stored_count()), (500, 2000));
    rooms.handle(Input::Query(1, "room-0".parse().unwrap()), START);
    assert_eq!(poll(&mut rooms), [Command::Load("room-0".parse().unwrap())]);
}

#[test]
fn rooms_in_use_are_stored_before_a_sweep() {
    let mut rooms = stored_on_disk(&[name(), "over".parse().unwrap()]);
    hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START);
    rooms.handle(
        Input::Loaded(name(), Some(Decisions { generation: 1, ..Decisions::default() })),
        START,
    );
    resumed(&mut rooms, START);
    let later = STORED_FOR + SWEEP;
    rooms.handle(Input::Alive(ConnId(1)), later);
    rooms.handle(Input::Tick, later);
    let commands = poll(&mut rooms);
    let [Command::Store(_, decisions), Command::Sweep(now)] = &commands[..] else {
        panic!("{commands:?}");
    };
    assert_eq!((decisions.used, *now), (later, later));
    rooms.handle(Input::Swept(vec!["over".parse().unwrap()]), later);
    assert_eq!(rooms.stored_count(), 1);
}
