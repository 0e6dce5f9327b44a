use crate::protocol::{
    ClientMessage, ClientMetrics, DisplayName, ErrorCode, Failure, Gate, Grade, HostAction,
    HostState, IceCandidate, IceGrant, IceServer, Invitation, Join, ParseError, Pass, PeerId,
    Person, Presence, Quality, Reception, Role, RoomName, RoomSettings, RoomState, SdpType,
    SeatClaim, ServerMessage, SessionDescription, Signal, TrackInfo, TrackSource, limits::TRACKS,
    reference,
};
use serde_json::Value;

const DOCUMENTATION: &str = include_str!("../../../../../docs/protocol.md");

/// Checks that fields are in camelCase, codes in kebab-case, and that types and actions are documented.
fn check_names(json: &Value) {
    for (name, value) in json.as_object().into_iter().flatten() {
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
        assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
        if let ("type" | "do" | "code" | "failure" | "gate", Value::String(word)) =
            (name.as_str(), value)
        {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{word}");
        }
        if let ("type" | "do", Value::String(word)) = (name.as_str(), value) {
            let written = format!(r#""{name}":"{word}""#);
            assert!(DOCUMENTATION.contains(&written), "{written} is not documented");
        }
        check_names(value);
    }
    json.as_array().into_iter().flatten().for_each(check_names);
}

fn code(text: &str) -> ErrorCode {
    ClientMessage::parse(text).unwrap_err().code()
}

#[test]
fn the_five_fixed_messages_are_parsed() {
    let join = ClientMessage::parse(r#"{"type":"join","room":"123"}"#).unwrap();
    let room = "123".parse().unwrap();
    assert_eq!(
        join,
        ClientMessage::Join(Join {
            room,
            presence: Presence::default(),
            seat: None,
            pass: Pass::default(),
            hidden: false
        })
    );

    let offer = r#"{"offer":{"sdp":"v=0\r\n","type":"offer"},"type":"offer"}"#;
    let description = SessionDescription::new(SdpType::Offer, "v=0\r\n");
    let signal = Signal::Offer(description);
    assert_eq!(
        ClientMessage::parse(offer),
        Ok(ClientMessage::Signal { to: None, link: None, signal })
    );

    let end = ClientMessage::Signal { to: None, link: None, signal: Signal::Candidate(None) };
    assert_eq!(ClientMessage::parse(r#"{"type":"candidate","candidate":null}"#), Ok(end));
}

#[test]
fn integers_may_be_written_as_fractions() {
    let parse = |index: &str, link: &str| {
        let inner = format!(r#"{{"candidate":"c","sdpMid":"0","sdpMLineIndex":{index}}}"#);
        let rest = format!(r#""candidate":{inner},"from":"0000000000000006","link":{link}}}"#);
        let text = format!(r#"{{"type":"candidate",{rest}"#);
        let on_server = ClientMessage::parse(&text).map_err(|error| error.code());
        let in_client = ServerMessage::parse(&text).map_err(|error| error.code());
        match (on_server, in_client) {
            (
                Ok(ClientMessage::Signal { signal, link, .. }),
                Ok(ServerMessage::Signal { signal: same, link: same_link, .. }),
            ) => {
                assert_eq!((&signal, link), (&same, same_link), "{text}");
                let Signal::Candidate(Some(candidate)) = signal else { panic!("{signal:?}") };
                Ok((candidate.sdp_m_line_index, link))
            }
            (Err(error), Err(_)) => Err(error),
            other => panic!("{other:?}"),
        }
    };
    for (index, link, expected) in [
        ("0", "7", (Some(0), Some(7))),
        ("0.0", "7.0", (Some(0), Some(7))),
        ("-0.0", "7e0", (Some(0), Some(7))),
        ("65535.0", "9007199254740992.0", (Some(65535), Some(1 << 53))),
        ("null", "null", (None, None)),
        ("1", "18446744073709551615", (Some(1), Some(u64::MAX))),
    ] {
        assert_eq!(parse(index, link), Ok(expected), "{index} {link}");
    }
    for (index, link) in [
        ("0.5", "7"),
        ("-1", "7"),
        ("65536.0", "7"),
        ("1e400", "7"),
        (r#""0""#, "7"),
        ("true", "7"),
        ("[0]", "7"),
        ("0", "7.5"),
        ("0", "-7"),
        ("0", "1e30"),
    ] {
        let refused = parse(index, link).unwrap_err();
        assert!(matches!(refused, ErrorCode::BadMessage | ErrorCode::BadJson), "{index} {link}");
    }
    let again = r#"{"type":"reconnect","to":"0000000000000006","link":3.0}"#;
    let again = ClientMessage::parse(again);
    assert_eq!(again, Ok(ClientMessage::Reconnect { to: PeerId(6), link: 3 }));
    assert_eq!(code(r#"{"type":"reconnect","to":"0000000000000006"}"#), ErrorCode::BadMessage);
    let metrics = ClientMessage::parse(r#"{"type":"client-metrics","join":412.0}"#);
    let expected = ClientMetrics { join: Some(412), ..ClientMetrics::default() };
    assert_eq!(metrics, Ok(ClientMessage::ClientMetrics(expected)));
}

#[test]
fn unknown_failures_are_accepted() {
    let parse = |failure: &str| {
        let text = format!(r#"{{"type":"reception","reception":{{"failure":"{failure}"}}}}"#);
        match ClientMessage::parse(&text) {
            Ok(ClientMessage::Signal { signal: Signal::Reception(reception), .. }) => {
                reception.failure
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(parse("no-candidates"), Some(Failure::NoCandidates));
    assert_eq!(parse("moon-phase"), Some(Failure::Other));
}

#[test]
fn the_five_fixed_messages_have_stable_json() {
    let peer = Person { id: PeerId(7), presence: Presence::default(), seconds: 3 };
    let ready = ServerMessage::Ready { role: Role::Caller, peer, link: 1 }.to_json();
    assert!(
        ready.starts_with(r#"{"type":"ready","role":"caller","peer":"0000000000000007""#),
        "{ready}"
    );

    let candidate = IceCandidate {
        candidate: "candidate:1".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: None,
    };
    let signal = Signal::Candidate(Some(candidate));
    assert_eq!(
        ServerMessage::Signal { from: PeerId(1), link: None, signal }.to_json(),
        r#"{"type":"candidate","candidate":{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0},"from":"0000000000000001"}"#
    );
}

#[test]
fn written_messages_are_parsed() {
    let presence = Presence {
        name: DisplayName::from("Ada \"A\""),
        mic: false,
        camera: true,
        background: true,
        screen: true,
        hand: Some(3),
        quality: Quality::SaveData,
        recording: false,
    };
    let person = Person { id: PeerId(u64::MAX), presence: presence.clone(), seconds: 9 };
    let state = RoomState { people: vec![person.clone()], limit: 4, gate: None };
    let answer = SessionDescription::new(SdpType::Answer, "v=0");
    let ice = IceServer { urls: "stun:stun.example.org".into(), username: None, credential: None };
    let room: RoomName = "a-b_c".parse().unwrap();
    for message in [
        ServerMessage::RoomState { room: room.clone(), state: state.clone() },
        ServerMessage::Joined {
            id: PeerId(1),
            state,
            ice: IceGrant { servers: vec![ice.clone()], ttl: None },
            seat_token: Some("s".into()),
            settings: RoomSettings {
                locked: true,
                waiting_room: true,
                passcode: true,
                hosts: vec![PeerId(3)],
            },
        },
        ServerMessage::Waiting { position: 2, host_present: true, locked: true },
        ServerMessage::RoomSettings(RoomSettings::default()),
        ServerMessage::HostState(HostState {
            waiting: vec![person.clone()],
            invitations: vec![Invitation {
                token: "t".into(),
                once: true,
                ttl: Some(9),
                used_by: Some("Bo".into()),
            }],
        }),
        ServerMessage::HostKey("k".into()),
        ServerMessage::Muted(TrackSource::Camera),
        ServerMessage::Ready { role: Role::Callee, peer: person, link: 9 },
        ServerMessage::Signal {
            from: PeerId(2),
            link: Some(7),
            signal: Signal::Answer(answer.clone()),
        },
        ServerMessage::Signal { from: PeerId(2), link: Some(7), signal: Signal::Candidate(None) },
        ServerMessage::Signal {
            from: PeerId(2),
            link: None,
            signal: Signal::Reception(Reception {
                grade: Grade::Poor,
                best_received: Some(Grade::Good),
                best_sent: Some(Grade::Weak),
                ..Reception::default()
            }),
        },
        ServerMessage::Signal {
            from: PeerId(2),
            link: None,
            signal: Signal::Reception(Reception {
                failure: Some(Failure::BadDescription),
                ..Reception::default()
            }),
        },
        ServerMessage::Presence { from: PeerId(3), presence: presence.clone() },
        ServerMessage::PeerReconnected { peer: PeerId(4), presence: presence.clone() },
        ServerMessage::PeerJoined(Person { id: PeerId(4), presence: presence.clone(), seconds: 3 }),
        ServerMessage::Pong,
        ServerMessage::Ice(IceGrant { servers: vec![ice], ttl: Some(600) }),
        ServerMessage::PeerLeft { peer: PeerId(4) },
        ServerMessage::Error { code: ErrorCode::RoomFull, message: "Full.".into() },
    ] {
        check_names(&serde_json::from_str(&message.to_json()).unwrap());
        assert_eq!(reference::server_message(&message.to_json()).as_ref(), Some(&message));
        assert_eq!(ServerMessage::parse(&message.to_json()), Ok(message));
    }
    let pass = Pass { host: Some("k".into()), invitation: None, passcode: Some("p".into()) };
    let to = PeerId(6);
    for action in [
        HostAction::Lock { on: true },
        HostAction::WaitingRoom { on: false },
        HostAction::Passcode { passcode: None },
        HostAction::Admit { to: None },
        HostAction::Deny { to: Some(to) },
        HostAction::Mute { to, what: TrackSource::Microphone },
        HostAction::Remove { to },
        HostAction::TransferHost { to },
        HostAction::RenewHostKey,
        HostAction::End,
        HostAction::Invite { once: true, ttl: Some(60) },
        HostAction::Revoke { token: "t".into() },
    ] {
        let message = ClientMessage::Host(action);
        check_names(&serde_json::from_str(&message.to_json()).unwrap());
        assert_eq!(ClientMessage::parse(&message.to_json()), Ok(message));
    }
    let claim = SeatClaim { token: Some("s".into()), linked: vec![PeerId(6)] };
    for message in [
        ClientMessage::ClientMetrics(ClientMetrics {
            join: Some(412),
            first_frame: None,
            reconnect: Some(0),
        }),
        ClientMessage::Ping,
        ClientMessage::Ice,
        ClientMessage::Reconnect { to: PeerId(6), link: 3 },
        ClientMessage::Watch(room.clone()),
        ClientMessage::Join(Join {
            room: room.clone(),
            presence: presence.clone(),
            seat: None,
            pass: Pass::default(),
            hidden: false,
        }),
        ClientMessage::Join(Join {
            room,
            presence: presence.clone(),
            seat: Some(claim),
            pass,
            hidden: true,
        }),
        ClientMessage::Leave,
        ClientMessage::Presence(presence),
        ClientMessage::Signal {
            to: Some(PeerId(5)),
            link: Some(8),
            signal: Signal::Answer(answer),
        },
    ] {
        check_names(&serde_json::from_str(&message.to_json()).unwrap());
        assert_eq!(ClientMessage::parse(&message.to_json()), Ok(message));
    }
}

#[test]
fn joined_contains_the_protocol_version() {
    let joined = ServerMessage::Joined {
        id: PeerId(1),
        state: RoomState::default(),
        ice: IceGrant { servers: vec![], ttl: Some(600) },
        seat_token: Some("s".into()),
        settings: RoomSettings { waiting_room: true, ..RoomSettings::default() },
    };
    let text = joined.to_json();
    assert_eq!(
        text,
        r#"{"type":"joined","protocol":1,"id":"0000000000000001","people":[],"limit":0,"iceServers":[],"iceTtl":600,"seatToken":"s","settings":{"locked":false,"waitingRoom":true,"passcode":false,"hosts":[]}}"#
    );
    let later = text.replace(r#""protocol":1"#, r#""protocol":2"#);
    assert_eq!(ServerMessage::parse(&later), Ok(joined));
}

#[test]
fn credentials_have_the_documented_json() {
    let ice = |ttl| ServerMessage::Ice(IceGrant { servers: vec![], ttl }).to_json();
    assert_eq!(ice(Some(600)), r#"{"type":"ice","iceServers":[],"iceTtl":600}"#);
    assert_eq!(ice(None), r#"{"type":"ice","iceServers":[]}"#);
}

#[test]
fn host_actions_have_the_documented_json() {
    let mute =
        r#"{"type":"host","action":{"do":"mute","to":"0000000000000006","what":"microphone"}}"#;
    let action = HostAction::Mute { to: PeerId(6), what: TrackSource::Microphone };
    assert_eq!(ClientMessage::parse(mute), Ok(ClientMessage::Host(action)));
    let all = ClientMessage::Host(HostAction::Admit { to: None });
    assert_eq!(ClientMessage::parse(r#"{"type":"host","action":{"do":"admit"}}"#), Ok(all));
    assert_eq!(code(r#"{"type":"host","action":{"do":"dance"}}"#), ErrorCode::BadMessage);
    let gated = r#"{"type":"room-state","room":"1","people":[],"limit":4,"gate":"waiting-room"}"#;
    let state = RoomState { people: vec![], limit: 4, gate: Some(Gate::WaitingRoom) };
    let room = "1".parse().unwrap();
    assert_eq!(ServerMessage::parse(gated), Ok(ServerMessage::RoomState { room, state }));
}

#[test]
fn tracks_are_a_field_next_to_the_description() {
    let offer = |tracks: &str| {
        format!(r#"{{"type":"offer","offer":{{"type":"offer","sdp":""}},"tracks":{tracks}}}"#)
    };
    let parse = |tracks: &str| match ClientMessage::parse(&offer(tracks)) {
        Ok(ClientMessage::Signal { signal: Signal::Offer(description), .. }) => {
            Ok(description.tracks)
        }
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.code()),
    };
    let track = |mid: &str, source| TrackInfo { mid: mid.to_owned().try_into().unwrap(), source };
    let tracks = [track("0", TrackSource::Microphone), track("b", TrackSource::ScreenAudio)];
    let named = r#"[{"mid":"0","source":"microphone"},{"mid":"b","source":"screen-audio","x":1}]"#;
    assert_eq!(parse(named).unwrap(), tracks);
    for none in ["null", "[]"] {
        assert_eq!(parse(none).unwrap(), []);
    }
    let newer = named.replace("microphone", "whiteboard");
    assert_eq!(parse(&newer).unwrap(), tracks[1..], "later versions may have more sources");
    let description = SessionDescription::new(SdpType::Offer, "");
    let signal = Signal::Offer(SessionDescription { tracks: tracks.to_vec(), ..description });
    let written = ServerMessage::Signal { from: PeerId(1), link: None, signal };
    let text = written.to_json();
    assert!(text.contains(r#""tracks":[{"mid":"0","source":"microphone"},{"mid":"b""#), "{text}");
    assert_eq!(ServerMessage::parse(&text), Ok(written), "reserialised without unknown fields");

    let many = |count| {
        let track = |mid| format!(r#"{{"mid":"{mid}","source":"camera"}}"#);
        format!("[{}]", (0..count).map(track).collect::<Vec<_>>().join(","))
    };
    assert_eq!(parse(&many(TRACKS)).map(|tracks| tracks.len()), Ok(TRACKS));
    for refused in [
        many(TRACKS + 1).as_str(),
        r#"[{"mid":"0","source":"camera"},{"mid":"0","source":"screen"}]"#,
        r#"[{"mid":"","source":"camera"}]"#,
        r#"[{"mid":"a b","source":"camera"}]"#,
        r#"[{"mid":"123456789012345678901234567890123","source":"camera"}]"#,
        r#"[{"mid":"0","source":7}]"#,
        r#"[{"mid":0,"source":"camera"}]"#,
        r#"[{"source":"camera"}]"#,
        r#"{"mid":"0","source":"camera"}"#,
    ] {
        assert_eq!(parse(refused), Err(ErrorCode::BadMessage), "{refused}");
    }
}

#[test]
fn each_kind_of_invalid_message_has_its_code() {
    for text in [
        "",
        "hello",
        "[]",
        r#"["leave"]"#,
        r#"["watch","1"]"#,
        "7",
        "{}",
        r#"{"type":7}"#,
        r#"{"type":"join","type":"join"}"#,
    ] {
        assert_eq!(code(text), ErrorCode::BadJson, "{text}");
        assert_eq!(ServerMessage::parse(text), Err(ParseError::NotJson), "{text}");
    }
    let dance = r#"{"type":"dance"}"#;
    assert_eq!(code(dance), ErrorCode::UnknownType);
    assert_eq!(ServerMessage::parse(dance), Err(ParseError::UnknownType("dance".to_owned())));
    assert_eq!(code(r#"{"type":"join"}"#), ErrorCode::BadMessage);
    assert_eq!(code(r#"{"type":"offer","offer":"v=0"}"#), ErrorCode::BadMessage);
    let disguised = r#"{"type":"offer","offer":{"type":"rollback","sdp":""}}"#;
    assert_eq!(code(disguised), ErrorCode::BadMessage);
    assert_eq!(code(r#"{"type":"join","room":"1","room":"2"}"#), ErrorCode::BadMessage);
    assert_eq!(code(r#"{"type":"join","room":"../etc"}"#), ErrorCode::BadRoomName);
    assert_eq!(code(r#"{"type":"watch","room":""}"#), ErrorCode::BadRoomName);
}

#[test]
fn unknown_error_codes_are_accepted() {
    let later = r#"{"type":"error","code":"moon-phase","message":"Wait."}"#;
    let Ok(ServerMessage::Error { code, .. }) = ServerMessage::parse(later) else { panic!() };
    assert_eq!(code, ErrorCode::Other);
}
