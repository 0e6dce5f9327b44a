//! What is kept and worked out elsewhere: on a disk that may be slow, full or locked, and by threads
//! that may have much to do.

use super::*;
use crate::protocol::{Gate, HostAction};

fn name() -> RoomName {
    "123".parse().unwrap()
}

fn poll(rooms: &mut Directory) -> Vec<Command> {
    std::iter::from_fn(|| rooms.poll()).flat_map(each).collect()
}

fn hear(
    rooms: &mut Directory,
    conn: u64,
    message: ClientMessage,
    identity: Identity,
    now: Duration,
) -> Vec<Command> {
    let (message, identity) = (Ok(message), Box::new(identity));
    rooms.handle(Input::Message { conn: ConnId(conn), message, identity }, now);
    poll(rooms)
}

fn newcomer(conn: u64) -> Identity {
    Identity { id: PeerId(100 + conn), token: Some("seat".to_owned()), ..Identity::default() }
}

fn join(pass: Pass) -> ClientMessage {
    let presence = Presence::default();
    ClientMessage::Join(Join { room: name(), presence, seat: None, pass, hidden: false })
}

fn come(rooms: &mut Directory, conn: u64, host: bool) -> Vec<Command> {
    rooms.handle(Input::Opened(ConnId(conn)), START);
    hear(
        rooms,
        conn,
        join(Pass::default()),
        Identity { host: host.then_some(0), ..newcomer(conn) },
        START,
    )
}

fn lock(rooms: &mut Directory, now: Duration) -> Vec<Command> {
    hear(rooms, 1, ClientMessage::Host(HostAction::Lock { on: true }), newcomer(1), now)
}

/// A room with a host, connection 1, and a guest, connection 2.
fn hosted() -> Directory {
    let mut rooms = rooms(4);
    come(&mut rooms, 1, true);
    come(&mut rooms, 2, false);
    rooms
}

fn told(commands: &[Command], conn: u64) -> Vec<&ServerMessage> {
    let mine = |command| match command {
        &Command::Send(to, ref message) if to.0 == conn => Some(message),
        _ => None,
    };
    commands.iter().filter_map(mine).collect()
}

fn code(commands: &[Command], conn: u64) -> Option<ErrorCode> {
    told(commands, conn).into_iter().find_map(|message| match message {
        ServerMessage::Error { code, .. } => Some(*code),
        _ => None,
    })
}

mod written {
    //! First it is written, then it is told.

    use super::*;

    /// The number of the write that alone came of something.
    fn only_written(commands: &[Command]) -> u64 {
        match commands {
            [Command::Keep(room, kept), Command::Sync(number)] if *room == name() => {
                assert!(kept.locked);
                *number
            }
            other => panic!("{other:?} is told before it is written"),
        }
    }

    #[test]
    fn nobody_of_the_room_is_told_before_and_all_in_order_afterwards() {
        let mut rooms = hosted();
        let number = only_written(&lock(&mut rooms, secs(1)));
        // A signal, somebody who is refused, and a page: they know of it, or come after it.
        assert_eq!(hear(&mut rooms, 2, relay(None), newcomer(2), secs(1)), []);
        assert_eq!(come(&mut rooms, 3, false), []);
        rooms.handle(Input::Look(7, name()), secs(1));
        assert_eq!(poll(&mut rooms), []);

        rooms.handle(Input::Synced(number, true), secs(1));
        let commands = poll(&mut rooms);
        assert!(matches!(
            told(&commands, 1)[..],
            [ServerMessage::Rules(_), ServerMessage::Signal { .. }]
        ));
        assert!(matches!(told(&commands, 2)[..], [ServerMessage::Rules(_)]));
        assert_eq!(code(&commands, 3), Some(ErrorCode::RoomLocked));
        let page = commands.iter().find_map(|command| match command {
            Command::Answer(7, state) => state.gate,
            _ => None,
        });
        assert_eq!(page, Some(Gate::Locked));
        assert_eq!(hear(&mut rooms, 2, relay(None), newcomer(2), secs(1)).len(), 1);
    }

    #[test]
    fn other_rooms_wait_for_nothing() {
        let mut rooms = hosted();
        open_and_join(&mut rooms, 8, "other", START);
        open_and_join(&mut rooms, 9, "other", START);
        only_written(&lock(&mut rooms, secs(1)));
        let signal = hear(&mut rooms, 8, relay(None), newcomer(8), secs(1));
        assert!(matches!(told(&signal, 9)[..], [ServerMessage::Signal { .. }]));
        let ping = hear(&mut rooms, 8, ClientMessage::Ping, newcomer(8), secs(1));
        assert_eq!(told(&ping, 8), [&ServerMessage::Pong]);
    }

    #[test]
    fn t30_a_disk_that_does_not_answer_is_waited_for_a_moment() {
        let mut rooms = hosted();
        let number = only_written(&lock(&mut rooms, secs(1)));
        let due = rooms.poll_timeout().unwrap();
        assert_eq!(due, secs(1) + WRITTEN_WITHIN);
        rooms.handle(Input::Tick, due - Duration::from_millis(1));
        assert_eq!(poll(&mut rooms), []);
        rooms.handle(Input::Tick, due);
        let commands = poll(&mut rooms);
        assert!(matches!(told(&commands, 2)[..], [ServerMessage::Rules(_)]), "{commands:?}");
        assert_eq!(code(&commands, 1), Some(ErrorCode::NotKept));
        assert_eq!(code(&come(&mut rooms, 3, false), 3), Some(ErrorCode::RoomLocked), "in force");
        // The answer comes late, and says nothing new.
        rooms.handle(Input::Synced(number, true), due);
        assert_eq!(poll(&mut rooms), []);
    }

    #[test]
    fn t30_a_host_is_told_that_a_disk_is_full() {
        let mut rooms = hosted();
        let number = only_written(&lock(&mut rooms, secs(1)));
        rooms.handle(Input::Synced(number, false), secs(1));
        let commands = poll(&mut rooms);
        let host = told(&commands, 1);
        assert!(matches!(host[0], ServerMessage::Rules(rules) if rules.locked));
        assert_eq!((code(&commands, 1), code(&commands, 2)), (Some(ErrorCode::NotKept), None));
    }

    #[test]
    fn several_writes_may_end_at_once_and_each_holds_back_what_came_after_it() {
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
    fn what_is_held_back_is_bounded() {
        let mut rooms = hosted();
        only_written(&lock(&mut rooms, secs(1)));
        let mut told = 0;
        for _ in 0..200 {
            let mut commands = hear(&mut rooms, 1, relay(None), newcomer(1), secs(1));
            if rooms.poll_timeout().is_some_and(|at| at <= secs(1)) {
                rooms.handle(Input::Tick, secs(1));
                commands.extend(poll(&mut rooms));
            }
            told += super::told(&commands, 2).len();
        }
        assert_eq!(told, 201, "the rules, and all that was said after that");
    }

    #[test]
    fn who_comes_by_an_invitation_for_one_is_inside_once_that_is_written() {
        let mut rooms = hosted();
        let invite = HostAction::Invite { once: true, seconds: None };
        let by = Identity { id: PeerId(900), token: Some("token".to_owned()), ..newcomer(1) };
        hear(&mut rooms, 1, ClientMessage::Host(invite), by, START);
        rooms.handle(Input::Synced(1, true), START);
        poll(&mut rooms);
        rooms.handle(Input::Opened(ConnId(3)), START);
        let pass = Pass { invitation: Some("token".to_owned()), ..Pass::default() };
        let invited = Identity { invitation: Some(900), ..newcomer(3) };
        let commands = hear(&mut rooms, 3, join(pass), invited, START);
        assert!(matches!(commands[..], [Command::Keep(..), Command::Sync(2)]), "{commands:?}");
        rooms.handle(Input::Synced(2, false), START);
        let commands = poll(&mut rooms);
        assert!(matches!(told(&commands, 3)[0], ServerMessage::Joined { .. }));
        assert_eq!(code(&commands, 3), None, "they decided nothing");
    }

    #[test]
    fn the_day_of_last_use_is_no_reason_to_wait() {
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
        assert!(commands.iter().any(|command| matches!(command, Command::Keep(..))));
        assert!(!commands.iter().any(|command| matches!(command, Command::Sync(_))));
        assert!(matches!(told(&commands, 5)[0], ServerMessage::Joined { .. }));
    }
}

mod loaded {
    //! What is kept is read when it is asked for.

    use super::*;

    fn shelved() -> Directory {
        shelved_with(&[name()])
    }

    /// Something is on disk of some rooms, and connection 1 is open.
    fn shelved_with(kept: &[RoomName]) -> Directory {
        let mut rooms = with_kept(4, kept.iter().cloned());
        rooms.gathered = START;
        rooms.handle(Input::Opened(ConnId(1)), START);
        rooms
    }

    fn locked() -> Keeping {
        Keeping { locked: true, ..Keeping::default() }
    }

    #[test]
    fn a_room_of_which_nothing_is_kept_needs_no_look_at_the_disk() {
        let mut rooms = shelved();
        let commands = hear(&mut rooms, 1, join_message("other"), newcomer(1), START);
        assert!(matches!(told(&commands, 1)[..], [ServerMessage::Joined { .. }]));
    }

    #[test]
    fn who_comes_waits_until_the_room_is_read_and_what_they_say_next_as_well() {
        let mut rooms = shelved();
        let load = [Command::Load(name())];
        assert_eq!(hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START), load);
        let muted = Presence { mic: false, ..Presence::default() };
        let said = ClientMessage::Presence(muted.clone());
        assert_eq!(hear(&mut rooms, 1, said, newcomer(1), START), []);
        rooms.handle(Input::Look(7, name()), START);
        assert_eq!(poll(&mut rooms), [], "it is read once");
        let pong = hear(&mut rooms, 1, ClientMessage::Ping, newcomer(1), START);
        assert_eq!(told(&pong, 1), [&ServerMessage::Pong]);

        let open = Keeping { generation: 1, ..Keeping::default() };
        rooms.handle(Input::Loaded(name(), Some(open)), START);
        let commands = poll(&mut rooms);
        assert!(matches!(commands.last(), Some(Command::Answer(7, _))));
        assert_eq!(
            kept(&rooms, &name()).unwrap().generation,
            1,
            "known before anybody is identified"
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
    fn what_was_decided_holds_after_it_was_read() {
        let mut rooms = shelved();
        hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START);
        rooms.handle(Input::Loaded(name(), Some(locked())), START);
        assert_eq!(code(&resumed(&mut rooms, START), 1), Some(ErrorCode::RoomLocked));
        // Now it is in memory.
        assert_eq!(code(&come(&mut rooms, 2, false), 2), Some(ErrorCode::RoomLocked));
    }

    #[test]
    fn t30_a_disk_that_cannot_be_read_lets_nobody_in_and_keeps_nobody_waiting() {
        let mut rooms = shelved();
        hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START);
        rooms.handle(Input::Look(7, name()), START);
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
    fn who_goes_or_gives_up_waits_no_more() {
        let mut rooms = shelved();
        hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START);
        assert_eq!(hear(&mut rooms, 1, ClientMessage::Leave, newcomer(1), START), []);
        come(&mut rooms, 2, false);
        rooms.handle(Input::Closed(ConnId(2)), START);
        rooms.handle(Input::Loaded(name(), None), START);
        assert_eq!(poll(&mut rooms), []);
        assert_eq!(rooms.person_count(), 0);
    }

    #[test]
    fn what_waits_behind_a_join_is_bounded() {
        let mut rooms = shelved();
        hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START);
        let codes =
            (0..100).filter_map(|_| code(&hear(&mut rooms, 1, relay(None), newcomer(1), START), 1));
        assert!(codes.filter(|code| *code == ErrorCode::TryLater).count() >= 90);
    }

    #[test]
    fn rooms_that_nobody_uses_go_back_to_the_disk() {
        let names = || (0..2000).map(|room| format!("room-{room}").parse::<RoomName>().unwrap());
        let mut rooms = with_kept(4, names());
        for room in names() {
            rooms.handle(Input::Look(1, room.clone()), START);
            rooms.handle(Input::Loaded(room, Some(locked())), START);
            poll(&mut rooms);
        }
        assert_eq!((rooms.shelf.dormant.len(), rooms.kept_count()), (500, 2000));
        rooms.handle(Input::Look(1, "room-0".parse().unwrap()), START);
        assert_eq!(poll(&mut rooms), [Command::Load("room-0".parse().unwrap())]);
    }

    #[test]
    fn the_disk_is_swept_and_what_is_in_use_is_written_down_before() {
        let mut rooms = shelved_with(&[name(), "over".parse().unwrap()]);
        hear(&mut rooms, 1, join(Pass::default()), newcomer(1), START);
        rooms.handle(
            Input::Loaded(name(), Some(Keeping { generation: 1, ..Keeping::default() })),
            START,
        );
        resumed(&mut rooms, START);
        let later = KEPT_FOR + SWEEP;
        rooms.handle(Input::Heard(ConnId(1)), later);
        rooms.handle(Input::Tick, later);
        let commands = poll(&mut rooms);
        let [Command::Keep(_, kept), Command::Sweep(now)] = &commands[..] else {
            panic!("{commands:?}");
        };
        assert_eq!((kept.used, *now), (later, later));
        rooms.handle(Input::Swept(vec!["over".parse().unwrap()]), later);
        assert_eq!(rooms.kept_count(), 1);
    }
}

mod checked {
    //! Passcodes are worked on elsewhere.

    use super::*;

    fn set_passcode(rooms: &mut Directory, hash: &str) {
        let decide = |room: &mut Room| room.kept.decide(START).passcode = Some(hash.to_owned());
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
    fn t32_a_socket_is_heard_while_its_passcode_is_checked() {
        let mut rooms = with_passcode();
        let check = knock(&mut rooms, 3);
        let pong = hear(&mut rooms, 3, ClientMessage::Ping, newcomer(3), START);
        assert_eq!(told(&pong, 3), [&ServerMessage::Pong]);
        assert_eq!(hear(&mut rooms, 3, relay(None), newcomer(3), START), []);
        let fits = Checked::Fits("hash".to_owned());
        let commands = super::super::checked(&mut rooms, check.ticket, fits, START);
        assert!(matches!(told(&commands, 3)[0], ServerMessage::Joined { .. }));
        assert!(rooms.seat(ConnId(3)).is_some());
    }

    #[test]
    fn who_leaves_meanwhile_does_not_come_in() {
        let mut rooms = with_passcode();
        let check = knock(&mut rooms, 3);
        assert_eq!(hear(&mut rooms, 3, ClientMessage::Leave, newcomer(3), START), []);
        let fits = Checked::Fits("hash".to_owned());
        assert_eq!(super::super::checked(&mut rooms, check.ticket, fits, START), []);
        assert_eq!(rooms.seat(ConnId(3)), None);
    }

    #[test]
    fn a_passcode_that_was_changed_meanwhile_is_another_one() {
        let mut rooms = with_passcode();
        let check = knock(&mut rooms, 3);
        set_passcode(&mut rooms, "new hash");
        let fits = Checked::Fits("hash".to_owned());
        let commands = super::super::checked(&mut rooms, check.ticket, fits, START);
        assert_eq!(code(&commands, 3), Some(ErrorCode::BadPasscode));
    }

    #[test]
    fn where_too_much_is_to_do_one_may_try_again() {
        let mut rooms = with_passcode();
        for _ in 0..20 {
            let check = knock(&mut rooms, 3);
            let commands = super::super::checked(&mut rooms, check.ticket, Checked::Busy, START);
            assert_eq!(code(&commands, 3), Some(ErrorCode::TryLater));
            rooms.handle(Input::Closed(ConnId(3)), START);
        }
    }

    #[test]
    fn t32_a_host_goes_on_talking_while_a_new_passcode_is_hashed() {
        let mut rooms = hosted();
        let set = HostAction::Passcode { passcode: Some("new".to_owned()) };
        let commands = hear(&mut rooms, 1, ClientMessage::Host(set), newcomer(1), START);
        let [Command::Check(check)] = &commands[..] else { panic!("{commands:?}") };
        assert_eq!((check.passcode.as_str(), &check.against), ("new", &None));
        let signal = hear(&mut rooms, 1, relay(None), newcomer(1), START);
        assert!(matches!(told(&signal, 2)[..], [ServerMessage::Signal { .. }]));
        let hashed = Checked::Fits("hash".to_owned());
        super::super::checked(&mut rooms, check.ticket, hashed, START);
        assert!(rooms.rooms[&name()].rules().passcode);
    }

    #[test]
    fn a_passcode_is_set_only_in_the_room_for_which_it_was_said() {
        let mut rooms = hosted();
        let set = HostAction::Passcode { passcode: Some("new".to_owned()) };
        let commands = hear(&mut rooms, 1, ClientMessage::Host(set), newcomer(1), START);
        let [Command::Check(check)] = &commands[..] else { panic!("{commands:?}") };
        hear(&mut rooms, 1, ClientMessage::Leave, newcomer(1), START);
        let host = Identity { host: Some(0), ..newcomer(1) };
        hear(&mut rooms, 1, join_message("other"), host, START);
        let hashed = Checked::Fits("hash".to_owned());
        super::super::checked(&mut rooms, check.ticket, hashed, START);
        assert!(!rooms.rooms[&"other".parse().unwrap()].rules().passcode);
    }

    #[test]
    fn passcodes_that_are_too_long_are_no_work() {
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
}
