//! Messages between clients, and error responses.

use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

fn offer() -> Value {
    json!({"type": "offer", "offer": {"type": "offer", "sdp": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"}})
}

fn answer() -> Value {
    json!({"type": "answer", "answer": {"type": "answer", "sdp": "v=0\r\n"}})
}

fn candidate() -> Value {
    let candidate = json!({"candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0});
    json!({"type": "candidate", "candidate": candidate})
}

/// The next forwarded message, without `from`, which a plain script ignores.
async fn forwarded(client: &mut Client) -> Value {
    let mut message = client.hear().await;
    let from = message.as_object_mut().unwrap().remove("from");
    assert!(from.is_some(), "{message}");
    message
}

async fn call_as_plain_scripts_do(frame: fn(String) -> Message) {
    let app = TestApp::start().await;
    let (mut first, mut second) = (app.client().await, app.client().await);
    let join = json!({"type": "join", "room": "123"});
    first.send(frame(join.to_string())).await;
    first.expect("joined").await;
    second.send(frame(join.to_string())).await;
    second.expect("joined").await;
    assert_eq!(first.expect("ready").await["role"], "caller");
    assert_eq!(second.expect("ready").await["role"], "callee");

    let end = json!({"type": "candidate", "candidate": null});
    for message in [offer(), candidate(), end] {
        first.send(frame(message.to_string())).await;
        assert_eq!(forwarded(&mut second).await, message);
    }
    for message in [answer(), candidate()] {
        second.send(frame(message.to_string())).await;
        assert_eq!(forwarded(&mut first).await, message);
    }
}

#[tokio::test]
async fn a_plain_script_calls_with_five_messages_in_text() {
    call_as_plain_scripts_do(Message::text).await;
}

#[tokio::test]
async fn a_plain_script_calls_with_five_messages_in_binary() {
    call_as_plain_scripts_do(Message::binary).await;
}

#[tokio::test]
async fn three_people_are_connected_in_pairs_and_address_their_messages() {
    let app = TestApp::start().await;
    let (mut ada, joined) = app.join("123").await;
    let ada_id = joined["id"].clone();
    assert_eq!(joined["people"], json!([]));
    assert_eq!(joined["limit"], 4);
    let (mut bob, joined) = app.join("123").await;
    let bob_id = joined["id"].clone();
    assert_eq!(joined["people"][0]["id"], ada_id);
    ada.expect("ready").await;
    bob.expect("ready").await;
    let (mut cyd, joined) = app.join("123").await;
    let cyd_id = joined["id"].clone();

    for caller in [&mut ada, &mut bob] {
        let ready = caller.expect("ready").await;
        assert_eq!((&ready["role"], &ready["peer"]), (&json!("caller"), &cyd_id));
    }
    for earlier in [&ada_id, &bob_id] {
        let ready = cyd.expect("ready").await;
        assert_eq!((&ready["role"], &ready["peer"]), (&json!("callee"), earlier));
    }

    ada.say(offer()).await;
    ada.expect_error("recipient-required").await;
    let mut to_cyd = offer();
    to_cyd["to"] = cyd_id;
    ada.say(to_cyd).await;
    assert_eq!(cyd.expect("offer").await["from"], ada_id);
    let mut to_ada = answer();
    to_ada["to"] = ada_id;
    cyd.say(to_ada.clone()).await;
    ada.expect("answer").await;

    // The first message that Bob receives is the one to him.
    to_ada["to"] = bob_id;
    cyd.say(to_ada).await;
    bob.expect("answer").await;
}

#[tokio::test]
async fn the_operator_sets_the_number_of_seats_and_the_ice_servers() {
    let ice = salon::protocol::IceServer {
        urls: "turn:relay.example.org".into(),
        username: Some("user".into()),
        credential: Some("credential".into()),
    };
    let app = TestApp::start_with(|config| {
        config.max_participants = 2;
        config.ice_servers = Some(vec![ice]);
    })
    .await;
    let (mut caller, joined) = app.join("123").await;
    let servers = json!([
        {"urls": "turn:relay.example.org", "username": "user", "credential": "credential"}
    ]);
    assert_eq!(joined["iceServers"], servers);
    let (mut callee, _) = app.join("123").await;
    caller.expect("ready").await;
    callee.expect("ready").await;

    let mut late = app.client().await;
    late.say(json!({"type": "join", "room": "123"})).await;
    late.expect_error("room-full").await;
    late.say(json!({"type": "join", "room": "124"})).await;
    late.expect("joined").await;

    // The two were not told about it.
    caller.say(offer()).await;
    callee.expect("offer").await;
}

#[tokio::test]
async fn watching_a_room_shows_who_is_inside() {
    let app = TestApp::start().await;
    let mut watcher = app.client().await;
    watcher.say(json!({"type": "watch", "room": "123"})).await;
    assert_eq!(watcher.expect("room-state").await["people"], json!([]));
    let (mut ada, joined) = app.join("123").await;
    assert_eq!(watcher.expect("room-state").await["people"][0]["id"], joined["id"]);

    let presence = json!({"name": "Ada\u{202e}", "mic": false, "camera": true});
    ada.say(json!({"type": "presence", "presence": presence})).await;
    let seen = watcher.expect("room-state").await["people"][0]["presence"].clone();
    assert_eq!(seen, json!({"name": "Ada", "mic": false, "camera": true}));

    ada.say(json!({"type": "leave"})).await;
    assert_eq!(watcher.expect("room-state").await["people"], json!([]));
}

#[tokio::test]
async fn each_error_has_its_code_and_affects_nobody_else() {
    let app = TestApp::start().await;
    let (mut caller, mut callee) = app.pair("123").await;
    let (mut alone, _) = app.join("alone").await;
    let mut outside = app.client().await;
    let long = format!(r#"{{"type":"join","room":"{}"}}"#, "a".repeat(65));

    for (text, code) in [
        ("not json", "bad-json"),
        ("[]", "bad-json"),
        ("{}", "bad-json"),
        ("", "bad-json"),
        (r#"{"type":"dance"}"#, "unknown-type"),
        (r#"{"type":"ready","role":"caller"}"#, "unknown-type"),
        (r#"{"type":"join"}"#, "bad-message"),
        (r#"{"type":"join","room":7}"#, "bad-message"),
        (r#"{"type":"join","room":""}"#, "bad-room-name"),
        (r#"{"type":"join","room":"two words"}"#, "bad-room-name"),
        (r#"{"type":"join","room":"../etc"}"#, "bad-room-name"),
        (&long, "bad-room-name"),
        (r#"{"type":"offer","offer":{"type":"offer","sdp":"v=0"}}"#, "not-joined"),
        (r#"{"type":"offer","offer":"v=0"}"#, "bad-message"),
        (
            r#"{"type":"offer","offer":{"type":"offer","sdp":""},"tracks":[{"mid":"0"}]}"#,
            "bad-message",
        ),
        (r#"{"type":"leave"}"#, "not-joined"),
        (r#"{"type":"presence","presence":{}}"#, "not-joined"),
    ] {
        outside.send(Message::text(text)).await;
        outside.expect_error(code).await;
    }
    outside.send(Message::binary(vec![0xff, 0xfe])).await;
    outside.expect_error("bad-json").await;

    caller.say(json!({"type": "join", "room": "124"})).await;
    caller.expect_error("already-joined").await;
    alone.say(offer()).await;
    alone.expect_error("peer-not-found").await;
    let mut to_nobody = offer();
    to_nobody["to"] = json!("0000000000000000");
    caller.say(to_nobody).await;
    caller.expect_error("peer-not-found").await;

    // The call continues, and the offer is the first message to the other side.
    caller.say(offer()).await;
    callee.expect("offer").await;
    app.remembers(2, 4).await;
}
