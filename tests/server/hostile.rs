//! Messages with a forged sender, and ambiguous messages.

use crate::support::TestApp;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn t2_the_sender_cannot_be_forged() {
    let app = TestApp::start().await;
    let (mut caller, joined) = app.join("123").await;
    let (mut callee, _) = app.join("123").await;
    caller.expect("ready").await;
    let victim = callee.expect("ready").await["peer"].clone();
    assert_eq!(victim, joined["id"]);

    for from in ["0123456789abcdef", victim.as_str().unwrap()] {
        let offer = json!({"type": "offer", "sdp": ""});
        callee.say(json!({"type": "offer", "from": from, "role": "caller", "offer": offer})).await;
        let heard = caller.expect("offer").await;
        assert_ne!(heard["from"], from);
        assert!(heard.get("role").is_none(), "{heard}");
    }
    callee.say(json!({"type": "presence", "from": victim, "presence": {"name": "Eve"}})).await;
    assert_ne!(caller.expect("presence").await["from"], victim);
}

#[tokio::test]
async fn t2_messages_do_not_cross_rooms() {
    let app = TestApp::start().await;
    let (mut caller, mut callee) = app.pair("123").await;
    let (mut stranger, _) = app.join("124").await;
    let (_other, _) = app.join("124").await;
    let peer = stranger.expect("ready").await["peer"].clone();
    caller.say(json!({"type": "candidate", "candidate": null, "to": peer})).await;
    caller.expect_error("peer-not-found").await;
    caller.say(json!({"type": "candidate", "candidate": null})).await;
    callee.expect("candidate").await;
}

#[tokio::test]
async fn t2_a_repeated_key_is_refused_and_not_forwarded() {
    let app = TestApp::start().await;
    let (mut caller, mut callee) = app.pair("123").await;
    for (text, code) in [
        (r#"{"type":"offer","type":"answer","offer":{"type":"offer","sdp":""}}"#, "bad-json"),
        (
            r#"{"type":"offer","offer":{"type":"offer","sdp":"a"},"offer":{"type":"offer","sdp":"b"}}"#,
            "bad-message",
        ),
        (r#"{"type":"offer","offer":{"type":"offer","sdp":"a","sdp":"b"}}"#, "bad-message"),
        (
            r#"{"type":"candidate","candidate":null,"to":null,"to":"0000000000000001"}"#,
            "bad-message",
        ),
    ] {
        caller.send(Message::text(text)).await;
        caller.expect_error(code).await;
    }
    caller.say(json!({"type": "candidate", "candidate": null})).await;
    callee.expect("candidate").await;
}

#[tokio::test]
async fn t2_unknown_fields_are_not_forwarded() {
    let app = TestApp::start().await;
    let (mut caller, mut callee) = app.pair("123").await;
    let offer = json!({"type": "offer", "sdp": "v=0", "extra": "<script>"});
    caller.say(json!({"type": "offer", "offer": offer, "more": [1, 2]})).await;
    let heard = callee.expect("offer").await;
    assert_eq!(heard["offer"], json!({"type": "offer", "sdp": "v=0"}));
    assert_eq!(heard.as_object().unwrap().len(), 3);
}
