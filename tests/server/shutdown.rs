//! Shutdown of the server.

use crate::support::{TestApp, soon};
use futures_util::StreamExt;
use salon::server::DRAIN_TIMEOUT;
use std::time::Instant;
use tokio::{io::AsyncWriteExt, net::TcpStream};

#[tokio::test]
async fn clients_are_told_to_come_back_later() {
    let app = TestApp::start().await;
    let (mut caller, mut callee) = app.pair("123").await;
    let mut idle = app.client().await;
    let since = Instant::now();
    let told = async {
        for client in [&mut caller, &mut callee, &mut idle] {
            assert_eq!(client.closed().await, 1012);
            // Reading on answers the close frame; then the server closes the connection.
            assert!(soon(client.socket.next()).await.is_none());
        }
    };
    let (ended, ()) = tokio::join!(app.stop(), told);
    assert!(ended.is_ok());
    assert!(since.elapsed() < DRAIN_TIMEOUT, "all had answered, yet it waited");
}

#[tokio::test]
async fn the_wait_for_close_frames_is_limited() {
    let app = TestApp::start().await;
    let (_caller, _callee) = app.pair("123").await;
    let mut half_a_request = TcpStream::connect(app.addr).await.unwrap();
    half_a_request.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
    let since = Instant::now();
    assert!(app.stop().await.is_ok());
    assert!(since.elapsed() < DRAIN_TIMEOUT * 2, "{:?}", since.elapsed());
}
