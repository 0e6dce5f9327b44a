use super::*;
use crate::protocol::{DisplayName, Grade, SdpType};

fn code(text: &str) -> ErrorCode {
    ClientMessage::parse(text).unwrap_err().code()
}

#[test]
fn the_five_fixed_messages_read_as_a_plain_script_writes_them() {
    let join = ClientMessage::parse(r#"{"type":"join","room":"123"}"#).unwrap();
    let room = "123".parse().unwrap();
    assert_eq!(join, ClientMessage::Join(Join { room, presence: Presence::default(), seat: None }));

    let offer = r#"{"offer":{"sdp":"v=0\r\n","type":"offer"},"type":"offer"}"#;
    let description = SessionDescription { kind: SdpType::Offer, sdp: "v=0\r\n".into() };
    let signal = Signal::Offer(description);
    assert_eq!(
        ClientMessage::parse(offer),
        Ok(ClientMessage::Signal { to: None, link: None, signal })
    );

    let end = ClientMessage::Signal { to: None, link: None, signal: Signal::Candidate(None) };
    assert_eq!(ClientMessage::parse(r#"{"type":"candidate","candidate":null}"#), Ok(end));
}

#[test]
fn the_five_fixed_messages_are_written_as_a_plain_script_reads_them() {
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
fn what_is_written_is_read_back() {
    let presence = Presence {
        name: DisplayName::from("Ada \"A\""),
        mic: false,
        camera: true,
        background: true,
    };
    let person = Person { id: PeerId(u64::MAX), presence: presence.clone(), seconds: 9 };
    let state = RoomState { people: vec![person.clone()], limit: 4 };
    let answer = SessionDescription { kind: SdpType::Answer, sdp: "v=0".into() };
    let ice = IceServer { urls: "stun:stun.example.org".into(), username: None, credential: None };
    let room: RoomName = "a-b_c".parse().unwrap();
    for message in [
        ServerMessage::Room { room: room.clone(), state: state.clone() },
        ServerMessage::Joined {
            id: PeerId(1),
            state,
            ice_servers: vec![ice],
            seat: Some("s".into()),
        },
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
            signal: Signal::Reception(Reception { grade: Grade::Poor, ..Reception::default() }),
        },
        ServerMessage::Presence { from: PeerId(3), presence: presence.clone() },
        ServerMessage::Back { peer: PeerId(4), presence: presence.clone() },
        ServerMessage::Pong,
        ServerMessage::Left { peer: PeerId(4) },
        ServerMessage::Error { code: ErrorCode::RoomFull, message: "Full.".into() },
    ] {
        assert_eq!(ServerMessage::parse(&message.to_json()), Ok(message));
    }
    let claim = SeatClaim { token: Some("s".into()), linked: vec![PeerId(6)] };
    for message in [
        ClientMessage::Report(Report { join: Some(412), picture: None, back: Some(0) }),
        ClientMessage::Ping,
        ClientMessage::Reconnect { to: PeerId(6), link: 3 },
        ClientMessage::Watch(room.clone()),
        ClientMessage::Join(Join { room: room.clone(), presence: presence.clone(), seat: None }),
        ClientMessage::Join(Join { room, presence: presence.clone(), seat: Some(claim) }),
        ClientMessage::Leave,
        ClientMessage::Presence(presence),
        ClientMessage::Signal {
            to: Some(PeerId(5)),
            link: Some(8),
            signal: Signal::Answer(answer),
        },
    ] {
        assert_eq!(ClientMessage::parse(&message.to_json()), Ok(message));
    }
}

#[test]
fn each_kind_of_bad_input_has_its_own_code() {
    for text in ["", "hello", "[]", "7", "{}", r#"{"type":7}"#, r#"{"type":"join","type":"join"}"#]
    {
        assert_eq!(code(text), ErrorCode::BadJson, "{text}");
    }
    assert_eq!(code(r#"{"type":"dance"}"#), ErrorCode::UnknownType);
    assert_eq!(code(r#"{"type":"join"}"#), ErrorCode::BadMessage);
    assert_eq!(code(r#"{"type":"offer","offer":"v=0"}"#), ErrorCode::BadMessage);
    let disguised = r#"{"type":"offer","offer":{"type":"rollback","sdp":""}}"#;
    assert_eq!(code(disguised), ErrorCode::BadMessage);
    assert_eq!(code(r#"{"type":"join","room":"1","room":"2"}"#), ErrorCode::BadMessage);
    assert_eq!(code(r#"{"type":"join","room":"../etc"}"#), ErrorCode::BadRoomName);
    assert_eq!(code(r#"{"type":"watch","room":""}"#), ErrorCode::BadRoomName);
}

#[test]
fn clients_survive_codes_of_later_versions() {
    let later = r#"{"type":"error","code":"moon-phase","message":"Wait."}"#;
    let Ok(ServerMessage::Error { code, .. }) = ServerMessage::parse(later) else { panic!() };
    assert_eq!(code, ErrorCode::Other);
}
