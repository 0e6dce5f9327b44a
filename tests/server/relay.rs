//! TURN credentials: who gets them, and for how long.

use crate::support::TestApp;
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use salon::{
    protocol::IceServer,
    server::{Config, TurnSecret},
};
use serde_json::{Value, json};
use sha1::Sha1;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECRET: &str = "shared with the relay";

fn with_relay(config: &mut Config) {
    let server = |urls: &str| IceServer { urls: urls.into(), username: None, credential: None };
    let servers = ["stun:stun.example.org", "turn:relay.example.org"].map(server);
    config.ice_servers = Some(servers.into());
    config.turn_static_auth_secret = Some(TurnSecret::from(SECRET));
}

/// The check of a TURN server with `use-auth-secret`: validity in seconds and user of a valid name.
fn accepted(server: &Value) -> Option<(u64, &str)> {
    let username = server["username"].as_str()?;
    let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(username.as_bytes());
    let expected = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let (end, user) = username.split_once(':')?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let left = end.parse::<u64>().ok()?.checked_sub(now)?;
    (server["credential"] == expected).then_some((left, user))
}

#[tokio::test]
async fn each_participant_gets_different_credentials_for_ten_minutes() {
    let app = TestApp::start_with(with_relay).await;
    let (_ada, ada_joined) = app.join("standup").await;
    let (_bob, bob_joined) = app.join("standup").await;
    let (_cyd, cyd_joined) = app.join("elsewhere").await;
    let mut rooms = Vec::new();
    for joined in [&ada_joined, &bob_joined, &cyd_joined] {
        assert_eq!(joined["iceTtl"], 600);
        let servers = joined["iceServers"].as_array().unwrap();
        assert_eq!(servers[0], json!({"urls": "stun:stun.example.org"}));
        assert_eq!(servers[1]["urls"], "turn:relay.example.org");
        let (left, user) = accepted(&servers[1]).unwrap();
        assert!((590..=600).contains(&left), "{left} s");
        let (seat, room) = user.split_once('-').unwrap();
        assert_eq!(joined["id"], seat);
        rooms.push(room);
        assert!(!servers[1].to_string().contains("standup"));
    }
    assert_eq!(rooms[0], rooms[1]);
    assert_ne!(rooms[0], rooms[2]);
}

#[tokio::test]
async fn credentials_are_renewed_on_demand() {
    let app = TestApp::start_with(|config| {
        with_relay(config);
        config.turn_credential_ttl = Duration::from_secs(20);
        // Repeated until the next second.
        config.limits.message_rate = 1_000_000;
    })
    .await;
    let (mut ada, joined) = app.join("123").await;
    assert_eq!(joined["iceTtl"], 20);
    let first = accepted(&joined["iceServers"][1]).unwrap();
    // The expiry in a user name has a resolution of a second.
    let renewed = loop {
        ada.say(json!({"type": "ice"})).await;
        let ice = ada.expect("ice").await;
        assert_eq!(ice["iceTtl"], 20);
        if ice["iceServers"] != joined["iceServers"] {
            break ice;
        }
    };
    let second = accepted(&renewed["iceServers"][1]).unwrap();
    assert_eq!(first.1, second.1, "it is the same person");
}

#[tokio::test]
async fn only_participants_get_credentials() {
    let app = TestApp::start_with(|config| {
        with_relay(config);
        config.max_participants = 1;
    })
    .await;
    let (mut ada, _) = app.join("123").await;
    let mut other = app.client().await;
    let ask = json!({"type": "ice"});
    other.say(ask.clone()).await;
    other.expect_error("not-joined").await;
    other.say(json!({"type": "watch", "room": "123"})).await;
    other.expect("room-state").await;
    other.say(ask.clone()).await;
    other.expect_error("not-joined").await;
    other.say(json!({"type": "join", "room": "123"})).await;
    other.expect_error("room-full").await;
    other.say(ask.clone()).await;
    other.expect_error("not-joined").await;

    ada.say(json!({"type": "leave"})).await;
    other.expect("room-state").await;
    ada.say(ask).await;
    ada.expect_error("not-joined").await;
}

#[tokio::test]
async fn static_credentials_do_not_expire() {
    let fixed = json!({"urls": "turn:a.example", "username": "user", "credential": "word"});
    let server = serde_json::from_value(fixed.clone()).unwrap();
    let app = TestApp::start_with(|config| config.ice_servers = Some(vec![server])).await;
    let (mut ada, joined) = app.join("123").await;
    assert_eq!(joined.get("iceTtl"), None);
    ada.say(json!({"type": "ice"})).await;
    assert_eq!(ada.expect("ice").await, json!({"type": "ice", "iceServers": [fixed]}));
}

#[tokio::test]
async fn a_page_knows_whether_there_is_a_relay() {
    let knows = r#"&quot;iceUrls&quot;:[&quot;stun:stun.example.org&quot;,&quot;turn:relay.example.org&quot;]"#;
    for (app, expected) in
        [(TestApp::start_with(with_relay).await, true), (TestApp::start().await, false)]
    {
        let page = app.http("GET /room/123", &[]).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.body.contains(knows), expected, "{}", page.body);
        assert_eq!(page.body.contains(r#"<label class="check">"#), expected);
        assert!(!page.body.contains(SECRET) && !page.body.contains("credential"));
    }
}
