//! Passcodes, and floods of passcode checks.

use crate::{
    hosts::{act, ask, host, until},
    support::{Client, TestApp},
};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{net::TcpStream, task::JoinSet};

#[tokio::test]
async fn equivalent_spellings_of_a_passcode_are_accepted() {
    let app = TestApp::start().await;
    let (mut owner, room) = host(&app).await;
    act(&mut owner, json!({"do": "passcode", "passcode": " Zoe\u{308}\u{2019}s 42 "})).await;
    assert_eq!(until(&mut owner, "room-settings").await["settings"]["passcode"], true);
    for typed in ["Zo\u{eb}'s 42", "Zoe\u{308}\u{2019}s \u{ff14}\u{ff12}\n"] {
        ask(&app, &room, json!({"passcode": typed})).await.expect("joined").await;
    }
    ask(&app, &room, json!({"passcode": "zo\u{eb}'s 42"})).await.expect_error("bad-passcode").await;
    act(&mut owner, json!({"do": "passcode", "passcode": "  "})).await;
    assert_eq!(until(&mut owner, "error").await["code"], "bad-message");
}

/// A client with its own address.
async fn from(app: &TestApp, address: &str) -> Client {
    let stream = TcpStream::connect(app.addr).await.unwrap();
    let origin = format!("http://{}", app.addr);
    let headers = [("origin", origin.as_str()), ("x-forwarded-for", address)];
    app.upgrade(stream, &headers).await.unwrap()
}

/// Joins a room as its host and sets as many passcodes at once as allowed.
async fn keep_busy(mut client: Client, room: String, key: String) {
    client.say(json!({"type": "join", "room": room, "seat": {}, "pass": {"host": key}})).await;
    client.expect("joined").await;
    for _ in 0..10 {
        act(&mut client, json!({"do": "passcode", "passcode": "busy"})).await;
    }
    loop {
        client.hear().await;
    }
}

#[tokio::test]
async fn t32_passcodes_are_checked_quickly_while_80_addresses_flood() {
    let app =
        TestApp::start_with(|config| config.trusted_proxies = "127.0.0.1".parse().unwrap()).await;
    let (mut owner, room) = host(&app).await;
    act(&mut owner, json!({"do": "passcode", "passcode": "swordfish"})).await;
    until(&mut owner, "room-settings").await;
    let mut guest = from(&app, "198.51.100.1").await;
    let pass = json!({"passcode": "swordfish"});
    guest.say(json!({"type": "join", "room": room, "pass": pass})).await;
    guest.expect("joined").await;
    until(&mut owner, "ready").await;
    guest.expect("ready").await;

    let mut busy = JoinSet::new();
    for attacker in 0..80 {
        let (room, key) = crate::hosts::fresh_room(&app).await;
        let client = from(&app, &format!("203.0.113.{attacker}")).await;
        busy.spawn(keep_busy(client, room, key));
    }
    for newcomer in 2..4 {
        let mut client = from(&app, &format!("198.51.100.{newcomer}")).await;
        let since = Instant::now();
        client.say(json!({"type": "join", "room": room, "pass": pass})).await;
        // Its messages are read, even during the checks.
        client.say(json!({"type": "ping"})).await;
        let mut missing = vec!["joined", "pong"];
        while !missing.is_empty() {
            let said = client.hear().await;
            missing.retain(|kind| said["type"] != *kind);
        }
        assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
        until(&mut owner, "ready").await;
    }
    // A host who sets a passcode can still send messages.
    act(&mut owner, json!({"do": "passcode", "passcode": "another"})).await;
    owner.say(json!({"type": "ping"})).await;
    until(&mut owner, "pong").await;
    until(&mut owner, "room-settings").await;
    busy.shutdown().await;
}
