//! A server for each test, a WebSocket client, and an HTTP client.

use futures_util::{SinkExt, StreamExt};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use salon::room::Timeouts;
use salon::server::{
    Config, Counts, DataDir, Https, Hub, Limits, LogFormat, MediaOptions, OriginPolicy, Server,
    ServerError, Site, TURN_CREDENTIAL_TTL_MAX, TokenSigner, TrustedProxies,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

/// Far longer than anything here takes; longer than the ping timeout as well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Stands for the browser app in these tests.
pub(crate) const SCRIPT: &str = "export default function () {}\n";

/// Waits for an event, with a timeout.
pub(crate) async fn soon<T>(event: impl Future<Output = T>) -> T {
    timeout(PATIENCE, event).await.expect("it should have happened by now")
}

/// A folder like that of a build.
pub(crate) fn site() -> &'static Path {
    static SITE: OnceLock<PathBuf> = OnceLock::new();
    SITE.get_or_init(|| {
        let site = Path::new(env!("CARGO_TARGET_TMPDIR")).join("site");
        fs::create_dir_all(site.join("pkg")).unwrap();
        fs::write(site.join("pkg/salon.js"), SCRIPT).unwrap();
        fs::write(site.join("pkg/salon.js.br"), "as if compressed").unwrap();
        fs::write(site.join("pkg/salon.css"), "body { margin: 0 }\n".repeat(100)).unwrap();
        fs::write(site.join("pkg/salon.wasm"), [0; 4096]).unwrap();
        fs::write(site.join("robots.txt"), "User-agent: *\nDisallow: /room/\n").unwrap();
        site
    })
}

/// A running server.
pub(crate) struct TestApp {
    pub(crate) addr: SocketAddr,
    hub: Hub,
    /// The metrics listener.
    pub(crate) operators: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), ServerError>>,
}

impl TestApp {
    /// A server with default options, except for its port.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(adapt: impl FnOnce(&mut Config)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut config = Config {
            listen: addr,
            ice_servers: Some(Vec::new()),
            media: MediaOptions::default(),
            turn_static_auth_secret: None,
            turn_credential_ttl: TURN_CREDENTIAL_TTL_MAX,
            max_participants: 4,
            log_level: tracing::Level::INFO,
            log_format: LogFormat::Text,
            metrics_listen: None,
            origins: OriginPolicy::default(),
            frame_ancestors: Vec::new(),
            limits: Limits::default(),
            trusted_proxies: TrustedProxies::default(),
            https: Https::Off,
            http_redirect_listen: None,
            timeouts: Timeouts::default(),
            secret: Some(TokenSigner::from("the secret of these tests")),
            data_dir: DataDir::None,
            site: Site::Folder(site().to_owned()),
            reload_port: None,
        };
        adapt(&mut config);
        let metrics = config.metrics_listen.unwrap_or_else(|| "127.0.0.1:0".parse().unwrap());
        let server = Server::new(config).unwrap();
        let hub = server.hub();
        let metrics = TcpListener::bind(metrics).await.unwrap();
        let operators = metrics.local_addr().unwrap();
        server.serve_metrics(metrics).unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move { drop(stopped.await) };
        let ended = tokio::spawn(server.run(listener, shutdown));
        Self { addr, hub, operators, stop, ended }
    }

    /// Stops the server and waits for its end.
    pub(crate) async fn stop(self) -> Result<(), ServerError> {
        drop(self.stop);
        soon(self.ended).await.unwrap()
    }

    /// Stops the server without a shutdown, like `kill -9`.
    pub(crate) async fn kill(self) {
        self.ended.abort();
        let _ = soon(self.ended).await;
    }

    /// Waits until the server has exactly this many rooms and connections.
    pub(crate) async fn remembers(&self, rooms: usize, connections: usize) {
        let expected = Counts { rooms, connections };
        let mut counts = self.hub.counts();
        soon(counts.wait_for(|counts| *counts == expected)).await.unwrap();
    }

    /// A client that behaves as a page of this server.
    pub(crate) async fn client(&self) -> Client {
        Client::of(self.addr).await
    }

    /// Opens a WebSocket over `stream` with these headers.
    pub(crate) async fn upgrade(
        &self,
        stream: TcpStream,
        headers: &[(&'static str, &str)],
    ) -> Result<Client, Error> {
        Client::over(stream, self.addr, headers).await
    }

    /// A client that has joined, and its `joined`.
    pub(crate) async fn join(&self, room: &str) -> (Client, Value) {
        Client::join(self.addr, room).await
    }

    /// Two participants who have received their `ready`: the caller and the callee.
    pub(crate) async fn pair(&self, room: &str) -> (Client, Client) {
        Client::pair(self.addr, room).await
    }

    /// Sends a request with `Host` and these headers.
    pub(crate) async fn http(&self, line: &str, headers: &[(&str, &str)]) -> Reply {
        let host = self.addr.to_string();
        let mut all = vec![("Host", host.as_str())];
        all.extend(headers);
        Reply::of(self.addr, line, &all).await
    }
}

/// A WebSocket client.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
}

impl Client {
    /// A client that behaves as a page of the server at `addr`.
    pub(crate) async fn of(addr: SocketAddr) -> Self {
        let origin = format!("http://{addr}");
        let stream = TcpStream::connect(addr).await.unwrap();
        Self::over(stream, addr, &[("origin", &origin)]).await.unwrap()
    }

    /// Opens a WebSocket over `stream` with these headers.
    pub(crate) async fn over(
        stream: TcpStream,
        addr: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{addr}/ws").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let (socket, _) = soon(client_async(request, stream)).await?;
        Ok(Self { socket })
    }

    /// Its address, as the server sees it.
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.socket.get_ref().local_addr().unwrap()
    }

    /// A client that has joined, and its `joined`.
    pub(crate) async fn join(addr: SocketAddr, room: &str) -> (Self, Value) {
        let mut client = Self::of(addr).await;
        client.say(json!({"type": "join", "room": room})).await;
        let joined = client.expect("joined").await;
        (client, joined)
    }

    /// Two participants who have received their `ready`: the caller and the callee.
    pub(crate) async fn pair(addr: SocketAddr, room: &str) -> (Self, Self) {
        let (mut caller, _) = Self::join(addr, room).await;
        let (mut callee, _) = Self::join(addr, room).await;
        assert_eq!(caller.expect("ready").await["role"], "caller");
        assert_eq!(callee.expect("ready").await["role"], "callee");
        (caller, callee)
    }

    /// Sends a candidate with a mark, and checks that it is the next message to `other`.
    pub(crate) async fn reaches(&mut self, other: &mut Self, mark: &str) {
        self.say(json!({"type": "candidate", "candidate": {"candidate": mark}})).await;
        assert_eq!(other.expect("candidate").await["candidate"]["candidate"], mark);
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        soon(self.socket.send(message)).await.unwrap();
    }

    /// The next message of the server.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            match soon(self.socket.next()).await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("not a text message: {other:?}"),
            }
        }
    }

    /// The next message of the server, which must be of this type.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        let message = self.hear().await;
        assert_eq!(message["type"], kind, "{message}");
        message
    }

    /// The next message of the server, which must be an error with this code and a text.
    pub(crate) async fn expect_error(&mut self, code: &str) {
        let error = self.expect("error").await;
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().unwrap().ends_with('.'), "{error}");
    }

    /// The close code of the server; other messages are skipped.
    pub(crate) async fn closed(&mut self) -> u16 {
        self.dismissed().await.0
    }

    /// The close code and reason of the server; other messages are skipped.
    pub(crate) async fn dismissed(&mut self) -> (u16, String) {
        loop {
            match soon(self.socket.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(_)) => {}
                other => panic!("no close frame but {other:?}"),
            }
        }
    }
}

/// The server's response to a request.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Reply {
    /// Sends a request over HTTP/1.0, where a body ends with the connection.
    pub(crate) async fn of(addr: SocketAddr, line: &str, headers: &[(&str, &str)]) -> Self {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!("{line} HTTP/1.0\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        soon(stream.read_to_end(&mut answer)).await.unwrap();
        Self::parse(&String::from_utf8_lossy(&answer))
    }

    pub(crate) fn parse(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self { status, headers: headers.collect(), body: body.to_owned() }
    }

    /// A header's value; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A temporary folder with access for its owner only; removed on drop.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("{:016x}", getrandom::u64().unwrap()));
        fs::create_dir(&folder).unwrap();
        let folder = Self(folder);
        folder.set_mode("", 0o700);
        folder
    }

    pub(crate) fn root(&self) -> &str {
        self.0.to_str().unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.0.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Writes a new certificate and its key, `cert.pem` and `key.pem`; returns the former.
    pub(crate) fn certify(&self) -> Vec<u8> {
        self.certify_for(&["localhost"])
    }

    /// The same for these names.
    pub(crate) fn certify_for(&self, names: &[&str]) -> Vec<u8> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let CertifiedKey { cert, key_pair } = generate_simple_self_signed(names).unwrap();
        fs::write(self.path("cert.pem"), cert.pem()).unwrap();
        fs::write(self.path("key.pem"), key_pair.serialize_pem()).unwrap();
        self.set_mode("key.pem", 0o600);
        cert.der().to_vec()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A failed test matters more than its leftovers.
        let _ = fs::remove_dir_all(&self.0);
    }
}
