//! Rooms whose media the server forwards.

use super::*;
use crate::{
    protocol::{HostAction, Presence, SdpType, SessionDescription, TrackSource},
    room::Forwarding,
};

/// Rooms in which more than this many people are forwarded.
fn forwarding_above(max_direct: usize) -> Directory {
    let mut rooms = rooms(8);
    rooms.config.max_direct = max_direct;
    rooms
}

fn joined_by(rooms: &mut Directory, conns: std::ops::RangeInclusive<u64>) -> Vec<Command> {
    conns.flat_map(|conn| open_and_join(rooms, conn, "123", START)).collect()
}

/// The connections that are told to connect to the server, with the link.
fn to_server(commands: &[Command]) -> Vec<(u64, u64)> {
    let ready = |command: &Command| match command {
        Command::Send(conn, ServerMessage::Ready { role: Role::Caller, peer, link }) => {
            (peer.id == PeerId::SERVER).then_some((conn.0, *link))
        }
        _ => None,
    };
    commands.iter().filter_map(ready).collect()
}

fn told_of(commands: &[Command], joined: u64) -> Vec<u64> {
    let told = |command: &Command| match command {
        Command::Send(conn, ServerMessage::PeerJoined(person)) => {
            (person.id == PeerId(100 + joined)).then_some(conn.0)
        }
        _ => None,
    };
    commands.iter().filter_map(told).collect()
}

fn offer(to: Option<PeerId>, link: Option<u64>) -> ClientMessage {
    let signal = Signal::Offer(SessionDescription::new(SdpType::Offer, "v=0\r\n"));
    ClientMessage::Signal { to, link, signal }
}

fn answer() -> SessionDescription {
    SessionDescription::new(SdpType::Answer, "v=0\r\n")
}

fn offered(commands: &[Command]) -> Option<(PeerId, u64, Vec<TrackSource>)> {
    match commands {
        [Command::Forward(_, Forwarding::Offer { seat, link, sources, .. })] => {
            Some((*seat, *link, sources.clone()))
        }
        _ => None,
    }
}

fn answered(rooms: &mut Directory, conn: u64, link: u64) -> Vec<Command> {
    let room = "123".parse().unwrap();
    let input = Input::Answered { room, seat: PeerId(100 + conn), link, answer: Ok(answer()) };
    rooms.handle(input, START);
    drain(rooms)
}

#[test]
fn with_one_too_many_everyone_connects_to_the_server_alone() {
    let mut rooms = forwarding_above(2);
    let direct = joined_by(&mut rooms, 1..=2);
    assert_eq!(to_server(&direct), []);
    let third = open_and_join(&mut rooms, 3, "123", START);
    let conns: Vec<u64> = to_server(&third).iter().map(|(conn, _)| *conn).collect();
    assert_eq!(conns, [1, 2, 3]);
    assert_eq!(told_of(&third, 3), [1, 2], "there is no ready about them");
    let fourth = open_and_join(&mut rooms, 4, "123", START);
    assert_eq!(to_server(&fourth).len(), 1, "joins of others change no connection");
    assert_eq!(told_of(&fourth, 4), [1, 2, 3]);
    say(&mut rooms, 4, ClientMessage::Leave, START);
    let third = say(&mut rooms, 3, ClientMessage::Leave, START);
    assert!(
        third
            .iter()
            .all(|command| matches!(command, Command::Send(_, ServerMessage::PeerLeft { .. }))),
        "it stays forwarded: {third:?}"
    );
}

#[test]
fn a_room_that_nobody_may_crowd_is_never_forwarded() {
    let mut rooms = rooms(4);
    let commands = joined_by(&mut rooms, 1..=4);
    assert_eq!(to_server(&commands), []);
    let refused_offer = say(&mut rooms, 1, offer(Some(PeerId::SERVER), None), START);
    assert_eq!(refused(&refused_offer, 1), ErrorCode::PeerNotFound);
}

#[test]
fn an_offer_goes_to_the_media_plane_and_its_answer_comes_back() {
    let mut rooms = forwarding_above(1);
    let commands = joined_by(&mut rooms, 1..=2);
    let link = to_server(&commands).iter().find(|(conn, _)| *conn == 2).unwrap().1;
    // A plain script names neither a recipient nor a link.
    for (to, named) in [(None, None), (Some(PeerId::SERVER), Some(link))] {
        let commands = say(&mut rooms, 2, offer(to, named), START);
        assert_eq!(offered(&commands), Some((PeerId(102), link, TrackSource::OF_PERSON.to_vec())));
    }
    assert_eq!(say(&mut rooms, 2, offer(None, Some(link + 1)), START), [], "of another connection");
    assert_eq!(say(&mut rooms, 2, forward(None), START), [], "it needs no candidates");
    let signal = Signal::Answer(answer());
    let expected = ServerMessage::Signal { from: PeerId::SERVER, link: Some(link), signal };
    assert_eq!(answered(&mut rooms, 2, link), [Command::Send(ConnId(2), expected)]);
    assert_eq!(answered(&mut rooms, 2, link - 1), [], "too late");
    let room = "123".parse().unwrap();
    let answer = Err((ErrorCode::ServerFull, "The server is full.".to_owned()));
    rooms.handle(Input::Answered { room, seat: PeerId(102), link, answer }, START);
    assert_eq!(refused(&drain(&mut rooms), 2), ErrorCode::ServerFull);
}

#[test]
fn a_connection_that_cannot_be_repaired_is_replaced_at_a_limited_rate() {
    let mut rooms = forwarding_above(1);
    let commands = joined_by(&mut rooms, 1..=2);
    let mut link = to_server(&commands).iter().find(|(conn, _)| *conn == 1).unwrap().1;
    let mut replaced = 0;
    for _ in 0..100 {
        let again = ClientMessage::Reconnect { to: PeerId::SERVER, link };
        let [(1, newer)] = to_server(&say(&mut rooms, 1, again, START))[..] else { break };
        assert!(newer > link);
        (link, replaced) = (newer, replaced + 1);
    }
    assert!((1..50).contains(&replaced), "{replaced}");
    let due = rooms.poll_timeout().unwrap();
    rooms.handle(Input::Tick, due);
    assert_eq!(to_server(&drain(&mut rooms)).len(), 1, "when it is their turn");
}

#[test]
fn what_is_switched_off_is_not_forwarded() {
    let mut rooms = forwarding_above(1);
    joined_by(&mut rooms, 1..=2);
    let presence = Presence { mic: false, screen: true, ..Presence::default() };
    let commands = say(&mut rooms, 1, ClientMessage::Presence(presence), START);
    let sources = |commands: &[Command], id: u64| {
        commands.iter().find_map(|command| match command {
            Command::Forward(_, Forwarding::Sources(seat, sources)) if seat.0 == id => {
                Some(sources.clone())
            }
            _ => None,
        })
    };
    let on = [TrackSource::Camera, TrackSource::ScreenAudio, TrackSource::Screen];
    assert_eq!(sources(&commands, 101), Some(on.to_vec()));
}

#[test]
fn a_host_mutes_on_the_server() {
    let mut rooms = forwarding_above(1);
    joined_by(&mut rooms, 1..=1);
    let identity =
        Identity { id: PeerId(102), since: secs(1), host: Some(0), ..Identity::default() };
    rooms.handle(Input::Opened(ConnId(2)), START);
    say_as(&mut rooms, 2, join_message("123"), identity, START);
    let mute = HostAction::Mute { to: PeerId(101), what: TrackSource::Microphone };
    let commands = say(&mut rooms, 2, ClientMessage::Host(mute), START);
    let muted = Forwarding::Sources(PeerId(101), vec![TrackSource::Camera]);
    let is_told =
        |command: &Command| matches!(command, Command::Forward(_, told) if *told == muted);
    assert!(commands.iter().any(is_told), "{commands:?}");
}

fn return_to(rooms: &mut Directory, conn: u64, id: u64, linked: &[PeerId]) -> Vec<Command> {
    rooms.handle(Input::Opened(ConnId(conn)), START);
    let claim = SeatClaim { token: Some("token".to_owned()), linked: linked.to_vec() };
    let (room, presence) = ("123".parse().unwrap(), Presence::default());
    let join = Join { room, presence, seat: Some(claim), pass: Pass::default(), hidden: false };
    let identity = Identity {
        id: PeerId(id),
        token: Some("token".to_owned()),
        returning: true,
        ..Identity::default()
    };
    say_as(rooms, conn, ClientMessage::Join(join), identity, START)
}

#[test]
fn a_person_who_returns_keeps_the_connection_to_the_server() {
    let mut rooms = forwarding_above(1);
    joined_by(&mut rooms, 1..=2);
    let kept = return_to(&mut rooms, 3, 102, &[PeerId::SERVER, PeerId(101)]);
    assert_eq!(to_server(&kept), [], "{kept:?}");
    assert_eq!(told_of(&kept, 2), Vec::<u64>::new(), "they are known");
    let reloaded = return_to(&mut rooms, 4, 102, &[]);
    assert_eq!(to_server(&reloaded).len(), 1);
}

#[test]
fn after_a_restart_a_room_is_forwarded_again_at_once() {
    let mut rooms = restarted(8);
    rooms.config.max_direct = 4;
    let first = return_to(&mut rooms, 1, 101, &[PeerId::SERVER, PeerId(102)]);
    assert_eq!(to_server(&first).len(), 1, "the connection has ended with the server: {first:?}");
    let second = return_to(&mut rooms, 2, 102, &[PeerId::SERVER, PeerId(101)]);
    assert_eq!(to_server(&second).len(), 1);
    assert_eq!(told_of(&second, 2), [1]);
}

#[test]
fn those_who_do_not_return_after_a_restart_have_left() {
    let mut rooms = restarted(8);
    rooms.config.max_direct = 4;
    return_to(&mut rooms, 1, 101, &[PeerId::SERVER, PeerId(102)]);
    let ends = rooms.resume_window_ends;
    rooms.handle(Input::Alive(ConnId(1)), ends);
    rooms.handle(Input::Tick, ends);
    let gone = Command::Send(ConnId(1), ServerMessage::PeerLeft { peer: PeerId(102) });
    assert!(drain(&mut rooms).contains(&gone));
}

#[test]
fn nobody_can_have_a_small_call_forwarded() {
    let mut rooms = forwarding_above(4);
    joined_by(&mut rooms, 1..=2);
    let claimed = return_to(&mut rooms, 3, 102, &[PeerId::SERVER, PeerId(101)]);
    assert_eq!(to_server(&claimed), []);
}

#[test]
fn those_who_wait_to_be_paired_are_announced_when_the_room_is_forwarded() {
    let mut rooms = forwarding_above(2);
    let mut commands = joined_by(&mut rooms, 1..=2);
    // Until the first is not told to connect any more.
    for _ in 0..20 {
        let link = commands.iter().find_map(|command| match command {
            Command::Send(ConnId(1), ServerMessage::Ready { link, .. }) => Some(*link),
            _ => None,
        });
        let Some(link) = link else { break };
        let again = ClientMessage::Reconnect { to: PeerId(102), link };
        commands = say(&mut rooms, 1, again, START);
    }
    say(&mut rooms, 2, ClientMessage::Leave, START);
    let waits = open_and_join(&mut rooms, 3, "123", START);
    assert_eq!(waits.len(), 1, "only joined: {waits:?}");
    let forwarded = open_and_join(&mut rooms, 4, "123", START);
    assert_eq!(told_of(&forwarded, 3), [1]);
    assert_eq!(told_of(&forwarded, 4), [1, 3]);
}
