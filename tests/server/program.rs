//! The program: its options, its output, and how it stops.

use crate::support::{Client, Folder, Reply, site, soon};
use salon::{
    room::Timeouts,
    server::{Config, Limits},
};
use serde_json::json;
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    io::{PipeReader, PipeWriter, Read, Write, pipe},
    net::SocketAddr,
    os::unix::ffi::OsStringExt,
    process::{Output, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStderr, ChildStdout, Command},
};

/// The server's, in these tests.
pub(crate) const SECRET: &str = "the secret of these tests, which is long";

pub(crate) fn salon(args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_salon"));
    for (name, _) in std::env::vars_os() {
        let ours = ["SALON_", "LEPTOS_"];
        if ours.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    // Otherwise it would store data in the home of the user who runs these tests.
    for home in ["HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"] {
        command.env_remove(home);
    }
    command.env("SALON_SECRET", SECRET);
    // Tests run at the same time, and only one of them could have the usual port.
    command.env("SALON_MEDIA_LISTEN", "127.0.0.1:0");
    command.args(args).envs(env.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn output(args: &[&str], env: &[(&str, &str)]) -> Output {
    soon(salon(args, env).output()).await.unwrap()
}

/// The one line on standard error.
fn sentence(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(output.stdout.is_empty());
    text.trim_end().to_owned()
}

#[test]
fn timeouts_of_rooms_follow_the_options() {
    let args = ["salon", "--ping-timeout", "6", "--reconnect-grace", "8"].map(OsString::from);
    let (_, config) = Config::read(args, None).unwrap();
    let Timeouts { ping_interval, ping_timeout, reconnect_grace, .. } = config.timeouts;
    assert_eq!(
        [ping_interval, ping_timeout, reconnect_grace].map(|timeout| timeout.as_secs()),
        [2, 6, 8]
    );
}

#[test]
fn timeouts_have_units_and_limits_have_defaults() {
    let read = |args: &[&str]| {
        let args = [&["salon"][..], args].concat().into_iter().map(OsString::from);
        Config::read(args, None).unwrap().1.limits
    };
    assert_eq!(read(&[]), Limits::default());
    let limits = read(&["--header-timeout", "1500ms", "--send-timeout", "1m 30s"]);
    let timeouts = [limits.header_timeout, limits.send_timeout, limits.join_timeout];
    assert_eq!(timeouts.map(|timeout| timeout.as_millis()), [1_500, 90_000, 10_000]);
}

#[tokio::test]
async fn a_wrong_value_is_named_and_exits_with_2() {
    for (args, env, named) in [
        (&["--listen", "nowhere"][..], &[][..], "--listen (SALON_LISTEN)"),
        (&["--max-participants", "0"], &[], "--max-participants (SALON_MAX_PARTICIPANTS)"),
        (&["--max-participants", "251"], &[], "--max-participants (SALON_MAX_PARTICIPANTS)"),
        (&["--max-participants", "two"], &[], "--max-participants (SALON_MAX_PARTICIPANTS)"),
        (&["--ice-servers", "http://example.org"], &[], "--ice-servers (SALON_ICE_SERVERS)"),
        (&["--ice-servers", "turn:example.org"], &[], "--ice-servers (SALON_ICE_SERVERS)"),
        (
            &["--ice-servers", "turn:example.org", "--turn-static-auth-secret", " "],
            &[],
            "(SALON_TURN_STATIC_AUTH_SECRET)",
        ),
        (&["--turn-credential-ttl", "9"], &[], "--turn-credential-ttl (SALON_TURN_CREDENTIAL_TTL)"),
        (
            &["--turn-credential-ttl", "601"],
            &[],
            "--turn-credential-ttl (SALON_TURN_CREDENTIAL_TTL)",
        ),
        (
            &[],
            &[("SALON_TURN_STATIC_AUTH_SECRET", "hunter2")],
            "--turn-static-auth-secret (SALON_TURN_STATIC_AUTH_SECRET)",
        ),
        (
            &[],
            &[("SALON_TURN_CREDENTIAL_TTL", "ten")],
            "--turn-credential-ttl (SALON_TURN_CREDENTIAL_TTL)",
        ),
        (
            &["--ice-servers", "none", "--ice-servers", "stun:example.org"],
            &[],
            "--ice-servers (SALON_ICE_SERVERS)",
        ),
        (&["--reconnect-grace", "121"], &[], "--reconnect-grace (SALON_RECONNECT_GRACE)"),
        (&["--ping-timeout", "2"], &[], "--ping-timeout (SALON_PING_TIMEOUT)"),
        (&["--log-level", "loud"], &[], "--log-level (SALON_LOG_LEVEL)"),
        (&["--log-format", "xml"], &[], "--log-format (SALON_LOG_FORMAT)"),
        (
            &["--max-connections-per-ip", "0"],
            &[],
            "--max-connections-per-ip (SALON_MAX_CONNECTIONS_PER_IP)",
        ),
        (&["--ws-connect-rate", "many"], &[], "--ws-connect-rate (SALON_WS_CONNECT_RATE)"),
        (&["--request-rate", "0"], &[], "--request-rate (SALON_REQUEST_RATE)"),
        (&["--message-rate", "x"], &[], "--message-rate (SALON_MESSAGE_RATE)"),
        (&["--max-rooms", "1000001"], &[], "--max-rooms (SALON_MAX_ROOMS)"),
        (&["--header-timeout", "601s"], &[], "--header-timeout (SALON_HEADER_TIMEOUT)"),
        (&["--trusted-proxies", "localhost"], &[], "--trusted-proxies (SALON_TRUSTED_PROXIES)"),
        (&["--tls-cert", "a"], &[], "--tls-key (SALON_TLS_KEY)"),
        (&["--tls-key", "a"], &[], "--tls-cert (SALON_TLS_CERT)"),
        (
            &["--tls-cert", "a", "--tls-key", "b", "--acme-domain", "a.example"],
            &[],
            "--acme-domain (SALON_ACME_DOMAIN)",
        ),
        (&["--acme-domain", "192.0.2.1"], &[], "--acme-domain (SALON_ACME_DOMAIN)"),
        (&["--acme-directory", "http://a"], &[], "--acme-directory (SALON_ACME_DIRECTORY)"),
        (
            &["--http-redirect-listen", "127.0.0.1:80"],
            &[],
            "--http-redirect-listen (SALON_HTTP_REDIRECT_LISTEN)",
        ),
        (
            &["--http-redirect-listen", "80"],
            &[],
            "--http-redirect-listen (SALON_HTTP_REDIRECT_LISTEN)",
        ),
        (&["--allow-origin", "example.org"], &[], "--allow-origin (SALON_ALLOW_ORIGIN)"),
        (&["--frame-ancestors", "https://a;b"], &[], "--frame-ancestors (SALON_FRAME_ANCESTORS)"),
        (&[], &[("SALON_LISTEN", "3000")], "SALON_LISTEN"),
        (&[], &[("SALON_MAX_PARTICIPANTS", "many")], "SALON_MAX_PARTICIPANTS"),
        (&[], &[("SALON_ICE_SERVERS", "stun:a.example turn:b.example")], "SALON_ICE_SERVERS"),
        (
            &["--ice-servers", "turn:a.example", "--turn-username", "ada"],
            &[],
            "--turn-credential (SALON_TURN_CREDENTIAL)",
        ),
        (&[], &[("SALON_TURN_CREDENTIAL", "hunter2 ")], "(SALON_TURN_CREDENTIAL)"),
        (&[], &[("SALON_LOG_LEVEL", "loud")], "SALON_LOG_LEVEL"),
        (&[], &[("SALON_SECRET", "a")], "SALON_SECRET"),
        (&[], &[("SALON_SECRET", "    ")], "SALON_SECRET"),
        (&[], &[("SALON_SECRET", "hunter2")], "openssl rand -hex 32"),
        (&[], &[("SALON_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")], "SALON_SECRET"),
        (&["doctor"], &[("SALON_SECRET", "changeme")], "SALON_SECRET"),
        (
            &["--ice-servers", "turn:a.example", "--turn-static-auth-secret", "hunter2 "],
            &[],
            "(SALON_TURN_STATIC_AUTH_SECRET)",
        ),
        (&["--data-dir", ""], &[], "--data-dir (SALON_DATA_DIR)"),
        (&["--tls-cert="], &[], "--tls-cert (SALON_TLS_CERT)"),
        (&[], &[("SALON_ALLOW_ORIGIN", "https://a.example/x")], "SALON_ALLOW_ORIGIN"),
        (&[], &[("SALON_ALLOW_NO_ORIGIN", "perhaps")], "SALON_ALLOW_NO_ORIGIN"),
        (&[], &[("LEPTOS_SITE_ADDR", "nowhere")], "LEPTOS_SITE_ADDR"),
        (&["--metrics-listen", "9100"], &[], "--metrics-listen (SALON_METRICS_LISTEN)"),
        (&["--metrics-listen", "0.0.0.0:9100"], &[], "--allow-remote-metrics"),
        (&[], &[("SALON_METRICS_LISTEN", "[::]:9100")], "SALON_ALLOW_REMOTE_METRICS"),
        (
            &["doctor", "--max-participants", "0"],
            &[],
            "--max-participants (SALON_MAX_PARTICIPANTS)",
        ),
        (&["--unknown"], &[], "--unknown"),
        (&["--listen"], &[], "--listen"),
        (&["stray"], &[], "stray"),
    ] {
        let output = output(args, env).await;
        assert_eq!(output.status.code(), Some(2), "{args:?} {env:?}");
        let sentence = sentence(&output);
        assert!(sentence.contains(named) && sentence.ends_with('.'), "{sentence}");
        assert!(!sentence.contains("hunter2"), "{sentence}");
    }
}

#[tokio::test]
async fn a_wrong_credential_is_not_repeated() {
    for wrong in ["turn:example.org|user|hunter2 x:y", "turn:user:hunter2@example.org"] {
        let output = output(&[], &[("SALON_ICE_SERVERS", wrong)]).await;
        assert_eq!(output.status.code(), Some(2));
        assert!(!sentence(&output).contains("hunter2"));
    }
    let secrets = [
        ("SALON_TURN_CREDENTIAL", "hunter2"),
        ("SALON_TURN_STATIC_AUTH_SECRET", "hunter2"),
        ("SALON_SECRET", "hunter2"),
    ];
    let help = output(&["--help"], &secrets).await;
    assert!(!String::from_utf8(help.stdout).unwrap().contains("hunter2"));
}

#[tokio::test]
async fn help_lists_every_option_and_its_variable() {
    let help = output(&["--help"], &[]).await;
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout).unwrap();
    for option in [
        "listen",
        "ice-servers",
        "turn-static-auth-secret",
        "turn-credential-ttl",
        "turn-username",
        "turn-credential",
        "max-participants",
        "log-level",
        "log-format",
        "metrics-listen",
        "allow-remote-metrics",
        "allow-origin",
        "allow-no-origin",
        "frame-ancestors",
        "static-dir",
        "max-connections-per-ip",
        "ws-connect-rate",
        "request-rate",
        "message-rate",
        "max-rooms",
        "max-stored-rooms",
        "header-timeout",
        "tls-handshake-timeout",
        "message-timeout",
        "join-timeout",
        "send-timeout",
        "trusted-proxies",
        "tls-cert",
        "tls-key",
        "acme-domain",
        "acme-contact",
        "acme-directory",
        "acme-ca-bundle",
        "http-redirect-listen",
    ] {
        let variable = format!("SALON_{}", option.to_uppercase().replace('-', "_"));
        assert!(text.contains(&format!("--{option}")), "{option}");
        assert!(text.contains(&variable), "{variable}");
    }
    assert!(text.contains("doctor"), "{text}");
    let version = output(&["--version"], &[]).await;
    assert_eq!(version.status.code(), Some(0));
    assert_eq!(version.stdout, format!("salon {}\n", env!("CARGO_PKG_VERSION")).as_bytes());
}

#[tokio::test]
async fn startup_errors_are_reported_and_exit_with_1() {
    let site = site().to_str().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let busy = output(&["--static-dir", site, "--listen", &taken], &[]).await;
    assert_eq!(busy.status.code(), Some(1));
    assert!(sentence(&busy).starts_with(&format!("Cannot listen on {taken}: ")));

    let foreign = output(&["--static-dir", site, "--listen", "192.0.2.1:3000"], &[]).await;
    assert_eq!(foreign.status.code(), Some(1));
    assert!(sentence(&foreign).contains("192.0.2.1:3000"));

    let files = ["--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.key"];
    let usual = ["--listen", "127.0.0.1:0", "--static-dir", site];
    let missing = output(&[&files[..], &usual].concat(), &[]).await;
    assert_eq!(missing.status.code(), Some(1));
    assert!(sentence(&missing).starts_with("Cannot use the certificate in /nowhere.pem: "));

    let empty = output(&["--static-dir", "/nowhere", "--listen", "127.0.0.1:0"], &[]).await;
    assert_eq!(empty.status.code(), Some(1));
    assert!(sentence(&empty).contains("/nowhere/pkg") && sentence(&empty).contains("make release"));
}

/// Every variable in `--help`, and those without an option.
async fn variables() -> BTreeSet<String> {
    let help = String::from_utf8(output(&["--help"], &[]).await.stdout).unwrap();
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    let words = help.split(|c: char| !is_name(c));
    let mut names: BTreeSet<_> =
        words.filter(|word| word.starts_with("SALON_")).map(str::to_owned).collect();
    assert!(names.len() >= 28 && names.contains("SALON_SECRET"), "{names:?}");
    names.extend(["LEPTOS_SITE_ADDR", "LEPTOS_SITE_ROOT"].map(str::to_owned));
    names
}

#[tokio::test]
async fn an_empty_variable_counts_as_not_set() {
    let mut command =
        salon(&["--listen", "127.0.0.1:0", "--static-dir", site().to_str().unwrap()], &[]);
    for name in variables().await {
        command.env(name, "");
    }
    let program = Program::of(command).await;
    assert_eq!(program.end("-TERM").await, "");
}

#[tokio::test]
async fn white_space_and_quotes_around_a_value_are_refused_for_every_variable() {
    let wrong = ["\"hunter2\"", "'hunter2'", "hunter2\r"].map(|text| text.as_bytes().to_vec());
    for name in variables().await {
        for value in wrong.iter().chain([&vec![b'h', 0xff, 0xfe]]) {
            let mut command = salon(&[], &[]);
            command.env(&name, OsString::from_vec(value.clone()));
            let output = soon(command.output()).await.unwrap();
            assert_eq!(output.status.code(), Some(2), "{name} {value:?}");
            let sentence = sentence(&output);
            assert!(sentence.starts_with(&name) && sentence.ends_with('.'), "{sentence}");
            assert!(!sentence.contains("hunter2"), "{sentence}");
        }
    }
    let mut command = salon(&["--help"], &[("SALON_MAX_PARTICIPANTS", "\"4\"")]);
    assert_eq!(soon(command.output()).await.unwrap().status.code(), Some(0), "help is given");
    for args in [["--max-participants", "\u{fffd}"], ["--max-participants=\u{fffd}", "doctor"]] {
        let args = args.map(|arg| arg.replace('\u{fffd}', "\0").into_bytes());
        let mut command = salon(&[], &[]);
        for arg in args {
            let bytes = arg.into_iter().map(|byte| if byte == 0 { 0xff } else { byte });
            command.arg(OsString::from_vec(bytes.collect()));
        }
        let output = soon(command.output()).await.unwrap();
        assert!(
            sentence(&output).starts_with("--max-participants (SALON_MAX_PARTICIPANTS): "),
            "{output:?}"
        );
    }
}

/// The running program; killed on drop.
pub(crate) struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The URL that it prints when it is ready.
    pub(crate) origin: String,
    log: Lines<BufReader<ChildStderr>>,
}

impl Program {
    pub(crate) async fn start(args: &[&str], env: &[(&str, &str)]) -> Self {
        Self::of(salon(args, env)).await
    }

    /// Runs a command that becomes the program.
    pub(crate) async fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut line = String::new();
        soon(stdout.read_line(&mut line)).await.unwrap();
        let origin = line.trim_end().strip_prefix("Salon is ready at ");
        let origin = origin.unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { child, stdout, origin, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// The address in that URL.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.origin.split_once("://").unwrap().1.parse().unwrap()
    }

    /// The next line of the log that contains `part`.
    pub(crate) async fn logs(&mut self, part: &str) -> String {
        loop {
            let line = soon(self.log.next_line()).await.unwrap();
            let line = line.unwrap_or_else(|| panic!("it ended without {part:?}"));
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Sends it a signal.
    pub(crate) async fn signal(&self, signal: &str) {
        send(self.id(), signal).await;
    }

    /// Stops it with a signal; returns the rest of its output.
    pub(crate) async fn end(mut self, signal: &str) -> String {
        self.signal(signal).await;
        assert_eq!(soon(self.child.wait()).await.unwrap().code(), Some(0));
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).await.unwrap();
        while let Some(line) = self.log.next_line().await.unwrap() {
            rest += &line;
            rest.push('\n');
        }
        rest
    }
}

async fn send(id: u32, signal: &str) {
    soon(Command::new("kill").args([signal, &id.to_string()]).status()).await.unwrap();
}

/// A pipe that is full until it is read.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    // The capacity of a pipe on Linux and macOS.
    writer.write_all(&[b'\n'; 65_536]).unwrap();
    (reader, writer)
}

/// A loopback address with a free port.
async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Asks for a seat with an invalid token this many times: each attempt is a line of the log.
async fn knock(client: &mut Client, times: usize) {
    for _ in 0..times {
        let seat = json!({"token": "forged"});
        client.say(json!({"type": "join", "room": "123", "seat": seat})).await;
        client.expect_error("bad-seat-token").await;
    }
}

/// The program with unread output pipes, listening on `address` and with metrics on the other.
fn unread(args: &[&str], address: SocketAddr, metrics: SocketAddr) -> (Child, [PipeReader; 2]) {
    let (address, metrics) = (address.to_string(), metrics.to_string());
    // One WebSocket tries for a long time without joining.
    let usual = [
        "--listen",
        &address,
        "--metrics-listen",
        &metrics,
        "--message-rate",
        "1000000",
        "--join-timeout",
        "2m",
    ];
    let mut command = salon(&[&usual[..], args].concat(), &[]);
    let ((out, stdout), (err, stderr)) = (full_pipe(), full_pipe());
    command.env("SALON_STATIC_DIR", site()).stdout(stdout).stderr(stderr);
    (command.spawn().unwrap(), [out, err])
}

async fn answering(address: SocketAddr) {
    soon(async {
        while TcpStream::connect(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn lines_dropped(metrics: SocketAddr) -> u64 {
    let text = Reply::of(metrics, "GET /metrics", &[]).await.body;
    let line = text.lines().find_map(|line| line.strip_prefix("salon_log_lines_dropped_total "));
    line.unwrap_or_else(|| panic!("not counted in {text}")).parse().unwrap()
}

#[tokio::test]
async fn t30_an_unread_log_blocks_nothing_and_sigterm_stops_the_program() {
    let (address, metrics) = (free_address().await, free_address().await);
    // At `debug`, repeated lines are not suppressed.
    let (mut child, pipes) = unread(&["--log-level", "debug"], address, metrics);
    answering(metrics).await;
    let mut flood = Client::of(address).await;
    knock(&mut flood, 6_000).await;
    let (mut caller, mut callee) = Client::pair(address, "124").await;
    caller.reaches(&mut callee, "while nobody reads").await;
    assert!(lines_dropped(metrics).await > 1_000);
    send(child.id().unwrap(), "-TERM").await;
    assert_eq!(caller.closed().await, 1012);
    assert_eq!(soon(child.wait()).await.unwrap().code(), Some(0));
    drop(pipes);
}

#[tokio::test]
async fn t30_dropped_lines_are_counted_in_the_log_when_it_is_read_again() {
    let (address, metrics) = (free_address().await, free_address().await);
    let (mut child, [_out, mut err]) = unread(&["--log-level", "debug"], address, metrics);
    answering(metrics).await;
    let mut flood = Client::of(address).await;
    knock(&mut flood, 6_000).await;
    let reading = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        while !text.contains("log lines dropped") {
            let mut bytes = [0; 4096];
            let length = err.read(&mut bytes).unwrap();
            assert!(length > 0, "it ended without a word: {text}");
            text += &String::from_utf8_lossy(&bytes[..length]);
        }
        text
    });
    let text = soon(reading).await.unwrap();
    let line = text.lines().find(|line| line.contains("log lines dropped")).unwrap();
    assert!(line.contains("WARN") && line.contains("lines="), "{line}");
    child.kill().await.unwrap();
}

#[tokio::test]
async fn t30_repeated_lines_are_summarised() {
    let usual = ["--listen", "127.0.0.1:0", "--static-dir", site().to_str().unwrap()];
    let program = Program::start(&[&usual[..], &["--message-rate", "1000000"]].concat(), &[]).await;
    knock(&mut Client::of(program.addr()).await, 450).await;
    let log = program.end("-TERM").await;
    let of = |part: &str| log.lines().filter(|line| line.contains(part)).count();
    assert_eq!(of("join refused connection="), 100, "{log}");
    assert_eq!(of("line=\"join refused\" suppressed=350"), 1, "{log}");
    assert_eq!(of("closed"), 1, "other kinds are written: {log}");
}

#[tokio::test]
async fn other_signals_are_ignored() {
    let usual = ["--listen", "127.0.0.1:0", "--static-dir", site().to_str().unwrap()];
    let mut program = Program::start(&usual, &[]).await;
    let (mut caller, mut callee) = Client::pair(program.addr(), "123").await;
    for signal in ["-USR1", "-USR2", "-HUP"] {
        program.signal(signal).await;
    }
    program.logs("there are no certificate files to reload").await;
    caller.reaches(&mut callee, "afterwards").await;
    program.end("-INT").await;
}

#[tokio::test]
async fn a_second_signal_stops_it_at_once() {
    let usual = ["--listen", "127.0.0.1:0", "--static-dir", site().to_str().unwrap()];
    let mut program = Program::start(&usual, &[]).await;
    // The first waits for a client that does not answer the close frame.
    let mut idle = Client::of(program.addr()).await;
    program.signal("-TERM").await;
    assert_eq!(idle.closed().await, 1012);
    program.signal("-INT").await;
    assert_eq!(soon(program.child.wait()).await.unwrap().code(), Some(128 + 2));
}

#[tokio::test]
async fn a_data_directory_belongs_to_one_server() {
    let folder = Folder::new();
    let site = site().to_str().unwrap();
    let args = ["--listen", "127.0.0.1:0", "--static-dir", site, "--data-dir", folder.root()];
    let mut first = Program::start(&args, &[]).await;
    let second = output(&args, &[]).await;
    assert_eq!(second.status.code(), Some(1));
    let said = sentence(&second);
    assert!(
        said.contains(folder.root()) && said.contains("--data-dir or SALON_DATA_DIR"),
        "{said}"
    );
    first.child.kill().await.unwrap();
    // After a kill, the directory is free.
    let mut again = Program::start(&args, &[]).await;

    // The server runs without the default directory, and logs that.
    let mut usual = salon(&args[..4], &[]);
    usual.env("STATE_DIRECTORY", folder.root());
    let mut other = Program::of(usual).await;
    other.logs("Another server uses the data directory").await;
    again.child.kill().await.unwrap();
}

#[tokio::test]
async fn problems_of_a_data_directory_are_explained() {
    let folder = Folder::new();
    let args = ["--listen", "127.0.0.1:0", "--static-dir", site().to_str().unwrap()];
    let args = [&args[..], &["--data-dir", folder.root()]].concat();
    let start = |env: &'static [(&str, &str)]| {
        let mut command = salon(&args, env);
        command.env_remove("SALON_SECRET");
        command
    };
    let refused = async |part: &str| {
        let output = soon(start(&[]).output()).await.unwrap();
        let said = sentence(&output);
        assert!(output.status.code() == Some(1) && said.contains(part), "{said}");
    };
    Program::of(start(&[])).await.end("-TERM").await;
    folder.set_mode("secret", 0o606);
    refused("other users of this machine can write it").await;
    folder.set_mode("secret", 0o600);
    folder.set_mode("rooms.db", 0o666);
    refused("rooms.db: other users of this machine can write it").await;
    folder.set_mode("rooms.db", 0o600);
    folder.set_mode("", 0o777);
    let mut writable = Program::of(start(&[])).await;
    writable.logs("Other users of this machine can write to the data directory").await;
    writable.end("-TERM").await;
    folder.set_mode("", 0o700);
    folder.set_mode("secret", 0o644);
    let mut readable = Program::of(start(&[])).await;
    readable.logs("Other users can read").await;
    readable.end("-TERM").await;
    folder.set_mode("secret", 0o600);
    fs::write(folder.path("secret"), "a").unwrap();
    refused("openssl rand -hex 32").await;
    fs::remove_file(folder.path("secret")).unwrap();

    fs::write(folder.path("rooms.db"), "").unwrap();
    refused("rooms.db: it is empty").await;
    fs::write(folder.path("rooms.db"), "this is no database at all, but some text").unwrap();
    refused("rooms.db").await;
}

#[tokio::test]
async fn trusting_every_proxy_causes_a_warning() {
    let usual = ["--listen", "127.0.0.1:0", "--static-dir", site().to_str().unwrap()];
    for everybody in ["0.0.0.0/0", "::/0", "0.0.0.0/1 128.0.0.0/1"] {
        let args = [&usual[..], &["--trusted-proxies", everybody]].concat();
        let mut program = Program::start(&args, &[]).await;
        program.logs("--trusted-proxies (SALON_TRUSTED_PROXIES) trusts").await;
    }
}

#[tokio::test]
async fn a_misspelt_variable_causes_a_warning() {
    let usual = ["--listen", "127.0.0.1:0", "--static-dir", site().to_str().unwrap()];
    let links = [("SALON_PORT", "tcp://10.0.0.1:80"), ("SALON_SERVICE_HOST", "10.0.0.1")];
    let mut program = Program::start(&usual, &links).await;
    assert_eq!(program.end("-TERM").await, "", "these are set for every container");
    let misspelt = [("SALON_LISTENN", "hunter2"), ("SALON_DATADIR", "")];
    program = Program::start(&usual, &[&links[..], &misspelt].concat()).await;
    program.logs("SALON_LISTENN: there is no such variable. Did you mean SALON_LISTEN?").await;
    assert_eq!(program.end("-TERM").await, "", "neither its value nor anything else");
}

/// Starts the program, requests a page, and stops it with a signal.
async fn serves_until(signal: &str, args: &[&str], env: &[(&str, &str)]) {
    let program = Program::start(args, env).await;
    assert!(program.origin.starts_with("http://"));
    assert_eq!(Reply::of(program.addr(), "GET /healthz", &[]).await.body, "ok");
    assert_eq!(program.end(signal).await, "", "one line is all it prints");
}

#[tokio::test]
async fn it_serves_at_the_printed_url_and_stops_on_signals() {
    let site = site().to_str().unwrap();
    serves_until("-TERM", &["--listen", "127.0.0.1:0", "--static-dir", site], &[]).await;
    serves_until("-INT", &[], &[("SALON_LISTEN", "[::1]:0"), ("SALON_STATIC_DIR", site)]).await;
    let leptos = [("LEPTOS_SITE_ADDR", "127.0.0.1:0"), ("LEPTOS_SITE_ROOT", site)];
    serves_until("-TERM", &[], &leptos).await;
}
