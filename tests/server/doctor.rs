//! `salon doctor`: the problems it finds, and its advice.

use crate::{
    program::{Program, salon},
    support::{Folder, TestApp, site, soon},
};
use salon::server::Https;
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
};

const HEADER: usize = 20;
/// Fixed credentials of the TURN servers.
const ADA: [&str; 4] = ["--turn-username", "ada", "--turn-credential", "hunter2"];

/// Its output and exit code.
struct Report {
    lines: Vec<String>,
    code: Option<i32>,
}

impl Report {
    /// The only line with this verdict that contains this text.
    fn line(&self, verdict: &str, part: &str) -> &str {
        let fits = |line: &&String| line.starts_with(verdict) && line.contains(part);
        let mut found = self.lines.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(line), None) => line,
            _ => panic!("not one {verdict} with {part} in {:#?}", self.lines),
        }
    }

    fn problems(&self) -> usize {
        self.lines.iter().filter(|line| line.starts_with("problem")).count()
    }
}

/// Runs it with these options; the others are those of a complete server.
async fn doctor(args: &[&str]) -> Report {
    let stun = Turn::start("", 0).await;
    let stun = format!("stun:{}", stun.address);
    let folder = Folder::new();
    let data = folder.root();
    let mut all = vec!["doctor"];
    for (option, usual) in [
        ("--listen", "127.0.0.1:0"),
        ("--static-dir", site().to_str().unwrap()),
        ("--data-dir", data),
        ("--ice-servers", &stun),
    ] {
        if !args.contains(&option) {
            all.extend([option, usual]);
        }
    }
    all.extend(args);
    let mut command = salon(&all, &[]);
    let output = soon(command.env_remove("SALON_SECRET").output()).await.unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    let text = String::from_utf8(output.stdout).unwrap();
    let report =
        Report { lines: text.lines().map(str::to_owned).collect(), code: output.status.code() };
    for line in &report.lines {
        let verdict = line.split(' ').next().unwrap();
        assert!(["ok", "warning", "problem"].contains(&verdict), "{line}");
    }
    report
}

/// A fake TURN server that accepts one user name, or all, after a number of challenges, and refuses
/// some peers.
struct Turn {
    address: SocketAddr,
}

impl Turn {
    /// Relays to public addresses only, as it should.
    async fn start(username: &'static str, challenges: usize) -> Self {
        let is_public =
            |peer: Ipv4Addr| !(peer.is_private() || peer.is_loopback() || peer.is_link_local());
        Self::to(username, challenges, is_public).await
    }

    async fn to(
        username: &'static str,
        challenges: usize,
        relays_to: impl Fn(Ipv4Addr) -> bool + Send + 'static,
    ) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut asked = 0;
            let mut buffer = [0; 1500];
            loop {
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                let request = &buffer[..length];
                let knows = username.is_empty()
                    || request.windows(username.len()).any(|part| part == username.as_bytes());
                let challenge = request[1] == 3 && (!knows || asked < challenges);
                asked += usize::from(challenge);
                let forbid = request[1] == 8 && !relays_to(peer(request));
                socket.send_to(&answer(request, challenge, forbid), from).await.unwrap();
            }
        });
        Self { address }
    }
}

/// XOR-PEER-ADDRESS, which is the first attribute.
fn peer(request: &[u8]) -> Ipv4Addr {
    assert_eq!(request[HEADER..HEADER + 6], [0, 0x12, 0, 8, 0, 1]);
    let (mixed, cookie) = (&request[HEADER + 8..HEADER + 12], &request[4..8]);
    let address: Vec<_> = mixed.iter().zip(cookie).map(|(one, other)| one ^ other).collect();
    Ipv4Addr::new(address[0], address[1], address[2], address[3])
}

/// Success with the address of this machine, error 401 with a realm and a nonce, or error 403.
fn answer(request: &[u8], challenge: bool, forbid: bool) -> Vec<u8> {
    let attributes: &[u8] = match (challenge, forbid) {
        (true, _) => b"\x00\x09\x00\x04\0\0\x04\x01\x00\x14\x00\x05salon\0\0\0\x00\x15\x00\x04once",
        (_, true) => b"\x00\x09\x00\x04\0\0\x04\x03",
        // 10.9.9.9, XORed with the magic cookie.
        _ => b"\x00\x20\x00\x08\0\x01\0\0\x2b\x1b\xad\x4b",
    };
    let mut answer = request[..HEADER].to_vec();
    answer[0] = 1;
    answer[1] |= if challenge || forbid { 0x10 } else { 0 };
    answer[2..4].copy_from_slice(&u16::try_from(attributes.len()).unwrap().to_be_bytes());
    answer.extend(attributes);
    answer
}

#[tokio::test]
async fn relays_that_relay_nothing_or_to_private_networks_are_reported() {
    let nobody = Turn::to("ada", 1, |_| false).await.address;
    let anybody = Turn::to("ada", 1, |_| true).await.address;
    let company = Turn::to("ada", 1, |peer| peer == Ipv4Addr::new(10, 9, 9, 9)).await.address;
    let urls = [nobody, anybody, company].map(|address| format!("turn:{address}")).join(" ");
    let report = doctor(&[&["--ice-servers", &urls][..], &ADA].concat()).await;
    assert_eq!((report.code, report.problems()), (Some(1), 1), "{:#?}", report.lines);
    let line = report.line("problem", &format!("turn:{nobody} relays to nobody"));
    assert!(line.contains("error 403") && line.contains("denied-peer-ip"), "{line}");
    let line = report.line("warning", &format!("turn:{anybody} relays to 127.0.0.1, 10.0.0.1"));
    assert!(line.contains("169.254.169.254") && line.contains("denied-peer-ip"), "{line}");
    report.line("ok", &format!("turn:{company} relays with the credential only"));
}

/// A reverse proxy that drops the headers with this prefix.
async fn proxy(server: SocketAddr, without: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let kept = head.split_inclusive("\r\n").filter(|line| {
                without.is_empty() || !line.to_ascii_lowercase().starts_with(without)
            });
            // As by proxies that address the server by its IP address.
            let named =
                if without == "host" { format!("Host: {server}\r\n") } else { String::new() };
            let mut kept: Vec<_> = kept.collect();
            kept.insert(1, &named);
            let mut upstream = TcpStream::connect(server).await.unwrap();
            upstream.write_all(kept.concat().as_bytes()).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut upstream).await;
        }
    });
    address
}

#[tokio::test]
async fn a_proxy_is_tested_as_by_a_browser() {
    let app = TestApp::start().await;
    let whole = proxy(app.addr, "").await;
    let no_host = proxy(app.addr, "host").await;
    let no_upgrade = proxy(app.addr, "upgrade").await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (address, verdict, parts) in [
        (whole, "ok", ["accepts WebSockets from its pages", ""]),
        (no_host, "problem", ["status 403", "Host header"]),
        (no_upgrade, "problem", ["refuses WebSockets", "headers Upgrade and Connection"]),
        (closed, "problem", ["cannot be reached", "proxy runs"]),
    ] {
        let origin = format!("http://{address}");
        let report = doctor(&[&origin]).await;
        let line = report.line(verdict, &origin);
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
    let output = soon(salon(&["doctor", "call.example.org"], &[]).output()).await.unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn an_https_origin_is_tested() {
    let folder = Folder::new();
    folder.certify();
    let (cert, key) = (folder.path("cert.pem"), folder.path("key.pem"));
    let https = Https::Files { certificate: cert.into(), key: key.into() };
    let app = TestApp::start_with(|config| config.https = https).await;
    let origin = format!("https://localhost:{}", app.addr.port());
    doctor(&[&origin]).await.line("ok", &origin);
}

#[tokio::test]
async fn a_data_directory_is_tested_while_a_server_uses_it() {
    let folder = Folder::new();
    let site = site().to_str().unwrap();
    let args = ["--listen", "127.0.0.1:0", "--static-dir", site, "--data-dir", folder.root()];
    let server = Program::start(&args, &[]).await;
    let report = doctor(&["--data-dir", folder.root()]).await;
    assert_eq!((report.code, report.problems()), (Some(1), 1), "{:#?}", report.lines);
    report.line("problem", "Another server uses the data directory");
    let listen = server.addr().to_string();
    let report = doctor(&["--data-dir", folder.root(), "--listen", &listen]).await;
    assert_eq!((report.code, report.problems()), (Some(0), 0), "{:#?}", report.lines);
    report.line("ok", "The running server uses the data directory");
    server.end("-TERM").await;

    fs::write(folder.path("rooms.db"), "").unwrap();
    doctor(&["--data-dir", folder.root()]).await.line("problem", "rooms.db: it is empty");
    fs::write(folder.path("rooms.db"), "some text").unwrap();
    folder.set_mode("rooms.db", 0o666);
    doctor(&["--data-dir", folder.root()])
        .await
        .line("problem", "rooms.db: other users of this machine can write it");
}

#[tokio::test]
async fn dangerous_options_cause_warnings() {
    let args = ["--trusted-proxies", "::/0", "--ice-servers", "turn:127.0.0.1:1?transport=tcp"];
    let report = doctor(&[&args[..], &["--turn-static-auth-secret", "change-me"]].concat()).await;
    report.line("warning", "--trusted-proxies (SALON_TRUSTED_PROXIES) trusts ::/0");
    report.line("warning", "--turn-static-auth-secret (SALON_TURN_STATIC_AUTH_SECRET)");
}

#[tokio::test]
async fn a_complete_server_has_no_problems() {
    let folder = Folder::new();
    let data = folder.path("data");
    fs::create_dir(&data).unwrap();
    folder.set_mode("data", 0o700);
    let turn = Turn::start("ada", 1).await;
    let relay = format!("turn:{}", turn.address);
    let metrics = ["--metrics-listen", "127.0.0.1:0"];
    let report =
        doctor(&[&["--data-dir", &data, "--ice-servers", &relay][..], &metrics, &ADA].concat())
            .await;
    assert_eq!((report.code, report.problems()), (Some(0), 0), "{:#?}", report.lines);
    report.line("ok", "is writable");
    report.line("ok", "The clock");
    report.line("ok", "relays with the credential only");
    assert_eq!(report.lines.iter().filter(|line| line.contains("free to listen on")).count(), 2);
    report.line("warning", "salon.wasm.br");
    assert!(!report.lines.concat().contains("hunter2"), "credentials are nobody's business");
    assert!(fs::read_dir(&data).unwrap().next().is_none(), "it leaves nothing behind");
}

#[tokio::test]
async fn a_port_in_use_is_a_problem_unless_a_healthy_server_listens() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = other.local_addr().unwrap().to_string();
    drop(tokio::spawn(async move { while other.accept().await.is_ok() {} }));
    let report = doctor(&["--listen", &taken]).await;
    assert_eq!((report.code, report.problems()), (Some(1), 1), "{:#?}", report.lines);
    assert!(report.line("problem", &taken).contains("--listen (SALON_LISTEN)"));

    let app = TestApp::start().await;
    let report = doctor(&["--listen", &app.addr.to_string()]).await;
    assert_eq!(report.code, Some(0), "{:#?}", report.lines);
    report.line("ok", "healthy");

    let report = doctor(&["--metrics-listen", &taken]).await;
    assert!(report.line("problem", &taken).contains("--metrics-listen (SALON_METRICS_LISTEN)"));
}

#[tokio::test]
async fn turn_credentials_are_issued_as_for_participants() {
    let turn = Turn::start(":doctor", 1).await;
    let relay = format!("turn:{}", turn.address);
    let report = doctor(&["--ice-servers", &relay, "--turn-static-auth-secret", "hunter2"]).await;
    assert_eq!(report.code, Some(0), "{:#?}", report.lines);
    report.line("ok", "relays with the credential only");
}

#[tokio::test]
async fn a_certificate_is_tested_with_its_key_and_on_its_port() {
    let folder = Folder::new();
    let other = Folder::new();
    folder.certify();
    other.certify();
    let (cert, key) = (folder.path("cert.pem"), folder.path("key.pem"));
    let https = Https::Files { certificate: cert.clone().into(), key: key.clone().into() };
    let app = TestApp::start_with(|config| config.https = https).await;
    let listen = app.addr.to_string();
    let args = ["--listen", &listen, "--tls-cert", &cert, "--tls-key"];
    let report = doctor(&[&args[..], &[&key]].concat()).await;
    assert_eq!((report.code, report.problems()), (Some(0), 0), "{:#?}", report.lines);
    report.line("ok", "healthy");
    report.line("ok", "more days");
    report.line("ok", "a private key that nobody else can read");

    let report = doctor(&[&args[..], &[&other.path("key.pem")]].concat()).await;
    assert_eq!((report.code, report.problems()), (Some(1), 1), "{:#?}", report.lines);
    report.line("problem", "the key of this certificate");
}

#[tokio::test]
async fn an_unreachable_acme_server_is_a_problem() {
    let authority = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let directory = format!("https://{}/dir", authority.local_addr().unwrap());
    let args = ["--acme-domain", "call.example.org", "--acme-directory", &directory];
    let report = doctor(&args).await;
    assert_eq!(report.code, Some(0), "{:#?}", report.lines);
    report.line("ok", "accepts connections");
    report.line("warning", "port 443 of call.example.org");
    drop(authority);
    doctor(&args).await.line("problem", "--acme-directory (SALON_ACME_DIRECTORY)");
}

#[tokio::test]
async fn an_unusable_data_directory_is_a_problem() {
    let folder = Folder::new();
    let file = folder.path("file");
    fs::write(&file, "").unwrap();
    for data in [file.clone(), format!("{file}/below")] {
        let report = doctor(&["--data-dir", &data]).await;
        assert_eq!((report.code, report.problems()), (Some(1), 1), "{:#?}", report.lines);
        assert!(report.line("problem", "data directory").contains("--data-dir (SALON_DATA_DIR)"));
    }
    let report = doctor(&["--data-dir", &folder.path("a/b")]).await;
    assert_eq!(report.code, Some(0));
    report.line("ok", "can be created");
    assert!(!Path::new(&folder.path("a")).exists());
}

#[tokio::test]
async fn a_secret_that_others_can_read_is_a_problem() {
    let folder = Folder::new();
    let data = folder.root();
    let secret = folder.path("secret");
    fs::write(&secret, "long and, as far as anybody knows, random").unwrap();
    let modes = [(0o600, 0o755, None), (0o640, 0o700, Some("600")), (0o600, 0o777, Some("700"))];
    for (file, dir, fix) in modes {
        folder.set_mode("secret", file);
        folder.set_mode("", dir);
        let report = doctor(&["--data-dir", data]).await;
        assert_eq!(report.problems(), usize::from(fix.is_some()), "{:#?}", report.lines);
        if let Some(mode) = fix {
            report.line("problem", &format!("chmod {mode} {data}"));
        }
    }
    folder.set_mode("", 0o700);
    for weak in [" \n", "a", "change-me"] {
        fs::write(&secret, weak).unwrap();
        doctor(&["--data-dir", data]).await.line("problem", "openssl rand -hex 32");
    }
}

#[tokio::test]
async fn the_files_of_a_packed_build_are_found_by_their_names() {
    let folder = Folder::new();
    fs::create_dir(folder.path("pkg")).unwrap();
    fs::write(folder.path("pkg/build.txt"), "0123456789abcdef").unwrap();
    for end in ["js", "css", "wasm", "wasm.br"] {
        fs::write(folder.path(&format!("pkg/salon.0123456789abcdef.{end}")), "").unwrap();
    }
    let report = doctor(&["--static-dir", folder.root()]).await;
    report.line("warning", "pkg/salon.0123456789abcdef.wasm.gz");
    fs::write(folder.path("pkg/salon.0123456789abcdef.wasm.gz"), "").unwrap();
    doctor(&["--static-dir", folder.root()]).await.line("ok", "The pages come from");
}

#[tokio::test]
async fn missing_pages_are_a_problem() {
    let folder = Folder::new();
    let report = doctor(&["--static-dir", folder.root()]).await;
    assert_eq!((report.code, report.problems()), (Some(1), 1), "{:#?}", report.lines);
    assert!(report.line("problem", "pkg/salon.js").contains("make release"));

    // Options may also precede the command, or be set in the environment.
    let args = ["--static-dir", folder.root(), "doctor", "--ice-servers", "none"];
    let mut command = salon(&args, &[("SALON_LISTEN", "127.0.0.1:0")]);
    let output = soon(command.output()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("127.0.0.1:0 is free") && text.contains("has no pkg/salon.js"), "{text}");
    assert_eq!(output.status.code(), Some(1), "{text}");
}

#[tokio::test]
async fn silent_refusing_and_open_relays_are_problems() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let strict = Turn::start("ada", 2).await.address;
    let open = Turn::start("", 0).await.address;
    let silent = silent.local_addr().unwrap();
    let urls = [
        format!("stun:{silent}"),
        format!("turn:{closed}?transport=tcp"),
        format!("turn:{strict}"),
        format!("turn:{open}"),
        "stun:nowhere.invalid".to_owned(),
    ];
    let report = doctor(&[&["--ice-servers", &urls.join(" ")][..], &ADA].concat()).await;
    assert_eq!((report.code, report.problems()), (Some(1), 5), "{:#?}", report.lines);
    report.line("problem", &format!("stun:{silent} did not answer within 2 seconds. "));
    report.line("problem", &format!("turn:{closed}?transport=tcp cannot be reached"));
    report.line("problem", &format!("turn:{strict} rejects the credential (error 401). Correct"));
    report.line("problem", &format!("turn:{open} relays for anybody"));
    report.line("problem", "stun:nowhere.invalid cannot be reached");
    assert!(!report.lines.concat().contains("hunter2"));
}
