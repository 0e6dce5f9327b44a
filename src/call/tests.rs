//! Whole calls of one to six people against the real rooms, with browsers that follow the signaling
//! rules of W3C WebRTC, under random schedules; then single negotiations under loss and disorder.

mod start;
mod world;

use super::{negotiation::Negotiation, *};
use crate::protocol::{
    Grade, IceCandidate, IceServer, Join, Quality, Reception, Role, SdpType, SessionDescription,
    Signal,
};
use proptest::prelude::*;
use world::World;

fn description(kind: SdpType) -> SessionDescription {
    SessionDescription { kind, sdp: String::new() }
}

fn drain(negotiation: &mut Negotiation) -> Vec<PeerCommand> {
    std::iter::from_fn(|| negotiation.poll()).collect()
}

fn candidate(name: &str) -> Option<IceCandidate> {
    Some(IceCandidate { candidate: name.into(), ..Default::default() })
}

#[test]
fn the_caller_offers_and_the_callee_waits() {
    let mut caller = Negotiation::new(Role::Caller);
    caller.needed();
    assert_eq!(drain(&mut caller), [PeerCommand::SetLocal(Intent::Offer)]);
    let mut callee = Negotiation::new(Role::Callee);
    callee.needed();
    assert_eq!(drain(&mut callee), []);
}

#[test]
fn an_offer_that_is_said_again_has_one_answer() {
    use SignalingState::{HaveLocalOffer, HaveRemoteOffer, Stable};
    let named = |kind, sdp: &str| SessionDescription { kind, sdp: sdp.to_owned() };
    let offer = || Signal::Offer(named(SdpType::Offer, "offer"));
    let answer = || named(SdpType::Answer, "answer");
    let said = PeerCommand::Send(Signal::Answer(answer()));

    let mut callee = Negotiation::new(Role::Callee);
    callee.signal(offer());
    callee.remote_done(true, HaveRemoteOffer);
    callee.local_done(Intent::Answer, Some(answer()), Stable);
    assert_eq!(drain(&mut callee).last(), Some(&said));
    callee.signal(offer());
    assert_eq!(drain(&mut callee), [said], "the same answer, and nothing for the browser to do");
    callee.signal(Signal::Offer(named(SdpType::Offer, "another")));
    assert!(matches!(drain(&mut callee)[..], [PeerCommand::SetRemote(_)]));

    let mut caller = Negotiation::new(Role::Caller);
    let offers = |caller: &mut Negotiation, sdp| {
        caller.needed();
        caller.local_done(Intent::Offer, Some(named(SdpType::Offer, sdp)), HaveLocalOffer);
        drain(caller);
    };
    offers(&mut caller, "offer");
    caller.repeat();
    drain(&mut caller);
    caller.signal(Signal::Answer(answer()));
    caller.remote_done(true, Stable);
    offers(&mut caller, "next");
    caller.signal(Signal::Answer(answer()));
    assert_eq!(drain(&mut caller), [], "left over from the offer before");
    caller.signal(Signal::Answer(answer()));
    let [PeerCommand::SetRemote(taken)] = &drain(&mut caller)[..] else {
        panic!("no answer taken")
    };
    assert_eq!(*taken, answer(), "browsers may answer two offers with the same words");
}

fn joined(id: u64, inside: &RoomState) -> ServerMessage {
    ServerMessage::Joined {
        id: PeerId(id),
        state: inside.clone(),
        ice: IceGrant::default(),
        rules: Rules::default(),
        seat: Some("seat".to_owned()),
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
fn the_time_inside_is_counted_on_after_a_reload() {
    let joined = || joined(1, &RoomState { people: Vec::new(), limit: 4, gate: None });
    let mut call = Call::new();
    let seconds = Duration::from_secs;
    for (input, time) in [
        (Input::Epoch(seconds(1000)), 0),
        (Input::Watch("123".parse().unwrap()), 0),
        (Input::Return("seat".to_owned(), seconds(700)), 0),
        (Input::Join, 1),
        (Input::SocketOpened(1), 1),
        (Input::SocketMessage(1, joined()), 2),
    ] {
        call.handle(input, seconds(time));
    }
    assert_eq!(call.view().phase, Phase::InCall { since: seconds(700) });
    assert_eq!(call.seat().map(|(_, since, _)| since), Some(seconds(700)));
    call.handle(Input::Epoch(seconds(400)), seconds(5));
    assert_eq!(call.view().phase, Phase::InCall { since: seconds(100) }, "as long ago as before");
    call.handle(Input::Leave, seconds(10));
    assert_eq!(call.view().phase, Phase::Left { after: seconds(310) });
    call.handle(Input::Join, seconds(15));
    let_in(&mut call, &joined(), seconds(20));
    assert_eq!(call.view().phase, Phase::InCall { since: seconds(420) });
}

#[test]
fn what_was_said_is_still_there_when_a_seat_comes_back_from_another_tab() {
    let joined = || joined(1, &RoomState { people: Vec::new(), limit: 4, gate: None });
    let moved = ServerMessage::Error { code: ErrorCode::SeatMoved, message: String::new() };
    let mut call = Call::new();
    for input in [
        Input::Watch("123".parse().unwrap()),
        Input::SocketOpened(1),
        Input::Join,
        Input::SocketMessage(1, joined()),
        Input::Say("hello".into()),
        Input::SocketMessage(1, moved),
    ] {
        call.handle(input, Duration::ZERO);
    }
    assert!(call.view().moved);
    let later = Duration::from_secs(60);
    call.handle(Input::Join, later);
    let_in(&mut call, &joined(), later);
    assert_eq!(call.view().chat.messages.len(), 1);
    assert_eq!(call.view().phase, Phase::InCall { since: Duration::ZERO });
}

#[test]
fn a_pass_counts_also_when_it_comes_late() {
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
        Input::Join,
        Input::SocketMessage(1, locked),
    ] {
        call.handle(input, Duration::ZERO);
    }
    assert_eq!(call.view().refusal, Some(ErrorCode::RoomLocked));
    call.handle(Input::SetPass(invited(), None), Duration::ZERO);
    assert!(call.view().has_pass);
    assert_eq!(call.view().refusal, None, "that was said to somebody without it");

    call.handle(Input::SetPass(Pass::default(), None), Duration::ZERO);
    call.handle(Input::Join, Duration::ZERO);
    let waiting = ServerMessage::Waiting { place: 1, hosted: true, locked: false };
    call.handle(Input::SocketMessage(1, waiting), Duration::ZERO);
    assert!(matches!(call.view().phase, Phase::Knocking { .. }));
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
    assert!(matches!(call.view().phase, Phase::Left { .. }));
    call.handle(Input::SetPass(invited(), None), Duration::ZERO);
    assert_eq!(call.view().phase, Phase::Lobby, "a removed person has another invitation");
}

#[test]
fn a_link_that_no_longer_counts_is_told_of() {
    let error = |code| ServerMessage::Error { code, message: String::new() };
    let invited = Pass { invitation: Some("token".to_owned()), ..Pass::default() };
    let hosted = Pass { host: Some("old".to_owned()), ..Pass::default() };
    let told = |call: &mut Call| {
        let told = std::iter::from_fn(|| call.poll()).filter_map(|command| match command {
            Command::Tell(code) => Some(code),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    for (pass, code) in [(invited, ErrorCode::BadInvitation), (hosted.clone(), ErrorCode::BadKey)] {
        let mut call = Call::new();
        for input in [
            Input::Watch("123".parse().unwrap()),
            Input::SetPass(pass, None),
            Input::SocketOpened(1),
            Input::Join,
            Input::SocketMessage(1, error(code)),
            Input::SocketMessage(
                1,
                ServerMessage::Waiting { place: 1, hosted: true, locked: false },
            ),
        ] {
            call.handle(input, Duration::ZERO);
        }
        assert_eq!((told(&mut call), call.view().refusal), (vec![code], Some(code)));
        call.handle(Input::SetPass(hosted.clone(), None), Duration::ZERO);
        assert_eq!(call.view().refusal, None, "another link was opened");
    }

    let inside = joined(1, &RoomState { people: Vec::new(), limit: 4, gate: None });
    let mut call = Call::new();
    for input in [
        Input::Watch("123".parse().unwrap()),
        Input::SocketOpened(1),
        Input::Join,
        Input::SocketMessage(1, inside),
        Input::SetPass(hosted.clone(), None),
        Input::SocketOpened(2),
        Input::SocketMessage(2, error(ErrorCode::BadKey)),
    ] {
        call.handle(input, Duration::ZERO);
    }
    assert_eq!(told(&mut call), [ErrorCode::BadKey], "also inside");

    let mut call = Call::new();
    for input in [
        Input::Watch("123".parse().unwrap()),
        Input::SetPass(hosted, Some("kept".to_owned())),
        Input::SocketOpened(1),
        Input::Join,
        Input::SocketMessage(1, error(ErrorCode::BadKey)),
    ] {
        call.handle(input, Duration::ZERO);
    }
    assert_eq!(told(&mut call), [], "the device may have a good one");
    call.handle(Input::SocketMessage(1, error(ErrorCode::BadKey)), Duration::ZERO);
    assert_eq!(told(&mut call), [ErrorCode::BadKey]);
}

#[test]
fn who_asks_for_a_new_host_link_gets_it() {
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
        Input::Join,
        Input::SocketMessage(1, inside),
        key("of another host"),
        Input::Host(HostAction::RenewKey),
    ] {
        assert_eq!(handed_out(input), None);
    }
    assert_eq!(handed_out(key("own")), Some("own".to_owned()));
    assert_eq!(handed_out(key("of another host again")), None);
    let code = ErrorCode::TryLater;
    handed_out(Input::Host(HostAction::RenewKey));
    handed_out(Input::SocketMessage(1, ServerMessage::Error { code, message: String::new() }));
    assert_eq!(handed_out(key("of another host")), None, "this one was refused");
}

#[test]
fn how_long_the_person_waited_is_reported() {
    let room: RoomName = "123".parse().unwrap();
    let millis = Duration::from_millis;
    let person = Person { id: PeerId(2), presence: Presence::default(), seconds: 9 };
    let inside = RoomState { people: vec![person], limit: 4, gate: None };
    let joined = |id| joined(id, &inside);
    let state = ServerMessage::Room { room: room.clone(), state: inside.clone() };
    let mut call = Call::new();
    let mut reports = Vec::new();
    for (input, time) in [
        (Input::Watch(room), 0),
        (Input::SocketOpened(1), 10),
        (Input::SocketMessage(1, state), 20),
        (Input::Join, 1000),
        (Input::SocketMessage(1, joined(1)), 1412),
        (Input::Seen, 1530),
        (Input::Seen, 1600),
        (Input::SocketClosed { generation: 1, restarting: false, jitter: 0.0 }, 3000),
        (Input::Tick, 3000),
        (Input::SocketOpened(2), 3900),
        (Input::SocketMessage(2, joined(1)), 4000),
    ] {
        call.handle(input, millis(time));
        reports.extend(std::iter::from_fn(|| call.poll()).filter_map(|command| match command {
            Command::Send(ClientMessage::Report(report)) => Some((time, report)),
            _ => None,
        }));
    }
    let first = Report { join: Some(412), picture: Some(530), back: None };
    let again = Report { back: Some(1000), ..Report::default() };
    assert_eq!(reports, [(1530, first), (4000, again)]);
}

#[test]
fn early_candidates_are_applied_after_the_description() {
    let mut callee = Negotiation::new(Role::Callee);
    callee.signal(Signal::Candidate(candidate("1")));
    callee.signal(Signal::Candidate(None));
    assert_eq!(drain(&mut callee), []);
    let offer = description(SdpType::Offer);
    callee.signal(Signal::Offer(offer.clone()));
    assert_eq!(drain(&mut callee), [PeerCommand::SetRemote(offer)]);
    callee.signal(Signal::Candidate(candidate("2")));
    callee.remote_done(true, SignalingState::HaveRemoteOffer);
    callee.local_candidate(candidate("mine"));
    let answer = description(SdpType::Answer);
    callee.local_done(Intent::Answer, Some(answer.clone()), SignalingState::Stable);
    assert_eq!(
        drain(&mut callee),
        [
            PeerCommand::AddCandidate(candidate("1")),
            PeerCommand::AddCandidate(None),
            PeerCommand::SetLocal(Intent::Answer),
            PeerCommand::Send(Signal::Answer(answer)),
            PeerCommand::Send(Signal::Candidate(candidate("mine"))),
            PeerCommand::AddCandidate(candidate("2")),
        ]
    );
}

#[test]
fn in_a_collision_the_caller_wins_and_drops_the_loser_s_candidates() {
    let offer = description(SdpType::Offer);
    let mut caller = Negotiation::new(Role::Caller);
    caller.needed();
    caller.local_done(Intent::Offer, Some(offer.clone()), SignalingState::HaveLocalOffer);
    drain(&mut caller);
    caller.signal(Signal::Offer(offer));
    caller.signal(Signal::Candidate(candidate("ignored")));
    assert_eq!(drain(&mut caller), []);
    let answer = description(SdpType::Answer);
    caller.signal(Signal::Answer(answer.clone()));
    assert_eq!(drain(&mut caller), [PeerCommand::SetRemote(answer)]);
}

#[test]
fn in_a_collision_the_callee_asks_for_a_new_connection() {
    let key = PeerKey { id: PeerId(1), generation: 1 };
    let mut callee = Peer::new(key, Role::Callee, 1, Presence::default(), Duration::ZERO);
    let offer = || PeerInput::Signal(Signal::Offer(description(SdpType::Offer)));
    let now = Duration::from_secs(1);
    use SignalingState::{HaveLocalOffer, HaveRemoteOffer, Stable};
    for input in [
        offer(),
        PeerInput::RemoteDone(true, HaveRemoteOffer),
        PeerInput::LocalDone(Intent::Answer, Some(description(SdpType::Answer)), Stable),
        PeerInput::Connection(ConnectionState::Connected),
        PeerInput::NegotiationNeeded,
        PeerInput::LocalDone(Intent::Offer, Some(description(SdpType::Offer)), HaveLocalOffer),
    ] {
        callee.handle(input, now);
        assert!(!callee.step(now));
    }
    let other = SessionDescription { kind: SdpType::Offer, sdp: "another".to_owned() };
    callee.handle(PeerInput::Signal(Signal::Offer(other)), now);
    let remote = |command: &PeerCommand| matches!(command, PeerCommand::SetRemote(_));
    let applied = std::iter::from_fn(|| callee.poll()).filter(remote).count();
    assert_eq!(applied, 1, "the offer of this side is not rolled back");
    assert!(callee.step(now));
}

#[test]
fn an_answer_that_cannot_be_applied_takes_the_offer_back() {
    let mut caller = Negotiation::new(Role::Caller);
    caller.needed();
    let offer = description(SdpType::Offer);
    caller.local_done(Intent::Offer, Some(offer), SignalingState::HaveLocalOffer);
    caller.signal(Signal::Answer(description(SdpType::Answer)));
    drain(&mut caller);
    caller.remote_done(false, SignalingState::HaveLocalOffer);
    assert_eq!(drain(&mut caller), [PeerCommand::SetLocal(Intent::Rollback)]);
    caller.local_done(Intent::Rollback, None, SignalingState::Stable);
    assert!(!caller.is_busy());
}

#[test]
fn links_are_told_in_plain_words() {
    use ConnectionState as C;
    use IceConnectionState as I;
    let key = PeerKey { id: PeerId(1), generation: 1 };
    let mut peer = Peer::new(key, Role::Caller, 1, Presence::default(), Duration::ZERO);
    let seconds = Duration::from_secs;
    let link = |peer: &Peer, now| peer.tile(&Presence::default(), seconds(now)).link;
    let mut steps = vec![link(&peer, 0)];
    for (now, input) in [
        (1, PeerInput::IceConnection(I::Checking)),
        (1, PeerInput::Connection(C::Failed)),
        (2, PeerInput::Connection(C::Connecting)),
        (3, PeerInput::Connection(C::Failed)),
        (4, PeerInput::Connection(C::Connected)),
        (5, PeerInput::IceConnection(I::Disconnected)),
    ] {
        peer.handle(input, seconds(now));
        steps.push(link(&peer, now));
    }
    use Link::{Connected, Connecting, New};
    let failed = Link::Failed(Obstacle::Between);
    assert_eq!(steps, [New, Connecting, Connecting, Connecting, failed, Connected, Connected]);
    let since = seconds(5);
    assert_eq!(link(&peer, 8), Link::Reconnecting { since }, "a moment is not worth a word");
    peer.handle(PeerInput::IceConnection(I::Connected), seconds(9));
    assert_eq!(link(&peer, 9), Connected);
}

#[test]
fn silence_is_told_and_mended_and_what_still_comes_is_no_loss() {
    let key = PeerKey { id: PeerId(1), generation: 1 };
    let mut peer = Peer::new(key, Role::Caller, 1, Presence::default(), Duration::ZERO);
    let millis = Duration::from_millis;
    let hear = |peer: &mut Peer, heard, now| {
        let sound = Arrival { packets: heard, lost: 0 };
        let reading = Reading { heard, sound, picture: sound, ..Reading::default() };
        peer.handle(PeerInput::Reading(reading), millis(now));
        peer.step(millis(now));
        let restarts = std::iter::from_fn(|| peer.poll());
        let restarts = restarts.filter(|command| *command == PeerCommand::RestartIce).count();
        let reconnecting =
            matches!(peer.tile(&Presence::default(), millis(now)).link, Link::Reconnecting { .. });
        (reconnecting, restarts, peer.news(&[], millis(now)).is_some())
    };
    peer.handle(PeerInput::Connection(ConnectionState::Connected), millis(0));
    let mut events = Vec::new();
    for now in (0..10_000).step_by(500) {
        let heard = if now <= 2000 || now >= 8000 { now } else { 2000 };
        let seen = hear(&mut peer, heard, now);
        if events.last().is_none_or(|(_, last)| *last != seen) {
            events.push((now, seen));
        }
    }
    assert_eq!(
        events,
        [
            (0, (false, 0, false)),
            (5000, (true, 1, true)),
            (5500, (true, 0, false)),
            (8000, (false, 0, true)),
            (8500, (false, 0, false)),
        ]
    );
    peer.handle(PeerInput::IceConnection(IceConnectionState::Disconnected), millis(10_000));
    for now in (10_000..16_000).step_by(500) {
        assert!(!hear(&mut peer, now, now).0, "they are heard and seen");
    }
}

#[test]
fn less_is_sent_at_once_and_more_after_a_while() {
    let key = PeerKey { id: PeerId(1), generation: 1 };
    let mut peer = Peer::new(key, Role::Caller, 1, Presence::default(), Duration::ZERO);
    let seconds = Duration::from_secs;
    let mut limits = Vec::new();
    for now in 0..60 {
        let grade = match now {
            5..8 => Grade::Weak,
            8..12 => Grade::Poor,
            _ => Grade::Good,
        };
        let reception = Signal::Reception(Reception { grade, ..Reception::default() });
        peer.handle(PeerInput::Signal(reception), seconds(now));
        while let Some(command) = peer.poll() {
            limits.push((now, command));
        }
    }
    let limit = |now, grade| (now, PeerCommand::LimitPicture(Some(grade)));
    assert_eq!(limits, [limit(5, Grade::Weak), limit(8, Grade::Poor), limit(22, Grade::Good)]);
}

#[test]
fn who_switches_something_says_so_and_cannot_be_somebody_else() {
    let key = PeerKey { id: PeerId(1), generation: 1 };
    let ada = Presence { name: "Ada".into(), hand: Some(2), ..Presence::default() };
    let mut peer = Peer::new(key, Role::Caller, 1, ada.clone(), Duration::ZERO);
    let off = Presence { mic: false, recording: true, ..ada.clone() };
    let said = Presence { name: "Bob".into(), hand: Some(0), ..off.clone() };
    peer.switch(&said, Duration::ZERO);
    let shown = |peer: &Peer| peer.tile(&Presence::default(), Duration::ZERO).presence;
    assert_eq!(shown(&peer), off);
    peer.switch(&ada, Duration::ZERO);
    assert_eq!(shown(&peer), ada, "and on again, though the server is away");
    peer.set_presence(off.clone(), Duration::ZERO);
    peer.switch(&ada, Duration::ZERO);
    assert!(!shown(&peer).mic, "a host has muted them");
    peer.switch(&off, Duration::ZERO);
    peer.switch(&ada, Duration::ZERO);
    assert_eq!(shown(&peer), ada, "they have seen it, and may switch it on again");
}

#[test]
fn who_saves_data_gets_little_and_who_only_listens_nothing() {
    let key = PeerKey { id: PeerId(1), generation: 1 };
    let mut peer = Peer::new(key, Role::Caller, 1, Presence::default(), Duration::ZERO);
    let mut limits = |own, theirs| {
        peer.spend(own, Duration::ZERO);
        peer.set_presence(Presence { quality: theirs, ..Presence::default() }, Duration::ZERO);
        let shows = peer.tile(&Presence::default(), Duration::ZERO).camera;
        (std::iter::from_fn(|| peer.poll()).last(), shows)
    };
    let limit = |grade| Some(PeerCommand::LimitPicture(grade));
    let (auto, less, sound) = (Quality::Auto, Quality::SaveData, Quality::AudioOnly);
    assert_eq!(limits(auto, auto), (None, true));
    assert_eq!(limits(auto, less), (limit(Some(Grade::Weak)), true), "they save");
    assert_eq!(limits(less, less), (None, true));
    assert_eq!(limits(less, sound), (limit(None), false), "they neither look nor show");
    assert_eq!(limits(sound, auto), (None, false));
    assert_eq!(limits(auto, auto), (limit(Some(Grade::Good)), true));
}

#[test]
fn a_person_is_shown_inside_at_the_press_but_in_front_of_a_full_room() {
    let inside = |people: u64, limit| {
        let person = |id| Person { id: PeerId(id), presence: Presence::default(), seconds: 0 };
        let state = RoomState { people: (0..people).map(person).collect(), limit, gate: None };
        let room: RoomName = "room".parse().unwrap();
        let mut call = Call::new();
        for input in [
            Input::Watch(room.clone()),
            Input::SocketOpened(1),
            Input::SocketMessage(1, ServerMessage::Room { room, state }),
            Input::Join,
        ] {
            call.handle(input, Duration::ZERO);
        }
        assert_eq!(call.view().phase, Phase::Joining);
        call.view().inside
    };
    assert!(inside(1, 2));
    assert!(!inside(2, 2), "the room is full");
    assert!(!inside(0, 0), "nothing is known of the room");
}

#[test]
fn only_somebody_new_is_worth_waiting_for() {
    let tile = |id| Tile {
        key: PeerKey { id: PeerId(id), generation: id },
        presence: Presence::default(),
        link: Link::New,
        up: false,
        frozen: false,
        hears: true,
        sees: true,
        grade: Grade::Good,
        path: None,
        seal: None,
        sign: None,
        camera: true,
        screen: false,
    };
    let view = |ids: &[u64], introducing| View {
        tiles: ids.iter().copied().map(tile).collect(),
        introducing,
        ..View::default()
    };
    assert!(view(&[1], false).can_wait_for(&view(&[1, 2], true)));
    assert!(!view(&[1], false).can_wait_for(&view(&[1, 2], false)), "they are connected");
    assert!(!view(&[1, 2], true).can_wait_for(&view(&[1, 2], true)), "they are drawn");
    assert!(!view(&[1, 2], true).can_wait_for(&view(&[], true)), "they are gone");
}

#[test]
fn nobody_is_called_alone_while_others_are_being_connected() {
    let other = Person { id: PeerId(2), presence: Presence::default(), seconds: 0 };
    let state = RoomState { people: vec![other.clone()], limit: 4, gate: None };
    let joined = ServerMessage::Joined {
        id: PeerId(1),
        state,
        ice: IceGrant::default(),
        seat: None,
        rules: Rules::default(),
    };
    let ready = ServerMessage::Ready { role: Role::Callee, peer: other, link: 1 };
    let key = PeerKey { id: PeerId(2), generation: 2 };
    let connected = PeerInput::Connection(ConnectionState::Connected);
    let mut call = Call::new();
    let mut seen = Vec::new();
    for input in [
        Input::Watch("room".parse().unwrap()),
        Input::SocketOpened(1),
        Input::Join,
        Input::SocketMessage(1, joined),
        Input::SocketMessage(1, ready),
        Input::Peer(key, connected),
        Input::SocketMessage(1, ServerMessage::Left { peer: PeerId(2) }),
    ] {
        call.handle(input, Duration::ZERO);
        let view = call.view();
        seen.push((view.introducing, view.is_alone()));
    }
    let (introducing, alone, neither) = ((true, false), (false, true), (false, false));
    assert_eq!(seen[2..], [neither, introducing, introducing, neither, alone]);
    call.handle(
        Input::SocketClosed { generation: 1, restarting: false, jitter: 0.0 },
        Duration::ZERO,
    );
    call.handle(Input::SocketOpened(3), Duration::ZERO);
    assert!(!call.view().is_alone(), "nobody knows before the server has answered");
}

#[test]
fn a_full_room_is_entered_when_a_seat_is_free() {
    let mut world = World::new(3, 2);
    for person in 0..3 {
        world.join(person);
        world.settle();
    }
    assert_eq!(world.phase(2), Phase::Waiting);
    world.leave(0);
    world.settle();
    assert!(matches!(world.phase(2), Phase::InCall { .. }));
    world.check();
}

#[test]
fn a_cut_socket_is_replaced_and_nobody_notices() {
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
fn a_call_outlives_the_server() {
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
fn a_socket_that_brings_nothing_is_replaced_and_nobody_notices() {
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
fn a_lost_path_is_mended_and_a_failed_connection_alone_is_replaced() {
    for (loss, replaced) in [(world::Loss::Path, 0), (world::Loss::Connection, 2)] {
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
fn who_hides_in_a_call_is_connected_anew_and_nobody_else_is() {
    let mut world = World::new(3, 4);
    for person in 0..3 {
        world.join(person);
    }
    world.settle();
    for (hidden, expected) in [(true, 4), (true, 0), (false, 4)] {
        let made = world.connections_made();
        world.hide(1, hidden);
        world.settle();
        world.check();
        assert_eq!(world.connections_made() - made, expected);
        assert!((0..3).all(|person| matches!(world.phase(person), Phase::InCall { .. })));
    }
}

#[test]
fn who_hides_while_coming_in_is_hidden_in_the_end() {
    let mut world = World::new(2, 4);
    world.join(0);
    world.settle();
    world.join(1);
    world.hide(1, true);
    world.settle();
    world.check();
}

#[test]
fn what_a_host_does_while_the_server_is_away_is_done_when_it_is_back() {
    let state = RoomState { people: Vec::new(), limit: 4, gate: None };
    let (ice, rules) = (IceGrant::default(), Rules::default());
    let joined = ServerMessage::Joined { id: PeerId(1), state, ice, seat: None, rules };
    let mut call = Call::new();
    let said = |call: &mut Call, input| {
        call.handle(input, Duration::ZERO);
        let end = Command::Send(ClientMessage::Host(HostAction::End));
        std::iter::from_fn(|| call.poll()).filter(|command| *command == end).count()
    };
    for input in [
        Input::Watch("room".parse().unwrap()),
        Input::SocketOpened(1),
        Input::Join,
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
fn fresh_credentials_reach_the_connections_that_are_there() {
    let server = |name: &str| IceServer {
        urls: "turn:relay.example.org".to_owned(),
        username: Some(name.to_owned()),
        credential: Some(name.to_owned()),
    };
    let grant = |name| IceGrant { servers: vec![server(name)], seconds: Some(600) };
    let config = |name| PeerConfig { ice_servers: vec![server(name)], hidden: true };
    let other = Person { id: PeerId(2), presence: Presence::default(), seconds: 0 };
    let state = RoomState { people: vec![other.clone()], limit: 4, gate: None };
    let (ice, rules) = (grant("first"), Rules::default());
    let joined = ServerMessage::Joined { id: PeerId(1), state, ice, seat: None, rules };
    let ready = ServerMessage::Ready { role: Role::Callee, peer: other, link: 1 };
    let mut call = Call::new();
    for input in [
        Input::Hide(true),
        Input::Watch("room".parse().unwrap()),
        Input::SocketOpened(1),
        Input::Join,
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..Default::default() })]

    #[test]
    fn t9_any_schedule_ends_with_everybody_linked_once(
        people in 1..7usize,
        steps in prop::collection::vec((0..10u8, 0..64usize), 0..250),
    ) {
        let mut world = World::new(people, 5);
        for (action, pick) in steps {
            world.step(action, pick);
        }
        world.settle();
        world.wait();
        world.check();
        world.end();
    }

    #[test]
    fn t9_no_disorder_or_loss_leaves_a_negotiation_stuck(
        caller: bool,
        steps in prop::collection::vec((0..12u8, any::<bool>()), 0..60),
    ) {
        let mut negotiation = Negotiation::new(if caller { Role::Caller } else { Role::Callee });
        let mut signaling = SignalingState::Stable;
        let mut applied = false;
        let mut pending = VecDeque::new();
        for (place, (action, works)) in steps.into_iter().enumerate() {
            // Some are said twice.
            let description = |kind| SessionDescription { kind, sdp: (place / 3).to_string() };
            match action {
                0 | 1 => negotiation.needed(),
                2 | 3 => negotiation.signal(Signal::Offer(description(SdpType::Offer))),
                4 | 5 => negotiation.signal(Signal::Answer(description(SdpType::Answer))),
                6 => negotiation.signal(Signal::Candidate(candidate("c"))),
                7 => negotiation.local_candidate(candidate("mine")),
                8 => negotiation.signal(Signal::Offer(description(SdpType::Rollback))),
                // A result that nobody asked for, as from an operation that was given up.
                9 => negotiation.local_done(Intent::Rollback, None, signaling),
                _ => complete(&mut negotiation, &mut pending, &mut signaling, &mut applied, works),
            }
            pending.extend(drain(&mut negotiation));
        }
        for _ in 0..200 {
            complete(&mut negotiation, &mut pending, &mut signaling, &mut applied, true);
            pending.extend(drain(&mut negotiation));
        }
        prop_assert!(!negotiation.is_busy(), "still waiting for {pending:?}");
    }
}

/// Carries out the oldest command as a browser would.
fn complete(
    negotiation: &mut Negotiation,
    pending: &mut VecDeque<PeerCommand>,
    signaling: &mut SignalingState,
    applied: &mut bool,
    works: bool,
) {
    use SignalingState::{HaveLocalOffer, HaveRemoteOffer, Stable};
    match pending.pop_front() {
        Some(PeerCommand::SetLocal(intent)) => {
            let (next, kind) = match intent {
                Intent::Offer => (HaveLocalOffer, SdpType::Offer),
                Intent::Answer => (Stable, SdpType::Answer),
                Intent::Rollback => (Stable, SdpType::Rollback),
            };
            if works {
                *signaling = next;
            }
            negotiation.local_done(intent, works.then(|| description(kind)), *signaling);
        }
        Some(PeerCommand::SetRemote(remote)) => {
            if works {
                let offer = remote.kind == SdpType::Offer;
                *signaling = if offer { HaveRemoteOffer } else { Stable };
                *applied = true;
            }
            negotiation.remote_done(works, *signaling);
        }
        Some(PeerCommand::AddCandidate(_)) => {
            assert!(*applied, "a candidate before any remote description");
        }
        Some(_) | None => {}
    }
}
