//! Attacks of `docs/security.md` on the server. None of them affects other calls.

use crate::{
    program::{Program, SECRET, salon},
    support::{Client, PATIENCE, Reply, TestApp, site, soon},
};
use futures_util::{SinkExt, StreamExt};
use salon::{
    protocol::limits::{CANDIDATES_PER_DESCRIPTION, SDP_BYTES},
    room::Timeouts,
};
use serde_json::json;
use std::{
    fs,
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    process::Command,
    task::yield_now,
};
use tokio_tungstenite::tungstenite::{
    Bytes, Error, Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// A server in its own process, whose memory and descriptors can be measured.
pub(crate) async fn program(args: &[&str]) -> Program {
    let site = site().to_str().unwrap();
    Program::start(&[&["--listen", "127.0.0.1:0", "--static-dir", site], args].concat(), &[]).await
}

pub(crate) fn resident_kb(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().split(' ').next().unwrap().parse().unwrap()
}

/// A connection from another of this machine's addresses.
pub(crate) async fn from(address: &str, addr: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
    socket.connect(addr).await.unwrap()
}

async fn upgrade(stream: TcpStream, addr: SocketAddr) -> Result<Client, Error> {
    let origin = format!("http://{addr}");
    Client::over(stream, addr, &[("origin", &origin)]).await
}

/// Status and sentence of a refused upgrade.
fn refusal(error: Error) -> (u16, String) {
    let Error::Http(response) = error else { panic!("{error}") };
    let body = response.body().as_deref().unwrap_or_default();
    (response.status().as_u16(), String::from_utf8_lossy(body).into_owned())
}

/// Bytes with a meaning in JSON, and bytes that are invalid in it.
const MARKS: &[u8] = b"{}[]\",:\\\x0019e-";

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    /// A message with some of its bytes lost, doubled or replaced.
    fn spoil(&mut self, message: &str) -> Vec<u8> {
        let mut bytes = message.as_bytes().to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(4) {
                0 => bytes.truncate(at + 1),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, MARKS[self.below(MARKS.len())]),
                _ => bytes[at] ^= 1 << self.below(8),
            }
            if bytes.is_empty() {
                bytes.push(b'{');
            }
        }
        bytes
    }
}

/// The fuzz targets test millions of them against the parser; here they reach the whole server.
#[tokio::test]
async fn t7_malformed_messages_before_and_after_joining() {
    let server = program(&["--message-rate", "1000000", "--log-level", "warn"]).await;
    let addr = server.addr();
    let (mut caller, mut callee) = Client::pair(addr, "123").await;
    let offer = json!({"type": "offer", "sdp": "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"});
    let action = json!({"do": "mute", "to": "0000000000000001", "what": "microphone"});
    let person = json!({"name": "Eve", "mic": true, "camera": false});
    let candidate = json!({"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0"});
    let seat = json!({"token": "x", "linked": ["0000000000000001"]});
    let messages = [
        json!({"type": "offer", "offer": offer, "to": "0000000000000001", "link": 1}),
        json!({"type": "candidate", "candidate": candidate}),
        json!({"type": "host", "action": action}),
        json!({"type": "presence", "presence": person}),
        json!({"type": "join", "room": "124", "presence": person, "seat": seat}),
        json!({"type": "reception", "reception": {"sound": false, "grade": "poor"}}),
    ];
    let messages = messages.map(|message| message.to_string());
    let mut dice = Dice(0x5a10);
    for joins in [false, true] {
        let mut abuser = Client::of(addr).await;
        if joins {
            abuser.say(json!({"type": "join", "room": "125"})).await;
        }
        let (mut sink, mut frames) = abuser.socket.split();
        let (seen, mut pongs) = tokio::sync::mpsc::unbounded_channel();
        let reading = tokio::spawn(async move {
            while let Some(Ok(frame)) = frames.next().await {
                if frame.to_text().is_ok_and(|text| text.contains(r#""type":"pong""#)) {
                    let _ = seen.send(());
                }
            }
        });
        for round in 0..20_000 {
            let whole = &messages[dice.below(messages.len())];
            let message = dice.spoil(whole);
            // Text has to be UTF-8. The server also accepts JSON in binary messages.
            let sent = match String::from_utf8(message) {
                Ok(text) => Message::text(text),
                Err(error) => Message::binary(error.into_bytes()),
            };
            sink.send(sent).await.unwrap();
            if round % 50 == 0 {
                // A client that does not read the answers is closed.
                sink.send(Message::text(r#"{"type":"ping"}"#)).await.unwrap();
                pongs.recv().await.unwrap();
            }
            if round % 5000 == 0 {
                caller.reaches(&mut callee, &format!("round {round}")).await;
            }
        }
        drop(sink);
        reading.abort();
    }
    caller.reaches(&mut callee, "afterwards").await;
    drop((caller, callee));
    assert_eq!(server.end("-TERM").await, "");
}

#[tokio::test]
async fn t10_upgrades_that_never_join() {
    let args = ["--join-timeout", "2s", "--request-rate", "1000000", "--log-level", "warn"];
    let server = program(&args).await;
    let addr = server.addr();
    let (mut caller, mut callee) = Client::pair(addr, "123").await;
    let before = resident_kb(server.id());
    let (mut open, mut refused) = (Vec::new(), 0);
    for attempt in 0..10_000 {
        match upgrade(from("127.0.0.2", addr).await, addr).await {
            Ok(client) => open.push(client),
            Err(error) => {
                let (status, sentence) = refusal(error);
                assert_eq!(status, 429);
                let named = ["at most 256 at once", "at most 300 per minute"];
                assert!(named.iter().any(|limit| sentence.contains(limit)), "{sentence}");
                refused += 1;
            }
        }
        if attempt % 1000 == 0 {
            caller.reaches(&mut callee, &format!("attempt {attempt}")).await;
        }
    }
    assert!(open.len() >= 256 && open.len() + refused == 10_000, "{} were let in", open.len());
    // The whole burst, and the tokens that are added while this runs.
    assert!(open.len() < 600, "{} were let in", open.len());
    for client in &mut open {
        let (code, reason) = client.dismissed().await;
        assert_eq!((code, reason.as_str()), (1008, "Join timeout: no room joined within 2s."));
    }
    let grown = resident_kb(server.id()).saturating_sub(before);
    assert!(grown < 1024 * open.len() as u64 / 10, "{grown} kB for {}", open.len());
    caller.reaches(&mut callee, "afterwards").await;
    drop((open, caller, callee));
    assert_eq!(server.end("-TERM").await, "");
}

#[tokio::test]
async fn t10_connections_per_address_are_limited() {
    let app = TestApp::start_with(|config| config.limits.max_connections_per_ip = 8).await;
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(TcpStream::connect(app.addr).await.unwrap());
    }
    let refused = app.http("GET /", &[]).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.body, "Too many connections: at most 8 at once from one address.");

    let mut neighbour = upgrade(from("127.0.0.2", app.addr).await, app.addr).await.unwrap();
    neighbour.say(json!({"type": "join", "room": "123"})).await;
    neighbour.expect("joined").await;

    // A connection that ends makes room for another.
    held.pop();
    while app.http("GET /healthz", &[]).await.status != 200 {}
}

#[tokio::test]
async fn t10_half_sent_handshakes() {
    let app =
        TestApp::start_with(|config| config.limits.header_timeout = Duration::from_secs(1)).await;
    let (mut caller, mut callee) = app.pair("123").await;
    for part in ["", "GET", "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: webs"] {
        let mut stream = TcpStream::connect(app.addr).await.unwrap();
        let begun = Instant::now();
        stream.write_all(part.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Closed, with or without a response.
        soon(stream.read_to_end(&mut answer)).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(900), "{part:?}: {:?}", begun.elapsed());
        caller.reaches(&mut callee, "meanwhile").await;
    }
}

#[tokio::test]
async fn t10_idle_connections_are_closed() {
    let app =
        TestApp::start_with(|config| config.limits.header_timeout = Duration::from_secs(1)).await;
    let mut stream = TcpStream::connect(app.addr).await.unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", app.addr);
    stream.write_all(request.repeat(2).as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
}

#[tokio::test]
async fn t10_responses_that_are_not_read() {
    let send_timeout = Duration::from_millis(200);
    let app = TestApp::start_with(|config| config.limits.send_timeout = send_timeout).await;
    let mut stream = TcpStream::connect(app.addr).await.unwrap();
    let request = format!("GET /pkg/salon.wasm HTTP/1.1\r\nHost: {}\r\n\r\n", app.addr);
    let requests = request.repeat(1000);
    // The server stops reading while its responses are not read, and finally closes the connection.
    let cut = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
    soon(cut).await;
}

#[tokio::test]
async fn t10_half_sent_frames() {
    let app =
        TestApp::start_with(|config| config.limits.message_timeout = Duration::from_secs(1)).await;
    // Cut in the header, in the payload, and after a complete frame.
    let whole = b"\x89\x80\0\0\0\0".as_slice();
    for part in [&b"\x81"[..], b"\x81\xfe\x01\x00abcd{", &[whole, b"\x81\x85abcd{"].concat()] {
        let (mut sender, mut other) = app.pair("123").await;
        let mut caller = app.join("124").await.0;
        let (mut callee, _) = app.join("124").await;
        caller.expect("ready").await;
        callee.expect("ready").await;
        soon(sender.socket.get_mut().write_all(part)).await.unwrap();
        caller.reaches(&mut callee, "meanwhile").await;
        let (code, reason) = sender.dismissed().await;
        assert_eq!((code, reason.as_str()), (1008, "Message timeout: incomplete after 1s."));
        other.expect("peer-left").await;
        caller.reaches(&mut callee, "afterwards").await;
        drop((sender, other, caller, callee));
        app.remembers(0, 0).await;
    }
}

#[tokio::test]
async fn t10_without_free_descriptors() {
    let site = site().to_str().unwrap();
    let args = ["--listen", "127.0.0.1:0", "--static-dir", site, "--header-timeout", "60s"];
    let program = salon(&args, &[]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""]);
    limited.arg(program.as_std().get_program()).args(program.as_std().get_args());
    limited.env("SALON_SECRET", SECRET).env_remove("HOME").kill_on_drop(true);
    let mut server = Program::of(limited).await;
    let addr = server.addr();
    let (mut caller, mut callee) = Client::pair(addr, "123").await;

    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(TcpStream::connect(addr).await.unwrap());
    }
    server.logs("cannot accept connections").await;
    caller.reaches(&mut callee, "without descriptors").await;
    // Before this ping arrives, the server has retried `accept` dozens of times.
    while !matches!(soon(callee.socket.next()).await, Some(Ok(Message::Ping(_)))) {}
    caller.reaches(&mut callee, "still").await;

    drop(idle);
    let (third, _) = Client::join(addr, "124").await;
    drop((third, caller, callee));
    let log = server.end("-TERM").await;
    assert!(log.contains("connections are accepted again"), "{log}");
    let of_accepting = log.lines().filter(|line| line.contains("accept"));
    assert!(of_accepting.count() <= 4, "{log}");
}

/// Floods the server as a participant until the connection is closed; returns the close frame.
async fn flood(addr: SocketAddr, frames: impl Iterator<Item = Message>) -> (u16, String) {
    let (flooder, _) = Client::join(addr, "flood").await;
    let (mut sink, frames_back) = flooder.socket.split();
    let mut frames = futures_util::stream::iter(frames.map(Ok));
    let sending = async {
        // The connection is closed while sending.
        let _ = sink.send_all(&mut frames).await;
        std::future::pending::<()>().await;
    };
    let hearing = async {
        let mut frames_back = frames_back;
        loop {
            match frames_back.next().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(_)) => {}
                other => panic!("no close frame but {other:?}"),
            }
        }
    };
    soon(async {
        tokio::select! {
            () = sending => unreachable!(),
            closed = hearing => closed,
        }
    })
    .await
}

fn part(first: bool) -> Message {
    let kind = if first { Data::Text } else { Data::Continue };
    Message::Frame(Frame::message(Vec::new(), OpCode::Data(kind), false))
}

#[tokio::test]
async fn t11_floods_of_every_kind() {
    let server = program(&[]).await;
    let addr = server.addr();
    let (mut caller, mut callee) = Client::pair(addr, "123").await;
    let unknown = || Message::text(json!({"type": "nonsense"}).to_string());
    let candidate = || json!({"type": "candidate", "candidate": null}).to_string();
    let too_fast = (1008, "Rate limit exceeded: 50 frames per second.".to_owned());
    // Each kind once before memory is measured: memory that the allocator keeps is not growth.
    let mut before = 0;
    const ABUSERS: u64 = 8;
    for round in 0..=ABUSERS {
        if round == 1 {
            before = resident_kb(server.id());
        }
        let fragments = (0..1_000_000).map(|number| part(number == 0));
        assert_eq!(flood(addr, fragments).await, too_fast);
        assert_eq!(flood(addr, (0..100_000).map(|_| Message::Ping(Bytes::new()))).await, too_fast);
        assert_eq!(flood(addr, (0..100_000).map(|_| Message::Pong(Bytes::new()))).await, too_fast);
        assert_eq!(flood(addr, (0..1_000).map(|_| unknown())).await, too_fast);
        assert_eq!(flood(addr, (0..1_000).map(|_| Message::text(candidate()))).await, too_fast);
        caller.reaches(&mut callee, "meanwhile").await;
    }
    let grown = resident_kb(server.id()).saturating_sub(before);
    assert!(grown < 1024 * ABUSERS, "{grown} kB for {ABUSERS} abusers of each kind");
}

#[tokio::test]
async fn t11_honest_clients_are_not_limited() {
    let app = TestApp::start_with(|config| config.max_participants = 16).await;
    let mut others = Vec::new();
    for _ in 0..15 {
        let (mut other, _) = app.join("123").await;
        // Its `ready` messages are not awaited.
        other.say(json!({"type": "ping"})).await;
        others.push(other);
    }
    let (mut last, joined) = app.join("123").await;
    for person in joined["people"].as_array().unwrap() {
        let answer = json!({"type": "answer", "sdp": "a".repeat(8 * 1024)});
        last.say(json!({"type": "answer", "to": person["id"], "answer": answer})).await;
        for _ in 0..25 {
            let candidate = json!({"candidate": "a".repeat(150), "sdpMid": "0"});
            last.say(json!({"type": "candidate", "to": person["id"], "candidate": candidate}))
                .await;
        }
    }
    for other in &mut others {
        let mut heard = 0;
        while heard < 25 {
            heard += u32::from(other.hear().await["type"] == "candidate");
        }
    }
    last.say(json!({"type": "ping"})).await;
    while last.hear().await["type"] != "pong" {}
}

/// One client with 10 Mbit/s, and another that sends it as much as a WebSocket may.
#[tokio::test]
async fn t31_a_flood_within_the_limits_is_refused_and_disconnects_nobody() {
    let app = TestApp::start().await;
    let (mut ada, _) = app.join("123").await;
    let (mut eve, _) = app.join("123").await;
    ada.expect("ready").await;
    eve.expect("ready").await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut victim = upgrade(socket.connect(app.addr).await.unwrap(), app.addr).await.unwrap();
    victim.say(json!({"type": "join", "room": "123"})).await;
    let id = ada.expect("ready").await["peer"].clone();
    eve.expect("ready").await;

    let reading = tokio::spawn(async move {
        let (begun, mut offers) = (Instant::now(), 0);
        loop {
            match soon(victim.socket.next()).await.unwrap().unwrap() {
                Message::Text(text) if text.contains("the end") => return (offers, victim),
                Message::Text(text) if text.contains(r#""offer""#) => offers += 1,
                Message::Close(frame) => panic!("the victim is closed: {frame:?}"),
                _ => {}
            }
            // The time for 31 KiB at 10 Mbit/s.
            let due = begun + Duration::from_millis(25) * offers;
            tokio::time::sleep_until(due.into()).await;
        }
    });
    let sdp = "a".repeat(31 * 1024);
    let offer = json!({"type": "offer", "offer": {"type": "offer", "sdp": sdp}, "to": id});
    for _ in 0..390 {
        eve.send(Message::text(offer.to_string())).await;
    }
    eve.expect_error("recipient-busy").await;
    let say = |what: &str| json!({"type": "candidate", "candidate": {"candidate": what}, "to": id});
    ada.say(say("the end")).await;
    let (offers, mut victim) = soon(reading).await.unwrap();
    assert!((16..390).contains(&offers), "{offers} of 390 offers arrived");
    eve.say(say("calmly")).await;
    assert_eq!(victim.expect("candidate").await["candidate"]["candidate"], "calmly");
}

#[tokio::test]
async fn t24_a_description_of_a_megabyte() {
    let app = TestApp::start().await;
    let (mut sender, mut other) = app.pair("123").await;
    let offer = |bytes| {
        let offer = json!({"type": "offer", "sdp": "a".repeat(bytes)});
        json!({"type": "offer", "offer": offer})
    };
    sender.say(offer(SDP_BYTES + 1)).await;
    sender.expect_error("too-large").await;
    sender.say(offer(SDP_BYTES)).await;
    other.expect("offer").await;
    for (field, bytes) in [("candidate", 1025), ("sdpMid", 257), ("usernameFragment", 257)] {
        let mut candidate = json!({"candidate": "candidate:1"});
        candidate[field] = "a".repeat(bytes).into();
        sender.say(json!({"type": "candidate", "candidate": candidate})).await;
        sender.expect_error("too-large").await;
    }
    sender.reaches(&mut other, "afterwards").await;

    let mut caller = app.join("124").await.0;
    let mut callee = app.join("124").await.0;
    caller.expect("ready").await;
    callee.expect("ready").await;
    let huge = Message::text(offer(1024 * 1024).to_string());
    let (mut sink, mut frames) = sender.socket.split();
    let sending = tokio::spawn(async move { sink.send(huge).await });
    let closed = soon(frames.next()).await.unwrap().unwrap();
    assert!(matches!(closed, Message::Close(Some(frame)) if u16::from(frame.code) == 1009));
    other.expect("peer-left").await;
    caller.reaches(&mut callee, "afterwards").await;
    sending.abort();
}

#[tokio::test]
async fn t24_ten_thousand_candidates() {
    let app = TestApp::start_with(|config| {
        config.limits.message_rate = 10_000;
        // The other one is not heard from meanwhile.
        config.timeouts = Timeouts::with_ping_timeout(PATIENCE * 10);
    })
    .await;
    let (mut sender, mut other) = app.pair("123").await;
    let candidate = json!({"type": "candidate", "candidate": {"candidate": "candidate:1"}});
    for number in 0..10_000 {
        sender.say(candidate.clone()).await;
        if number < CANDIDATES_PER_DESCRIPTION {
            other.expect("candidate").await;
        } else {
            sender.expect_error("too-many-candidates").await;
        }
    }
    let offer = json!({"type": "offer", "sdp": "v=0"});
    sender.say(json!({"type": "offer", "offer": offer})).await;
    other.expect("offer").await;
    sender.reaches(&mut other, "of the next description").await;
}

#[tokio::test]
async fn t24_host_names_in_candidates_are_never_resolved_or_contacted() {
    let trace = std::env::temp_dir().join(format!("salon-trace-{}", std::process::id()));
    // The tracer is a grandchild, so that the child process is the server.
    let strace = ["-D", "-f", "-e", "trace=network", "-o", trace.to_str().unwrap()];
    let mut attempt = Command::new("strace");
    attempt.args(&strace[1..]).arg("true").stderr(Stdio::null());
    let is_traced = attempt.status().await.is_ok_and(|status| status.success());
    if !is_traced {
        println!("skipped: the trace of system calls, because strace is missing or not allowed");
    }
    let site = site().to_str().unwrap();
    // Its own STUN server would be the only socket for UDP.
    let args = ["--listen", "127.0.0.1:0", "--ice-servers", "none", "--log-level", "warn"];
    let plain = salon(&[&args[..], &["--static-dir", site]].concat(), &[]);
    let mut command = Command::new(if is_traced { "strace" } else { "env" });
    command.args(if is_traced { &strace[..] } else { &[] });
    command.arg(plain.as_std().get_program()).args(plain.as_std().get_args());
    command.env("SALON_SECRET", SECRET).env_remove("HOME").kill_on_drop(true);
    let server = Program::of(command).await;
    let addr = server.addr();
    let named = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = named.local_addr().unwrap().port();

    let (mut caller, mut callee) = Client::pair(addr, "123").await;
    for host in ["127.0.0.1", "localhost", "candidate.example.org", "a8e1.local"] {
        let line = |kind| format!("candidate:1 1 {kind} 2122260223 {host} {port} typ host");
        caller.reaches(&mut callee, &line("udp")).await;
        caller.reaches(&mut callee, &line("tcp")).await;
        let sdp = format!("v=0\r\nc=IN IP4 {host}\r\na={}\r\n", line("udp"));
        let offer = json!({"type": "offer", "sdp": sdp});
        caller.say(json!({"type": "offer", "offer": offer})).await;
        callee.expect("offer").await;
    }
    drop((caller, callee));
    assert_eq!(Reply::of(addr, "GET /healthz", &[]).await.body, "ok");
    assert_eq!(server.end("-TERM").await, "");

    let visited = tokio::select! {
        biased;
        visit = named.accept() => visit.is_ok(),
        () = std::future::ready(()) => false,
    };
    assert!(!visited, "the server came to where a candidate led");
    if is_traced {
        let calls = soon(async {
            loop {
                let calls = fs::read_to_string(&trace).unwrap_or_default();
                if calls.contains("+++ exited with 0 +++") {
                    return calls;
                }
                yield_now().await;
            }
        })
        .await;
        assert!(calls.contains("accept4("), "{calls}");
        for call in ["connect(", "SOCK_DGRAM", "SOCK_RAW", "sendmsg("] {
            assert!(!calls.contains(call), "{call} in {calls}");
        }
        fs::remove_file(trace).unwrap();
    }
}

#[tokio::test]
async fn the_number_of_rooms_is_limited() {
    let app = TestApp::start_with(|config| config.limits.max_rooms = 1).await;
    let (mut caller, mut callee) = app.pair("123").await;
    let mut third = app.client().await;
    third.say(json!({"type": "join", "room": "124"})).await;
    third.expect_error("too-many-rooms").await;
    // Watching does not create a room.
    third.say(json!({"type": "watch", "room": "124"})).await;
    third.expect("room-state").await;
    caller.reaches(&mut callee, "meanwhile").await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_limits_apply_to_the_forwarded_address() {
    let app = TestApp::start_with(|config| {
        config.limits.max_connections_per_ip = 2;
        config.trusted_proxies = "127.0.0.1".parse().unwrap();
    })
    .await;
    let origin = format!("http://{}", app.addr);
    let upgrade = async |name: &'static str, line: &str| {
        let stream = TcpStream::connect(app.addr).await.unwrap();
        app.upgrade(stream, &[("origin", &origin), (name, line)]).await
    };
    let first = upgrade("x-forwarded-for", "1.2.3.4, 198.51.100.1").await.unwrap();
    let _second = upgrade("forwarded", "for=198.51.100.1").await.unwrap();
    let third = upgrade("x-forwarded-for", "5.6.7.8, 198.51.100.1").await;
    let (status, sentence) = refusal(third.map(|_| ()).unwrap_err());
    assert_eq!(status, 429);
    assert_eq!(sentence, "Too many connections: at most 2 at once from one address.");
    let _other = upgrade("x-forwarded-for", "198.51.100.2").await.unwrap();
    drop(first);
    app.remembers(0, 2).await;
    while upgrade("x-forwarded-for", "198.51.100.1").await.is_err() {}
}

#[tokio::test]
async fn forwarded_addresses_from_untrusted_clients_are_ignored() {
    let app = TestApp::start_with(|config| config.limits.ws_connect_rate = 2).await;
    let origin = format!("http://{}", app.addr);
    let upgrade = async |line: &str| {
        let stream = TcpStream::connect(app.addr).await.unwrap();
        app.upgrade(stream, &[("origin", &origin), ("x-forwarded-for", line)]).await
    };
    let _first = upgrade("198.51.100.1").await.unwrap();
    let _second = upgrade("198.51.100.2").await.unwrap();
    let third = upgrade("198.51.100.3").await;
    let (status, sentence) = refusal(third.map(|_| ()).unwrap_err());
    assert_eq!(status, 429);
    assert_eq!(sentence, "Too many WebSockets: at most 2 per minute from one address.");
}
