//! Seats across reconnections.

use crate::support::{Client, TestApp};
use salon::server::TokenSigner;
use serde_json::{Value, json};
use std::time::Duration;

fn join(seat: &Value) -> Value {
    json!({"type": "join", "room": "123", "seat": seat})
}

/// Joins with a request to hold the seat. Returns the client and its `joined`.
async fn sit(app: &TestApp, seat: &Value) -> (Client, Value) {
    let mut client = app.client().await;
    client.say(join(seat)).await;
    let joined = client.expect("joined").await;
    (client, joined)
}

/// Two such participants who have received their `ready`.
async fn pair(app: &TestApp) -> ((Client, Value), (Client, Value)) {
    let (mut ada, ada_joined) = sit(app, &json!({})).await;
    let (mut bob, bob_joined) = sit(app, &json!({})).await;
    assert_eq!(ada.expect("ready").await["role"], "caller");
    assert_eq!(bob.expect("ready").await["role"], "callee");
    ((ada, ada_joined), (bob, bob_joined))
}

/// The claim to the seat of `joined`, with connections to `others`.
fn claim(joined: &Value, others: &[&Value]) -> Value {
    let linked: Vec<_> = others.iter().map(|other| &other["id"]).collect();
    json!({"token": joined["seatToken"], "linked": linked})
}

/// Checks that this client has received nothing: the response to its next message comes first.
async fn heard_nothing(client: &mut Client) {
    client.say(json!({"type": "dance"})).await;
    client.expect_error("unknown-type").await;
}

#[tokio::test]
async fn a_replaced_socket_keeps_the_connections() {
    let app = TestApp::start().await;
    let ((mut ada, ada_joined), (bob, bob_joined)) = pair(&app).await;
    drop(bob);
    app.remembers(1, 1).await;
    let (mut bob, again) = sit(&app, &claim(&bob_joined, &[&ada_joined])).await;
    assert_eq!(again["id"], bob_joined["id"]);
    assert_eq!(again["people"][0]["id"], ada_joined["id"]);
    assert_eq!(ada.expect("peer-reconnected").await["peer"], bob_joined["id"]);
    heard_nothing(&mut ada).await;
    heard_nothing(&mut bob).await;
}

#[tokio::test]
async fn a_reloaded_page_reconnects_as_the_same_person() {
    let app = TestApp::start().await;
    let ((ada, ada_joined), (mut bob, bob_joined)) = pair(&app).await;
    drop(ada);
    let (mut ada, again) = sit(&app, &claim(&ada_joined, &[])).await;
    assert_eq!(again["id"], ada_joined["id"]);
    let (mine, theirs) = (ada.expect("ready").await, bob.expect("ready").await);
    assert_eq!((&mine["role"], &mine["peer"]), (&json!("caller"), &bob_joined["id"]));
    assert_eq!((&theirs["role"], &theirs["peer"]), (&json!("callee"), &ada_joined["id"]));
}

#[tokio::test]
async fn a_seat_is_freed_when_its_reservation_ends() {
    let app =
        TestApp::start_with(|config| config.timeouts.reconnect_grace = Duration::from_millis(50))
            .await;
    let ((mut ada, _), (bob, bob_joined)) = pair(&app).await;
    drop(bob);
    assert_eq!(ada.expect("peer-left").await["peer"], bob_joined["id"]);
    drop(ada);
    app.remembers(0, 0).await;
}

#[tokio::test]
async fn seats_are_held_only_on_request() {
    let app = TestApp::start().await;
    let (_, plain) = app.join("123").await;
    assert_eq!(plain.get("seatToken"), None);
    app.remembers(0, 0).await;
}

#[tokio::test]
async fn the_older_tab_is_told_that_its_seat_has_moved() {
    let app = TestApp::start().await;
    let ((mut ada, ada_joined), (mut old, bob_joined)) = pair(&app).await;
    let (mut new, _) = sit(&app, &claim(&bob_joined, &[])).await;
    old.expect_error("seat-moved").await;
    old.say(json!({"type": "candidate", "candidate": null})).await;
    old.expect_error("not-joined").await;
    ada.expect("ready").await;
    assert_eq!(new.expect("ready").await["peer"], ada_joined["id"]);
    drop(old);
    app.remembers(1, 2).await;
    heard_nothing(&mut ada).await;
}

#[tokio::test]
async fn a_call_survives_a_restart() {
    let before = TestApp::start().await;
    let ((ada, ada_joined), (bob, bob_joined)) = pair(&before).await;
    drop((ada, bob));
    before.stop().await.unwrap();

    let after = TestApp::start().await;
    let (mut bob, bob_again) = sit(&after, &claim(&bob_joined, &[&ada_joined])).await;
    let (mut ada, ada_again) = sit(&after, &claim(&ada_joined, &[&bob_joined])).await;
    assert_eq!((&ada_again["id"], &bob_again["id"]), (&ada_joined["id"], &bob_joined["id"]));
    assert_eq!(bob.expect("peer-reconnected").await["peer"], ada_joined["id"]);
    heard_nothing(&mut ada).await;
    heard_nothing(&mut bob).await;
    let (_cleo, joined) = sit(&after, &json!({})).await;
    let inside: Vec<_> = joined["people"].as_array().unwrap().iter().map(|p| &p["id"]).collect();
    assert_eq!(inside, [&ada_joined["id"], &bob_joined["id"]]);
}

#[tokio::test]
async fn t1_forged_foreign_and_misplaced_seat_tokens_are_refused() {
    let app = TestApp::start().await;
    let ((mut ada, _), (mut bob, bob_joined)) = pair(&app).await;
    let other =
        TestApp::start_with(|config| config.secret = Some(TokenSigner::from("another"))).await;
    let (_, foreign) = sit(&other, &json!({})).await;
    let mut elsewhere = app.client().await;
    elsewhere.say(json!({"type": "join", "room": "456", "seat": {}})).await;
    let misplaced = elsewhere.expect("joined").await;
    let proof = bob_joined["seatToken"].as_str().unwrap();
    for token in [
        foreign["seatToken"].as_str().unwrap(),
        misplaced["seatToken"].as_str().unwrap(),
        &proof[..proof.len() - 2],
        "",
        "%%%",
    ] {
        let mut client = app.client().await;
        client.say(join(&json!({"token": token, "linked": []}))).await;
        client.expect_error("bad-seat-token").await;
        client.say(json!({"type": "candidate", "candidate": null})).await;
        client.expect_error("not-joined").await;
    }
    heard_nothing(&mut ada).await;
    heard_nothing(&mut bob).await;
}
