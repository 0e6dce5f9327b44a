//! However a participant leaves, the seat is freed, the others are told, and no state remains.

use crate::support::{Client, TestApp, soon};
use futures_util::StreamExt;
use serde_json::json;
use std::time::Instant;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::Message;

/// The remaining participant is told that the other has left, and the server has no state of them.
async fn is_gone_for(app: &TestApp, mut staying: Client) {
    staying.expect("peer-left").await;
    app.remembers(1, 1).await;
    drop(staying);
    app.remembers(0, 0).await;
}

#[tokio::test]
async fn leaving_frees_the_seat_and_keeps_the_connection() {
    let app = TestApp::start().await;
    let (mut staying, mut leaving) = app.pair("123").await;
    leaving.say(json!({"type": "leave"})).await;
    staying.expect("peer-left").await;
    leaving.say(json!({"type": "join", "room": "123"})).await;
    leaving.expect("joined").await;
    staying.expect("ready").await;
    leaving.expect("ready").await;
    drop(leaving);
    is_gone_for(&app, staying).await;
}

#[tokio::test]
async fn a_close_frame_is_answered_and_frees_the_seat() {
    let app = TestApp::start().await;
    let (staying, mut leaving) = app.pair("123").await;
    leaving.send(Message::Close(None)).await;
    let answer = soon(leaving.socket.next()).await;
    assert!(matches!(answer, Some(Ok(Message::Close(_)))), "{answer:?}");
    is_gone_for(&app, staying).await;
}

#[tokio::test]
async fn a_connection_that_ends_without_a_close_frame_frees_the_seat() {
    let app = TestApp::start().await;
    let (staying, leaving) = app.pair("123").await;
    drop(leaving.socket);
    is_gone_for(&app, staying).await;
}

#[tokio::test]
async fn a_reset_connection_frees_the_seat() {
    let app = TestApp::start().await;
    let (staying, leaving) = app.pair("123").await;
    leaving.socket.get_ref().set_zero_linger().unwrap();
    drop(leaving.socket);
    is_gone_for(&app, staying).await;
}

#[tokio::test]
async fn an_incomplete_frame_does_not_keep_the_seat() {
    let app = TestApp::start().await;
    let (staying, mut leaving) = app.pair("123").await;
    let half = [0x81, 0xfe, 0x10, 0x00, 0x00];
    soon(leaving.socket.get_mut().write_all(&half)).await.unwrap();
    drop(leaving.socket);
    is_gone_for(&app, staying).await;
}

#[tokio::test]
async fn a_silent_client_is_removed_after_ten_to_fifteen_seconds() {
    let app = TestApp::start().await;
    let (mut staying, mut silent) = app.pair("123").await;
    let since = Instant::now();
    // A client answers pings only while it reads: the silent one does not.
    let waiting = tokio::spawn(async move {
        staying.expect("peer-left").await;
        staying
    });
    let mut unread = Vec::new();
    soon(silent.socket.get_mut().read_to_end(&mut unread)).await.unwrap();
    assert!(unread.windows(2).any(|bytes| bytes == 1008_u16.to_be_bytes()), "{unread:?}");
    let staying = waiting.await.unwrap();
    let seconds = since.elapsed().as_secs();
    assert!((10..=15).contains(&seconds), "{seconds} s");
    app.remembers(1, 1).await;
    drop(staying);
    app.remembers(0, 0).await;
}

#[tokio::test]
async fn a_hundred_visits_leave_no_state() {
    let app = TestApp::start().await;
    for visit in 0..25 {
        let room = format!("room-{}", visit % 3);
        let (first, second) = app.pair(&room).await;
        let mut watcher = app.client().await;
        watcher.say(json!({"type": "watch", "room": room})).await;
        watcher.expect("room-state").await;
        let idle = app.client().await;
        for (order, client) in [first, second, watcher, idle].into_iter().enumerate() {
            if (order + visit) % 2 == 0 {
                client.socket.get_ref().set_zero_linger().unwrap();
            }
        }
        app.remembers(0, 0).await;
    }
}

#[tokio::test]
async fn an_interrupted_handshake_leaves_no_state() {
    let app = TestApp::start().await;
    let (_staying, _) = app.join("123").await;
    for _ in 0..20 {
        let mut stream = TcpStream::connect(app.addr).await.unwrap();
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            app.addr
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.set_zero_linger().unwrap();
    }
    let (_last, _) = app.join("123").await;
    app.remembers(1, 2).await;
}
