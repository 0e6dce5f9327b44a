//! Host keys.

use super::*;

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
fn removing_a_host_voids_their_key() {
    let mut rooms = hosted(4);
    come_as_host(&mut rooms, 2, secs(2));
    let commands = act(&mut rooms, 1, HostAction::Remove { to: PeerId(102) }, secs(3));
    assert!(
        commands.contains(&Command::SendHostKey(ConnId(1), name(), 1)),
        "the others get a new one"
    );
}

#[test]
fn the_designated_host_needs_no_key() {
    let mut rooms = hosted(4);
    come(&mut rooms, 2, secs(2));
    act(&mut rooms, 1, HostAction::TransferHost { to: PeerId(102) }, secs(3));
    let mut later = restarted(4);
    restore(&mut later, name(), decisions(&rooms, &name()).unwrap().clone());
    let back = Identity { returning: true, ..newcomer(2, secs(2)) };
    let commands = join_as(&mut later, 1, Pass::default(), back, secs(4));
    assert!(commands.contains(&Command::SendHostKey(ConnId(1), name(), 1)));
    assert!(is_host(&later, ConnId(1)));
}

#[test]
fn t3_a_host_key_is_renewed_when_its_holder_is_removed() {
    let remove = HostAction::Remove { to: PeerId(102) };
    // A guest is removed: other devices of hosts keep their key.
    let mut rooms = hosted(9);
    come(&mut rooms, 2, secs(2));
    let commands = act(&mut rooms, 1, remove.clone(), secs(3));
    assert_eq!(given_key(&commands, 1), None);
    assert!(is_inside(&come_as_host(&mut rooms, 3, secs(4)), 3));

    // A former key holder who sits as a guest is removed.
    let mut rooms = hosted(9);
    come_as_host(&mut rooms, 2, secs(2));
    leave(&mut rooms, 2, secs(3));
    join_as(&mut rooms, 3, Pass::default(), returning(3, 102, 2), secs(4));
    assert!(!is_host(&rooms, ConnId(3)));
    let commands = act(&mut rooms, 1, remove.clone(), secs(5));
    assert_eq!(given_key(&commands, 1), Some(1));
    let commands = come_as_host(&mut rooms, 4, secs(6));
    assert_eq!(refusal(&commands, 4), Some(ErrorCode::BadHostKey));
    assert!(is_inside(&come_with_key(&mut rooms, 5, 1, newcomer(5, secs(7))), 5));

    // A host from before the transfer knows only a void key.
    let mut rooms = hosted(9);
    come_as_host(&mut rooms, 2, secs(2));
    act(&mut rooms, 1, HostAction::TransferHost { to: PeerId(101) }, secs(3));
    let commands = act(&mut rooms, 1, remove, secs(4));
    assert_eq!((given_key(&commands, 1), generation(&rooms)), (None, 1));
}

#[test]
fn a_new_key_voids_earlier_ones_and_is_sent_to_hosts_inside() {
    let mut rooms = hosted(9);
    come_as_host(&mut rooms, 2, secs(2));
    come(&mut rooms, 3, secs(2));
    rooms.handle(Input::Closed(ConnId(2)), secs(3));
    drain(&mut rooms);
    let commands = act(&mut rooms, 1, HostAction::RenewHostKey, secs(4));
    assert_eq!((given_key(&commands, 1), given_key(&commands, 3)), (Some(1), None));
    assert!(is_host(&rooms, ConnId(1)), "hosts inside stay hosts");
    assert_eq!(refusal(&come_as_host(&mut rooms, 4, secs(5)), 4), Some(ErrorCode::BadHostKey));
    // A host who was disconnected gets it on return.
    let commands = join_as(&mut rooms, 5, Pass::default(), returning(5, 102, 2), secs(6));
    assert_eq!(given_key(&commands, 5), Some(1));
    // It can be taken from them.
    let commands = act(&mut rooms, 1, HostAction::Remove { to: PeerId(102) }, secs(7));
    assert_eq!(given_key(&commands, 1), Some(2));
    for conn in 6..=8 {
        assert_eq!(
            refused(&act(&mut rooms, 3, HostAction::RenewHostKey, secs(8)), 3),
            ErrorCode::NotHost
        );
        let identity = newcomer(conn, secs(9));
        let old = come_with_key(&mut rooms, conn, conn - 6, identity);
        assert_eq!(refusal(&old, conn), (conn < 8).then_some(ErrorCode::BadHostKey));
    }
}

#[test]
fn t33_a_transferred_room_expires_and_the_newest_key_stays_valid() {
    let mut rooms = hosted(9);
    act(&mut rooms, 1, HostAction::TransferHost { to: PeerId(101) }, secs(2));
    rooms.handle(Input::Closed(ConnId(1)), secs(3));
    // A watcher stores nothing.
    rooms.handle(Input::Opened(ConnId(9)), secs(3));
    say(&mut rooms, 9, ClientMessage::Watch(name()), secs(3));
    let later = secs(4) + STORED_BRIEFLY_FOR + SWEEP;
    rooms.handle(Input::Alive(ConnId(9)), later);
    rooms.handle(Input::Tick, later);
    assert!(drain(&mut rooms).contains(&Command::Forget(name())));

    // The key from before the transfer is valid again, until a newer one is shown.
    assert!(is_inside(&come_with_key(&mut rooms, 2, 0, newcomer(2, later)), 2));
    let commands = come_with_key(&mut rooms, 3, 1, newcomer(3, later));
    assert!(is_inside(&commands, 3));
    assert!(matches!(commands[0], Command::Store(_, Decisions { generation: 1, .. })));
    let settings = RoomSettings { hosts: vec![PeerId(103)], ..RoomSettings::default() };
    assert!(told(&commands, 2).contains(&&ServerMessage::RoomSettings(settings)));
    assert_eq!(refused(&act(&mut rooms, 2, HostAction::End, later), 2), ErrorCode::NotHost);
    let commands = come_with_key(&mut rooms, 4, 0, newcomer(4, later));
    assert_eq!(refusal(&commands, 4), Some(ErrorCode::BadHostKey));
}
