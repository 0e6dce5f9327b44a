//! Access and hosts.

use super::*;
use crate::protocol::{DisplayName, Gate, HostAction, HostState, TrackSource};

mod admission;
mod invitations;
mod keys;
mod storage;

const ROOM: &str = "123";

fn name() -> RoomName {
    ROOM.parse().unwrap()
}

/// Connection `conn` joins with the credentials in `identity`.
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
        passcode_hash: Some("hash".to_owned()),
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

fn host_state(commands: &[Command], conn: u64) -> HostState {
    let mut states = told(commands, conn).into_iter().filter_map(|message| match message {
        ServerMessage::HostState(host_state) => Some(host_state.clone()),
        _ => None,
    });
    states.next_back().unwrap()
}

fn is_host(rooms: &Directory, conn: ConnId) -> bool {
    rooms.rooms[&name()].is_host(conn)
}

/// The generation of the current host key.
fn generation(rooms: &Directory) -> u64 {
    decisions(rooms, &name()).map_or(0, |decisions| decisions.generation)
}

/// A room with a host, connection 1.
fn hosted(people: usize) -> Directory {
    let mut rooms = rooms(people);
    assert!(is_inside(&come_as_host(&mut rooms, 1, secs(1)), 1));
    rooms
}

/// A person who proves an earlier seat.
fn returning(conn: u64, id: u64, since: u64) -> Identity {
    Identity { id: PeerId(id), returning: true, ..newcomer(conn, secs(since)) }
}

fn leave(rooms: &mut Directory, conn: u64, now: Duration) {
    say(rooms, conn, ClientMessage::Leave, now);
}

#[test]
fn only_hosts_may_take_host_actions() {
    let mut rooms = rooms(4);
    come(&mut rooms, 1, secs(1));
    come(&mut rooms, 2, secs(1));
    let to = PeerId(102);
    for action in [
        HostAction::Lock { on: true },
        HostAction::WaitingRoom { on: true },
        HostAction::Passcode { passcode: None },
        HostAction::Admit { to: None },
        HostAction::Deny { to: None },
        HostAction::Mute { to, what: TrackSource::Microphone },
        HostAction::Remove { to },
        HostAction::TransferHost { to },
        HostAction::End,
        HostAction::Invite { once: false, ttl: None },
        HostAction::Revoke { token: String::new() },
    ] {
        let commands = act(&mut rooms, 1, action, secs(2));
        assert_eq!(refused(&commands, 1), ErrorCode::NotHost);
    }
}

#[test]
fn watchers_of_a_locked_room_learn_nothing() {
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
fn a_removed_participant_cannot_return_with_the_old_seat() {
    let mut rooms = hosted(4);
    come(&mut rooms, 2, secs(2));
    come(&mut rooms, 3, secs(2));
    let commands = act(&mut rooms, 1, HostAction::Remove { to: PeerId(102) }, secs(3));
    assert_eq!(refusal(&commands, 2), Some(ErrorCode::Removed));
    assert!(told(&commands, 3).contains(&&ServerMessage::PeerLeft { peer: PeerId(102) }));
    assert_eq!(refused(&say(&mut rooms, 2, forward(Some(3)), secs(3)), 2), ErrorCode::NotJoined);
    let back = || Identity { returning: true, since: secs(2), ..newcomer(2, secs(2)) };
    let commands = join_as(&mut rooms, 4, Pass::default(), back(), secs(4));
    assert_eq!(refusal(&commands, 4), Some(ErrorCode::Removed));

    // Nor after a restart.
    let mut later = restarted(4);
    restore(&mut later, name(), decisions(&rooms, &name()).unwrap().clone());
    let commands = join_as(&mut later, 1, Pass::default(), back(), secs(5));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::Removed));
}

#[test]
fn a_host_mutes_and_the_participant_can_unmute() {
    let mut rooms = hosted(4);
    come(&mut rooms, 2, secs(2));
    let action = HostAction::Mute { to: PeerId(102), what: TrackSource::Microphone };
    let commands = act(&mut rooms, 1, action, secs(3));
    assert_eq!(told(&commands, 2), [&ServerMessage::Muted(TrackSource::Microphone)]);
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
    let commands = act(
        &mut rooms,
        1,
        HostAction::Mute { to: PeerId(102), what: TrackSource::Microphone },
        secs(6),
    );
    assert!(muted(&commands), "the others may have been told otherwise");
    let screen = HostAction::Mute { to: PeerId(102), what: TrackSource::Screen };
    assert_eq!(refusal(&act(&mut rooms, 1, screen, secs(7)), 1), Some(ErrorCode::BadMessage));
}

#[test]
fn a_mute_reaches_a_participant_who_was_reconnecting() {
    let mute = || HostAction::Mute { to: PeerId(102), what: TrackSource::Microphone };
    let is_heard = |commands: &[Command]| {
        told(commands, 1).into_iter().find_map(|message| match message {
            ServerMessage::Presence { presence, .. } => Some(presence.mic),
            ServerMessage::Ready { peer, .. } => Some(peer.presence.mic),
            _ => None,
        })
    };
    let return_with = |rooms: &mut Directory, conn, mic, now| {
        let claim = SeatClaim { token: Some("seat 2".to_owned()), linked: Vec::new() };
        let presence = Presence { mic, ..Presence::default() };
        let pass = Pass::default();
        let join = Join { room: name(), presence, seat: Some(claim), pass, hidden: false };
        rooms.handle(Input::Opened(ConnId(conn)), now);
        say_as(rooms, conn, ClientMessage::Join(join), returning(conn, 102, 2), now)
    };
    let muted = ServerMessage::Muted(TrackSource::Microphone);
    let mut rooms = hosted(4);
    come(&mut rooms, 2, secs(2));
    rooms.handle(Input::Closed(ConnId(2)), secs(3));
    act(&mut rooms, 1, mute(), secs(4));
    let commands = return_with(&mut rooms, 3, true, secs(5));
    assert!(told(&commands, 3).contains(&&muted));
    assert_eq!(is_heard(&commands), Some(false));
    assert!(!rooms.rooms[&name()].seats.get(PeerId(102)).unwrap().presence.mic);

    // The connection by which they should have been told was dead already.
    let commands = return_with(&mut rooms, 4, true, secs(6));
    assert!(told(&commands, 4).contains(&&muted));

    // They know, and later switch their microphone on.
    for mic in [false, true] {
        let presence = Presence { mic, ..Presence::default() };
        say(&mut rooms, 4, ClientMessage::Presence(presence), secs(7));
    }
    let commands = return_with(&mut rooms, 5, true, secs(8));
    assert!(!told(&commands, 5).contains(&&muted));
    assert!(rooms.rooms[&name()].seats.get(PeerId(102)).unwrap().presence.mic);
}

#[test]
fn transferring_the_role_leaves_one_host() {
    let mut rooms = hosted(4);
    come_as_host(&mut rooms, 2, secs(2));
    come(&mut rooms, 3, secs(2));
    let commands = act(&mut rooms, 1, HostAction::TransferHost { to: PeerId(103) }, secs(3));
    assert!(commands.contains(&Command::SendHostKey(ConnId(3), name(), 1)));
    assert_eq!(generation(&rooms), 1);
    let settings = RoomSettings { hosts: vec![PeerId(103)], ..RoomSettings::default() };
    assert!(told(&commands, 2).contains(&&ServerMessage::RoomSettings(settings)));
    for conn in [1, 2] {
        let commands = act(&mut rooms, conn, HostAction::End, secs(4));
        assert_eq!(refused(&commands, conn), ErrorCode::NotHost);
    }
    let old = Pass { host: Some("old key".to_owned()), ..Pass::default() };
    let commands = join_as(&mut rooms, 4, old, newcomer(4, secs(5)), secs(5));
    assert_eq!(refusal(&commands, 4), Some(ErrorCode::BadHostKey));
    act(&mut rooms, 3, HostAction::Lock { on: true }, secs(6));
    assert!(rooms.rooms[&name()].public_settings().locked);
}

#[test]
fn ending_the_call_removes_everyone_and_voids_their_seats() {
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
    assert!(matches!(told(&commands, 5)[..], [ServerMessage::Waiting { host_present: false, .. }]));
}
