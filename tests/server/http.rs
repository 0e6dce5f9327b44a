//! HTTP requests: unusual, large and many ones, and those of proxies and load balancers.

use crate::{
    attacks::{from, program, resident_kb},
    program::Program,
    support::{Client, Reply, TestApp, site, soon},
};
use futures_util::future::join_all;
use salon::server::{EmbeddedFile, Site};
use serde_json::{Value, json};
use std::{fs, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::yield_now,
    time::sleep,
};

/// Sends a request and reads until the server closes the connection.
async fn ask(addr: SocketAddr, request: &str) -> Reply {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    Reply::parse(&String::from_utf8_lossy(&answer))
}

/// A request that ends its connection.
async fn get(addr: SocketAddr, target: &str, headers: &str) -> Reply {
    let request = format!("GET {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    ask(addr, &request).await
}

/// Fewer than one address may open.
const CONNECTIONS: usize = 250;
/// Size of a header that is larger than usual and still accepted.
const LARGE: usize = 15_000;
/// The largest header that the HTTP library allows.
const HUGE: usize = 390_000;

fn unfinished(bytes: usize) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\nX-Padding: {}", "a".repeat(bytes))
}

/// Connections from one address that have all sent this text, accepted or not.
async fn connections(addr: SocketAddr, text: &str) -> Vec<TcpStream> {
    let connect = async |_| {
        let mut stream = from("127.0.0.2", addr).await;
        let _ = stream.try_write(text.as_bytes());
        stream.flush().await.unwrap();
        stream
    };
    join_all((0..CONNECTIONS).map(connect)).await
}

/// Peak memory of the program, in kB, during an event.
async fn peak<T>(id: u32, event: impl Future<Output = T>) -> (u64, T) {
    let mut peak = 0;
    let watch = async {
        loop {
            peak = peak.max(resident_kb(id));
            sleep(Duration::from_millis(5)).await;
        }
    };
    let result = tokio::select! {
        result = event => result,
        () = watch => unreachable!(),
    };
    (peak, result)
}

/// Peak memory of as many idle connections, after some rounds, as the allocator keeps memory.
async fn quiet_peak(addr: SocketAddr, id: u32) -> u64 {
    let cookie = "a".repeat(800);
    let usual = format!("GET /healthz HTTP/1.1\r\nHost: {addr}\r\nCookie: {cookie}\r\n\r\n");
    let descriptors = || fs::read_dir(format!("/proc/{id}/fd")).unwrap().count();
    let mut most = 0;
    for _ in 0..4 {
        let round = async {
            let mut held = connections(addr, &usual).await;
            for stream in &mut held {
                soon(stream.read(&mut [0; 1024])).await.unwrap();
            }
        };
        most = most.max(peak(id, round).await.0);
        while descriptors() > CONNECTIONS / 5 {
            yield_now().await;
        }
    }
    most
}

/// Memory in kB that this request on all connections takes beyond idle ones, and the responses.
async fn grown(text: impl Fn(SocketAddr) -> String) -> (u64, Vec<String>) {
    let args = ["--listen", "127.0.0.1:0", "--static-dir", site().to_str().unwrap()];
    let args = [&args[..], &["--header-timeout", "3s", "--log-level", "warn"]].concat();
    // Makes resident memory the memory in use: glibc returns what is freed, and has a single heap.
    let held = [("MALLOC_ARENA_MAX", "1"), ("MALLOC_TRIM_THRESHOLD_", "0")];
    let server = Program::start(&args, &held).await;
    let (addr, id) = (server.addr(), server.id());
    let (mut caller, mut callee) = Client::pair(addr, "123").await;
    let quiet = quiet_peak(addr, id).await;
    callee.reaches(&mut caller, "before").await;
    let attack = async {
        let held = connections(addr, &text(addr)).await;
        caller.reaches(&mut callee, "meanwhile").await;
        let end = async |mut stream: TcpStream| {
            let mut answer = Vec::new();
            // The connection may be reset if not all of the request was read.
            let _ = soon(stream.read_to_end(&mut answer)).await;
            String::from_utf8(answer).unwrap()
        };
        join_all(held.into_iter().map(end)).await
    };
    let (most, answers) = peak(id, attack).await;
    caller.reaches(&mut callee, "afterwards").await;
    drop((caller, callee));
    assert_eq!(server.end("-TERM").await, "");
    (most.saturating_sub(quiet), answers)
}

#[tokio::test]
async fn t28_large_headers_wait_for_slots_and_time_out() {
    let waiting = |addr| {
        format!(
            "POST /speed HTTP/1.1\r\nHost: {addr}\r\nOrigin: http://{addr}\r\nContent-Length: 9\r\n\
             X-Padding: {}\r\n\r\n",
            "a".repeat(LARGE)
        )
    };
    let unended = |bytes| move |_| unfinished(bytes);
    type Text = Box<dyn Fn(SocketAddr) -> String>;
    let texts: [(Text, _); 3] = [
        (Box::new(unended(LARGE)), None),
        (Box::new(unended(HUGE)), Some(("HTTP/1.1 431 ", "at most 16 KiB and 100 fields."))),
        (Box::new(waiting), Some(("HTTP/1.1 408 ", "The upload timed out."))),
    ];
    for (text, status) in texts {
        let mut least = u64::MAX;
        // Allocations vary by a megabyte from run to run, and more on a busy machine. Everything that
        // is sent would be at least four megabytes, each time.
        for _ in 0..4 {
            let (grown, answers) = grown(&text).await;
            least = least.min(grown);
            let told = answers.iter().filter(|answer| !answer.is_empty());
            match status {
                None => assert_eq!(told.count(), 0, "their time was over"),
                Some((status, end)) => {
                    assert!(told.clone().count() >= 8, "too few were told");
                    for answer in told {
                        assert!(answer.starts_with(status) && answer.ends_with(end), "{answer}");
                    }
                }
            }
            if least < 1_024 {
                break;
            }
        }
        assert!(least < 2_048, "{least} kB beyond what quiet connections take");
    }
}

#[tokio::test]
async fn t28_a_complete_large_header_is_answered() {
    let app = TestApp::start().await;
    let cookie = |bytes| format!("Host: {}\r\nCookie: {}\r\n", app.addr, "a".repeat(bytes));
    assert_eq!(get(app.addr, "/", &cookie(LARGE)).await.status, 200);
    let refused = get(app.addr, "/", &cookie(17_000)).await;
    assert_eq!(refused.status, 431);
    assert_eq!(refused.header("x-content-type-options"), "nosniff");
    let long = get(app.addr, &format!("/{}", "a".repeat(17_000)), "").await;
    assert_eq!(long.status, 431);

    // The size applies to each request of a connection.
    let request = format!("GET /healthz HTTP/1.1\r\n{}\r\n", cookie(10_000));
    let mut stream = TcpStream::connect(app.addr).await.unwrap();
    for _ in 0..5 {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 1024];
        let bytes = soon(stream.read(&mut answer)).await.unwrap();
        assert!(answer[..bytes].starts_with(b"HTTP/1.1 200 "));
    }
    stream.write_all(request.repeat(6).as_bytes()).await.unwrap();
    let mut text = String::new();
    while text.matches("HTTP/1.1 200 ").count() < 6 {
        let mut answer = [0; 4096];
        let bytes = soon(stream.read(&mut answer)).await.unwrap();
        assert!(bytes > 0, "{text}");
        text += &String::from_utf8_lossy(&answer[..bytes]);
    }
}

#[tokio::test]
async fn t29_requests_per_address_are_limited() {
    let app = TestApp::start_with(|config| config.limits.request_rate = 1).await;
    let (mut caller, mut callee) = app.pair("123").await;
    let request = |line: &str| format!("GET {line} HTTP/1.1\r\nHost: {}\r\n\r\n", app.addr);
    let mut stream = from("127.0.0.2", app.addr).await;
    let pictures = request("/room/123/qr.svg").repeat(21);
    stream.write_all(pictures.as_bytes()).await.unwrap();
    let (mut text, mut buffer) = (String::new(), vec![0; 64 * 1024]);
    while !text.contains("HTTP/1.1 429 ") || !text.ends_with("per second from one address.") {
        let bytes = soon(stream.read(&mut buffer)).await.unwrap();
        assert!(bytes > 0, "{text}");
        text += &String::from_utf8_lossy(&buffer[..bytes]);
    }
    assert!(text.matches("HTTP/1.1 200 OK").count() >= 20, "a burst is let through");
    let refusal = text.rsplit("HTTP/1.1 ").next().unwrap();
    assert!(refusal.contains("retry-after: 1\r\n"), "{refusal}");
    // Load balancers, other addresses and calls are not affected.
    stream.write_all(request("/healthz").as_bytes()).await.unwrap();
    let bytes = soon(stream.read(&mut buffer)).await.unwrap();
    assert!(buffer[..bytes].starts_with(b"HTTP/1.1 200 OK"));
    caller.reaches(&mut callee, "meanwhile").await;
    assert_eq!(app.http("GET /room/123/qr.svg", &[]).await.status, 200);
}

#[tokio::test]
async fn ambiguous_requests_are_refused() {
    let app = TestApp::start().await;
    let host = format!("Host: {}\r\n", app.addr);
    for (target, headers, status) in [
        ("/healthz", host.clone(), 200),
        ("/healthz", String::new(), 200),
        ("/healthz", "Host:\r\n".into(), 200),
        ("/healthz", host.repeat(2), 400),
        ("/", host.repeat(2), 400),
        ("/", String::new(), 400),
        ("/healthz", "Host: a@b\r\n".into(), 400),
        ("/room/123/qr.svg", format!("Host: {}\r\n", "a".repeat(254)), 400),
        ("/room/123/qr.svg", format!("Host: {}:65535\r\n", "a".repeat(253)), 200),
        ("example.org:80", host.clone(), 400),
        ("*", host.clone(), 400),
    ] {
        let reply = get(app.addr, target, &headers).await;
        assert_eq!(reply.status, status, "{target} {headers}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{target} {headers}");
        if status == 400 {
            assert!(reply.body.ends_with('.'), "{}", reply.body);
        }
    }
    let connect = format!("CONNECT example.org:80 HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
    assert_eq!(ask(app.addr, &connect).await.status, 400);
}

fn carried(path: &str) -> Option<EmbeddedFile> {
    let path = site().join(path);
    let modified = fs::metadata(&path).and_then(|found| found.modified()).ok()?;
    Some(EmbeddedFile { data: fs::read(path).ok()?.into(), modified })
}

#[tokio::test]
async fn no_path_causes_a_file_system_error() {
    for site in [Site::Folder(site().to_owned()), Site::Embedded(carried)] {
        let app = TestApp::start_with(|config| config.site = site).await;
        let long = "a".repeat(300);
        for path in [
            format!("/{long}"),
            format!("/{}", "a".repeat(254)),
            format!("/pkg/{long}.js"),
            format!("/room/{long}"),
            format!("/room/{long}/qr.svg"),
            format!("/{}", "a/".repeat(5_000)),
            format!("/{}", "../".repeat(100)),
            "/pkg/salon.js%00".into(),
            "/%00".into(),
            "/pkg/%2e%2e/%2e%2e/etc/passwd".into(),
            "/pkg/salon.js/".into(),
            "/pkg/salon.js/more".into(),
            "/pkg//salon.js%2f".into(),
            "/%ff%fe".into(),
            "/pkg/%".into(),
        ] {
            let reply = app.http(&format!("GET {path}"), &[]).await;
            assert_eq!(reply.status, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn refused_connections_have_a_retry_after() {
    let app = TestApp::start_with(|config| config.limits.max_connections_per_ip = 1).await;
    let _held = TcpStream::connect(app.addr).await.unwrap();
    for line in ["GET /", "POST /new", "GET /ws"] {
        let refused = app.http(line, &[]).await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, "1"), "{line}");
        assert_eq!(refused.header("x-content-type-options"), "nosniff");
        assert_eq!(refused.body, "Too many connections: at most 1 at once from one address.");
    }
    // Also without a request.
    let mut silent = TcpStream::connect(app.addr).await.unwrap();
    let mut answer = String::new();
    soon(silent.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
}

#[tokio::test]
async fn health_checks_of_load_balancers_succeed() {
    let app = TestApp::start().await;
    for (line, status) in [
        ("OPTIONS / HTTP/1.0", 204),
        ("OPTIONS * HTTP/1.1", 204),
        ("OPTIONS /healthz HTTP/1.0", 204),
        ("OPTIONS /readyz HTTP/1.0", 204),
        ("HEAD / HTTP/1.0", 200),
        ("HEAD /healthz HTTP/1.0", 200),
        ("GET /healthz HTTP/1.0", 200),
        ("GET /readyz HTTP/1.0", 200),
        ("HEAD /room/123 HTTP/1.0", 400),
    ] {
        for headers in ["", "Host: salon\r\n"] {
            let reply =
                ask(app.addr, &format!("{line}\r\n{headers}Connection: close\r\n\r\n")).await;
            let expected = if headers.is_empty() || status != 400 { status } else { 200 };
            assert_eq!(reply.status, expected, "{line} {headers}");
            if status == 204 {
                assert_eq!(reply.header("allow"), "GET, HEAD, OPTIONS");
            }
        }
    }
}

/// Headers of a WebSocket handshake besides `Host` and `Origin`.
const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
const KEY: &str = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn check(addr: SocketAddr, headers: &str) -> Value {
    let request = format!("POST /ws/check HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    let reply = ask(addr, &request).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    serde_json::from_str(&reply.body).unwrap()
}

#[tokio::test]
async fn headers_dropped_by_a_proxy_are_named() {
    let header_timeout = Duration::from_millis(200);
    let app = TestApp::start_with(|config| config.limits.header_timeout = header_timeout).await;
    let (host, origin) =
        (format!("Host: {}\r\n", app.addr), format!("Origin: http://{}\r\n", app.addr));
    let own = format!("{host}{origin}");
    let seen = check(app.addr, &own).await;
    let expected = json!({
        "host": app.addr.to_string(), "upgrade": false, "origin": "ok", "forwarded": false,
        "refused": null
    });
    assert_eq!(seen, expected);

    let old = "Connection: close\r\n";
    for (headers, status, part, reason) in [
        (format!("{origin}{UPGRADE}{KEY}"), 400, "Host header is missing", "no-host"),
        (format!("{own}{old}{KEY}"), 426, "Upgrade: websocket, Connection: upgrade", "no-upgrade"),
        (format!("{own}Upgrade: websocket\r\n{KEY}"), 426, "Connection: upgrade is", "no-upgrade"),
        (format!("Host: upstream\r\n{origin}{UPGRADE}{KEY}"), 403, "pass on Host", "origin"),
        (format!("{host}{UPGRADE}{KEY}"), 403, "without an Origin header", "origin"),
        (format!("{own}{UPGRADE}Sec-WebSocket-Version: 13\r\n"), 400, "Key", "handshake"),
        (format!("{own}{UPGRADE}{}", KEY.replace("==", "=")), 400, "Key", "handshake"),
        (format!("{own}{UPGRADE}{}", KEY.replace("dGhl", "")), 400, "Key", "handshake"),
        (format!("{own}{UPGRADE}{KEY}{KEY}"), 426, "Version", "handshake"),
    ] {
        let mut stream = TcpStream::connect(app.addr).await.unwrap();
        stream.write_all(format!("GET /ws HTTP/1.1\r\n{headers}\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        // Until the server closes the connection.
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        let reply = Reply::parse(&answer);
        assert_eq!(reply.status, status, "{headers}");
        assert!(reply.body.contains(part) && reply.body.ends_with('.'), "{}", reply.body);
        let refused = check(app.addr, &own).await["refused"].clone();
        assert_eq!(refused["reason"], reason, "{headers}");
        assert!(refused["secondsAgo"].as_u64().unwrap() < 30, "{refused}");
    }
    let text = Reply::of(app.operators, "GET /metrics", &[]).await.body;
    for (reason, count) in [("no_host", 1), ("no_upgrade", 2), ("origin", 2), ("handshake", 4)] {
        let line = format!("salon_refusals_total{{reason=\"{reason}\"}} {count}\n");
        assert!(text.contains(&line), "{line} is missing in\n{text}");
    }
    let rewritten = format!("Host: upstream\r\n{origin}X-Forwarded-For: 192.0.2.1\r\n");
    let seen = check(app.addr, &rewritten).await;
    assert_eq!((&seen["host"], &seen["origin"]), (&json!("upstream"), &json!("foreign")));
    assert_eq!(seen["forwarded"], true);
    assert_eq!(check(app.addr, "").await["origin"], "missing");
}

#[tokio::test]
async fn refusals_are_logged_without_addresses() {
    let mut server = program(&[]).await;
    let addr = server.addr();
    let headers =
        format!("Host: {addr}\r\nOrigin: http://{addr}\r\nX-Forwarded-For: 192.0.2.7\r\n");
    for _ in 0..20 {
        assert_eq!(get(addr, "/ws", &headers).await.status, 426);
    }
    let line = server.logs("no-upgrade").await;
    assert!(line.contains("pass on Upgrade and Connection") && line.contains("WARN"), "{line}");
    assert!(!line.contains("127.0.0.1") && !line.contains("192.0.2.7"), "{line}");
    let rest = server.end("-TERM").await;
    assert!(!rest.contains("no-upgrade"), "once a minute is enough: {rest}");
}

#[tokio::test]
async fn search_engines_may_index_only_the_home_page() {
    let app = TestApp::start().await;
    let (mut ada, _) = app.join("secret-room").await;
    ada.say(json!({"type": "presence", "presence": {"name": "Ada Lovelace"}})).await;
    ada.say(json!({"type": "watch", "room": "secret-room"})).await;
    ada.expect_error("already-joined").await;
    let robots = async |line: &str| app.http(line, &[]).await.header("x-robots-tag").to_owned();
    assert_eq!(robots("GET /").await, "");
    assert_eq!(robots("GET /room/secret-room").await, "noindex, nofollow");
    assert_eq!(robots("GET /room/secret-room/qr.svg").await, "noindex, nofollow");

    let description = async |line: &str| {
        let page = app.http(line, &[]).await.body;
        let text = page.split_once("<meta name=\"description\" content=\"")?.1;
        text.split_once('"').map(|(text, _)| text.to_owned())
    };
    assert!(description("GET /").await.unwrap().contains("Video calls"));
    let room = description("GET /room/secret-room").await.unwrap();
    assert!(room.contains("video call"), "{room}");
    assert!(!room.contains("secret") && !room.contains("Ada"), "{room}");
    assert_eq!(description("GET /nowhere").await, None);

    let title = async |line: &str| {
        let page = app.http(line, &[]).await.body;
        let (_, rest) = page.split_once("<title>").unwrap();
        rest.split_once("</title>").unwrap().0.to_owned()
    };
    assert_eq!(title("GET /").await, "Video calls that are yours · Salon");
    assert_eq!(title("GET /room/secret-room").await, "Video call · Salon", "previews show it");
    assert!(title("GET /nowhere").await.ends_with(" · Salon"));
}
