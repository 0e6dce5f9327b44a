//! Doors and hosts.

use super::*;
use crate::protocol::{Desk, DisplayName, Gate, HostAction, MediaKind};

const ROOM: &str = "123";

fn name() -> RoomName {
    ROOM.parse().unwrap()
}

/// A join of connection `conn` by somebody who has shown what `identity` says.
fn join_as(
    rooms: &mut Directory,
    conn: u64,
    pass: Pass,
    identity: Identity,
    now: Duration,
) -> Vec<Command> {
    rooms.handle(Input::Opened(ConnId(conn)), now);
    let claim = SeatClaim { token: identity.returning.then(|| "t".to_owned()), linked: Vec::new() };
    let presence =
        Presence { name: DisplayName::from(format!("P{conn}").as_str()), ..Presence::default() };
    let join = Join { room: name(), presence, seat: Some(claim), pass, hidden: false };
    say_as(rooms, conn, ClientMessage::Join(join), identity, now)
}

fn newcomer(conn: u64, now: Duration) -> Identity {
    let token = Some(format!("seat {conn}"));
    Identity { id: PeerId(100 + conn), since: now, token, ..Identity::default() }
}

fn come(rooms: &mut Directory, conn: u64, now: Duration) -> Vec<Command> {
    join_as(rooms, conn, Pass::default(), newcomer(conn, now), now)
}

fn come_as_host(rooms: &mut Directory, conn: u64, now: Duration) -> Vec<Command> {
    let pass = Pass { host: Some("key".to_owned()), ..Pass::default() };
    join_as(rooms, conn, pass, Identity { host: Some(0), ..newcomer(conn, now) }, now)
}

fn act(rooms: &mut Directory, conn: u64, action: HostAction, now: Duration) -> Vec<Command> {
    let identity = Identity {
        id: PeerId(900),
        token: Some("invitation".to_owned()),
        passcode: Some("hash".to_owned()),
        ..Identity::default()
    };
    say_as(rooms, conn, ClientMessage::Host(action), identity, now)
}

fn told(commands: &[Command], conn: u64) -> Vec<&ServerMessage> {
    let mine = |command| match command {
        &Command::Send(to, ref message) if to.0 == conn => Some(message),
        _ => None,
    };
    commands.iter().filter_map(mine).collect()
}

fn is_inside(commands: &[Command], conn: u64) -> bool {
    told(commands, conn).iter().any(|message| matches!(message, ServerMessage::Joined { .. }))
}

fn refusal(commands: &[Command], conn: u64) -> Option<ErrorCode> {
    told(commands, conn).iter().find_map(|message| match message {
        ServerMessage::Error { code, .. } => Some(*code),
        _ => None,
    })
}

fn desk(commands: &[Command], conn: u64) -> Desk {
    let mut desks = told(commands, conn).into_iter().filter_map(|message| match message {
        ServerMessage::Desk(desk) => Some(desk.clone()),
        _ => None,
    });
    desks.next_back().unwrap()
}

fn is_host(rooms: &Directory, conn: ConnId) -> bool {
    rooms.rooms[&name()].is_host(conn)
}

/// The generation of the host key that is good.
fn generation(rooms: &Directory) -> u64 {
    kept(rooms, &name()).map_or(0, |kept| kept.generation)
}

/// A room with a host, connection 1.
fn hosted(people: usize) -> Directory {
    let mut rooms = rooms(people);
    assert!(is_inside(&come_as_host(&mut rooms, 1, secs(1)), 1));
    rooms
}

#[test]
fn arrival_makes_no_host_and_only_hosts_act() {
    let mut rooms = rooms(4);
    come(&mut rooms, 1, secs(1));
    come(&mut rooms, 2, secs(1));
    let to = PeerId(102);
    for action in [
        HostAction::Lock { on: true },
        HostAction::WaitingRoom { on: true },
        HostAction::Passcode { passcode: None },
        HostAction::Admit { to: None },
        HostAction::TurnAway { to: None },
        HostAction::Mute { to, what: MediaKind::Mic },
        HostAction::Remove { to },
        HostAction::HandOver { to },
        HostAction::End,
        HostAction::Invite { once: false, seconds: None },
        HostAction::Revoke { token: String::new() },
    ] {
        let commands = act(&mut rooms, 1, action, secs(2));
        assert_eq!(refused(&commands, 1), ErrorCode::NotHost);
    }
}

#[test]
fn a_locked_room_lets_in_only_who_was_in_or_keeps_it() {
    let mut rooms = hosted(4);
    come(&mut rooms, 2, secs(2));
    let commands = act(&mut rooms, 1, HostAction::Lock { on: true }, secs(3));
    let rules = Rules { locked: true, hosts: vec![PeerId(101)], ..Rules::default() };
    assert_eq!(told(&commands, 2), [&ServerMessage::Rules(rules)]);
    assert!(matches!(&commands[0], Command::Keep(room, kept) if *room == name() && kept.locked));
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
fn who_waits_learns_nothing_and_says_nothing_until_a_host_lets_them_in() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    let state = rooms.seen_from_outside(&name(), secs(2));
    assert_eq!(state, RoomState { people: vec![], limit: 4, gate: Some(Gate::WaitingRoom) });
    let commands = come(&mut rooms, 2, secs(3));
    assert_eq!(
        told(&commands, 2),
        [&ServerMessage::Waiting { place: 1, hosted: true, locked: false }]
    );
    assert_eq!(desk(&commands, 1).waiting[0].id, PeerId(102));
    for message in [relay(None), ClientMessage::Host(HostAction::End)] {
        assert_eq!(refused(&say(&mut rooms, 2, message, secs(4)), 2), ErrorCode::NotJoined);
    }
    assert_eq!(refused(&say(&mut rooms, 1, relay(Some(2)), secs(4)), 1), ErrorCode::NoSuchPeer);
    come(&mut rooms, 3, secs(5));
    let commands = act(&mut rooms, 1, HostAction::Admit { to: Some(PeerId(102)) }, secs(6));
    assert!(is_inside(&commands, 2));
    assert_eq!(
        told(&commands, 3),
        [&ServerMessage::Waiting { place: 1, hosted: true, locked: false }]
    );
    let commands = act(&mut rooms, 1, HostAction::TurnAway { to: None }, secs(7));
    assert_eq!(refusal(&commands, 3), Some(ErrorCode::TurnedAway));
    assert_eq!(desk(&commands, 1), Desk::default());
    come(&mut rooms, 4, secs(8));
    rooms.handle(Input::Closed(ConnId(4)), secs(9));
    assert_eq!(desk(&drain(&mut rooms), 1), Desk::default(), "who goes waits no longer");
    come(&mut rooms, 5, secs(10));
    let commands = say(&mut rooms, 5, ClientMessage::Leave, secs(11));
    assert_eq!(desk(&commands, 1), Desk::default(), "nor does who gives up");
}

#[test]
fn who_is_let_into_a_full_room_goes_on_waiting() {
    let mut rooms = hosted(2);
    come(&mut rooms, 2, secs(2));
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(3));
    assert_eq!(rooms.seen_from_outside(&name(), secs(3)).limit, 0, "full, and no more is told");
    come(&mut rooms, 3, secs(4));
    let commands = act(&mut rooms, 1, HostAction::Admit { to: None }, secs(5));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::RoomFull));
    assert_eq!(desk(&commands, 1).waiting.len(), 1);
    say(&mut rooms, 2, ClientMessage::Leave, secs(6));
    assert!(is_inside(&act(&mut rooms, 1, HostAction::Admit { to: None }, secs(7)), 3));
}

#[test]
fn a_passcode_is_asked_for_and_cannot_be_guessed_for_long() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::Passcode { passcode: Some("p".to_owned()) }, secs(2));
    // As the owner of the rooms does: compares, and hands the message in again.
    let guess = |rooms: &mut Directory, conn: u64, address: u64, is_right: bool, now: Duration| {
        let identity = Identity { address, ..newcomer(conn, now) };
        let pass = Pass { passcode: Some("p".to_owned()), ..Pass::default() };
        let commands = join_as(rooms, conn, pass, identity, now);
        let [Command::Check(check)] = &commands[..] else { return commands };
        assert_eq!((check.passcode.as_str(), check.against.as_deref()), ("p", Some("hash")));
        let fits = check.against.clone().filter(|_| is_right).map(Checked::Fits);
        checked(rooms, check.ticket, fits.unwrap_or(Checked::Differs), now)
    };
    assert_eq!(refusal(&come(&mut rooms, 2, secs(3)), 2), Some(ErrorCode::PasscodeNeeded));
    assert!(is_inside(&guess(&mut rooms, 3, 7, true, secs(3)), 3));
    for conn in 10..20 {
        let commands = guess(&mut rooms, conn, 7, false, secs(4));
        assert_eq!(refusal(&commands, conn), Some(ErrorCode::BadPasscode));
    }
    let commands = guess(&mut rooms, 20, 7, true, secs(5));
    assert_eq!(refusal(&commands, 20), Some(ErrorCode::TryLater), "not even looked at");
    assert!(is_inside(&guess(&mut rooms, 21, 8, true, secs(5)), 21), "others are not locked out");
    assert!(is_inside(&guess(&mut rooms, 22, 7, true, secs(100)), 22));
}

#[test]
fn a_spare_proof_of_a_seat_opens_no_closed_door() {
    let mut rooms = hosted(8);
    let insider = |conn: u64, id: u64, since: u64| Identity {
        id: PeerId(id),
        returning: true,
        ..newcomer(conn, secs(since))
    };
    // Eve sits twice and keeps both proofs; Bob is away when the room is locked.
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
    assert_eq!(refusal(&commands, 5), Some(ErrorCode::RoomLocked), "the spare proof");
    assert!(is_inside(&come_back(&mut rooms, 6, insider(6, 104, 3), secs(7)), 6), "Bob");
    // Who is let in later can come back, too, however long ago they had knocked.
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
fn all_who_find_no_space_wait_on_in_their_order() {
    let mut rooms = hosted(2);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    for conn in 2..6 {
        come(&mut rooms, conn, secs(conn));
    }
    let commands = act(&mut rooms, 1, HostAction::Admit { to: None }, secs(7));
    assert!(is_inside(&commands, 2));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::RoomFull));
    let waiting: Vec<_> = desk(&commands, 1).waiting.iter().map(|person| person.id.0).collect();
    assert_eq!(waiting, [103, 104, 105]);
    say(&mut rooms, 2, ClientMessage::Leave, secs(8));
    let commands = act(&mut rooms, 1, HostAction::WaitingRoom { on: false }, secs(9));
    assert!(is_inside(&commands, 3), "nobody waits where there is no waiting room");
    assert_eq!(
        told(&commands, 5),
        [&ServerMessage::Waiting { place: 2, hosted: true, locked: false }]
    );
}

#[test]
fn a_crowd_at_the_door_is_told_of_now_and_then() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    let knock = |rooms: &mut Directory, conn: u64, address: u64| {
        let identity = Identity { address, ..newcomer(conn, secs(3)) };
        join_as(rooms, conn, Pass::default(), identity, secs(3))
    };
    for conn in 10..20 {
        assert_eq!(refusal(&knock(&mut rooms, conn, 7), conn), None);
    }
    assert_eq!(refusal(&knock(&mut rooms, 20, 7), 20), Some(ErrorCode::LineFull));
    assert_eq!(refusal(&knock(&mut rooms, 21, 8), 21), None, "others still fit");
    let mut desks = 0;
    for turn in 0..1000 {
        let name = DisplayName::from(format!("{turn}").as_str());
        let presence = Presence { name, ..Presence::default() };
        let commands = say(&mut rooms, 10, ClientMessage::Presence(presence), secs(4));
        desks += told(&commands, 1).len();
    }
    assert!(desks <= 12, "{desks}");
    rooms.handle(Input::Tick, secs(5));
    let last = desk(&drain(&mut rooms), 1);
    assert_eq!(last.waiting[0].presence.name.as_str(), "999", "the last is told in the end");
}

#[test]
fn who_was_away_when_the_call_ended_is_told() {
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
fn a_host_who_was_put_out_has_no_key_any_more() {
    let mut rooms = hosted(4);
    come_as_host(&mut rooms, 2, secs(2));
    let commands = act(&mut rooms, 1, HostAction::Remove { to: PeerId(102) }, secs(3));
    assert!(
        commands.contains(&Command::SendHostKey(ConnId(1), name(), 1)),
        "the others have another"
    );
}

#[test]
fn an_heir_is_a_host_also_without_the_key() {
    let mut rooms = hosted(4);
    come(&mut rooms, 2, secs(2));
    act(&mut rooms, 1, HostAction::HandOver { to: PeerId(102) }, secs(3));
    let mut later = restarted(4);
    restore(&mut later, name(), kept(&rooms, &name()).unwrap().clone());
    let back = Identity { returning: true, ..newcomer(2, secs(2)) };
    let commands = join_as(&mut later, 1, Pass::default(), back, secs(4));
    assert!(commands.contains(&Command::SendHostKey(ConnId(1), name(), 1)));
    assert!(is_host(&later, ConnId(1)));
}

#[test]
fn what_was_undone_is_not_kept_and_what_is_kept_is_limited() {
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
    rooms.config.kept = 0;
    rooms.enter(&name(), secs(4), |room, _| room.kept.keeping = None);
    let commands = act(&mut rooms, 1, HostAction::Lock { on: true }, secs(60));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::ThisCallOnly));
    let commands = act(&mut rooms, 1, HostAction::RenewKey, secs(60));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::TooManyRooms));
}

#[test]
fn what_is_not_written_down_needs_no_place_to_be_kept() {
    let mut rooms = hosted(4);
    rooms.config.kept = 0;
    come(&mut rooms, 2, secs(2));
    for minute in 0..40 {
        let mute = HostAction::Mute { to: PeerId(102), what: MediaKind::Mic };
        let commands = act(&mut rooms, 1, mute, secs(60 * minute));
        assert_eq!(refusal(&commands, 1), None);
    }
}

#[test]
fn a_closed_room_does_not_tell_watchers_what_happens() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::Lock { on: true }, secs(2));
    rooms.handle(Input::Opened(ConnId(9)), secs(2));
    say(&mut rooms, 9, ClientMessage::Watch(name()), secs(2));
    let muted = Presence { mic: false, ..Presence::default() };
    let commands = say(&mut rooms, 1, ClientMessage::Presence(muted), secs(3));
    assert_eq!(told(&commands, 9), Vec::<&ServerMessage>::new());
    let commands = act(&mut rooms, 1, HostAction::Lock { on: false }, secs(4));
    assert_eq!(told(&commands, 9).len(), 1);
}

#[test]
fn who_was_put_out_stays_out_with_the_old_seat() {
    let mut rooms = hosted(4);
    come(&mut rooms, 2, secs(2));
    come(&mut rooms, 3, secs(2));
    let commands = act(&mut rooms, 1, HostAction::Remove { to: PeerId(102) }, secs(3));
    assert_eq!(refusal(&commands, 2), Some(ErrorCode::Removed));
    assert!(told(&commands, 3).contains(&&ServerMessage::Left { peer: PeerId(102) }));
    assert_eq!(refused(&say(&mut rooms, 2, relay(Some(3)), secs(3)), 2), ErrorCode::NotJoined);
    let back = || Identity { returning: true, since: secs(2), ..newcomer(2, secs(2)) };
    let commands = join_as(&mut rooms, 4, Pass::default(), back(), secs(4));
    assert_eq!(refusal(&commands, 4), Some(ErrorCode::Removed));

    // Nor after a restart.
    let mut later = restarted(4);
    restore(&mut later, name(), kept(&rooms, &name()).unwrap().clone());
    let commands = join_as(&mut later, 1, Pass::default(), back(), secs(5));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::Removed));
}

#[test]
fn a_host_mutes_and_the_person_unmutes_themselves() {
    let mut rooms = hosted(4);
    come(&mut rooms, 2, secs(2));
    let action = HostAction::Mute { to: PeerId(102), what: MediaKind::Mic };
    let commands = act(&mut rooms, 1, action, secs(3));
    assert_eq!(told(&commands, 2), [&ServerMessage::Muted(MediaKind::Mic)]);
    let muted = |commands: &[Command]| {
        told(commands, 1).iter().any(
            |message| matches!(message, ServerMessage::Presence { presence, .. } if !presence.mic),
        )
    };
    assert!(muted(&commands));
    let commands = say(&mut rooms, 2, ClientMessage::Presence(Presence::default()), secs(4));
    assert!(!commands.is_empty() && !muted(&commands));
    let off = Presence { mic: false, ..Presence::default() };
    say(&mut rooms, 2, ClientMessage::Presence(off), secs(5));
    let commands =
        act(&mut rooms, 1, HostAction::Mute { to: PeerId(102), what: MediaKind::Mic }, secs(6));
    assert!(muted(&commands), "they may have told the others otherwise");
}

#[test]
fn the_role_is_handed_over_whole() {
    let mut rooms = hosted(4);
    come_as_host(&mut rooms, 2, secs(2));
    come(&mut rooms, 3, secs(2));
    let commands = act(&mut rooms, 1, HostAction::HandOver { to: PeerId(103) }, secs(3));
    assert!(commands.contains(&Command::SendHostKey(ConnId(3), name(), 1)));
    assert_eq!(generation(&rooms), 1);
    let rules = Rules { hosts: vec![PeerId(103)], ..Rules::default() };
    assert!(told(&commands, 2).contains(&&ServerMessage::Rules(rules)));
    for conn in [1, 2] {
        let commands = act(&mut rooms, conn, HostAction::End, secs(4));
        assert_eq!(refused(&commands, conn), ErrorCode::NotHost);
    }
    let old = Pass { host: Some("old key".to_owned()), ..Pass::default() };
    let commands = join_as(&mut rooms, 4, old, newcomer(4, secs(5)), secs(5));
    assert_eq!(refusal(&commands, 4), Some(ErrorCode::BadKey));
    act(&mut rooms, 3, HostAction::Lock { on: true }, secs(6));
    assert!(rooms.rooms[&name()].rules().locked);
}

#[test]
fn the_end_is_for_all_and_opens_no_door_again() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    come(&mut rooms, 2, secs(3));
    act(&mut rooms, 1, HostAction::Admit { to: None }, secs(4));
    come(&mut rooms, 3, secs(4));
    let commands = act(&mut rooms, 1, HostAction::End, secs(5));
    for conn in 1..=3 {
        assert_eq!(refusal(&commands, conn), Some(ErrorCode::CallEnded));
    }
    assert_eq!(rooms.room_count(), 0);
    let back = Identity { returning: true, since: secs(3), ..newcomer(2, secs(3)) };
    let commands = join_as(&mut rooms, 4, Pass::default(), back, secs(6));
    assert_eq!(refusal(&commands, 4), Some(ErrorCode::CallEnded));
    let commands = come(&mut rooms, 5, secs(6));
    assert!(matches!(told(&commands, 5)[..], [ServerMessage::Waiting { hosted: false, .. }]));
}

#[test]
fn an_invitation_is_for_its_time_and_for_one_if_that_was_said() {
    let mut rooms = hosted(9);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    act(&mut rooms, 1, HostAction::Passcode { passcode: Some("p".to_owned()) }, secs(2));
    let invite = HostAction::Invite { once: true, seconds: Some(60) };
    let commands = act(&mut rooms, 1, invite, secs(3));
    assert_eq!(desk(&commands, 1).invitations[0].token, "invitation");
    let pass = Pass { invitation: Some("invitation".to_owned()), ..Pass::default() };
    let invited = |conn, now| Identity { invitation: Some(900), ..newcomer(conn, now) };
    let commands = join_as(&mut rooms, 2, pass.clone(), invited(2, secs(4)), secs(4));
    assert!(is_inside(&commands, 2));
    assert_eq!(desk(&commands, 1).invitations[0].used_by, Some("P2".into()));
    let commands = join_as(&mut rooms, 3, pass.clone(), invited(3, secs(5)), secs(5));
    assert_eq!(refusal(&commands, 3), Some(ErrorCode::BadInvitation), "it was for one");
    let unknown = newcomer(4, secs(5));
    let commands = join_as(&mut rooms, 4, pass.clone(), unknown, secs(5));
    assert_eq!(refusal(&commands, 4), Some(ErrorCode::BadInvitation));

    act(&mut rooms, 1, HostAction::Invite { once: false, seconds: Some(60) }, secs(70));
    assert!(is_inside(&join_as(&mut rooms, 5, pass.clone(), invited(5, secs(71)), secs(71)), 5));
    assert!(is_inside(&join_as(&mut rooms, 6, pass.clone(), invited(6, secs(72)), secs(72)), 6));
    let revoke = HostAction::Revoke { token: "invitation".to_owned() };
    assert_eq!(desk(&act(&mut rooms, 1, revoke, secs(73)), 1).invitations, []);
    let commands = join_as(&mut rooms, 7, pass, invited(7, secs(74)), secs(74));
    assert_eq!(refusal(&commands, 7), Some(ErrorCode::BadInvitation));
    for _ in 0..INVITATIONS {
        act(&mut rooms, 1, HostAction::Invite { once: false, seconds: None }, secs(75));
    }
    let commands = act(&mut rooms, 1, HostAction::Invite { once: false, seconds: None }, secs(75));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::TooMany));
}

#[test]
fn what_nobody_uses_is_forgotten() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::Lock { on: true }, secs(2));
    let later = secs(3) + KEPT_FOR + SWEEP;
    rooms.handle(Input::Heard(ConnId(1)), later);
    rooms.handle(Input::Tick, later);
    assert!(!drain(&mut rooms).contains(&Command::Forget(name())), "somebody is inside");
    rooms.handle(Input::Closed(ConnId(1)), later);
    rooms.handle(Input::Tick, later + KEPT_BRIEFLY + SWEEP);
    assert!(!drain(&mut rooms).contains(&Command::Forget(name())), "it was used on several days");
    rooms.handle(Input::Tick, later + KEPT_FOR + SWEEP);
    assert!(drain(&mut rooms).contains(&Command::Forget(name())));
    assert_eq!(rooms.poll_timeout(), None);
}

/// Somebody who proves that a seat was theirs before.
fn returning(conn: u64, id: u64, since: u64) -> Identity {
    Identity { id: PeerId(id), returning: true, ..newcomer(conn, secs(since)) }
}

/// Asks for an invitation, whose number is then 900.
fn invite(rooms: &mut Directory, once: bool, now: Duration) {
    act(rooms, 1, HostAction::Invite { once, seconds: None }, now);
}

fn invited() -> Pass {
    Pass { invitation: Some("invitation".to_owned()), ..Pass::default() }
}

fn come_invited(
    rooms: &mut Directory,
    conn: u64,
    identity: Identity,
    now: Duration,
) -> Vec<Command> {
    join_as(rooms, conn, invited(), Identity { invitation: Some(900), ..identity }, now)
}

fn leave(rooms: &mut Directory, conn: u64, now: Duration) {
    say(rooms, conn, ClientMessage::Leave, now);
}

#[test]
fn t3_the_invitation_of_who_was_put_out_is_void_however_they_came_back() {
    for once in [true, false] {
        let mut rooms = hosted(9);
        act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
        invite(&mut rooms, once, secs(2));
        assert!(is_inside(&come_invited(&mut rooms, 2, newcomer(2, secs(3)), secs(3)), 2));
        leave(&mut rooms, 2, secs(4));
        // With the seat alone, and after a restart with it alone.
        let mut later = restarted(9);
        restore(&mut later, name(), kept(&rooms, &name()).unwrap().clone());
        come_as_host(&mut later, 1, secs(5));
        let alone = join_as(&mut later, 3, Pass::default(), returning(3, 102, 3), secs(6));
        assert!(is_inside(&alone, 3));
        let commands = act(&mut later, 1, HostAction::Remove { to: PeerId(102) }, secs(7));
        assert_eq!(desk(&commands, 1).invitations, []);
        let commands = come_invited(&mut later, 4, newcomer(4, secs(8)), secs(8));
        assert_eq!(refusal(&commands, 4), Some(ErrorCode::BadInvitation), "once: {once}");
    }
}

#[test]
fn t3_every_invitation_that_somebody_came_by_is_theirs() {
    let mut rooms = hosted(9);
    invite(&mut rooms, false, secs(2));
    // Without it, by it, and by another one while the seat is held.
    assert!(is_inside(&come(&mut rooms, 2, secs(3)), 2));
    leave(&mut rooms, 2, secs(4));
    assert!(is_inside(&come_invited(&mut rooms, 3, returning(3, 102, 3), secs(5)), 3));
    rooms.handle(Input::Closed(ConnId(3)), secs(6));
    drain(&mut rooms);
    let other = Invited { id: 901, ..kept(&rooms, &name()).unwrap().invitations[0].clone() };
    rooms.enter(&name(), secs(6), |room, _| room.kept.decide(secs(6)).invitations.push(other));
    let by_other = Identity { invitation: Some(901), ..returning(4, 102, 3) };
    assert!(is_inside(&join_as(&mut rooms, 4, invited(), by_other, secs(7)), 4));
    act(&mut rooms, 1, HostAction::Remove { to: PeerId(102) }, secs(8));
    assert_eq!(kept(&rooms, &name()).unwrap().invitations, []);
}

#[test]
fn t33_who_came_by_invitations_is_remembered_within_bounds() {
    let mut rooms = hosted(9);
    for _ in 0..2 {
        invite(&mut rooms, false, secs(2));
    }
    let mut kept = kept(&rooms, &name()).unwrap().clone();
    kept.invitations[1].id = 901;
    assert!(kept.welcome(PeerId(7), Some(900), secs(3)));
    assert!(!kept.welcome(PeerId(7), Some(900), secs(4)), "nothing new to write down");
    for id in 1000..3000 {
        kept.welcome(PeerId(id), Some(901), secs(5));
    }
    assert!(kept.guests.len() <= 500);
    let left: Vec<_> = kept.invitations.iter().map(|invited| invited.id).collect();
    assert_eq!(left, [900], "the one that was abused has ended, and the other goes on");
    assert_eq!(kept.came_by(PeerId(7)).collect::<Vec<_>>(), [900]);
    // Whose proof of a seat is worth nothing any more makes place.
    let much_later = secs(6) + 2 * SEAT_VALID;
    kept.welcome(PeerId(8), Some(900), much_later);
    assert_eq!(kept.guests.len(), 1);
}

#[test]
fn t3_who_waits_passes_the_doors_that_are_still_closed() {
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
    assert_eq!(rooms.rooms[&name()].line.len(), 1, "they wait on");
    let locked = ServerMessage::Waiting { place: 1, hosted: true, locked: true };
    assert_eq!(told(&commands, 2), [&locked], "and are told what for");
    let commands = act(&mut rooms, 1, HostAction::Lock { on: false }, secs(6));
    assert!(is_inside(&commands, 2), "and come in when no door is closed any more");

    let mut rooms = waiting();
    let passcode = HostAction::Passcode { passcode: Some("p".to_owned()) };
    act(&mut rooms, 1, passcode, secs(4));
    let knows = Identity { passcode: Some("hash".to_owned()), tried: true, ..newcomer(3, secs(5)) };
    let pass = Pass { passcode: Some("p".to_owned()), ..Pass::default() };
    let commands = join_as(&mut rooms, 3, pass, knows, secs(5));
    assert_eq!(
        told(&commands, 3),
        [&ServerMessage::Waiting { place: 2, hosted: true, locked: false }]
    );
    let commands = act(&mut rooms, 1, open, secs(6));
    assert!(is_inside(&commands, 3), "they have given it");
    assert_eq!(refusal(&commands, 2), Some(ErrorCode::PasscodeNeeded), "they have not");
    assert_eq!(rooms.rooms[&name()].line.len(), 0);
}

#[test]
fn who_waits_for_space_alone_comes_in_when_there_is_some() {
    let mut rooms = hosted(2);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    come(&mut rooms, 2, secs(3));
    come(&mut rooms, 3, secs(3));
    assert!(is_inside(&act(&mut rooms, 1, HostAction::WaitingRoom { on: false }, secs(4)), 2));
    assert!(is_inside(&say(&mut rooms, 2, ClientMessage::Leave, secs(5)), 3));
}

fn given_key(commands: &[Command], conn: u64) -> Option<u64> {
    commands.iter().find_map(|command| match command {
        Command::SendHostKey(to, _, generation) if to.0 == conn => Some(*generation),
        _ => None,
    })
}

fn come_with_key(
    rooms: &mut Directory,
    conn: u64,
    generation: u64,
    identity: Identity,
) -> Vec<Command> {
    let pass = Pass { host: Some("key".to_owned()), ..Pass::default() };
    let since = identity.since;
    join_as(rooms, conn, pass, Identity { host: Some(generation), ..identity }, since)
}

#[test]
fn t3_a_host_key_outlives_the_removal_of_a_guest_but_not_of_its_holder() {
    let remove = HostAction::Remove { to: PeerId(102) };
    // A guest: other devices of hosts keep their key.
    let mut rooms = hosted(9);
    come(&mut rooms, 2, secs(2));
    let commands = act(&mut rooms, 1, remove.clone(), secs(3));
    assert_eq!(given_key(&commands, 1), None);
    assert!(is_inside(&come_as_host(&mut rooms, 3, secs(4)), 3));

    // Who had shown it, and sits as a guest.
    let mut rooms = hosted(9);
    come_as_host(&mut rooms, 2, secs(2));
    leave(&mut rooms, 2, secs(3));
    join_as(&mut rooms, 3, Pass::default(), returning(3, 102, 2), secs(4));
    assert!(!is_host(&rooms, ConnId(3)));
    let commands = act(&mut rooms, 1, remove.clone(), secs(5));
    assert_eq!(given_key(&commands, 1), Some(1));
    let commands = come_as_host(&mut rooms, 4, secs(6));
    assert_eq!(refusal(&commands, 4), Some(ErrorCode::BadKey));
    assert!(is_inside(&come_with_key(&mut rooms, 5, 1, newcomer(5, secs(7))), 5));

    // Who was a host before another one was made the only one knows only a key that is void.
    let mut rooms = hosted(9);
    come_as_host(&mut rooms, 2, secs(2));
    act(&mut rooms, 1, HostAction::HandOver { to: PeerId(101) }, secs(3));
    let commands = act(&mut rooms, 1, remove, secs(4));
    assert_eq!((given_key(&commands, 1), generation(&rooms)), (None, 1));
}

#[test]
fn a_new_key_makes_all_from_before_void_and_goes_to_the_hosts_inside() {
    let mut rooms = hosted(9);
    come_as_host(&mut rooms, 2, secs(2));
    come(&mut rooms, 3, secs(2));
    rooms.handle(Input::Closed(ConnId(2)), secs(3));
    drain(&mut rooms);
    let commands = act(&mut rooms, 1, HostAction::RenewKey, secs(4));
    assert_eq!((given_key(&commands, 1), given_key(&commands, 3)), (Some(1), None));
    assert!(is_host(&rooms, ConnId(1)), "who is inside stays a host");
    assert_eq!(refusal(&come_as_host(&mut rooms, 4, secs(5)), 4), Some(ErrorCode::BadKey));
    // A host who was away for a moment gets it when they are back.
    let commands = join_as(&mut rooms, 5, Pass::default(), returning(5, 102, 2), secs(6));
    assert_eq!(given_key(&commands, 5), Some(1));
    // It is theirs to lose.
    let commands = act(&mut rooms, 1, HostAction::Remove { to: PeerId(102) }, secs(7));
    assert_eq!(given_key(&commands, 1), Some(2));
    for conn in 6..=8 {
        assert_eq!(
            refused(&act(&mut rooms, 3, HostAction::RenewKey, secs(8)), 3),
            ErrorCode::NotHost
        );
        let identity = newcomer(conn, secs(9));
        let old = come_with_key(&mut rooms, conn, conn - 6, identity);
        assert_eq!(refusal(&old, conn), (conn < 8).then_some(ErrorCode::BadKey));
    }
}

#[test]
fn t33_a_room_that_was_handed_over_is_swept_and_the_newest_key_still_counts() {
    let mut rooms = hosted(9);
    act(&mut rooms, 1, HostAction::HandOver { to: PeerId(101) }, secs(2));
    rooms.handle(Input::Closed(ConnId(1)), secs(3));
    // A watcher keeps nothing.
    rooms.handle(Input::Opened(ConnId(9)), secs(3));
    say(&mut rooms, 9, ClientMessage::Watch(name()), secs(3));
    let later = secs(4) + KEPT_BRIEFLY + SWEEP;
    rooms.handle(Input::Heard(ConnId(9)), later);
    rooms.handle(Input::Tick, later);
    assert!(drain(&mut rooms).contains(&Command::Forget(name())));

    // The key from before the handover is good again, until somebody shows the newer one.
    assert!(is_inside(&come_with_key(&mut rooms, 2, 0, newcomer(2, later)), 2));
    let commands = come_with_key(&mut rooms, 3, 1, newcomer(3, later));
    assert!(is_inside(&commands, 3));
    assert!(matches!(commands[0], Command::Keep(_, Keeping { generation: 1, .. })));
    let rules = Rules { hosts: vec![PeerId(103)], ..Rules::default() };
    assert!(told(&commands, 2).contains(&&ServerMessage::Rules(rules)));
    assert_eq!(refused(&act(&mut rooms, 2, HostAction::End, later), 2), ErrorCode::NotHost);
    let commands = come_with_key(&mut rooms, 4, 0, newcomer(4, later));
    assert_eq!(refusal(&commands, 4), Some(ErrorCode::BadKey));
}

#[test]
fn t33_strangers_do_not_use_up_what_others_need_to_keep() {
    const MANY: usize = 100_000;
    let mut rooms = rooms(4);
    rooms.config.kept = MANY;
    let honest = Keeping { locked: true, ..Keeping::default() };
    restore(&mut rooms, "weekly".parse().unwrap(), honest.clone());
    for number in 1..MANY {
        let brief =
            Keeping { brief: true, generation: 1, used: secs(number as u64), ..honest.clone() };
        restore(&mut rooms, format!("made-{number}").parse().unwrap(), brief);
    }
    let now = secs(MANY as u64);
    come_as_host(&mut rooms, 1, now);
    let commands = act(&mut rooms, 1, HostAction::Lock { on: true }, now);
    assert_eq!(refusal(&commands, 1), None);
    assert!(commands.contains(&Command::Forget("made-1".parse().unwrap())), "unused the longest");
    assert_eq!(rooms.kept_count(), MANY);

    // And one address cannot make others' rooms give way again and again.
    let mut given_up = 0;
    let a_day_later = now + Duration::from_secs(24 * 60 * 60);
    for (number, now) in (0..40).map(|n| (n, now)).chain((40..80).map(|n| (n, a_day_later))) {
        given_up += usize::from(decide_elsewhere(&mut rooms, number, now));
    }
    assert_eq!(given_up, 30 + 30);

    // In time all of it goes but what is used, and what is used on more than one day.
    rooms.handle(Input::Closed(ConnId(1)), a_day_later);
    rooms.handle(Input::Tick, a_day_later + KEPT_BRIEFLY + SWEEP);
    assert_eq!(rooms.kept_count(), 1);
    assert_eq!(rooms.shelf.dormant.keys().map(RoomName::as_str).collect::<Vec<_>>(), ["weekly"]);
}

/// Somebody at address 7 locks a room of their own and goes; returns whether another room gave way.
fn decide_elsewhere(rooms: &mut Directory, number: u64, now: Duration) -> bool {
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
fn a_room_in_which_nothing_is_decided_any_more_counts_for_nobody() {
    let mut rooms = hosted(9);
    for number in 0..100 {
        for on in [true, false] {
            let now = secs(2 + 4 * number);
            assert_eq!(refusal(&act(&mut rooms, 1, HostAction::Lock { on }, now), 1), None);
        }
        // What comes to nothing is nothing, too.
        let nobody = HostAction::Remove { to: PeerId(999) };
        assert_eq!(
            refused(&act(&mut rooms, 1, nobody, secs(2 + 4 * number)), 1),
            ErrorCode::NoSuchPeer
        );
    }
    assert_eq!(rooms.kept_count(), 0);
}

#[test]
fn who_disturbs_is_put_out_however_much_is_kept() {
    let mut rooms = hosted(9);
    come(&mut rooms, 2, secs(1));
    let address = Identity::default().address;
    while rooms.limits.keepers.take(address, secs(2)) {}

    let commands = act(&mut rooms, 1, HostAction::Remove { to: PeerId(102) }, secs(2));
    assert_eq!(refusal(&commands, 2), Some(ErrorCode::Removed));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::ThisCallOnly));
    assert!(!commands.iter().any(|command| matches!(command, Command::Keep(..))), "{commands:?}");
    act(&mut rooms, 1, HostAction::Lock { on: true }, secs(3));
    assert_eq!(refusal(&come(&mut rooms, 3, secs(4)), 3), Some(ErrorCode::RoomLocked));
    // What is to outlive the call cannot be had.
    let invite = HostAction::Invite { once: true, seconds: None };
    assert_eq!(refused(&act(&mut rooms, 1, invite, secs(4)), 1), ErrorCode::TryLater);

    // When there is place again, all of it is kept.
    rooms.limits.keepers.give_back(&address);
    let commands = act(&mut rooms, 1, HostAction::Lock { on: true }, secs(5));
    assert_eq!(refusal(&commands, 1), None);
    let kept = |command: &Command| matches!(command, Command::Keep(_, kept) if kept.locked && kept.removed == [PeerId(102)]);
    assert!(commands.iter().any(kept), "{commands:?}");
}

#[test]
fn what_holds_for_a_call_ends_with_it() {
    let mut rooms = hosted(9);
    let address = Identity::default().address;
    while rooms.limits.keepers.take(address, secs(2)) {}
    rooms.handle(Input::Opened(ConnId(9)), secs(2));
    say(&mut rooms, 9, ClientMessage::Watch(name()), secs(2));
    act(&mut rooms, 1, HostAction::Lock { on: true }, secs(3));
    say(&mut rooms, 1, ClientMessage::Leave, secs(4));
    assert_eq!(rooms.kept_count(), 0);
    assert!(is_inside(&come(&mut rooms, 3, secs(5)), 3));
}

#[test]
fn what_was_written_down_keeps_its_names() {
    let written = r#"{"locked":true,"waiting_room":false,"passcode":null,"handovers":3,
        "removed":["0000000000000007"],"closed":{"secs":5,"nanos":0},
        "spared":["0000000000000008"],"ended":{"secs":0,"nanos":0},
        "heir":"0000000000000009","invitations":[],"guests":[],"used":{"secs":6,"nanos":0},"brief":true}"#;
    let keeping = Keeping {
        locked: true,
        generation: 3,
        removed: vec![PeerId(7)],
        seats_void_before: secs(5),
        valid_seats: vec![PeerId(8)],
        designated_host: Some(PeerId(9)),
        used: secs(6),
        brief: true,
        ..Keeping::default()
    };
    assert_eq!(serde_json::from_str::<Keeping>(written).unwrap(), keeping);
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(value(&serde_json::to_string(&keeping).unwrap()), value(written));
}
