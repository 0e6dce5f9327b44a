//! Stored decisions, and how long they are kept.

use super::*;

#[test]
fn reverted_decisions_are_not_stored_and_actions_are_limited() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::Lock { on: true }, secs(2));
    let commands = act(&mut rooms, 1, HostAction::Lock { on: false }, secs(3));
    assert!(commands.contains(&Command::Forget(name())));
    let mut actions = 0;
    for _ in 0..100 {
        let commands = act(&mut rooms, 1, HostAction::Lock { on: true }, secs(4));
        actions += usize::from(refusal(&commands, 1).is_none());
    }
    assert!(actions <= 64, "{actions} at once");
    rooms.config.max_stored_rooms = 0;
    rooms.enter(&name(), secs(4), |room, _| room.settings.decisions = None);
    let commands = act(&mut rooms, 1, HostAction::Lock { on: true }, secs(60));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::ThisCallOnly));
    let commands = act(&mut rooms, 1, HostAction::RenewHostKey, secs(60));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::TooManyRooms));
}

#[test]
fn actions_that_store_nothing_need_no_capacity() {
    let mut rooms = hosted(4);
    rooms.config.max_stored_rooms = 0;
    come(&mut rooms, 2, secs(2));
    for minute in 0..40 {
        let mute = HostAction::Mute { to: PeerId(102), what: TrackSource::Microphone };
        let commands = act(&mut rooms, 1, mute, secs(60 * minute));
        assert_eq!(refusal(&commands, 1), None);
    }
}

#[test]
fn unused_rooms_expire() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::Lock { on: true }, secs(2));
    let later = secs(3) + STORED_FOR + SWEEP;
    rooms.handle(Input::Alive(ConnId(1)), later);
    rooms.handle(Input::Tick, later);
    assert!(!drain(&mut rooms).contains(&Command::Forget(name())), "someone is inside");
    rooms.handle(Input::Closed(ConnId(1)), later);
    rooms.handle(Input::Tick, later + STORED_BRIEFLY_FOR + SWEEP);
    assert!(!drain(&mut rooms).contains(&Command::Forget(name())), "it was used on several days");
    rooms.handle(Input::Tick, later + STORED_FOR + SWEEP);
    assert!(drain(&mut rooms).contains(&Command::Forget(name())));
    assert_eq!(rooms.poll_timeout(), None);
}

#[test]
fn t33_rooms_used_for_a_day_are_evicted_first() {
    const MANY: usize = 100_000;
    let mut rooms = rooms(4);
    rooms.config.max_stored_rooms = MANY;
    let honest = Decisions { locked: true, ..Decisions::default() };
    restore(&mut rooms, "weekly".parse().unwrap(), honest.clone());
    for number in 1..MANY {
        let brief =
            Decisions { brief: true, generation: 1, used: secs(number as u64), ..honest.clone() };
        restore(&mut rooms, format!("made-{number}").parse().unwrap(), brief);
    }
    let now = secs(MANY as u64);
    come_as_host(&mut rooms, 1, now);
    let commands = act(&mut rooms, 1, HostAction::Lock { on: true }, now);
    assert_eq!(refusal(&commands, 1), None);
    assert!(commands.contains(&Command::Forget("made-1".parse().unwrap())), "unused the longest");
    assert_eq!(rooms.stored_count(), MANY);

    // One address cannot evict the rooms of others again and again.
    let mut evicted = 0;
    let a_day_later = now + Duration::from_secs(24 * 60 * 60);
    for (number, now) in (0..40).map(|n| (n, now)).chain((40..80).map(|n| (n, a_day_later))) {
        evicted += usize::from(evicts_another_room(&mut rooms, number, now));
    }
    assert_eq!(evicted, 30 + 30);

    // Eventually everything is deleted except rooms in use, or used on more than one day.
    rooms.handle(Input::Closed(ConnId(1)), a_day_later);
    rooms.handle(Input::Tick, a_day_later + STORED_BRIEFLY_FOR + SWEEP);
    assert_eq!(rooms.stored_count(), 1);
    assert_eq!(
        rooms.stored_rooms.dormant.keys().map(RoomName::as_str).collect::<Vec<_>>(),
        ["weekly"]
    );
}

/// A person at address 7 locks their own room and leaves; returns whether another room was evicted.
fn evicts_another_room(rooms: &mut Directory, number: u64, now: Duration) -> bool {
    let conn = 1000 + number;
    let room = format!("mine-{number}");
    let identity = || Identity { host: Some(0), address: 7, ..newcomer(conn, now) };
    rooms.handle(Input::Opened(ConnId(conn)), now);
    say_as(rooms, conn, join_message(&room), Identity { token: None, ..identity() }, now);
    let lock = ClientMessage::Host(HostAction::Lock { on: true });
    let commands = say_as(rooms, conn, lock, identity(), now);
    rooms.handle(Input::Closed(ConnId(conn)), now);
    drain(rooms);
    commands.iter().any(|command| matches!(command, Command::Forget(_)))
}

#[test]
fn an_open_room_does_not_count_against_the_address() {
    let mut rooms = hosted(9);
    for number in 0..100 {
        for on in [true, false] {
            let now = secs(2 + 4 * number);
            assert_eq!(refusal(&act(&mut rooms, 1, HostAction::Lock { on }, now), 1), None);
        }
        // An action without effect stores nothing.
        let nobody = HostAction::Remove { to: PeerId(999) };
        assert_eq!(
            refused(&act(&mut rooms, 1, nobody, secs(2 + 4 * number)), 1),
            ErrorCode::PeerNotFound
        );
    }
    assert_eq!(rooms.stored_count(), 0);
}

#[test]
fn a_participant_can_be_removed_although_storage_is_full() {
    let mut rooms = hosted(9);
    come(&mut rooms, 2, secs(1));
    let address = Identity::default().address;
    while rooms.limits.newly_stored.take(address, secs(2)) {}

    let commands = act(&mut rooms, 1, HostAction::Remove { to: PeerId(102) }, secs(2));
    assert_eq!(refusal(&commands, 2), Some(ErrorCode::Removed));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::ThisCallOnly));
    assert!(!commands.iter().any(|command| matches!(command, Command::Store(..))), "{commands:?}");
    act(&mut rooms, 1, HostAction::Lock { on: true }, secs(3));
    assert_eq!(refusal(&come(&mut rooms, 3, secs(4)), 3), Some(ErrorCode::RoomLocked));
    // A decision beyond the call is refused.
    let invite = HostAction::Invite { once: true, ttl: None };
    assert_eq!(refused(&act(&mut rooms, 1, invite, secs(4)), 1), ErrorCode::TryLater);

    // When there is space again, everything is stored.
    rooms.limits.newly_stored.give_back(&address);
    let commands = act(&mut rooms, 1, HostAction::Lock { on: true }, secs(5));
    assert_eq!(refusal(&commands, 1), None);
    let is_stored = |command: &Command| matches!(command, Command::Store(_, decisions) if decisions.locked && decisions.removed == [PeerId(102)]);
    assert!(commands.iter().any(is_stored), "{commands:?}");
}

#[test]
fn unstored_decisions_end_with_the_call() {
    let mut rooms = hosted(9);
    let address = Identity::default().address;
    while rooms.limits.newly_stored.take(address, secs(2)) {}
    rooms.handle(Input::Opened(ConnId(9)), secs(2));
    say(&mut rooms, 9, ClientMessage::Watch(name()), secs(2));
    act(&mut rooms, 1, HostAction::Lock { on: true }, secs(3));
    say(&mut rooms, 1, ClientMessage::Leave, secs(4));
    assert_eq!(rooms.stored_count(), 0);
    assert!(is_inside(&come(&mut rooms, 3, secs(5)), 3));
}

#[test]
fn stored_decisions_have_stable_names() {
    let written = r#"{"locked":true,"waitingRoom":false,"passcode":null,"generation":3,
        "removed":["0000000000000007"],"seatsVoidBefore":{"secs":5,"nanos":0},
        "validSeats":["0000000000000008"],"ended":{"secs":0,"nanos":0},
        "designatedHost":"0000000000000009","invitations":[],"guests":[],"used":{"secs":6,"nanos":0},"brief":true}"#;
    let decisions = Decisions {
        locked: true,
        generation: 3,
        removed: vec![PeerId(7)],
        seats_void_before: secs(5),
        valid_seats: vec![PeerId(8)],
        designated_host: Some(PeerId(9)),
        used: secs(6),
        brief: true,
        ..Decisions::default()
    };
    assert_eq!(serde_json::from_str::<Decisions>(written).unwrap(), decisions);
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(value(&serde_json::to_string(&decisions).unwrap()), value(written));
}
