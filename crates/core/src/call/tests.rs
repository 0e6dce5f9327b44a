//! Whole calls of one to six people against the real rooms, with browsers that follow the signaling
//! rules of W3C WebRTC, under random schedules.

use super::{
    world::{Loss, World},
    *,
};
use crate::{
    admission::AdmissionView,
    content::{ChannelInput, FileInput},
    protocol::{
        ErrorCode, Failure, Grade, HostAction, IceCandidate, IceServer, Join, Pass, Person,
        Quality, Reception, Role, RoomSettings, SdpType, SessionDescription, Signal,
    },
};
use proptest::prelude::*;

fn join() -> Input {
    Input::Join(Presence::default(), None)
}

fn joined(id: u64, inside: &RoomState) -> ServerMessage {
    ServerMessage::Joined {
        id: PeerId(id),
        state: inside.clone(),
        ice: IceGrant::default(),
        settings: RoomSettings::default(),
        seat_token: Some("seat".to_owned()),
    }
}

/// The server answers on whichever socket it is.
fn let_in(call: &mut Call, joined: &ServerMessage, at: Duration) {
    for generation in 1..9 {
        call.handle(Input::SocketOpened(generation), at);
        call.handle(Input::SocketMessage(generation, joined.clone()), at);
    }
}

#[test]
fn the_time_inside_continues_after_a_reload() {
    let joined = || joined(1, &RoomState { people: Vec::new(), limit: 4, gate: None });
    let mut call = Call::new();
    let seconds = Duration::from_secs;
    for (input, time) in [
        (Input::Epoch(seconds(1000)), 0),
        (Input::Watch("123".parse().unwrap()), 0),
        (Input::RestoreSeat("seat".to_owned(), seconds(700)), 0),
        (join(), 1),
        (Input::SocketOpened(1), 1),
        (Input::SocketMessage(1, joined()), 2),
    ] {
        call.handle(input, seconds(time));
    }
    assert_eq!(call.view().admission.phase, Phase::InCall { since: seconds(700) });
    assert_eq!(call.seat().map(|(_, since, _)| since), Some(seconds(700)));
    call.handle(Input::Epoch(seconds(400)), seconds(5));
    assert_eq!(
        call.view().admission.phase,
        Phase::InCall { since: seconds(100) },
        "as long ago as before"
    );
    call.handle(Input::Leave, seconds(10));
    assert_eq!(call.view().admission.phase, Phase::Left { after: seconds(310) });
    call.handle(join(), seconds(15));
    let_in(&mut call, &joined(), seconds(20));
    assert_eq!(call.view().admission.phase, Phase::InCall { since: seconds(420) });
}

#[test]
fn the_chat_remains_when_a_seat_returns_from_another_tab() {
    let joined = || joined(1, &RoomState { people: Vec::new(), limit: 4, gate: None });
    let moved = ServerMessage::Error { code: ErrorCode::SeatMoved, message: String::new() };
    let mut call = Call::new();
    for input in [
        Input::Watch("123".parse().unwrap()),
        Input::SocketOpened(1),
        join(),
        Input::SocketMessage(1, joined()),
        Input::Say("hello".into()),
        Input::SocketMessage(1, moved),
    ] {
        call.handle(input, Duration::ZERO);
    }
    assert!(call.view().admission.moved);
    let later = Duration::from_secs(60);
    call.handle(join(), later);
    let_in(&mut call, &joined(), later);
    assert_eq!(call.view().chat.messages.len(), 1);
    assert_eq!(call.view().admission.phase, Phase::InCall { since: Duration::ZERO });
}

#[test]
fn a_pass_that_arrives_late_is_used() {
    let invited = || Pass { invitation: Some("token".to_owned()), ..Pass::default() };
    let hosted = || Pass { host: Some("key".to_owned()), ..Pass::default() };
    let asks = |call: &mut Call, generation| {
        call.handle(Input::SocketOpened(generation), Duration::ZERO);
        let asked = std::iter::from_fn(|| call.poll()).filter_map(|command| match command {
            Command::Send(ClientMessage::Join(join)) => Some(join.pass),
            _ => None,
        });
        asked.last()
    };
    let mut call = Call::new();
    let locked = ServerMessage::Error { code: ErrorCode::RoomLocked, message: String::new() };
    for input in [
        Input::Watch("123".parse().unwrap()),
        Input::SocketOpened(1),
        join(),
        Input::SocketMessage(1, locked),
    ] {
        call.handle(input, Duration::ZERO);
    }
    assert_eq!(call.view().admission.refusal, Some(ErrorCode::RoomLocked));
    call.handle(Input::SetPass(invited(), None), Duration::ZERO);
    assert!(call.view().admission.has_pass);
    assert_eq!(call.view().admission.refusal, None, "that was said to somebody without it");

    call.handle(Input::SetPass(Pass::default(), None), Duration::ZERO);
    call.handle(join(), Duration::ZERO);
    let waiting = ServerMessage::Waiting { position: 1, host_present: true, locked: false };
    call.handle(Input::SocketMessage(1, waiting), Duration::ZERO);
    assert!(matches!(call.view().admission.phase, Phase::Knocking { .. }));
    call.handle(Input::SetPass(invited(), None), Duration::ZERO);
    assert_eq!(asks(&mut call, 2), Some(invited()), "while somebody waits, at once");

    let inside = joined(1, &RoomState { people: Vec::new(), limit: 4, gate: None });
    call.handle(Input::SocketMessage(2, inside), Duration::ZERO);
    call.handle(Input::SetPass(invited(), None), Duration::ZERO);
    assert_eq!(asks(&mut call, 3), None, "who is inside needs no invitation");
    call.handle(Input::SetPass(hosted(), None), Duration::ZERO);
    assert_eq!(asks(&mut call, 3), Some(hosted()), "but may become a host");

    let removed = ServerMessage::Error { code: ErrorCode::Removed, message: String::new() };
    call.handle(Input::SocketMessage(3, removed), Duration::ZERO);
    assert!(matches!(call.view().admission.phase, Phase::Left { .. }));
    call.handle(Input::SetPass(invited(), None), Duration::ZERO);
    assert_eq!(
        call.view().admission.phase,
        Phase::Lobby,
        "a removed person has another invitation"
    );
}

#[test]
fn the_person_is_notified_of_an_invalid_link() {
    let error = |code| ServerMessage::Error { code, message: String::new() };
    let invited = Pass { invitation: Some("token".to_owned()), ..Pass::default() };
    let hosted = Pass { host: Some("old".to_owned()), ..Pass::default() };
    let notifications = |call: &mut Call| {
        let notifications =
            std::iter::from_fn(|| call.poll()).filter_map(|command| match command {
                Command::Notify(code) => Some(code),
                _ => None,
            });
        notifications.collect::<Vec<_>>()
    };
    for (pass, code) in
        [(invited, ErrorCode::BadInvitation), (hosted.clone(), ErrorCode::BadHostKey)]
    {
        let mut call = Call::new();
        for input in [
            Input::Watch("123".parse().unwrap()),
            Input::SetPass(pass, None),
            Input::SocketOpened(1),
            join(),
            Input::SocketMessage(1, error(code)),
            Input::SocketMessage(
                1,
                ServerMessage::Waiting { position: 1, host_present: true, locked: false },
            ),
        ] {
            call.handle(input, Duration::ZERO);
        }
        assert_eq!(
            (notifications(&mut call), call.view().admission.refusal),
            (vec![code], Some(code))
        );
        call.handle(Input::SetPass(hosted.clone(), None), Duration::ZERO);
        assert_eq!(call.view().admission.refusal, None, "another link was opened");
    }

    let inside = joined(1, &RoomState { people: Vec::new(), limit: 4, gate: None });
    let mut call = Call::new();
    for input in [
        Input::Watch("123".parse().unwrap()),
        Input::SocketOpened(1),
        join(),
        Input::SocketMessage(1, inside),
        Input::SetPass(hosted.clone(), None),
        Input::SocketOpened(2),
        Input::SocketMessage(2, error(ErrorCode::BadHostKey)),
    ] {
        call.handle(input, Duration::ZERO);
    }
    assert_eq!(notifications(&mut call), [ErrorCode::BadHostKey], "also inside");

    let mut call = Call::new();
    for input in [
        Input::Watch("123".parse().unwrap()),
        Input::SetPass(hosted, Some("kept".to_owned())),
        Input::SocketOpened(1),
        join(),
        Input::SocketMessage(1, error(ErrorCode::BadHostKey)),
    ] {
        call.handle(input, Duration::ZERO);
    }
    assert_eq!(notifications(&mut call), [], "the device may have a good one");
    call.handle(Input::SocketMessage(1, error(ErrorCode::BadHostKey)), Duration::ZERO);
    assert_eq!(notifications(&mut call), [ErrorCode::BadHostKey]);
}

#[test]
fn a_requested_host_link_is_handed_out() {
    let inside = joined(1, &RoomState { people: Vec::new(), limit: 4, gate: None });
    let key = |key: &str| Input::SocketMessage(1, ServerMessage::HostKey(key.to_owned()));
    let mut call = Call::new();
    let mut handed_out = |input| {
        call.handle(input, Duration::ZERO);
        let keys = std::iter::from_fn(|| call.poll()).filter_map(|command| match command {
            Command::HandOutHostKey(key) => Some(key),
            _ => None,
        });
        keys.last()
    };
    for input in [
        Input::Watch("123".parse().unwrap()),
        Input::SocketOpened(1),
        join(),
        Input::SocketMessage(1, inside),
        key("of another host"),
        Input::Host(HostAction::RenewHostKey),
    ] {
        assert_eq!(handed_out(input), None);
    }
    assert_eq!(handed_out(key("own")), Some("own".to_owned()));
    assert_eq!(handed_out(key("of another host again")), None);
    let code = ErrorCode::TryLater;
    handed_out(Input::Host(HostAction::RenewHostKey));
    handed_out(Input::SocketMessage(1, ServerMessage::Error { code, message: String::new() }));
    assert_eq!(handed_out(key("of another host")), None, "this one was refused");
}

#[test]
fn join_and_reconnect_times_are_reported() {
    let room: RoomName = "123".parse().unwrap();
    let millis = Duration::from_millis;
    let person = Person { id: PeerId(2), presence: Presence::default(), seconds: 9 };
    let inside = RoomState { people: vec![person], limit: 4, gate: None };
    let joined = |id| joined(id, &inside);
    let state = ServerMessage::RoomState { room: room.clone(), state: inside.clone() };
    let mut call = Call::new();
    let mut reports = Vec::new();
    for (input, time) in [
        (Input::Watch(room), 0),
        (Input::SocketOpened(1), 10),
        (Input::SocketMessage(1, state), 20),
        (join(), 1000),
        (Input::SocketMessage(1, joined(1)), 1412),
        (Input::FirstFrame, 1530),
        (Input::FirstFrame, 1600),
        (Input::SocketClosed { generation: 1, restarting: false, jitter: 0.0 }, 3000),
        (Input::Tick, 3000),
        (Input::SocketOpened(2), 3900),
        (Input::SocketMessage(2, joined(1)), 4000),
    ] {
        call.handle(input, millis(time));
        reports.extend(std::iter::from_fn(|| call.poll()).filter_map(|command| match command {
            Command::Send(ClientMessage::ClientMetrics(report)) => Some((time, report)),
            _ => None,
        }));
    }
    let first = ClientMetrics { join: Some(412), first_frame: Some(530), reconnect: None };
    let again = ClientMetrics { reconnect: Some(1000), ..ClientMetrics::default() };
    assert_eq!(reports, [(1530, first), (4000, again)]);
}

#[test]
fn pressing_join_shows_the_call_unless_the_room_is_full() {
    let inside = |people: u64, limit| {
        let person = |id| Person { id: PeerId(id), presence: Presence::default(), seconds: 0 };
        let state = RoomState { people: (0..people).map(person).collect(), limit, gate: None };
        let room: RoomName = "room".parse().unwrap();
        let mut call = Call::new();
        for input in [
            Input::Watch(room.clone()),
            Input::SocketOpened(1),
            Input::SocketMessage(1, ServerMessage::RoomState { room, state }),
            join(),
        ] {
            call.handle(input, Duration::ZERO);
        }
        assert_eq!(call.view().admission.phase, Phase::Joining);
        call.view().admission.inside
    };
    assert!(inside(1, 2));
    assert!(!inside(2, 2), "the room is full");
    assert!(!inside(0, 0), "nothing is known of the room");
}

#[test]
fn a_view_waits_only_for_new_participants() {
    let tile = |id| Tile {
        key: PeerKey { id: PeerId(id), generation: id },
        presence: Presence::default(),
        link: Link::New,
        up: false,
        frozen: false,
        paused: false,
        hears: true,
        sees: true,
        grade: Grade::Good,
        path: None,
        fingerprints: None,
        reaction: None,
        camera: true,
        screen: false,
    };
    let view = |ids: &[u64], introducing| View {
        tiles: ids.iter().copied().map(tile).collect(),
        introducing,
        ..View::default()
    };
    assert!(view(&[1], false).can_wait_for(&view(&[1, 2], true)));
    assert!(!view(&[1], false).can_wait_for(&view(&[1, 2], false)), "there is a path to them");
    assert!(!view(&[1, 2], true).can_wait_for(&view(&[1, 2], true)), "they are drawn");
    assert!(!view(&[1, 2], true).can_wait_for(&view(&[], true)), "they are gone");
    let admission =
        AdmissionView { phase: Phase::Joining, inside: true, ..AdmissionView::default() };
    let joining = View { admission, ..view(&[], false) };
    let other = Person { id: PeerId(1), presence: Presence::default(), seconds: 0 };
    let state = RoomState { people: vec![other], limit: 4, gate: None };
    let admission = AdmissionView { state, ..AdmissionView::default() };
    let entered = View { admission, ..view(&[], true) };
    assert!(joining.can_wait_for(&entered), "they are about to come");
    assert!(!entered.can_wait_for(&entered), "this is shown already");
    assert!(!View::default().can_wait_for(&entered), "the call is not shown yet");
}

/// An event of a connection, which may or may not change what is shown.
fn event(kind: u8, value: u64) -> PeerInput {
    use ConnectionState as C;
    use IceConnectionState as I;
    let candidate = || IceCandidate { candidate: "c".to_owned(), ..IceCandidate::default() };
    let description = |kind| SessionDescription::new(kind, value.to_string());
    let grade = [Grade::Good, Grade::Weak, Grade::Poor][value as usize % 3];
    let at = |states: &[C]| states[value as usize % states.len()];
    match kind {
        0 => PeerInput::NegotiationNeeded,
        1 => PeerInput::LocalCandidate(Some(candidate()).filter(|_| value.is_multiple_of(2))),
        2 => PeerInput::Signal(Signal::Candidate(Some(candidate()))),
        3 => PeerInput::Signal(Signal::Offer(description(SdpType::Offer))),
        4 => PeerInput::Signal(Signal::Answer(description(SdpType::Answer))),
        5 => PeerInput::RemoteDone(!value.is_multiple_of(4), SignalingState::HaveRemoteOffer),
        6 => PeerInput::RemoteDone(true, SignalingState::Stable),
        7 => {
            let answer = Some(description(SdpType::Answer)).filter(|_| !value.is_multiple_of(4));
            PeerInput::LocalDone(Intent::Answer, answer, SignalingState::Stable)
        }
        8 => PeerInput::IceConnection(
            [I::Checking, I::Connected, I::Disconnected, I::Failed][value as usize % 4],
        ),
        9 => PeerInput::Connection(at(&[C::Connecting, C::Connected, C::Connected, C::Failed])),
        10 => {
            let sound = !value.is_multiple_of(5);
            let reception = Reception { grade, sound, ..Reception::default() };
            PeerInput::Signal(Signal::Reception(reception))
        }
        _ => {
            let arrival = Arrival { packets: value / 3 * 40, lost: value % 3 * 40, last: None };
            let track = |is_audio| TrackReading { mid: None, is_audio, arrival };
            let path = Some(Path::Direct).filter(|_| !value.is_multiple_of(7));
            let tracks = vec![track(true), track(false)];
            PeerInput::Reading(Reading { tracks, path, ..Reading::default() })
        }
    }
}

#[test]
fn a_person_is_not_alone_while_others_are_being_connected() {
    let other = Person { id: PeerId(2), presence: Presence::default(), seconds: 0 };
    let state = RoomState { people: vec![other.clone()], limit: 4, gate: None };
    let joined = ServerMessage::Joined {
        id: PeerId(1),
        state,
        ice: IceGrant::default(),
        seat_token: None,
        settings: RoomSettings::default(),
    };
    let ready = ServerMessage::Ready { role: Role::Callee, peer: other, link: 1 };
    let key = PeerKey { id: PeerId(2), generation: 2 };
    let connected = PeerInput::Connection(ConnectionState::Connected);
    let path = PeerInput::IceConnection(IceConnectionState::Connected);
    let description = |kind| SessionDescription::new(kind, "");
    let answer = Some(description(SdpType::Answer));
    let mut call = Call::new();
    let mut seen = Vec::new();
    for input in [
        Input::Watch("room".parse().unwrap()),
        Input::SocketOpened(1),
        join(),
        Input::SocketMessage(1, joined),
        Input::SocketMessage(1, ready),
        Input::Peer(key, PeerInput::Signal(Signal::Offer(description(SdpType::Offer)))),
        Input::Peer(key, PeerInput::RemoteDone(true, SignalingState::HaveRemoteOffer)),
        Input::Peer(key, PeerInput::LocalDone(Intent::Answer, answer, SignalingState::Stable)),
        Input::Peer(key, path),
        Input::Peer(key, connected),
        Input::SocketMessage(1, ServerMessage::PeerLeft { peer: PeerId(2) }),
    ] {
        call.handle(input, Duration::ZERO);
        let view = call.view();
        seen.push((view.introducing, view.is_alone()));
    }
    let (introducing, alone, neither) = ((true, false), (false, true), (false, false));
    assert_eq!(seen[2..6], [neither, introducing, introducing, introducing]);
    assert_eq!(seen[6..8], [introducing, introducing], "there is no path yet");
    assert_eq!(seen[8..], [neither, neither, alone], "drawn while they connect");
    call.handle(
        Input::SocketClosed { generation: 1, restarting: false, jitter: 0.0 },
        Duration::ZERO,
    );
    call.handle(Input::SocketOpened(3), Duration::ZERO);
    assert!(!call.view().is_alone(), "nobody knows before the server has answered");
}

#[test]
fn content_uses_the_connection_that_is_up_and_moves_to_a_newer_one() {
    let other = Person { id: PeerId(2), presence: Presence::default(), seconds: 0 };
    let inside = RoomState { people: vec![other.clone()], limit: 4, gate: None };
    let ready = ServerMessage::Ready { role: Role::Callee, peer: other, link: 1 };
    let mut call = Call::new();
    for input in [
        Input::Watch("room".parse().unwrap()),
        Input::SocketOpened(1),
        join(),
        Input::SocketMessage(1, joined(1, &inside)),
        Input::SocketMessage(1, ready),
    ] {
        call.handle(input, Duration::ZERO);
    }
    let [old, new] = [2, 9].map(|generation| PeerKey { id: PeerId(2), generation });
    let fresh = Connection::new(new, Role::Callee, 2, Duration::ZERO);
    call.participants.connect(fresh, Quality::Auto, Duration::ZERO);
    let connected = || PeerInput::Connection(ConnectionState::Connected);
    let opened = || PeerInput::Channel(ChannelInput::Opened);
    let mut said = Vec::new();
    for (key, input) in [(old, connected()), (old, opened()), (new, opened()), (new, connected())] {
        call.handle(Input::Peer(key, input), Duration::ZERO);
        call.handle(Input::SendReaction(Reaction::ThumbsUp), Duration::ZERO);
        let mut keys: Vec<_> = std::iter::from_fn(|| call.poll())
            .filter_map(|command| match command {
                Command::SendMessage(key, _) => Some(key),
                _ => None,
            })
            .collect();
        keys.dedup();
        said.push(keys);
    }
    assert_eq!(said, [vec![], vec![old], vec![old], vec![new]]);
    assert_eq!(call.view().tiles.iter().map(|tile| tile.key).collect::<Vec<_>>(), [new]);
}

#[test]
fn with_too_many_people_all_are_reached_through_the_server_and_chat_goes_on() {
    let mut world = World::with_forwarding(4, 8, 2);
    for person in 0..3 {
        world.join(person);
        world.settle();
    }
    world.wait();
    world.check();
    assert_eq!(world.links(0), [Link::Connected; 2]);
    let made = world.connections_made();
    world.say(0, "Hello");
    world.join(3);
    world.settle();
    world.wait();
    world.check();
    assert_eq!(world.connections_made(), made + 1, "joins of others change no connection");
    world.restart();
    world.settle();
    world.wait();
    world.check();
    world.end();
}

#[test]
fn a_full_room_is_entered_when_a_seat_is_free() {
    let mut world = World::new(3, 2);
    for person in 0..3 {
        world.join(person);
        world.settle();
    }
    assert_eq!(world.phase(2), Phase::WaitingForSeat);
    world.leave(0);
    world.settle();
    assert!(matches!(world.phase(2), Phase::InCall { .. }));
    world.check();
}

#[test]
fn a_broken_socket_is_replaced_without_new_connections() {
    let mut world = World::new(3, 4);
    for person in 0..3 {
        world.join(person);
    }
    world.settle();
    let made = world.connections_made();
    world.cut(1);
    world.settle();
    assert!((0..3).all(|person| matches!(world.phase(person), Phase::InCall { .. })));
    world.check();
    assert_eq!(world.connections_made(), made, "nothing that works is touched");
}

#[test]
fn a_call_survives_a_server_restart() {
    let mut world = World::new(3, 4);
    for person in 0..3 {
        world.join(person);
    }
    world.settle();
    let made = world.connections_made();
    world.restart();
    world.settle();
    world.check();
    world.wait();
    world.check();
    assert_eq!(world.connections_made(), made, "nothing that works is touched");
    world.end();
}

#[test]
fn a_silent_socket_is_replaced_without_new_connections() {
    for (up, down) in [(true, true), (true, false), (false, true)] {
        let mut world = World::new(3, 4);
        for person in 0..3 {
            world.join(person);
        }
        world.settle();
        let made = world.connections_made();
        world.stall(1, up, down);
        world.settle();
        world.wait();
        world.check();
        assert_eq!(world.connections_made(), made, "nothing that works is touched");
    }
}

#[test]
fn a_lost_path_is_repaired_and_only_a_failed_connection_is_replaced() {
    for (loss, replaced) in [(Loss::Path, 0), (Loss::Connection, 2)] {
        let mut world = World::new(3, 4);
        for person in 0..3 {
            world.join(person);
        }
        world.settle();
        let made = world.connections_made();
        world.lose(0, 1, loss);
        world.settle();
        world.check();
        assert_eq!(world.connections_made() - made, replaced);
    }
}

#[test]
fn hiding_an_address_replaces_only_that_participants_connections() {
    let mut world = World::new(3, 4);
    for person in 0..3 {
        world.join(person);
    }
    world.settle();
    for (hidden, expected) in [(true, 4), (true, 0), (false, 4)] {
        let made = world.connections_made();
        world.hide_address(1, hidden);
        world.settle();
        world.check();
        assert_eq!(world.connections_made() - made, expected);
        assert!((0..3).all(|person| matches!(world.phase(person), Phase::InCall { .. })));
    }
}

#[test]
fn hiding_an_address_while_joining_takes_effect() {
    let mut world = World::new(2, 4);
    world.join(0);
    world.settle();
    world.join(1);
    world.hide_address(1, true);
    world.settle();
    world.check();
}

#[test]
fn a_hand_that_is_raised_while_the_server_is_away_gets_its_place() {
    let mut world = World::new(2, 4);
    for person in 0..2 {
        world.join(person);
    }
    world.settle();
    world.cut(0);
    world.switch(0, |presence| presence.hand = Some(0));
    world.settle();
    world.check();
}

#[test]
fn a_file_that_is_paused_and_resumed_at_once_arrives() {
    let mut world = World::new(2, 4);
    for person in 0..2 {
        world.join(person);
    }
    world.settle();
    world.offer(0);
    world.offer(0);
    world.pass_one();
    world.pass_one();
    world.treat_files(1, FileInput::Download);
    world.pass_one();
    world.treat_files(1, FileInput::Pause);
    world.treat_files(1, FileInput::Download);
    world.settle();
    world.check();
}

#[test]
fn a_participant_who_missed_a_replacement_is_connected_again() {
    let mut world = World::new(2, 4);
    for person in 0..2 {
        world.join(person);
    }
    world.settle();
    world.stall(1, false, true);
    world.hide_address(0, true);
    world.settle();
    world.wait();
    world.check();
}

#[test]
fn an_offer_that_was_ignored_while_the_answer_was_lost_is_sent_again() {
    let mut world = World::new(2, 4);
    for person in 0..2 {
        world.join(person);
    }
    world.settle();
    world.stall(1, true, false);
    world.change_network(0);
    world.run(Duration::from_secs(2));
    world.change_network(1);
    world.settle();
    world.wait();
    world.check();
}

#[test]
fn host_actions_wait_for_an_unreachable_server() {
    let state = RoomState { people: Vec::new(), limit: 4, gate: None };
    let (ice, settings) = (IceGrant::default(), RoomSettings::default());
    let joined = ServerMessage::Joined { id: PeerId(1), state, ice, seat_token: None, settings };
    let mut call = Call::new();
    let said = |call: &mut Call, input| {
        call.handle(input, Duration::ZERO);
        let end = Command::Send(ClientMessage::Host(HostAction::End));
        std::iter::from_fn(|| call.poll()).filter(|command| *command == end).count()
    };
    for input in [
        Input::Watch("room".parse().unwrap()),
        Input::SocketOpened(1),
        join(),
        Input::SocketMessage(1, joined.clone()),
        Input::SocketClosed { generation: 1, restarting: false, jitter: 0.0 },
        Input::Host(HostAction::End),
        Input::SocketOpened(2),
    ] {
        assert_eq!(said(&mut call, input), 0);
    }
    assert_eq!(said(&mut call, Input::SocketMessage(2, joined)), 1);
}

#[test]
fn new_credentials_reach_existing_connections() {
    let server = |name: &str| IceServer {
        urls: "turn:relay.example.org".to_owned(),
        username: Some(name.to_owned()),
        credential: Some(name.to_owned()),
    };
    let grant = |name| IceGrant { servers: vec![server(name)], ttl: Some(600) };
    let config = |name| PeerConfig { ice_servers: vec![server(name)], hidden: true };
    let other = Person { id: PeerId(2), presence: Presence::default(), seconds: 0 };
    let state = RoomState { people: vec![other.clone()], limit: 4, gate: None };
    let (ice, settings) = (grant("first"), RoomSettings::default());
    let joined = ServerMessage::Joined { id: PeerId(1), state, ice, seat_token: None, settings };
    let ready = ServerMessage::Ready { role: Role::Callee, peer: other, link: 1 };
    let mut call = Call::new();
    for input in [
        Input::HideAddress(true),
        Input::Watch("room".parse().unwrap()),
        Input::SocketOpened(1),
        join(),
        Input::SocketMessage(1, joined),
        Input::SocketMessage(1, ready),
    ] {
        call.handle(input, Duration::ZERO);
    }
    let commands: Vec<_> = std::iter::from_fn(|| call.poll()).collect();
    let is_hidden = |command: &Command| {
        matches!(command, Command::Send(ClientMessage::Join(Join { hidden: true, .. })))
    };
    assert_eq!(commands.iter().filter(|command| is_hidden(command)).count(), 1);
    let opened = commands.iter().find_map(|command| match command {
        Command::OpenPeer { config, .. } => Some(config.clone()),
        _ => None,
    });
    assert_eq!(opened, Some(config("first")));

    // The socket is asked for signs of life meanwhile, and gives them.
    let now = loop {
        let now = call.poll_timeout().unwrap();
        call.handle(Input::Tick, now);
        let commands: Vec<_> = std::iter::from_fn(|| call.poll()).collect();
        call.handle(Input::SocketMessage(1, ServerMessage::Pong), now);
        if commands.contains(&Command::Send(ClientMessage::Ice)) {
            break now;
        }
    };
    assert_eq!(now, Duration::from_secs(540));
    call.handle(Input::SocketMessage(1, ServerMessage::Ice(grant("second"))), now);
    assert_eq!(call.poll(), Some(Command::Configure(config("second"))));
}

#[test]
fn a_connection_that_cannot_be_created_is_shown_on_both_sides() {
    let mut world = World::new(2, 4);
    world.disable(1);
    for person in 0..2 {
        world.join(person);
    }
    world.run(Duration::from_secs(5));
    let off = Failure::NoConnection;
    let links = [0, 1].map(|person| world.links(person));
    assert_eq!(links, [[Link::Failed(Obstacle::There(off))], [Link::Failed(Obstacle::Here(off))]]);
    world.enable(1);
    world.settle();
    world.wait();
    world.check();
}

/// Lets things happen to a world, which then has to come to rest.
fn follow(mut world: World, people: usize, steps: Vec<(u8, usize)>) {
    for (action, pick) in steps {
        step(&mut world, people, action, pick);
    }
    world.settle();
    world.wait();
    world.check();
    world.end();
}

fn step(world: &mut World, people: usize, action: u8, pick: usize) {
    let person = pick % people;
    match action {
        0 => world.join(person),
        1 if pick.is_multiple_of(3) => world.leave(person),
        2 if pick.is_multiple_of(4) => world.cut(person),
        3 => world.renegotiate(person, pick),
        4 if pick.is_multiple_of(16) => world.restart(),
        4 if pick.is_multiple_of(15) => world.change_network(person),
        4 if pick.is_multiple_of(13) => {
            world.stall(person, pick.is_multiple_of(2), !pick.is_multiple_of(3));
        }
        4 if pick.is_multiple_of(9) => {
            world.say(person, &format!("{pick}"));
            while world.pass_one() {}
        }
        4 if pick.is_multiple_of(7) => world.toggle_hiding(person),
        4 if pick.is_multiple_of(11) => {
            let loss = if pick.is_multiple_of(2) { Loss::Path } else { Loss::Connection };
            world.lose(person, (pick + 1) % people, loss);
        }
        4 if pick.is_multiple_of(5) => world.switch(person, |presence| presence.mic ^= true),
        4 => world.elapse(person),
        5 | 6 => world.deliver_up(person),
        7 | 8 => world.deliver_down(person),
        _ => world.complete(person, pick),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..Default::default() })]

    #[test]
    fn t9_no_event_of_a_connection_changes_the_view_unnoticed(
        caller: bool,
        events in prop::collection::vec((0..16u8, 0..64u64, 0..2000u64), 0..120),
    ) {
        let other = Person { id: PeerId(2), presence: Presence::default(), seconds: 0 };
        let inside = RoomState { people: vec![other.clone()], limit: 4, gate: None };
        let role = if caller { Role::Caller } else { Role::Callee };
        let mut call = Call::new();
        for input in [
            Input::Watch("room".parse().unwrap()),
            Input::SocketOpened(1),
            join(),
            Input::SocketMessage(1, joined(1, &inside)),
            Input::SocketMessage(1, ServerMessage::Ready { role, peer: other, link: 1 }),
        ] {
            call.handle(input, Duration::ZERO);
        }
        let (mut now, mut shown) = (Duration::ZERO, call.view());
        for (kind, value, wait) in events {
            now += Duration::from_millis(wait);
            // The shell wakes the call when it asks for that.
            while let Some(due) = call.poll_timeout().filter(|due| *due <= now) {
                let due = due.max(call.clock.now);
                call.handle(Input::Tick, due);
                call.handle(Input::SocketMessage(1, ServerMessage::Pong), due);
                (_, shown) = (call.take_change(), call.view());
            }
            call.handle(Input::Peer(call.route(PeerId(2)).unwrap(), event(kind, value)), now);
            while call.poll().is_some() {}
            let view = call.view();
            prop_assert!(call.take_change() || view == shown, "{kind} {value} at {now:?}");
            shown = view;
        }
    }

    #[test]
    fn t9_any_schedule_ends_with_each_pair_connected_once(
        people in 1..7usize,
        steps in prop::collection::vec((0..10u8, 0..64usize), 0..250),
    ) {
        follow(World::new(people, 5), people, steps);
    }

    #[test]
    fn any_schedule_ends_with_everyone_reached_through_the_server(
        people in 2..7usize,
        max_direct in 1..4usize,
        steps in prop::collection::vec((0..10u8, 0..64usize), 0..250),
    ) {
        follow(World::with_forwarding(people, 5, max_direct), people, steps);
    }
}
