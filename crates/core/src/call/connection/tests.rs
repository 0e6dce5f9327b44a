//! Single connections and their negotiations under loss and disorder.

mod start;

use super::*;
use crate::{
    call::participant::Participant,
    protocol::{IceCandidate, Presence, SdpType, SessionDescription},
};
use proptest::prelude::*;
use std::collections::VecDeque;

/// Everything is to come through it.
fn connection(role: Role, generation: u64, now: Duration) -> Connection {
    let key = PeerKey { id: PeerId(1), generation };
    let mut connection = Connection::new(key, role, generation, now);
    let expected = ExpectedTracks { microphone: true, camera: true, screen: false };
    connection.expect(expected, Quality::Auto, now);
    connection
}

fn description(kind: SdpType) -> SessionDescription {
    SessionDescription::new(kind, "")
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
fn after_an_agreement_the_browser_says_again_what_is_missing() {
    let mut caller = Negotiation::new(Role::Caller);
    caller.needed();
    // An event of a browser that is late.
    caller.needed();
    let offer = Some(description(SdpType::Offer));
    caller.local_done(Intent::Offer, offer, SignalingState::HaveLocalOffer);
    caller.signal(Signal::Answer(description(SdpType::Answer)));
    caller.remote_done(true, SignalingState::Stable);
    let offers = |caller: &mut Negotiation| {
        let offer = PeerCommand::SetLocal(Intent::Offer);
        drain(caller).into_iter().filter(|command| *command == offer).count()
    };
    assert_eq!((offers(&mut caller), caller.is_at_rest()), (1, true));
    caller.needed();
    assert_eq!((offers(&mut caller), caller.is_at_rest()), (1, false));
}

#[test]
fn a_repeated_offer_gets_the_same_answer() {
    use SignalingState::{HaveLocalOffer, HaveRemoteOffer, Stable};
    let named = |kind, sdp: &str| SessionDescription::new(kind, sdp);
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
            PeerCommand::AddCandidate(candidate("2")),
            PeerCommand::Send(Signal::Answer(answer)),
            PeerCommand::Send(Signal::Candidate(candidate("mine"))),
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
    let mut callee = connection(Role::Callee, 1, Duration::ZERO);
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
    let other = SessionDescription::new(SdpType::Offer, "another");
    callee.handle(PeerInput::Signal(Signal::Offer(other)), now);
    let remote = |command: &PeerCommand| matches!(command, PeerCommand::SetRemote(_));
    let applied = std::iter::from_fn(|| callee.poll()).filter(remote).count();
    assert_eq!(applied, 1, "the offer of this side is not rolled back");
    assert!(callee.step(now));
}

#[test]
fn an_answer_that_cannot_be_applied_rolls_the_offer_back() {
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
fn connection_states_become_links() {
    use ConnectionState as C;
    use IceConnectionState as I;
    let mut connection = connection(Role::Caller, 1, Duration::ZERO);
    let seconds = Duration::from_secs;
    let link = |connection: &Connection, now| connection.link(seconds(now));
    let mut steps = vec![link(&connection, 0)];
    for (now, input) in [
        (1, PeerInput::IceConnection(I::Checking)),
        (1, PeerInput::Connection(C::Failed)),
        (2, PeerInput::Connection(C::Connecting)),
        (3, PeerInput::Connection(C::Failed)),
        (4, PeerInput::Connection(C::Connected)),
        (5, PeerInput::IceConnection(I::Disconnected)),
    ] {
        connection.handle(input, seconds(now));
        steps.push(link(&connection, now));
    }
    use Link::{Connected, Connecting, New};
    let failed = Link::Failed(Obstacle::Between);
    assert_eq!(steps, [New, Connecting, Connecting, Connecting, failed, Connected, Connected]);
    let since = seconds(5);
    assert_eq!(link(&connection, 8), Link::Reconnecting { since }, "a moment is not worth a word");
    connection.handle(PeerInput::IceConnection(I::Connected), seconds(9));
    assert_eq!(link(&connection, 9), Connected);
}

#[test]
fn silence_is_reported_and_repaired_and_arriving_data_is_no_loss() {
    let mut connection = connection(Role::Caller, 1, Duration::ZERO);
    let millis = Duration::from_millis;
    let hear = |connection: &mut Connection, received, now| {
        let arrival = Arrival { packets: received, ..Arrival::default() };
        let track = |is_audio| TrackReading { mid: None, is_audio, arrival };
        let tracks = vec![track(true), track(false)];
        let reading = Reading { received, tracks, ..Reading::default() };
        connection.handle(PeerInput::Reading(reading), millis(now));
        connection.step(millis(now));
        let restarts = std::iter::from_fn(|| connection.poll());
        let restarts = restarts.filter(|command| *command == PeerCommand::RestartIce).count();
        let reconnecting = matches!(connection.link(millis(now)), Link::Reconnecting { .. });
        (reconnecting, restarts, connection.reception_report(&[], millis(now)).is_some())
    };
    connection.handle(PeerInput::Connection(ConnectionState::Connected), millis(0));
    let mut events = Vec::new();
    for now in (0..10_000).step_by(500) {
        let received = if now <= 2000 || now >= 8000 { now } else { 2000 };
        let seen = hear(&mut connection, received, now);
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
    connection.handle(PeerInput::IceConnection(IceConnectionState::Disconnected), millis(10_000));
    for now in (10_000..16_000).step_by(500) {
        assert!(!hear(&mut connection, now, now).0, "they are heard and seen");
    }
}

#[test]
fn a_pause_right_after_the_server_is_back_is_repaired_at_once() {
    let millis = Duration::from_millis;
    // The first repair when the server returns at this time and nothing has arrived since 2,000 ms.
    let repaired = |returned: u64| {
        let mut connection = connection(Role::Caller, 1, Duration::ZERO);
        let expected = ExpectedTracks { microphone: true, ..ExpectedTracks::default() };
        connection.expect(expected, Quality::default(), millis(0));
        connection.handle(PeerInput::Connection(ConnectionState::Connected), millis(0));
        for now in (0..10_000).step_by(500) {
            if now == returned {
                connection.returned(false, millis(now));
                connection.step(millis(now));
            }
            let arrival = Arrival { packets: now.min(2000), ..Arrival::default() };
            let tracks = vec![TrackReading { mid: None, is_audio: true, arrival }];
            let reading = Reading { received: now.min(2000), tracks, ..Reading::default() };
            connection.handle(PeerInput::Reading(reading), millis(now));
            connection.step(millis(now));
            if std::iter::from_fn(|| connection.poll()).any(|it| it == PeerCommand::RestartIce) {
                return now;
            }
        }
        panic!("not repaired");
    };
    assert_eq!(repaired(2500), 3000, "soon after the first pause that is noticed");
    assert_eq!(repaired(3500), 3500, "with the return");
    assert_eq!(repaired(20_000), 5000, "without a return, after three seconds of silence");
}

#[test]
fn video_is_reduced_at_once_and_increased_after_a_while() {
    let mut connection = connection(Role::Caller, 1, Duration::ZERO);
    let seconds = Duration::from_secs;
    let mut limits = Vec::new();
    for now in 0..60 {
        let grade = match now {
            5..8 => Grade::Weak,
            8..12 => Grade::Poor,
            _ => Grade::Good,
        };
        let reception = Signal::Reception(Reception { grade, ..Reception::default() });
        connection.handle(PeerInput::Signal(reception), seconds(now));
        while let Some(command) = connection.poll() {
            limits.push((now, command));
        }
    }
    let limit = |now, grade| (now, PeerCommand::LimitPicture(Some(grade)));
    assert_eq!(limits, [limit(5, Grade::Weak), limit(8, Grade::Poor), limit(22, Grade::Good)]);
}

#[test]
fn data_savers_get_small_video_and_listeners_none() {
    let mut connection = connection(Role::Caller, 1, Duration::ZERO);
    let mut limits = |own, theirs| {
        let presence = Presence { quality: theirs, ..Presence::default() };
        let participant = Participant::new(PeerId(1), presence);
        let expected = participant.expected(own);
        connection.expect(expected, participant.quality(own), Duration::ZERO);
        (std::iter::from_fn(|| connection.poll()).last(), expected.camera)
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..Default::default() })]

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
            let description = |kind| SessionDescription::new(kind, (place / 3).to_string());
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
