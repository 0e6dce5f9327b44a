//! The log: it says what happens, and nothing that identifies people.

use crate::{
    program::salon,
    support::{Client, site, soon},
};
use serde_json::{Value, json};
use std::{net::SocketAddr, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStderr, Command},
};

const NAME: &str = "Ada Lovelace";
const ROOM: &str = "lusab-babad-gutih-tugad";
const SDP: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 192.0.2.11\r\n";
const CANDIDATE: &str = "candidate:1 1 udp 2122260223 192.0.2.77 46154 typ host";

/// The program and its output so far.
struct Program {
    child: Child,
    address: SocketAddr,
    lines: Lines<BufReader<ChildStderr>>,
    written: Vec<String>,
}

impl Program {
    async fn start(args: &[&str]) -> Self {
        let site = site().to_str().unwrap();
        let mut command = salon(
            &["--listen", "127.0.0.1:0", "--static-dir", site, "--max-participants", "2"],
            &[],
        );
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut ready = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = soon(ready.next_line()).await.unwrap().unwrap();
        let address = line.strip_prefix("Salon is ready at http://").unwrap().parse().unwrap();
        Self { child, address, lines, written: Vec::new() }
    }

    /// Waits for a line that contains all of these.
    async fn says(&mut self, parts: &[&str]) {
        loop {
            let line = soon(self.lines.next_line()).await.unwrap().unwrap();
            let found = parts.iter().all(|part| line.contains(part));
            self.written.push(line);
            if found {
                return;
            }
        }
    }

    /// Ends it and returns all it has written.
    async fn end(mut self) -> Vec<String> {
        let id = self.child.id().unwrap().to_string();
        soon(Command::new("kill").args(["-TERM", &id]).status()).await.unwrap();
        while let Some(line) = soon(self.lines.next_line()).await.unwrap() {
            self.written.push(line);
        }
        assert_eq!(soon(self.child.wait()).await.unwrap().code(), Some(0));
        self.written
    }
}

/// A call, a person refused by the full room, a reconnection, and an abrupt end. Returns what the log
/// must not contain.
async fn whole_call(program: &mut Program) -> Vec<String> {
    let mut secrets: Vec<_> = [NAME, ROOM, "4611731400430051336", "192.0.2.", "46154"]
        .map(str::to_owned)
        .into_iter()
        .collect();
    let join = |token: &Value| {
        let presence = json!({"name": NAME});
        json!({"type": "join", "room": ROOM, "presence": presence, "seat": {"token": token}})
    };
    let (mut ada, mut bob, mut late) = (
        Client::of(program.address).await,
        Client::of(program.address).await,
        Client::of(program.address).await,
    );
    ada.say(join(&json!(null))).await;
    let seat = ada.expect("joined").await["seatToken"].clone();
    bob.say(join(&json!(null))).await;
    bob.expect("joined").await;
    late.say(join(&json!(null))).await;
    late.expect_error("room-full").await;
    program.says(&["join refused", "RoomFull"]).await;

    for (kind, body) in [
        ("offer", json!({"type": "offer", "sdp": SDP})),
        ("candidate", json!({"candidate": CANDIDATE, "sdpMid": "0"})),
    ] {
        ada.say(json!({"type": kind, kind: body})).await;
    }
    bob.expect("ready").await;
    bob.expect("offer").await;
    bob.expect("candidate").await;
    bob.say(json!({"type": SDP})).await;
    bob.expect_error("unknown-type").await;

    // Closed without a close frame, within an incomplete frame.
    for client in [&ada, &bob, &late] {
        secrets.push(client.local_addr().port().to_string());
    }
    let stream: TcpStream = ada.socket.into_inner();
    stream.set_zero_linger().unwrap();
    drop(stream);
    program.says(&["closed", "disconnected"]).await;
    let mut again = Client::of(program.address).await;
    secrets.push(again.local_addr().port().to_string());
    again.say(join(&seat)).await;
    again.expect("joined").await;
    program.says(&["joined", "true"]).await;
    again.say(json!({"type": "leave"})).await;
    bob.expect("ready").await;
    bob.expect("peer-left").await;
    let mut forger = Client::of(program.address).await;
    forger.say(join(&json!("forged-proof"))).await;
    forger.expect_error("bad-seat-token").await;
    program.says(&["join refused", "BadSeatToken"]).await;
    secrets.extend([seat.as_str().unwrap().to_owned(), "forged-proof".to_owned()]);
    secrets
}

/// Whether a line contains a secret. Ports are short and may occur within other numbers.
fn tells(line: &str, secret: &str) -> bool {
    match secret.parse::<u16>() {
        Ok(_) => line.split(|c: char| !c.is_ascii_digit()).any(|number| number == secret),
        Err(_) => line.contains(secret),
    }
}

#[tokio::test]
async fn t27_the_log_identifies_nobody() {
    for args in [&[][..], &["--log-level", "info", "--log-format", "json"]] {
        let mut program = Program::start(args).await;
        let address = program.address.to_string();
        let mut secrets = whole_call(&mut program).await;
        secrets.extend(["127.0.0.1".to_owned(), address]);
        let written = program.end().await;
        for line in &written {
            for secret in &secrets {
                assert!(!tells(line, secret), "{secret} stands in: {line}");
            }
        }
        assert!(written.len() >= 12, "it is to be seen what happened: {written:?}");
    }
}

#[tokio::test]
async fn the_json_log_is_machine_readable() {
    let mut program = Program::start(&["--log-format", "json"]).await;
    whole_call(&mut program).await;
    let lines: Vec<Value> =
        program.end().await.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = |line: &&Value| line["message"] == "open" && line["connection"] == 1;
    let open = lines.iter().find(first).unwrap();
    assert_eq!((&open["level"], &open["address"]), (&json!("INFO"), &json!(null)));
    let disconnected = lines.iter().find(|line| line["reason"] == "disconnected").unwrap();
    assert_eq!(disconnected["message"], "closed");
    assert!(disconnected["connection"].is_u64());
}

#[tokio::test]
async fn the_debug_log_contains_addresses() {
    let mut program = Program::start(&["--log-level", "debug"]).await;
    let client = Client::of(program.address).await;
    let address = client.local_addr().ip().to_string();
    program.says(&["open connection=1", &address]).await;
    assert!(program.end().await.iter().any(|line| line.contains("restart")));
}
