//! Stored rooms, on a disk with faults.

use crate::{
    hosts::{act, ask, host, until},
    support::{Folder, TestApp},
};
use rusqlite::Connection;
use salon::server::{Config, DataDir};
use serde_json::json;
use std::time::{Duration, Instant};

/// A server that stores its data in this folder.
async fn app(folder: &Folder) -> TestApp {
    let root = folder.root().to_owned();
    let keep = move |config: &mut Config| config.data_dir = DataDir::Chosen(root.into());
    TestApp::start_with(keep).await
}

#[tokio::test]
async fn t30_a_locked_database_blocks_no_room_and_the_host_is_told() {
    let folder = Folder::new();
    let app = app(&folder).await;
    let (mut owner, room) = host(&app).await;
    let (mut caller, mut callee) = app.pair("other").await;

    let database = Connection::open(folder.path("rooms.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let since = Instant::now();
    act(&mut owner, json!({"do": "lock", "on": true})).await;
    for turn in 0..20 {
        caller.reaches(&mut callee, &format!("candidate {turn}")).await;
    }
    assert!(since.elapsed() < Duration::from_secs(1), "other rooms wait for nothing");
    assert_eq!(until(&mut owner, "room-settings").await["settings"]["locked"], true);
    owner.expect_error("not-kept").await;
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    ask(&app, &room, json!({})).await.expect_error("room-locked").await;

    // The pending write is done when the server stops.
    database.execute_batch("COMMIT").unwrap();
    app.stop().await.unwrap();
    let after = self::app(&folder).await;
    ask(&after, &room, json!({})).await.expect_error("room-locked").await;
    after.stop().await.unwrap();
}

#[tokio::test]
async fn stored_rooms_are_loaded_on_demand() {
    let folder = Folder::new();
    let before = app(&folder).await;
    let (mut owner, room) = host(&before).await;
    act(&mut owner, json!({"do": "waiting-room", "on": true})).await;
    until(&mut owner, "room-settings").await;
    before.stop().await.unwrap();

    let app = app(&folder).await;
    let page = app.http(&format!("GET /room/{room}"), &[]).await;
    assert!(page.body.contains("waiting-room"), "{}", page.body);
    let mut outside = app.client().await;
    outside.say(json!({"type": "watch", "room": room})).await;
    assert_eq!(outside.expect("room-state").await["gate"], "waiting-room");
    // All at once, as clients may.
    outside.say(json!({"type": "join", "room": room})).await;
    outside.say(json!({"type": "presence", "presence": {"name": "Ada"}})).await;
    outside.expect("waiting").await;
    app.stop().await.unwrap();
}
