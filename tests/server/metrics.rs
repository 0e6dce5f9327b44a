//! The metrics of the server.

use crate::support::{Reply, TestApp, soon};
use serde_json::json;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn metrics(app: &TestApp) -> String {
    let accept = [("Accept", "application/openmetrics-text; version=1.0.0, text/plain; q=0.5")];
    let reply = Reply::of(app.operators, "GET /metrics", &accept).await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").starts_with("application/openmetrics-text"));
    reply.body
}

#[tokio::test]
async fn plain_text_is_served_on_request() {
    let app = TestApp::start().await;
    let _person = app.join("123").await;
    for accept in [&[][..], &[("Accept", "text/plain")], &[("Accept", "*/*")]] {
        let reply = Reply::of(app.operators, "GET /metrics", accept).await;
        assert_eq!(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        assert!(reply.body.contains("# TYPE salon_joins_total counter\n"), "{}", reply.body);
        assert!(!reply.body.contains("# EOF"), "{}", reply.body);
        assert_eq!(value(&reply.body, "salon_joins_total{result=\"ok\"}"), Some(1.0));
    }
}

#[tokio::test]
async fn t27_dns_rebinding_does_not_reach_the_metrics() {
    let app = TestApp::start().await;
    for (host, status) in [
        ("localhost:9100", 200),
        ("127.0.0.1:9100", 200),
        ("rebound.example:9100", 421),
        ("192.0.2.1:9100", 421),
    ] {
        let reply = Reply::of(app.operators, "GET /metrics", &[("Host", host)]).await;
        assert_eq!(reply.status, status, "{host}");
        assert_eq!(reply.body.contains("salon_participants"), status == 200, "{host}");
    }
}

#[tokio::test]
async fn remote_metrics_are_served_under_any_name() {
    let app = TestApp::start_with(|config| config.metrics_listen = "0.0.0.0:0".parse().ok()).await;
    for host in ["metrics.internal.example.org:9100", "192.0.2.1:9100", "salon"] {
        let reply = Reply::of(app.operators, "GET /metrics", &[("Host", host)]).await;
        assert_eq!(reply.status, 200, "{host}");
    }
}

#[tokio::test]
async fn t10_the_metrics_listener_has_its_own_limits() {
    let app = TestApp::start_with(|config| {
        config.limits.max_connections_per_ip = 4;
        config.limits.header_timeout = Duration::from_secs(1);
    })
    .await;
    // Connections to the public listener do not count here.
    let mut people = Vec::new();
    for _ in 0..4 {
        people.push(TcpStream::connect(app.addr).await.unwrap());
    }
    let mut held = Vec::new();
    for part in ["", "GET", "GET /metrics HTTP/1.1\r\n", "GET /metrics HTTP/1.1\r\nHost: loc"] {
        let mut stream = TcpStream::connect(app.operators).await.unwrap();
        stream.write_all(part.as_bytes()).await.unwrap();
        held.push(stream);
    }
    assert_eq!(Reply::of(app.operators, "GET /metrics", &[]).await.status, 429);
    for stream in &mut held {
        soon(stream.read_to_end(&mut Vec::new())).await.unwrap();
    }
    while Reply::of(app.operators, "GET /metrics", &[]).await.status != 200 {}
}

/// The value of a metric, if it is listed.
fn value(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

#[tokio::test]
async fn events_are_counted() {
    let app = TestApp::start_with(|config| config.max_participants = 2).await;
    let (mut caller, mut callee) = app.pair("123").await;
    let mut late = app.client().await;
    late.say(json!({"type": "join", "room": "123"})).await;
    late.expect_error("room-full").await;
    late.say(json!({"type": "leave"})).await;
    late.expect_error("not-joined").await;

    let offer = json!({"type": "offer", "offer": {"type": "offer", "sdp": "v=0"}});
    caller.say(offer).await;
    callee.expect("offer").await;
    for _ in 0..2 {
        callee.say(json!({"type": "candidate", "candidate": null})).await;
        caller.expect("candidate").await;
    }
    drop(callee);
    caller.expect("peer-left").await;
    app.remembers(1, 2).await;

    let text = metrics(&app).await;
    for (name, expected) in [
        ("salon_websocket_connections", 2.0),
        ("salon_rooms", 1.0),
        ("salon_participants", 1.0),
        ("salon_hub_queue_length", 0.0),
        ("salon_joins_total{result=\"ok\"}", 2.0),
        ("salon_joins_total{result=\"room_full\"}", 1.0),
        ("salon_errors_total{code=\"room_full\"}", 1.0),
        ("salon_errors_total{code=\"not_joined\"}", 1.0),
        ("salon_signals_forwarded_total{type=\"offer\"}", 1.0),
        ("salon_signals_forwarded_total{type=\"answer\"}", 0.0),
        ("salon_signals_forwarded_total{type=\"candidate\"}", 2.0),
        ("salon_websocket_closed_total{reason=\"disconnected\"}", 1.0),
    ] {
        assert_eq!(value(&text, name), Some(expected), "{name} in\n{text}");
    }
    assert_eq!(value(&text, "salon_joins_total{result=\"not_joined\"}"), None);
    assert!(value(&text, "salon_websocket_sent_bytes_total").unwrap() > 500.0, "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test]
async fn reconnections_are_distinguished_from_joins() {
    let app = TestApp::start().await;
    let mut token = json!(null);
    for _ in 0..3 {
        let mut client = app.client().await;
        client.say(json!({"type": "join", "room": "123", "seat": {"token": token}})).await;
        token = client.expect("joined").await["seatToken"].clone();
    }
    let mut forger = app.client().await;
    forger.say(json!({"type": "join", "room": "123", "seat": {"token": "forged"}})).await;
    forger.expect_error("bad-seat-token").await;
    let text = metrics(&app).await;
    for (result, expected) in [("ok", 1.0), ("resumed", 2.0), ("bad_seat_token", 1.0)] {
        let name = format!("salon_joins_total{{result=\"{result}\"}}");
        assert_eq!(value(&text, &name), Some(expected), "{text}");
    }
}

#[tokio::test]
async fn one_report_of_a_client_counts_per_join() {
    let app = TestApp::start().await;
    let mut client = app.client().await;
    let report = json!({"type": "client-metrics", "join": 412, "firstFrame": 530});
    client.say(report.clone()).await;
    client.expect_error("not-joined").await;
    client.say(json!({"type": "join", "room": "123"})).await;
    client.expect("joined").await;
    for wrong in [
        json!({"type": "client-metrics", "join": -1}),
        json!({"type": "client-metrics", "join": 0.5}),
        json!({"type": "client-metrics", "reconnect": 600_001}),
        json!({"type": "client-metrics", "firstFrame": "530"}),
    ] {
        client.say(wrong).await;
        client.expect_error("bad-message").await;
    }
    for _ in 0..3 {
        client.say(report.clone()).await;
    }
    client.say(json!({"type": "ping"})).await;
    client.expect("pong").await;
    let text = metrics(&app).await;
    for (name, expected) in [
        ("salon_client_join_duration_seconds_count", 1.0),
        ("salon_client_join_duration_seconds_sum", 0.412),
        ("salon_client_time_to_first_frame_seconds_bucket{le=\"0.6\"}", 1.0),
        ("salon_client_reconnect_duration_seconds_count", 0.0),
    ] {
        assert_eq!(value(&text, name), Some(expected), "{name} in\n{text}");
    }
}

#[tokio::test]
async fn t27_metrics_are_not_on_the_public_listener_and_name_nobody() {
    let app = TestApp::start().await;
    let (_ada, joined) = app.join("stand-up-room").await;
    let elsewhere = app.http("GET /metrics", &[]).await;
    assert_eq!(elsewhere.status, 404);
    assert!(!elsewhere.body.contains("salon_participants"), "{}", elsewhere.body);
    let text = metrics(&app).await;
    assert!(value(&text, "salon_participants").is_some_and(|people| people >= 1.0), "{text}");
    for name in ["stand-up-room", joined["id"].as_str().unwrap(), "127.0.0.1"] {
        assert!(!text.contains(name), "{name}");
    }
}

#[tokio::test]
async fn a_stopping_server_is_not_ready() {
    let app = TestApp::start().await;
    let (addr, operators) = (app.addr, app.operators);
    for address in [addr, operators] {
        assert_eq!(Reply::of(address, "GET /readyz", &[]).await.status, 200);
        assert_eq!(Reply::of(address, "GET /healthz", &[]).await.body, "ok");
    }
    assert_ne!(Reply::of(addr, "GET /metrics", &[("Host", "salon")]).await.status, 200);

    let mut caller = app.client().await;
    let mut slow = TcpStream::connect(addr).await.unwrap();
    slow.write_all(b"GET /readyz HTTP/1.0\r\n").await.unwrap();
    // Connections are accepted in order: the slow one has been accepted.
    assert_eq!(Reply::of(addr, "GET /healthz", &[]).await.body, "ok");
    let ended = tokio::spawn(app.stop());
    assert_eq!(caller.closed().await, 1012);
    slow.write_all(b"\r\n").await.unwrap();
    let mut answer = String::new();
    soon(slow.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 503 "), "{answer}");
    for (path, status) in [("/readyz", 503), ("/healthz", 200), ("/metrics", 200)] {
        let reply = Reply::of(operators, &format!("GET {path}"), &[]).await;
        assert_eq!(reply.status, status, "{path}");
    }
    drop(caller);
    assert!(soon(ended).await.unwrap().is_ok());
}
