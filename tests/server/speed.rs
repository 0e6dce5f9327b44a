//! The endpoint that measures upload speed.

use crate::support::{Reply, TestApp, soon};
use salon::protocol::{SPEED_PATH, limits::SPEED_BYTES};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Announces `length` bytes, sends `sent` of them, and reads the response.
async fn send(app: &TestApp, origin: Option<&str>, length: usize, sent: usize) -> Reply {
    let mut stream = begin(app, origin, &format!("Content-Length: {length}")).await;
    stream.write_all(&vec![0; sent]).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    Reply::parse(&String::from_utf8_lossy(&answer))
}

async fn begin(app: &TestApp, origin: Option<&str>, framing: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.addr).await.unwrap();
    let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
    let head = format!(
        "POST {SPEED_PATH} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{origin}{framing}\r\n\r\n",
        app.addr
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn the_servers_own_pages_may_upload_a_limited_amount() {
    let app = TestApp::start().await;
    let own = format!("http://{}", app.addr);
    for (length, status) in [(0, 204), (SPEED_BYTES, 204), (SPEED_BYTES + 1, 413)] {
        assert_eq!(send(&app, Some(&own), length, length).await.status, status, "{length}");
    }
    for origin in [None, Some("https://evil.example"), Some("null")] {
        let reply = send(&app, origin, 1, 1).await;
        assert_eq!(reply.status, 403, "{origin:?}");
        assert!(reply.body.contains("may not connect to this server"), "{}", reply.body);
    }
}

#[tokio::test]
async fn an_endless_upload_is_cut_off() {
    let app = TestApp::start().await;
    let own = format!("http://{}", app.addr);
    let mut stream = begin(&app, Some(&own), "Transfer-Encoding: chunked").await;
    let chunk = format!("10000\r\n{}\r\n", "0".repeat(0x10000));
    let flood = async { while stream.write_all(chunk.as_bytes()).await.is_ok() {} };
    soon(flood).await;
}

#[tokio::test]
async fn an_incomplete_upload_times_out() {
    let app = TestApp::start().await;
    let own = format!("http://{}", app.addr);
    let reply = send(&app, Some(&own), SPEED_BYTES, 1000).await;
    assert_eq!(reply.status, 408);
    assert!(reply.body.starts_with("The upload timed out."), "{}", reply.body);
}
