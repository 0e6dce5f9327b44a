//! Serde reads and writes the same. The reader may refuse more, but accepts nothing else.

use super::{FromJson, Json, ToJson, from_str, to_string};
use crate::protocol::*;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// Checks that both write the same text and read the value from it.
pub(crate) fn check<T>(value: &T)
where
    T: FromJson + ToJson + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let text = to_string(value);
    assert_eq!(text, serde_json::to_string(value).unwrap());
    assert_eq!(from_str::<T>(&text).as_ref(), Some(value), "{text}");
    assert_eq!(serde_json::from_str::<T>(&text).ok().as_ref(), Some(value), "{text}");
}

/// Checks that serde reads the same if the reader accepts this text.
fn check_read<T: FromJson + DeserializeOwned + PartialEq + Debug>(text: &str) {
    if let Some(value) = from_str::<T>(text) {
        assert_eq!(reference::from_str::<T>(text), Some(value), "{text}");
    }
}

fn text() -> impl Strategy<Value = String> {
    "[a-z\"\\\\/\u{0}\u{8}\u{c}\n\r\t\u{1f}\u{7f}é\u{2028}😀 ]{0,12}"
}

fn name() -> impl Strategy<Value = DisplayName> {
    text().prop_map(DisplayName::from)
}

fn id() -> impl Strategy<Value = PeerId> {
    any::<u64>().prop_map(PeerId)
}

fn room() -> impl Strategy<Value = RoomName> {
    "[a-z0-9_-]{1,8}".prop_map(|name| name.parse().unwrap())
}

fn presence() -> impl Strategy<Value = Presence> {
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

fn person() -> impl Strategy<Value = Person> {
    (id(), presence(), any::<u64>()).prop_map(|(id, presence, seconds)| Person {
        id,
        presence,
        seconds,
    })
}

fn room_state() -> impl Strategy<Value = RoomState> {
    (vec(person(), 0..3), any::<usize>(), option::of(select(Gate::VARIANTS)))
        .prop_map(|(people, limit, gate)| RoomState { people, limit, gate })
}

fn settings() -> impl Strategy<Value = RoomSettings> {
    (any::<[bool; 3]>(), vec(id(), 0..3)).prop_map(|([locked, waiting_room, passcode], hosts)| {
        RoomSettings { locked, waiting_room, passcode, hosts }
    })
}

fn host_state() -> impl Strategy<Value = HostState> {
    let invitation = (text(), any::<bool>(), option::of(any::<u64>()), option::of(name()))
        .prop_map(|(token, once, ttl, used_by)| Invitation { token, once, ttl, used_by });
    (vec(person(), 0..3), vec(invitation, 0..3))
        .prop_map(|(waiting, invitations)| HostState { waiting, invitations })
}

fn ice() -> impl Strategy<Value = IceGrant> {
    let server = (text(), option::of(text()), option::of(text()))
        .prop_map(|(urls, username, credential)| IceServer { urls, username, credential });
    (vec(server, 0..3), option::of(any::<u64>()))
        .prop_map(|(servers, ttl)| IceGrant { servers, ttl })
}

fn candidate() -> impl Strategy<Value = IceCandidate> {
    (text(), option::of(text()), option::of(any::<u16>()), option::of(text())).prop_map(
        |(candidate, sdp_mid, sdp_m_line_index, username_fragment)| IceCandidate {
            candidate,
            sdp_mid,
            sdp_m_line_index,
            username_fragment,
        },
    )
}

fn description(kind: SdpType) -> impl Strategy<Value = SessionDescription> {
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

fn reception() -> impl Strategy<Value = Reception> {
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

fn signal() -> impl Strategy<Value = Signal> {
    prop_oneof![
        description(SdpType::Offer).prop_map(Signal::Offer),
        description(SdpType::Answer).prop_map(Signal::Answer),
        option::of(candidate()).prop_map(Signal::Candidate),
        reception().prop_map(Signal::Reception),
    ]
}

fn server_message() -> impl Strategy<Value = ServerMessage> {
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
        Just(M::Pong),
        ice().prop_map(M::Ice),
        id().prop_map(|peer| M::PeerLeft { peer }),
        (select(ErrorCode::VARIANTS), text())
            .prop_map(|(code, message)| M::Error { code, message }),
    ]
}

fn host_action() -> impl Strategy<Value = HostAction> {
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

fn pass() -> impl Strategy<Value = Pass> {
    (option::of(text()), option::of(text()), option::of(text()))
        .prop_map(|(host, invitation, passcode)| Pass { host, invitation, passcode })
}

fn seat_claim() -> impl Strategy<Value = SeatClaim> {
    (option::of(text()), vec(id(), 0..3)).prop_map(|(token, linked)| SeatClaim { token, linked })
}

fn client_metrics() -> impl Strategy<Value = ClientMetrics> {
    let millis = || option::of(0..=limits::REPORT_MILLIS);
    (millis(), millis(), millis()).prop_map(|(join, first_frame, reconnect)| ClientMetrics {
        join,
        first_frame,
        reconnect,
    })
}

fn client_message() -> impl Strategy<Value = ClientMessage> {
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

fn chat_message() -> impl Strategy<Value = ChatMessage> {
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

fn chat_sync() -> impl Strategy<Value = ChatSync> {
    (vec((id(), any::<u64>()), 0..4), vec(id(), 0..4))
        .prop_map(|(last, present)| ChatSync { last: last.into_iter().collect(), present })
}

fn file_news() -> impl Strategy<Value = FileNews> {
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

fn talk() -> impl Strategy<Value = Talk> {
    prop_oneof![
        chat_sync().prop_map(Talk::Sync),
        chat_message().prop_map(Talk::Message),
        any::<u64>().prop_map(Talk::Ack),
        (any::<u64>(), file_news()).prop_map(|(number, news)| Talk::File(number, news)),
        select(Reaction::VARIANTS).prop_map(Talk::Reaction),
        presence().prop_map(Talk::Presence),
    ]
}

fn no_room() -> impl Strategy<Value = NoRoom> {
    prop_oneof![
        Just(NoRoom::Empty),
        Just(NoRoom::TooLong),
        option::of(room()).prop_map(|offer| NoRoom::Name { offer }),
        Just(NoRoom::Here),
        (text(), option::of(text())).prop_map(|(host, url)| NoRoom::Elsewhere { host, url }),
    ]
}

fn boot() -> impl Strategy<Value = Boot> {
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

/// JSON, changed in a few places: a token is replaced, inserted or removed.
fn nearly(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let token = prop_oneof![
        4 => select(&[
            "", ",", ":", "{", "}", "[", "]", "{}", "[]", "null", "true", "false", " ", "\u{b}",
            "0", "-0", "7", "7.0", "70e-1", "-1", "0.5", "1e2", "01", "1.", "65536", "1E+18",
            "9007199254740993.0", "18446744073709551615", "18446744073709551616", "\"", "\"\"",
            "\"0000000000000007\"", "\"a\"", r#""\u00e9""#, r#""\ud83d\ude00""#, r#""\ud83d""#,
            r#""\u+041""#, r#""\x""#, "\"\t\"", "\"other\"", "\"later\"", "\"withdraw\"",
            r#","x":{"y":[1.5,"\/"]}"#, r#","type":"pong""#, r#"{"pause":null}"#,
            r#"{"pause":0}"#, r#","gate":null"#, r#","settings":null"#, r#","hand":3.0"#,
        ][..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    (text, vec((any::<prop::sample::Index>(), token, 0..3_u8), 0..4)).prop_map(|(text, changes)| {
        let mut tokens = tokens(&text);
        for (index, token, change) in changes {
            let index = index.index(tokens.len());
            match change {
                0 => tokens[index] = token,
                1 => tokens.insert(index, token),
                _ => tokens[index] += &token,
            }
        }
        tokens.concat()
    })
}

/// Splits JSON into punctuation and what stands between it.
fn tokens(json: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let (mut in_string, mut is_escaped) = (false, false);
    for c in json.chars() {
        let is_end = !in_string && "{}[]:,".contains(c);
        if is_end {
            tokens.push(String::new());
        }
        (in_string, is_escaped) =
            (in_string != (c == '"' && !is_escaped), in_string && c == '\\' && !is_escaped);
        tokens.last_mut().unwrap().push(c);
        if is_end {
            tokens.push(String::new());
        }
    }
    tokens
}

fn any_json() -> impl Strategy<Value = String> {
    prop_oneof![
        server_message().prop_map(|message| message.to_json()),
        client_message().prop_map(|message| message.to_json()),
        talk().prop_map(|talk| talk.to_json()),
        boot().prop_map(|boot| to_string(&boot)),
        presence().prop_map(|presence| to_string(&presence)),
        room_state().prop_map(|state| to_string(&state)),
        file_news().prop_map(|news| to_string(&news)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn both_write_and_read_the_same(
        (presence, person, state) in (presence(), person(), room_state()),
        (settings, host_state, ice) in (settings(), host_state(), ice()),
        (candidate, reception, claim) in (candidate(), reception(), seat_claim()),
        (pass, metrics, text) in (pass(), client_metrics(), text()),
        (message, sync, news, boot) in (chat_message(), chat_sync(), file_news(), boot()),
    ) {
        check(&presence);
        check(&person);
        check(&state);
        check(&settings);
        check(&host_state);
        check(&ice);
        check(&ice.servers);
        check(&candidate);
        check(&reception);
        check(&claim);
        check(&pass);
        check(&metrics);
        check(&text);
        check(&message);
        check(&sync);
        check(&news);
        check(&boot);
    }

    #[test]
    fn a_host_action_is_written_the_same(action in host_action()) {
        let text = to_string(&action);
        prop_assert_eq!(&text, &serde_json::to_string(&action).unwrap());
        prop_assert_eq!(serde_json::from_str::<HostAction>(&text).unwrap(), action);
    }

    #[test]
    fn the_client_reads_what_the_server_writes(message in server_message()) {
        let text = message.to_json();
        prop_assert_eq!(reference::server_message(&text), Some(message.clone()));
        prop_assert_eq!(ServerMessage::parse(&text), Ok(message));
    }

    #[test]
    fn the_server_reads_what_the_client_writes(message in client_message()) {
        prop_assert_eq!(ClientMessage::parse(&message.to_json()), Ok(message));
    }

    #[test]
    fn clients_read_what_clients_write(talk in talk()) {
        let text = talk.to_json();
        prop_assert_eq!(reference::talk(&text), Some(talk.clone()));
        prop_assert_eq!(Talk::parse(&text), Some(talk));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..Default::default() })]

    #[test]
    fn both_accept_the_same_syntax(text in nearly(any_json())) {
        if let Some(is_json) = reference::is_json(&text) {
            prop_assert_eq!(Json::parse(&text).is_some(), is_json, "{}", text);
        }
    }

    #[test]
    fn what_the_reader_accepts_is_the_same_for_serde(text in nearly(any_json())) {
        prop_assume!(reference::is_json(&text).is_some());
        if let Ok(message) = ServerMessage::parse(&text) {
            prop_assert_eq!(reference::server_message(&text), Some(message), "{}", text);
        }
        if let Some(talk) = Talk::parse(&text) {
            prop_assert_eq!(reference::talk(&text), Some(talk), "{}", text);
        }
        check_read::<Boot>(&text);
        check_read::<Presence>(&text);
        check_read::<RoomState>(&text);
        check_read::<FileNews>(&text);
        check_read::<Vec<u8>>(&text);
    }
}

#[test]
fn words_are_the_same() {
    fn all<T>(variants: &[T])
    where
        T: FromJson + ToJson + Serialize + DeserializeOwned + PartialEq + Debug,
    {
        variants.iter().for_each(check);
    }
    all(ErrorCode::VARIANTS);
    all(Failure::VARIANTS);
    all(Gate::VARIANTS);
    all(Grade::VARIANTS);
    all(Quality::VARIANTS);
    all(Reaction::VARIANTS);
    all(Role::VARIANTS);
    all(SdpType::VARIANTS);
    all(TrackSource::VARIANTS);
    assert_eq!(from_str(r#""later""#), Some(ErrorCode::Other));
    assert_eq!(from_str::<Gate>(r#""later""#), None);
}

#[test]
fn strings_are_unescaped() {
    let read = |text: &str| from_str::<String>(text);
    assert_eq!(read(r#""a\"\\\/\b\f\n\r\tb""#).unwrap(), "a\"\\/\u{8}\u{c}\n\r\tb");
    assert_eq!(read(r#" "\u00e9\uD83D\ude00" "#).unwrap(), "é😀");
    for text in [
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83d\u0041""#,
        r#""\ud83dx""#,
        r#""\u+041""#,
        r#""\u12""#,
        r#""\é""#,
        "\"\n\"",
        "\"a",
        "\"\\",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn nesting_is_limited() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Json::parse(&nested(32)).is_some());
    assert!(Json::parse(&nested(33)).is_none());
    assert!(Json::parse(&"[".repeat(1 << 20)).is_none());
    assert!(Json::parse(&format!("[{}]", vec![nested(31); 100].join(","))).is_some());
}

#[test]
fn a_missing_field_is_not_a_repeated_or_another_one() {
    let read = |text: &str| from_str::<Person>(text);
    let person = |rest: &str| format!(r#"{{"id":"0000000000000007","seconds":3.0{rest}}}"#);
    let bo = Person { id: PeerId(7), presence: Presence::default(), seconds: 3 };
    assert_eq!(read(&person("")), Some(bo.clone()));
    assert_eq!(read(&person(r#","later":{"id":1},"later":2"#)), Some(bo));
    assert_eq!(read(&person(r#","presence":null"#)), None);
    assert_eq!(read(&person(r#","seconds":3"#)), None);
    assert_eq!(read(r#"{"id":"0000000000000007"}"#), None);
    assert_eq!(read(r#"["0000000000000007",{},3]"#), None);
}
