//! Invitations, and the people who used them.

use super::*;

#[test]
fn invitations_expire_and_may_be_for_one_person() {
    let mut rooms = hosted(9);
    act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
    act(&mut rooms, 1, HostAction::Passcode { passcode: Some("p".to_owned()) }, secs(2));
    let invite = HostAction::Invite { once: true, ttl: Some(60) };
    let commands = act(&mut rooms, 1, invite, secs(3));
    assert_eq!(host_state(&commands, 1).invitations[0].token, "invitation");
    let pass = Pass { invitation: Some("invitation".to_owned()), ..Pass::default() };
    let invited = |conn, now| Identity { invitation: Some(900), ..newcomer(conn, now) };
    let commands = join_as(&mut rooms, 2, pass.clone(), invited(2, secs(4)), secs(4));
    assert!(is_inside(&commands, 2));
    assert_eq!(host_state(&commands, 1).invitations[0].used_by, Some("P2".into()));
    let commands = join_as(&mut rooms, 3, pass.clone(), invited(3, secs(5)), secs(5));
    assert_eq!(refusal(&commands, 3), Some(ErrorCode::BadInvitation), "it was for one");
    let unknown = newcomer(4, secs(5));
    let commands = join_as(&mut rooms, 4, pass.clone(), unknown, secs(5));
    assert_eq!(refusal(&commands, 4), Some(ErrorCode::BadInvitation));

    act(&mut rooms, 1, HostAction::Invite { once: false, ttl: Some(60) }, secs(70));
    assert!(is_inside(&join_as(&mut rooms, 5, pass.clone(), invited(5, secs(71)), secs(71)), 5));
    assert!(is_inside(&join_as(&mut rooms, 6, pass.clone(), invited(6, secs(72)), secs(72)), 6));
    let revoke = HostAction::Revoke { token: "invitation".to_owned() };
    assert_eq!(host_state(&act(&mut rooms, 1, revoke, secs(73)), 1).invitations, []);
    let commands = join_as(&mut rooms, 7, pass, invited(7, secs(74)), secs(74));
    assert_eq!(refusal(&commands, 7), Some(ErrorCode::BadInvitation));
    for _ in 0..MAX_INVITATIONS {
        act(&mut rooms, 1, HostAction::Invite { once: false, ttl: None }, secs(75));
    }
    let commands = act(&mut rooms, 1, HostAction::Invite { once: false, ttl: None }, secs(75));
    assert_eq!(refusal(&commands, 1), Some(ErrorCode::TooMany));
}

/// Requests an invitation, whose number is then 900.
fn invite(rooms: &mut Directory, once: bool, now: Duration) {
    act(rooms, 1, HostAction::Invite { once, ttl: None }, now);
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

#[test]
fn t3_removal_voids_the_invitation_of_a_returning_participant() {
    for once in [true, false] {
        let mut rooms = hosted(9);
        act(&mut rooms, 1, HostAction::WaitingRoom { on: true }, secs(2));
        invite(&mut rooms, once, secs(2));
        assert!(is_inside(&come_invited(&mut rooms, 2, newcomer(2, secs(3)), secs(3)), 2));
        leave(&mut rooms, 2, secs(4));
        // With the seat alone, even after a restart.
        let mut later = restarted(9);
        restore(&mut later, name(), decisions(&rooms, &name()).unwrap().clone());
        come_as_host(&mut later, 1, secs(5));
        let alone = join_as(&mut later, 3, Pass::default(), returning(3, 102, 3), secs(6));
        assert!(is_inside(&alone, 3));
        let commands = act(&mut later, 1, HostAction::Remove { to: PeerId(102) }, secs(7));
        assert_eq!(host_state(&commands, 1).invitations, []);
        let commands = come_invited(&mut later, 4, newcomer(4, secs(8)), secs(8));
        assert_eq!(refusal(&commands, 4), Some(ErrorCode::BadInvitation), "once: {once}");
    }
}

#[test]
fn t3_removal_voids_every_invitation_that_was_used() {
    let mut rooms = hosted(9);
    invite(&mut rooms, false, secs(2));
    // Without it, with it, and with another one while the seat is reserved.
    assert!(is_inside(&come(&mut rooms, 2, secs(3)), 2));
    leave(&mut rooms, 2, secs(4));
    assert!(is_inside(&come_invited(&mut rooms, 3, returning(3, 102, 3), secs(5)), 3));
    rooms.handle(Input::Closed(ConnId(3)), secs(6));
    drain(&mut rooms);
    let other =
        StoredInvitation { id: 901, ..decisions(&rooms, &name()).unwrap().invitations[0].clone() };
    rooms.enter(&name(), secs(6), |room, _| {
        room.settings.decisions_mut(secs(6)).invitations.push(other);
    });
    let by_other = Identity { invitation: Some(901), ..returning(4, 102, 3) };
    assert!(is_inside(&join_as(&mut rooms, 4, invited(), by_other, secs(7)), 4));
    act(&mut rooms, 1, HostAction::Remove { to: PeerId(102) }, secs(8));
    assert_eq!(decisions(&rooms, &name()).unwrap().invitations, []);
}

#[test]
fn t33_remembered_guests_are_bounded() {
    let mut rooms = hosted(9);
    for _ in 0..2 {
        invite(&mut rooms, false, secs(2));
    }
    let mut decisions = decisions(&rooms, &name()).unwrap().clone();
    decisions.invitations[1].id = 901;
    assert!(decisions.record_guest(PeerId(7), Some(900), secs(3)));
    assert!(!decisions.record_guest(PeerId(7), Some(900), secs(4)), "nothing new to store");
    for id in 1000..3000 {
        decisions.record_guest(PeerId(id), Some(901), secs(5));
    }
    assert!(decisions.guests.len() <= 500);
    let left: Vec<_> = decisions.invitations.iter().map(|invited| invited.id).collect();
    assert_eq!(left, [900], "only the abused invitation has ended");
    assert_eq!(decisions.invitations_of(PeerId(7)).collect::<Vec<_>>(), [900]);
    // Guests whose seat token has expired make room.
    let much_later = secs(6) + 2 * SEAT_TOKEN_TTL;
    decisions.record_guest(PeerId(8), Some(900), much_later);
    assert_eq!(decisions.guests.len(), 1);
}
