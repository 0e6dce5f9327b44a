//! Hosts and admission, against clients that follow no rules.

use crate::support::{Client, Folder, TestApp};
use salon::server::{Config, DataDir, TokenSigner};
use serde_json::{Value, json};
use std::fs;

/// Starts a room as a browser without scripts does. Returns its name and its host key.
pub(crate) async fn fresh_room(app: &TestApp) -> (String, String) {
    let reply = app.http("POST /new", &[("Content-Length", "0")]).await;
    let (path, key) = reply.header("location").split_once("#host=").unwrap();
    (path.strip_prefix("/room/").unwrap().to_owned(), key.to_owned())
}

pub(crate) async fn ask(app: &TestApp, room: &str, pass: Value) -> Client {
    let mut client = app.client().await;
    client.say(json!({"type": "join", "room": room, "seat": {}, "pass": pass})).await;
    client
}

/// A host who has joined a new room.
pub(crate) async fn host(app: &TestApp) -> (Client, String) {
    let (room, key) = fresh_room(app).await;
    let mut host = ask(app, &room, json!({"host": key})).await;
    let joined = host.expect("joined").await;
    assert_eq!(joined["settings"]["hosts"][0], joined["id"]);
    host.expect("host-state").await;
    (host, room)
}

pub(crate) async fn act(client: &mut Client, action: Value) {
    client.say(json!({"type": "host", "action": action})).await;
}

/// The next message of this type; others are skipped.
pub(crate) async fn until(client: &mut Client, kind: &str) -> Value {
    loop {
        let message = client.hear().await;
        if message["type"] == kind {
            return message;
        }
    }
}

#[tokio::test]
async fn t1_only_the_key_of_a_room_makes_a_host() {
    let app = TestApp::start().await;
    let (room, key) = fresh_room(&app).await;
    let (_, other_key) = fresh_room(&app).await;
    let foreign =
        TestApp::start_with(|config| config.secret = Some(TokenSigner::from("another"))).await;
    let (_, foreign_key) = fresh_room(&foreign).await;
    for wrong in [other_key.as_str(), &foreign_key, &key[1..], "", "AAAAAAAAAAAAAAAAAAAAAA"] {
        let mut client = ask(&app, &room, json!({"host": wrong})).await;
        client.expect_error("bad-host-key").await;
    }
    // The first participant is not a host for that.
    let mut first = ask(&app, &room, json!({})).await;
    assert_eq!(first.expect("joined").await["settings"]["hosts"], json!([]));
    act(&mut first, json!({"do": "lock", "on": true})).await;
    first.expect_error("not-host").await;
    let mut host = ask(&app, &room, json!({"host": key})).await;
    let joined = host.expect("joined").await;
    assert_eq!(
        until(&mut first, "room-settings").await["settings"]["hosts"],
        json!([joined["id"]])
    );
}

#[tokio::test]
async fn t1_a_stored_room_looks_like_any_other_from_outside() {
    let app = TestApp::start().await;
    let (mut host, room) = host(&app).await;
    host.say(json!({"type": "presence", "presence": {"name": "Ada Lovelace"}})).await;
    act(&mut host, json!({"do": "waiting-room", "on": true})).await;
    until(&mut host, "room-settings").await;
    let page = app.http(&format!("GET /room/{room}"), &[]).await;
    assert!(page.body.contains("waiting-room") && !page.body.contains("Lovelace"), "{}", page.body);
    let mut outside = app.client().await;
    outside.say(json!({"type": "watch", "room": room})).await;
    let state = outside.expect("room-state").await;
    assert_eq!((&state["people"], &state["gate"]), (&json!([]), &json!("waiting-room")));
}

#[tokio::test]
async fn t3_waiting_people_cannot_send_to_the_room() {
    let app = TestApp::start().await;
    let (mut host, room) = host(&app).await;
    act(&mut host, json!({"do": "waiting-room", "on": true})).await;
    until(&mut host, "room-settings").await;
    let mut guest = ask(&app, &room, json!({})).await;
    assert_eq!(guest.hear().await, json!({"type": "waiting", "position": 1, "hostPresent": true}));
    let waiting = until(&mut host, "host-state").await["waiting"].clone();
    let inside = json!("0000000000000000");
    for message in [
        json!({"type": "offer", "offer": {"type": "offer", "sdp": "v=0"}}),
        json!({"type": "candidate", "candidate": null, "to": inside}),
        json!({"type": "reception", "reception": {}, "to": inside}),
        json!({"type": "reconnect", "to": inside, "link": 1}),
        json!({"type": "host", "action": {"do": "admit"}}),
        json!({"type": "host", "action": {"do": "remove", "to": inside}}),
        json!({"type": "host", "action": {"do": "passcode", "passcode": "mine"}}),
    ] {
        guest.say(message).await;
        guest.expect_error("not-joined").await;
    }
    // Nor can anything be sent to them.
    host.say(json!({"type": "candidate", "candidate": null, "to": waiting[0]["id"]})).await;
    host.expect_error("peer-not-found").await;
    act(&mut host, json!({"do": "admit", "to": waiting[0]["id"]})).await;
    let joined = guest.expect("joined").await;
    assert_eq!(joined["people"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn t3_removed_people_cannot_return_with_their_seat_token_or_after_a_restart() {
    let folder = Folder::new();
    let keep = |config: &mut Config| config.data_dir = DataDir::Chosen(folder.root().into());
    let app = TestApp::start_with(keep).await;
    let (mut host, room) = host(&app).await;
    let mut guest = ask(&app, &room, json!({})).await;
    let joined = guest.expect("joined").await;
    until(&mut host, "ready").await;
    act(&mut host, json!({"do": "remove", "to": joined["id"]})).await;
    assert_eq!(until(&mut host, "peer-left").await["peer"], joined["id"]);
    assert_eq!(until(&mut guest, "error").await["code"], "removed");
    let seat = json!({"token": joined["seatToken"], "linked": []});
    let again = json!({"type": "join", "room": room, "seat": seat});
    guest.say(again.clone()).await;
    guest.expect_error("removed").await;
    app.stop().await.unwrap();

    let after = TestApp::start_with(keep).await;
    let mut guest = after.client().await;
    guest.say(again).await;
    guest.expect_error("removed").await;
    after.stop().await.unwrap();
}

#[tokio::test]
async fn t3_a_renewed_key_replaces_the_earlier_ones() {
    let app = TestApp::start().await;
    let (room, key) = fresh_room(&app).await;
    let mut host = ask(&app, &room, json!({"host": key})).await;
    host.expect("joined").await;
    host.expect("host-state").await;
    act(&mut host, json!({"do": "renew-host-key"})).await;
    let renewed = host.expect("host-key").await["hostKey"].clone();
    ask(&app, &room, json!({"host": key})).await.expect_error("bad-host-key").await;
    let mut second = ask(&app, &room, json!({"host": renewed})).await;
    let joined = second.expect("joined").await;
    assert_eq!(joined["settings"]["hosts"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn decisions_of_hosts_survive_a_restart() {
    let folder = Folder::new();
    let keep = |config: &mut Config| config.data_dir = DataDir::Chosen(folder.root().into());
    let app = TestApp::start_with(keep).await;
    let (mut host, room) = host(&app).await;
    act(&mut host, json!({"do": "passcode", "passcode": "swordfish"})).await;
    assert_eq!(until(&mut host, "room-settings").await["settings"]["passcode"], true);
    act(&mut host, json!({"do": "invite", "once": true})).await;
    let token = until(&mut host, "host-state").await["invitations"][0]["token"].clone();
    // An answered action is stored.
    app.kill().await;
    drop(host);

    let after = TestApp::start_with(keep).await;
    ask(&after, &room, json!({})).await.expect_error("passcode-required").await;
    ask(&after, &room, json!({"passcode": "perch"})).await.expect_error("bad-passcode").await;
    ask(&after, &room, json!({"passcode": "swordfish"})).await.expect("joined").await;
    ask(&after, &room, json!({"invitation": token})).await.expect("joined").await;
    ask(&after, &room, json!({"invitation": token})).await.expect_error("bad-invitation").await;
    let kept = fs::read(folder.path("rooms.db")).unwrap();
    let wal = fs::read(folder.path("rooms.db-wal")).unwrap_or_default();
    let all = String::from_utf8_lossy(&[kept, wal].concat()).into_owned();
    assert!(all.contains("$argon2id$") && !all.contains("swordfish"));
    drop(after);
}
