//! Doors and hosts.

use super::*;
use crate::protocol::{Desk, DisplayName, Gate, HostAction, MediaKind};

const ROOM: &str = "123";

fn name() -> RoomName {
    ROOM.parse().unwrap()
}

/// A join of connection `conn` by somebody who has shown what `identity` says.
fn join_as(
    rooms: &mut Rooms,
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

fn come(rooms: &mut Rooms, conn: u64, now: Duration) -> Vec<Command> {
    join_as(rooms, conn, Pass::default(), newcomer(conn, now), now)
}

fn come_as_host(rooms: &mut Rooms, conn: u64, now: Duration) -> Vec<Command> {
    let pass = Pass { host: Some("key".to_owned()), ..Pass::default() };
    join_as(rooms, conn, pass, Identity { host: true, ..newcomer(conn, now) }, now)
}

fn act(rooms: &mut Rooms, conn: u64, action: HostAction, now: Duration) -> Vec<Command> {
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

/// A room with a host, connection 1.
fn hosted(people: usize) -> Rooms {
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
    assert_eq!(told(&commands, 2), [&ServerMessage::Waiting { place: 1, hosted: true }]);
    assert_eq!(desk(&commands, 1).waiting[0].id, PeerId(102));
    for message in [relay(None), ClientMessage::Host(HostAction::End)] {
        assert_eq!(refused(&say(&mut rooms, 2, message, secs(4)), 2), ErrorCode::NotJoined);
    }
    assert_eq!(refused(&say(&mut rooms, 1, relay(Some(2)), secs(4)), 1), ErrorCode::NoSuchPeer);
    come(&mut rooms, 3, secs(5));
    let commands = act(&mut rooms, 1, HostAction::Admit { to: Some(PeerId(102)) }, secs(6));
    assert!(is_inside(&commands, 2));
    assert_eq!(told(&commands, 3), [&ServerMessage::Waiting { place: 1, hosted: true }]);
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
    // As the owner of the rooms does before a join: asks what to compare with, and says what came of it.
    let guess = |rooms: &mut Rooms, conn: u64, address: u64, is_right: bool, now: Duration| {
        let hash = rooms.passcode(ConnId(conn), &name(), address, now);
        let tried = hash.is_some();
        let passcode = hash.filter(|_| is_right);
        let identity = Identity { passcode, tried, address, ..newcomer(conn, now) };
        let pass = Pass { passcode: Some("p".to_owned()), ..Pass::default() };
        join_as(rooms, conn, pass, identity, now)
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
    assert_eq!(rooms.passcode(ConnId(22), &name(), 9, secs(100)), None, "who sits needs none");
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
    let come_back = |rooms: &mut Rooms, conn, identity, now| {
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
    assert_eq!(told(&commands, 5), [&ServerMessage::Waiting { place: 2, hosted: true }]);
}

#[test]
fn a_crowd_at_the_door_is_told_of_now_and_then() {
    let mut rooms = hosted(4);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    let knock = |rooms: &mut Rooms, conn: u64, address: u64| {
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
    assert!(commands.contains(&Command::GiveKey(ConnId(1), name(), 1)), "the others have another");
}

#[test]
fn an_heir_is_a_host_also_without_the_key() {
    let mut rooms = hosted(4);
    come(&mut rooms, 2, secs(2));
    act(&mut rooms, 1, HostAction::HandOver { to: PeerId(102) }, secs(3));
    let mut later = restarted(4);
    later.restore(name(), rooms.kept[&name()].clone());
    let back = Identity { returning: true, ..newcomer(2, secs(2)) };
    let commands = join_as(&mut later, 1, Pass::default(), back, secs(4));
    assert!(commands.contains(&Command::GiveKey(ConnId(1), name(), 1)));
    assert!(later.is_host(ConnId(1)));
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
    rooms.kept.clear();
    let commands = act(&mut rooms, 1, HostAction::Lock { on: true }, secs(60));
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
    let kept = rooms.kept[&name()].clone();
    let mut later = restarted(4);
    later.restore(name(), kept);
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
    assert!(commands.contains(&Command::GiveKey(ConnId(3), name(), 1)));
    assert_eq!(rooms.handovers(&name()), 1);
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
    assert!(rooms.rules(&name()).locked);
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
    rooms.handle(Input::Tick, later + SWEEP);
    assert!(drain(&mut rooms).contains(&Command::Forget(name())));
    assert_eq!(rooms.poll_timeout(), None);
}
