//! Limits on messages, and clients that do not read.

use crate::support::{TestApp, soon};
use futures_util::{SinkExt, StreamExt};
use salon::protocol::limits::{MESSAGE_BYTES, SDP_BYTES};
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpSocket};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// A candidate message of this many bytes, most of them in an unknown field.
fn message_of(bytes: usize) -> String {
    let message = |padding: &str| json!({"type": "candidate", "padding": padding}).to_string();
    let empty = message("").len();
    message(&"a".repeat(bytes - empty))
}

#[tokio::test]
async fn a_message_of_64_kib_is_forwarded() {
    let app = TestApp::start().await;
    let (mut caller, mut callee) = app.pair("123").await;
    caller.send(Message::text(message_of(MESSAGE_BYTES))).await;
    callee.expect("candidate").await;
}

#[tokio::test]
async fn t11_a_larger_message_closes_with_1009_and_does_not_affect_the_other() {
    let app = TestApp::start().await;
    let larger = message_of(MESSAGE_BYTES + 1);
    for message in [Message::text(larger.clone()), Message::binary(larger)] {
        let (mut sender, mut other) = app.pair("123").await;
        sender.send(message).await;
        assert_eq!(sender.closed().await, 1009);
        other.expect("peer-left").await;
        drop((sender, other));
        app.remembers(0, 0).await;
    }
}

#[tokio::test]
async fn t11_the_size_limit_applies_to_all_fragments_together() {
    let app = TestApp::start().await;
    let (mut sender, mut other) = app.pair("123").await;
    let part = vec![b' '; MESSAGE_BYTES / 4];
    for number in 0..5 {
        let kind = if number == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(part.clone(), OpCode::Data(kind), false);
        sender.send(Message::Frame(frame)).await;
    }
    assert_eq!(sender.closed().await, 1009);
    other.expect("peer-left").await;
}

#[tokio::test]
async fn t11_a_frame_of_64_mib_is_refused_at_its_first_byte() {
    let app = TestApp::start().await;
    let (sender, mut other) = app.pair("123").await;
    let (mut sink, mut frames) = sender.socket.split();
    let huge = Message::binary(vec![0; 64 * 1024 * 1024]);
    // The server stops reading, so the sender cannot finish.
    let sending = tokio::spawn(async move { sink.send(huge).await });
    let closed = soon(frames.next()).await.unwrap().unwrap();
    assert!(matches!(closed, Message::Close(Some(frame)) if u16::from(frame.code) == 1009));
    other.expect("peer-left").await;
    sending.abort();
}

#[tokio::test]
async fn a_frame_that_breaks_the_protocol_closes_with_1002() {
    let app = TestApp::start().await;
    let (mut sender, mut other) = app.pair("123").await;
    let unmasked = [0x81, 0x02, b'{', b'}'];
    soon(sender.socket.get_mut().write_all(&unmasked)).await.unwrap();
    assert_eq!(sender.closed().await, 1002);
    other.expect("peer-left").await;
}

#[tokio::test]
async fn text_that_is_not_utf8_closes_with_1007() {
    let app = TestApp::start().await;
    let (mut sender, mut other) = app.pair("123").await;
    let frame = Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    sender.send(Message::Frame(frame)).await;
    assert_eq!(sender.closed().await, 1007);
    other.expect("peer-left").await;
}

#[tokio::test]
async fn t12_a_client_that_does_not_read_is_closed_without_effect_on_others() {
    let app = TestApp::start().await;
    let (mut ada, _) = app.join("123").await;
    let (mut bob, _) = app.join("123").await;
    ada.expect("ready").await;
    bob.expect("ready").await;

    // The kernel should buffer little for the client that does not read.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(app.addr).await.unwrap();
    let origin = format!("http://{}", app.addr);
    let mut stuck = app.upgrade(stream, &[("origin", &origin)]).await.unwrap();
    stuck.say(json!({"type": "join", "room": "123"})).await;
    let stuck_id = ada.expect("ready").await["peer"].clone();
    bob.expect("ready").await;
    app.remembers(1, 3).await;

    let offer = json!({"type": "offer", "sdp": "a".repeat(SDP_BYTES)});
    let flood = json!({"type": "offer", "offer": offer, "to": stuck_id});
    let flood = Message::text(flood.to_string());
    for _ in 0..300 {
        ada.send(flood.clone()).await;
    }
    // Excess messages are not forwarded, and Ada is told. The full queue then closes the client.
    let mut refused = 0;
    loop {
        let message = ada.hear().await;
        match message["type"].as_str() {
            Some("error") => assert_eq!(message["code"], "recipient-busy"),
            _ => break assert_eq!(message["type"], "peer-left"),
        }
        refused += 1;
    }
    assert!(refused > 100, "{refused} of 300 were too much");
    bob.expect("peer-left").await;
    app.remembers(1, 2).await;

    bob.say(json!({"type": "join", "room": "123"})).await;
    bob.expect_error("already-joined").await;
    drop(stuck);
}
