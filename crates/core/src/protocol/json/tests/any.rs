//! Any value of each type.

use crate::protocol::*;
use proptest::{collection::vec, option, prelude::*, sample::select};

pub fn text() -> impl Strategy<Value = String> {
    "[a-z\"\\\\/\u{0}\u{8}\u{c}\n\r\t\u{1f}\u{7f}é\u{2028}😀 ]{0,12}"
}

pub fn name() -> impl Strategy<Value = DisplayName> {
    text().prop_map(DisplayName::from)
}

pub fn id() -> impl Strategy<Value = PeerId> {
    any::<u64>().prop_map(PeerId)
}

pub fn room() -> impl Strategy<Value = RoomName> {
    "[a-z0-9_-]{1,8}".prop_map(|name| name.parse().unwrap())
}

pub(super) fn presence() -> impl Strategy<Value = Presence> {
    let quality = select(Quality::VARIANTS);
    (name(), any::<[bool; 5]>(), option::of(any::<u32>()), quality).prop_map(
        |(name, [mic, camera, background, screen, recording], hand, quality)| Presence {
            name,
            mic,
            camera,
            background,
            screen,
            recording,
            hand,
            quality,
        },
    )
}

pub(super) fn person() -> impl Strategy<Value = Person> {
    (id(), presence(), any::<u64>()).prop_map(|(id, presence, seconds)| Person {
        id,
        presence,
        seconds,
    })
}

pub(super) fn room_state() -> impl Strategy<Value = RoomState> {
    (vec(person(), 0..3), any::<usize>(), option::of(select(Gate::VARIANTS)))
        .prop_map(|(people, limit, gate)| RoomState { people, limit, gate })
}

pub(super) fn settings() -> impl Strategy<Value = RoomSettings> {
    (any::<[bool; 3]>(), vec(id(), 0..3)).prop_map(|([locked, waiting_room, passcode], hosts)| {
        RoomSettings { locked, waiting_room, passcode, hosts }
    })
}

pub(super) fn host_state() -> impl Strategy<Value = HostState> {
    let invitation = (text(), any::<bool>(), option::of(any::<u64>()), option::of(name()))
        .prop_map(|(token, once, ttl, used_by)| Invitation { token, once, ttl, used_by });
    (vec(person(), 0..3), vec(invitation, 0..3))
        .prop_map(|(waiting, invitations)| HostState { waiting, invitations })
}

pub(super) fn ice() -> impl Strategy<Value = IceGrant> {
    let server = (text(), option::of(text()), option::of(text()))
        .prop_map(|(urls, username, credential)| IceServer { urls, username, credential });
    (vec(server, 0..3), option::of(any::<u64>()))
        .prop_map(|(servers, ttl)| IceGrant { servers, ttl })
}

pub(super) fn candidate() -> impl Strategy<Value = IceCandidate> {
    (text(), option::of(text()), option::of(any::<u16>()), option::of(text())).prop_map(
        |(candidate, sdp_mid, sdp_m_line_index, username_fragment)| IceCandidate {
            candidate,
            sdp_mid,
            sdp_m_line_index,
            username_fragment,
        },
    )
}

pub(super) fn description(kind: SdpType) -> impl Strategy<Value = SessionDescription> {
    let sources = vec(select(TrackSource::VARIANTS), 0..3);
    (text(), sources).prop_map(move |(sdp, sources)| {
        let track = |(index, source): (usize, TrackSource)| TrackInfo {
            mid: index.to_string().try_into().unwrap(),
            source,
        };
        let tracks = sources.into_iter().enumerate().map(track).collect();
        SessionDescription { tracks, ..SessionDescription::new(kind, sdp) }
    })
}

pub(super) fn reception() -> impl Strategy<Value = Reception> {
    let grade = || select(Grade::VARIANTS);
    let failure = option::of(select(Failure::VARIANTS));
    (any::<[bool; 2]>(), grade(), option::of(grade()), option::of(grade()), failure).prop_map(
        |([sound, picture], grade, best_received, best_sent, failure)| Reception {
            sound,
            picture,
            grade,
            best_received,
            best_sent,
            failure,
        },
    )
}

pub(super) fn signal() -> impl Strategy<Value = Signal> {
    prop_oneof![
        description(SdpType::Offer).prop_map(Signal::Offer),
        description(SdpType::Answer).prop_map(Signal::Answer),
        option::of(candidate()).prop_map(Signal::Candidate),
        reception().prop_map(Signal::Reception),
    ]
}

pub(super) fn server_message() -> impl Strategy<Value = ServerMessage> {
    use ServerMessage as M;
    prop_oneof![
        (room(), room_state()).prop_map(|(room, state)| M::RoomState { room, state }),
        (id(), room_state(), ice(), option::of(text()), settings()).prop_map(
            |(id, state, ice, seat_token, settings)| {
                let state = RoomState { gate: None, ..state };
                M::Joined { id, state, ice, seat_token, settings }
            }
        ),
        (any::<usize>(), any::<[bool; 2]>()).prop_map(|(position, [host_present, locked])| {
            M::Waiting { position, host_present, locked }
        }),
        settings().prop_map(M::RoomSettings),
        host_state().prop_map(M::HostState),
        text().prop_map(M::HostKey),
        select(TrackSource::VARIANTS).prop_map(M::Muted),
        (select(Role::VARIANTS), person(), any::<u64>()).prop_map(|(role, peer, link)| M::Ready {
            role,
            peer,
            link
        }),
        (id(), option::of(any::<u64>()), signal()).prop_map(|(from, link, signal)| M::Signal {
            from,
            link,
            signal
        }),
        (id(), presence()).prop_map(|(from, presence)| M::Presence { from, presence }),
        (id(), presence()).prop_map(|(peer, presence)| M::PeerReconnected { peer, presence }),
        person().prop_map(M::PeerJoined),
        Just(M::Pong),
        ice().prop_map(M::Ice),
        id().prop_map(|peer| M::PeerLeft { peer }),
        (select(ErrorCode::VARIANTS), text())
            .prop_map(|(code, message)| M::Error { code, message }),
    ]
}

pub(super) fn host_action() -> impl Strategy<Value = HostAction> {
    use HostAction as A;
    prop_oneof![
        any::<bool>().prop_map(|on| A::Lock { on }),
        any::<bool>().prop_map(|on| A::WaitingRoom { on }),
        option::of(text()).prop_map(|passcode| A::Passcode { passcode }),
        option::of(id()).prop_map(|to| A::Admit { to }),
        option::of(id()).prop_map(|to| A::Deny { to }),
        (id(), select(TrackSource::VARIANTS)).prop_map(|(to, what)| A::Mute { to, what }),
        id().prop_map(|to| A::Remove { to }),
        id().prop_map(|to| A::TransferHost { to }),
        Just(A::RenewHostKey),
        Just(A::End),
        (any::<bool>(), option::of(any::<u64>())).prop_map(|(once, ttl)| A::Invite { once, ttl }),
        text().prop_map(|token| A::Revoke { token }),
    ]
}

pub(super) fn pass() -> impl Strategy<Value = Pass> {
    (option::of(text()), option::of(text()), option::of(text()))
        .prop_map(|(host, invitation, passcode)| Pass { host, invitation, passcode })
}

pub(super) fn seat_claim() -> impl Strategy<Value = SeatClaim> {
    (option::of(text()), vec(id(), 0..3)).prop_map(|(token, linked)| SeatClaim { token, linked })
}

pub(super) fn client_metrics() -> impl Strategy<Value = ClientMetrics> {
    let millis = || option::of(0..=limits::REPORT_MILLIS);
    (millis(), millis(), millis()).prop_map(|(join, first_frame, reconnect)| ClientMetrics {
        join,
        first_frame,
        reconnect,
    })
}

pub(super) fn client_message() -> impl Strategy<Value = ClientMessage> {
    use ClientMessage as M;
    prop_oneof![
        room().prop_map(M::Watch),
        (room(), presence(), option::of(seat_claim()), pass(), any::<bool>()).prop_map(
            |(room, presence, seat, pass, hidden)| {
                M::Join(Join { room, presence, seat, pass, hidden })
            }
        ),
        Just(M::Leave),
        presence().prop_map(M::Presence),
        host_action().prop_map(M::Host),
        Just(M::Ping),
        Just(M::Ice),
        client_metrics().prop_map(M::ClientMetrics),
        (id(), any::<u64>()).prop_map(|(to, link)| M::Reconnect { to, link }),
        (option::of(id()), option::of(any::<u64>()), signal())
            .prop_map(|(to, link, signal)| M::Signal { to, link, signal }),
    ]
}

pub(super) fn chat_message() -> impl Strategy<Value = ChatMessage> {
    (id(), any::<[u64; 3]>(), name(), text()).prop_map(
        |(author, [number, order, age], name, text)| ChatMessage {
            author,
            number,
            order,
            age,
            name,
            text: text.as_str().into(),
        },
    )
}

pub(super) fn chat_sync() -> impl Strategy<Value = ChatSync> {
    (vec((id(), any::<u64>()), 0..4), vec(id(), 0..4))
        .prop_map(|(last, present)| ChatSync { last: last.into_iter().collect(), present })
}

pub(super) fn file_news() -> impl Strategy<Value = FileNews> {
    prop_oneof![
        (text(), 0..=limits::FILE_BYTES)
            .prop_map(|(name, size)| FileNews::Offer { name: name.as_str().into(), size }),
        Just(FileNews::Withdraw),
        "[0-9a-f]{64}".prop_map(FileNews::Digest),
        any::<u64>().prop_map(FileNews::Request),
        Just(FileNews::Pause),
        any::<u64>().prop_map(FileNews::Progress),
        Just(FileNews::Complete),
        Just(FileNews::Decline),
    ]
}

pub(super) fn talk() -> impl Strategy<Value = Talk> {
    prop_oneof![
        chat_sync().prop_map(Talk::Sync),
        chat_message().prop_map(Talk::Message),
        any::<u64>().prop_map(Talk::Ack),
        (any::<u64>(), file_news()).prop_map(|(number, news)| Talk::File(number, news)),
        select(Reaction::VARIANTS).prop_map(Talk::Reaction),
        presence().prop_map(Talk::Presence),
    ]
}

pub(super) fn no_room() -> impl Strategy<Value = NoRoom> {
    prop_oneof![
        Just(NoRoom::Empty),
        Just(NoRoom::TooLong),
        option::of(room()).prop_map(|offer| NoRoom::Name { offer }),
        Just(NoRoom::Here),
        (text(), option::of(text())).prop_map(|(host, url)| NoRoom::Elsewhere { host, url }),
    ]
}

pub(super) fn boot() -> impl Strategy<Value = Boot> {
    let fresh = (room(), text()).prop_map(|(room, key)| FreshRoom { room, key });
    let page = prop_oneof![
        (option::of(no_room()), option::of(fresh))
            .prop_map(|(problem, fresh)| Page::Home { problem, fresh }),
        (room(), room_state()).prop_map(|(name, state)| Page::Room { name, state }),
        Just(Page::NotFound),
    ];
    (text(), page, vec(text(), 0..3)).prop_map(|(origin, page, ice_urls)| Boot {
        origin,
        page,
        ice_urls,
    })
}
