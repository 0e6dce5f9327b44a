//! The program or its machine is suspended for a while.

use crate::{
    program::Program,
    support::{Client, site, soon},
};
use futures_util::StreamExt;
use serde_json::json;
use std::time::Duration;
use tokio::{process::Command, time::sleep};
use tokio_tungstenite::tungstenite::Message;

/// Longer than every timeout of a WebSocket.
const STANDSTILL: Duration = Duration::from_secs(15);

async fn signal(program: &Program, signal: &str) {
    let id = program.id().to_string();
    assert!(soon(Command::new("kill").args([signal, &id]).status()).await.unwrap().success());
}

/// Waits for the next ping, before any other message.
async fn pinged(client: &mut Client) {
    match soon(client.socket.next()).await {
        Some(Ok(Message::Ping(_))) => {}
        other => panic!("no ping but {other:?}"),
    }
}

#[tokio::test]
async fn t30_a_suspension_of_the_server_closes_no_connection() {
    let site = site().to_str().unwrap();
    let program = Program::start(&["--listen", "127.0.0.1:0", "--static-dir", site], &[]).await;
    let addr = program.addr();
    let mut calls = Vec::new();
    for room in ["one", "two", "three"] {
        calls.push(Client::pair(addr, room).await);
    }
    let mut watcher = Client::of(addr).await;
    watcher.say(json!({"type": "watch", "room": "one"})).await;
    assert_eq!(watcher.expect("room-state").await["people"].as_array().unwrap().len(), 2);

    signal(&program, "-STOP").await;
    // This sleep is the fault under test, not a wait.
    sleep(STANDSTILL).await;
    signal(&program, "-CONT").await;

    // Each client gets a ping, and none was closed before.
    for (caller, callee) in &mut calls {
        pinged(caller).await;
        pinged(callee).await;
    }
    pinged(&mut watcher).await;
    for (caller, callee) in &mut calls {
        caller.reaches(callee, "still here").await;
    }
    watcher.say(json!({"type": "watch", "room": "two"})).await;
    assert_eq!(watcher.expect("room-state").await["people"].as_array().unwrap().len(), 2);
    program.end("-TERM").await;
}
