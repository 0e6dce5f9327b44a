//! The origins that may open a WebSocket.

use crate::support::TestApp;
use salon::server::OriginPolicy;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;

/// The refusal of a request with these `Origin` headers; `None` if it is accepted.
async fn refusal(app: &TestApp, origins: &[&str]) -> Option<(u16, String)> {
    let stream = TcpStream::connect(app.addr).await.unwrap();
    let headers: Vec<_> = origins.iter().map(|origin| ("origin", *origin)).collect();
    match app.upgrade(stream, &headers).await {
        Ok(_) => None,
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            Some((response.status().as_u16(), String::from_utf8_lossy(body).into_owned()))
        }
        Err(other) => panic!("{other}"),
    }
}

async fn is_refused(app: &TestApp, origins: &[&str]) {
    let (status, sentence) = refusal(app, origins).await.expect("it was let in");
    assert_eq!(status, 403, "{origins:?}");
    assert!(sentence.contains("may not connect to this server"), "{sentence}");
    assert!(!sentence.contains('<'), "{sentence}");
}

#[tokio::test]
async fn t8_the_servers_own_pages_are_accepted_only() {
    let app = TestApp::start().await;
    let own = format!("http://{}", app.addr);
    let port = app.addr.port();
    assert_eq!(refusal(&app, &[&own]).await, None);
    for foreign in [
        "null".to_owned(),
        "https://evil.example".to_owned(),
        format!("{own}.evil.example"),
        format!("{own}@evil.example"),
        format!("{own}/"),
        format!("http://evil.example/{own}"),
        format!("http://x127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        "http://127.0.0.1".to_owned(),
        format!("http://127.0.0.1:{port}1"),
        format!("file://127.0.0.1:{port}"),
    ] {
        is_refused(&app, &[&foreign]).await;
    }
    is_refused(&app, &[]).await;
    is_refused(&app, &[&own, &own]).await;
    app.remembers(0, 0).await;
}

#[tokio::test]
async fn t8_listed_origins_are_accepted() {
    let listed = vec!["https://app.example.org".parse().unwrap()];
    let policy = OriginPolicy { listed, allow_none: false };
    let app = TestApp::start_with(|config| config.origins = policy).await;
    assert_eq!(refusal(&app, &["https://app.example.org"]).await, None);
    assert_eq!(refusal(&app, &[&format!("http://{}", app.addr)]).await, None);
    is_refused(&app, &["http://app.example.org"]).await;
    is_refused(&app, &["https://app.example.org.evil.example"]).await;
    is_refused(&app, &[]).await;
}

#[tokio::test]
async fn t8_requests_without_an_origin_are_accepted_if_allowed() {
    let policy = OriginPolicy { listed: Vec::new(), allow_none: true };
    let app = TestApp::start_with(|config| config.origins = policy).await;
    assert_eq!(refusal(&app, &[]).await, None);
    is_refused(&app, &["null"]).await;
    is_refused(&app, &["https://evil.example"]).await;
}
