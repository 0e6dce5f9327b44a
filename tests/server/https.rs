//! TLS: with a certificate from files, and with one from an ACME server.

use crate::{
    program::Program,
    support::{Folder, Reply, site, soon},
};
use futures_util::{SinkExt, StreamExt};
use insecure_tls::over_tls;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::{Value, json};
use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    task::yield_now,
};
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

/// Accepts any certificate, as the doctor does: the tests compare certificates themselves.
#[path = "../../src/server/doctor/insecure_tls.rs"]
mod insecure_tls;

type Stream = TlsStream<TcpStream>;

pub(crate) async fn connect(addr: SocketAddr, name: &'static str) -> std::io::Result<Stream> {
    soon(over_tls(TcpStream::connect(addr).await?, name)).await
}

/// The certificate that the server presents.
async fn shown(addr: SocketAddr, name: &'static str) -> Vec<u8> {
    let stream = connect(addr, name).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

async fn get(addr: SocketAddr, path: &str) -> Reply {
    let mut stream = connect(addr, "localhost").await.unwrap();
    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost:{}\r\n\r\n", addr.port());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    Reply::parse(&String::from_utf8_lossy(&answer))
}

async fn join(addr: SocketAddr, room: &str) -> WebSocketStream<Stream> {
    enter(addr, room).await.0
}

/// A client that has joined, and its `joined`.
pub(crate) async fn enter(addr: SocketAddr, room: &str) -> (WebSocketStream<Stream>, Value) {
    let stream = connect(addr, "localhost").await.unwrap();
    let host = format!("localhost:{}", addr.port());
    let mut request = format!("wss://{host}/ws").into_client_request().unwrap();
    request.headers_mut().insert("origin", format!("https://{host}").parse().unwrap());
    let (mut socket, _) = soon(client_async(request, stream)).await.unwrap();
    let join = json!({"type": "join", "room": room}).to_string();
    socket.send(Message::text(join)).await.unwrap();
    let joined = hear(&mut socket).await;
    assert_eq!(joined["type"], "joined");
    (socket, joined)
}

async fn hear(socket: &mut WebSocketStream<Stream>) -> Value {
    loop {
        match soon(socket.next()).await.unwrap().unwrap() {
            Message::Ping(_) => {}
            message => return serde_json::from_str(message.to_text().unwrap()).unwrap(),
        }
    }
}

async fn program(folder: &Folder, args: &[&str]) -> Program {
    let (cert, key) = (folder.path("cert.pem"), folder.path("key.pem"));
    let site = site().to_str().unwrap();
    let usual = ["--listen", "127.0.0.1:0", "--static-dir", site];
    let tls = ["--tls-cert", cert.as_str(), "--tls-key", key.as_str()];
    Program::start(&[&usual, &tls[..], args].concat(), &[]).await
}

#[tokio::test]
async fn pages_and_calls_work_over_tls() {
    let folder = Folder::new();
    let cert = folder.certify();
    let server = program(&folder, &["--log-level", "warn"]).await;
    assert!(server.origin.starts_with("https://"), "{}", server.origin);
    let addr = server.addr();
    assert_eq!(shown(addr, "localhost").await, cert);

    let page = get(addr, "/room/123").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("strict-transport-security"), "max-age=63072000");
    let own = format!("https://localhost:{}", addr.port());
    assert!(page.body.contains(&own), "links begin with {own}");

    let mut caller = join(addr, "123").await;
    let mut callee = join(addr, "123").await;
    assert_eq!(hear(&mut caller).await["role"], "caller");
    assert_eq!(hear(&mut callee).await["role"], "callee");
    let ending = tokio::spawn(server.end("-TERM"));
    for socket in [&mut caller, &mut callee] {
        let close = soon(socket.next()).await.unwrap().unwrap();
        assert!(matches!(close, Message::Close(Some(frame)) if u16::from(frame.code) == 1012));
        // Then the server closes the connection.
        assert!(!matches!(soon(socket.next()).await, Some(Ok(_))));
    }
    assert_eq!(ending.await.unwrap(), "");
}

#[tokio::test]
async fn plain_http_redirects_to_https() {
    let folder = Folder::new();
    folder.certify();
    let http = free_port().await;
    let server = program(&folder, &["--http-redirect-listen", &format!("127.0.0.1:{http}")]).await;
    let port = server.addr().port();
    let plain = SocketAddr::from(([127, 0, 0, 1], http));
    let host = [("Host", "localhost:80")];
    for path in ["/", "/room/123?x=1", "/ws"] {
        let reply = Reply::of(plain, &format!("GET {path}"), &host).await;
        assert_eq!(reply.status, 308);
        assert_eq!(reply.header("location"), format!("https://localhost:{port}{path}"));
        assert_eq!(reply.header("strict-transport-security"), "", "not over plain http");
    }
    assert_eq!(Reply::of(plain, "GET /", &[]).await.status, 400);
    drop(server);
}

#[tokio::test]
async fn plain_http_redirects_only_to_names_in_the_certificate() {
    let folder = Folder::new();
    folder.certify_for(&["call.example.org", "*.calls.example.org", "192.0.2.7", "2001:db8::7"]);
    let http = free_port().await;
    let server = program(&folder, &["--http-redirect-listen", &format!("127.0.0.1:{http}")]).await;
    let plain = SocketAddr::from(([127, 0, 0, 1], http));
    let status = async |host: &str| {
        let reply = Reply::of(plain, "GET /", &[("Host", host)]).await;
        assert_eq!(reply.header("location").is_empty(), reply.status != 308, "{host}");
        reply.status
    };
    for ours in [
        "call.example.org",
        "CALL.example.org.:80",
        "a.calls.example.org",
        "127.0.0.1",
        "192.0.2.7:80",
        "[2001:DB8:0::7]",
    ] {
        assert_eq!(status(ours).await, 308, "{ours}");
    }
    for other in
        ["evil.example", "call.example.org.evil.example", "a.b.calls.example.org", "192.0.2.1"]
    {
        assert_eq!(status(other).await, 421, "{other}");
    }
    // Another certificate has other names.
    folder.certify_for(&["new.example.org"]);
    assert_eq!(status("new.example.org").await, 308);
    assert_eq!(status("call.example.org").await, 421);
    drop(server);
}

#[tokio::test]
async fn a_new_certificate_is_used_and_an_invalid_one_is_not() {
    let folder = Folder::new();
    let first = folder.certify();
    let mut server = program(&folder, &[]).await;
    let addr = server.addr();
    let mut caller = join(addr, "123").await;
    assert_eq!(shown(addr, "localhost").await, first);

    fs::write(folder.path("key.pem"), "no key").unwrap();
    let line = server.logs("The previous certificate stays in use.").await;
    assert!(line.contains(&folder.path("key.pem")), "{line}");
    assert_eq!(shown(addr, "localhost").await, first);

    // A certificate with the key of another certificate.
    folder.certify();
    let key = fs::read(folder.path("key.pem")).unwrap();
    server.logs("reloaded the certificate, which has changed").await;
    folder.certify();
    fs::write(folder.path("key.pem"), key).unwrap();
    server.logs("The previous certificate stays in use.").await;

    let last = folder.certify();
    while shown(addr, "localhost").await != last {
        yield_now().await;
    }
    let mut callee = join(addr, "123").await;
    assert_eq!(hear(&mut caller).await["role"], "caller", "calls go on");
    assert_eq!(hear(&mut callee).await["role"], "callee");
}

#[tokio::test]
async fn sighup_reloads_the_certificate_and_logs_the_result() {
    let folder = Folder::new();
    folder.certify();
    let mut server = program(&folder, &[]).await;
    server.signal("-HUP").await;
    server.logs("reloaded the certificate, which has not changed").await;
    let last = folder.certify();
    server.signal("-HUP").await;
    server.logs("reloaded the certificate, which has changed").await;
    assert_eq!(shown(server.addr(), "localhost").await, last);
    fs::write(folder.path("cert.pem"), "").unwrap();
    server.signal("-HUP").await;
    let line = server.logs("stays in use").await;
    assert!(line.contains("cert.pem: it is empty"), "{line}");
}

#[tokio::test]
async fn an_expired_certificate_causes_a_warning() {
    let folder = Folder::new();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2025, 1, 1);
    let key = KeyPair::generate().unwrap();
    fs::write(folder.path("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(folder.path("key.pem"), key.serialize_pem()).unwrap();
    let mut server = program(&folder, &[]).await;
    let line = server.logs("cert.pem expired").await;
    assert!(line.contains("WARN") && line.contains("browsers refuse it"), "{line}");
}

#[tokio::test]
async fn t10_half_sent_tls_handshakes() {
    let folder = Folder::new();
    folder.certify();
    let server = program(&folder, &["--tls-handshake-timeout", "1s", "--log-level", "warn"]).await;
    let addr = server.addr();
    let mut caller = join(addr, "123").await;
    for part in [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(part).await.unwrap();
        // Closed, with an alert or without.
        let _ = soon(stream.read_to_end(&mut Vec::new())).await;
    }
    let _callee = join(addr, "123").await;
    assert_eq!(hear(&mut caller).await["role"], "caller");
    drop(caller);
    assert_eq!(server.end("-TERM").await, "");
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// A local ACME server, and the name server that it uses.
struct Authority {
    _children: [Child; 2],
    directory: String,
}

impl Authority {
    /// `None` if the programs are not installed.
    async fn start(folder: &Folder, tls_port: u16) -> Option<Self> {
        folder.certify();
        let (port, dns) = (free_port().await, free_port().await);
        let config = json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{}", free_port().await),
            "certificate": folder.path("cert.pem"),
            "privateKey": folder.path("key.pem"),
            "httpPort": free_port().await,
            "tlsPort": tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        let path = folder.path("pebble.json");
        fs::write(&path, config.to_string()).unwrap();
        let run = |program: &str, args: &[&str]| {
            let mut command = Command::new(program);
            command.args(args).env("PEBBLE_VA_NOSLEEP", "1").stdin(Stdio::null());
            command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().ok()
        };
        let dns = format!("127.0.0.1:{dns}");
        let names = run(
            "pebble-challtestsrv",
            &[
                "-dns01",
                &dns,
                "-defaultIPv4",
                "127.0.0.1",
                "-defaultIPv6",
                "",
                "-http01",
                "",
                "-https01",
                "",
                "-tlsalpn01",
                "",
                "-management",
                &format!("127.0.0.1:{}", free_port().await),
            ],
        )?;
        let pebble = run("pebble", &["-config", &path, "-dnsserver", &dns])?;
        let directory = format!("https://localhost:{port}/dir");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        soon(async {
            while TcpStream::connect(address).await.is_err() {
                yield_now().await;
            }
        })
        .await;
        Some(Self { _children: [names, pebble], directory })
    }
}

fn modes(folder: &Path) -> Vec<u32> {
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    fs::read_dir(folder).unwrap().map(|entry| mode(entry.unwrap().path())).collect()
}

#[tokio::test]
async fn a_certificate_is_obtained_over_acme_and_stored() {
    let folder = Folder::new();
    let port = free_port().await;
    let Some(authority) = Authority::start(&folder, port).await else {
        println!("skipped: certificates from an authority, because pebble is not installed");
        return;
    };
    let directory = authority.directory.clone();
    let (listen, ca, data) =
        (format!("127.0.0.1:{port}"), folder.path("cert.pem"), folder.path("data"));
    let addr: SocketAddr = listen.parse().unwrap();
    let args = [
        "--listen",
        &listen,
        "--static-dir",
        site().to_str().unwrap(),
        "--data-dir",
        &data,
        "--acme-domain",
        "Salon.Example",
        "--acme-contact",
        "operator@salon.example",
        "--acme-directory",
        &directory,
        "--acme-ca-bundle",
        &ca,
    ];
    let mut server = Program::start(&args, &[]).await;
    assert_eq!(server.origin, format!("https://salon.example:{port}"));
    server.logs("DeployedNewCert").await;
    server.logs("CertCacheStore").await;
    let first = shown(addr, "salon.example").await;
    for part in ["Pebble Intermediate CA", "salon.example"] {
        let is_in = first.windows(part.len()).any(|window| window == part.as_bytes());
        assert!(is_in, "{part}");
    }
    assert_eq!(get(addr, "/healthz").await.body, "ok");
    let acme = Path::new(&data).join("acme");
    assert_eq!(fs::metadata(&acme).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(modes(&acme), [0o600, 0o600]);
    server.end("-TERM").await;

    drop(authority);
    let mut again = Program::start(&args, &[]).await;
    again.logs("DeployedCachedCert").await;
    assert_eq!(shown(addr, "salon.example").await, first);
    again.end("-TERM").await;
}
