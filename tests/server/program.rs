//! The program itself: its options, what it prints, and how it ends.

use crate::support::{Reply, site, soon};
use std::{
    net::SocketAddr,
    process::{Output, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStderr, ChildStdout, Command},
};

pub(crate) fn salon(args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_salon"));
    for (name, _) in std::env::vars_os() {
        let ours = ["SALON_", "LEPTOS_"];
        if ours.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    // Else it would keep things in the home of whoever runs these tests.
    command.env("HOME", env!("CARGO_TARGET_TMPDIR")).env_remove("XDG_STATE_HOME");
    command.env("SALON_SECRET", "the secret of these tests");
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

#[tokio::test]
async fn a_wrong_value_is_named_and_exits_with_2() {
    for (args, env, named) in [
        (&["--listen", "nowhere"][..], &[][..], "--listen (SALON_LISTEN)"),
        (&["--people", "0"], &[], "--people (SALON_PEOPLE)"),
        (&["--people", "17"], &[], "--people (SALON_PEOPLE)"),
        (&["--people", "two"], &[], "--people (SALON_PEOPLE)"),
        (&["--ice", "http://example.org"], &[], "--ice (SALON_ICE)"),
        (&["--ice", "turn:example.org"], &[], "--ice (SALON_ICE)"),
        (&["--ice", "turn:example.org", "--turn-secret", " "], &[], "(SALON_TURN_SECRET)"),
        (&["--turn-seconds", "9"], &[], "--turn-seconds (SALON_TURN_SECONDS)"),
        (&["--turn-seconds", "601"], &[], "--turn-seconds (SALON_TURN_SECONDS)"),
        (&[], &[("SALON_TURN_SECRET", "hunter2")], "--turn-secret (SALON_TURN_SECRET)"),
        (&[], &[("SALON_TURN_SECONDS", "ten")], "--turn-seconds (SALON_TURN_SECONDS)"),
        (&["--ice", "none", "--ice", "stun:example.org"], &[], "--ice (SALON_ICE)"),
        (&["--hold", "121"], &[], "--hold (SALON_HOLD)"),
        (&["--log", "loud"], &[], "--log (SALON_LOG)"),
        (&["--log-format", "xml"], &[], "--log-format (SALON_LOG_FORMAT)"),
        (&["--connections", "0"], &[], "--connections (SALON_CONNECTIONS)"),
        (&["--sockets", "many"], &[], "--sockets (SALON_SOCKETS)"),
        (&["--messages", "x"], &[], "--messages (SALON_MESSAGES)"),
        (&["--rooms", "1000001"], &[], "--rooms (SALON_ROOMS)"),
        (&["--patience", "61"], &[], "--patience (SALON_PATIENCE)"),
        (&["--trust-proxy", "localhost"], &[], "--trust-proxy (SALON_TRUST_PROXY)"),
        (&["--tls-cert", "a"], &[], "--tls-key (SALON_TLS_KEY)"),
        (&["--tls-key", "a"], &[], "--tls-cert (SALON_TLS_CERT)"),
        (&["--tls-cert", "a", "--tls-key", "b", "--acme", "a.example"], &[], "--acme (SALON_ACME)"),
        (&["--acme", "192.0.2.1"], &[], "--acme (SALON_ACME)"),
        (&["--acme-directory", "http://a"], &[], "--acme-directory (SALON_ACME_DIRECTORY)"),
        (&["--http", "127.0.0.1:80"], &[], "--http (SALON_HTTP)"),
        (&["--http", "80"], &[], "--http (SALON_HTTP)"),
        (&["--allow-origin", "example.org"], &[], "--allow-origin (SALON_ALLOW_ORIGIN)"),
        (&["--allow-frame", "https://a;b"], &[], "--allow-frame (SALON_ALLOW_FRAME)"),
        (&[], &[("SALON_LISTEN", "3000")], "SALON_LISTEN"),
        (&[], &[("SALON_PEOPLE", "many")], "SALON_PEOPLE"),
        (&[], &[("SALON_ICE", "stun:a.example turn:b.example")], "SALON_ICE"),
        (&[], &[("SALON_LOG", "")], "SALON_LOG"),
        (&[], &[("SALON_ALLOW_ORIGIN", "https://a.example/x")], "SALON_ALLOW_ORIGIN"),
        (&[], &[("SALON_ALLOW_NO_ORIGIN", "perhaps")], "SALON_ALLOW_NO_ORIGIN"),
        (&[], &[("LEPTOS_SITE_ADDR", "nowhere")], "LEPTOS_SITE_ADDR"),
        (&["--metrics", "9100"], &[], "--metrics (SALON_METRICS)"),
        (&["--metrics", "0.0.0.0:9100"], &[], "--allow-remote-metrics"),
        (&[], &[("SALON_METRICS", "[::]:9100")], "SALON_ALLOW_REMOTE_METRICS"),
        (&["doctor", "--people", "0"], &[], "--people (SALON_PEOPLE)"),
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
        let output = output(&[], &[("SALON_ICE", wrong)]).await;
        assert_eq!(output.status.code(), Some(2));
        assert!(!sentence(&output).contains("hunter2"));
    }
    let secrets = [
        ("SALON_ICE", "turn:example.org|user|hunter2"),
        ("SALON_TURN_SECRET", "hunter2"),
        ("SALON_SECRET", "hunter2"),
    ];
    let help = output(&["--help"], &secrets).await;
    assert!(!String::from_utf8(help.stdout).unwrap().contains("hunter2"));
}

#[tokio::test]
async fn help_explains_every_option_and_its_variable() {
    let help = output(&["--help"], &[]).await;
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout).unwrap();
    for option in [
        "listen",
        "ice",
        "turn-secret",
        "turn-seconds",
        "people",
        "log",
        "log-format",
        "metrics",
        "allow-remote-metrics",
        "allow-origin",
        "allow-no-origin",
        "allow-frame",
        "site",
        "connections",
        "sockets",
        "messages",
        "rooms",
        "kept-rooms",
        "patience",
        "trust-proxy",
        "tls-cert",
        "tls-key",
        "acme",
        "acme-contact",
        "acme-directory",
        "acme-ca",
        "http",
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
async fn what_keeps_it_from_serving_is_said_and_exits_with_1() {
    let site = site().to_str().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let busy = output(&["--site", site, "--listen", &taken], &[]).await;
    assert_eq!(busy.status.code(), Some(1));
    assert!(sentence(&busy).starts_with(&format!("Cannot listen on {taken}: ")));

    let foreign = output(&["--site", site, "--listen", "192.0.2.1:3000"], &[]).await;
    assert_eq!(foreign.status.code(), Some(1));
    assert!(sentence(&foreign).contains("192.0.2.1:3000"));

    let files = ["--site", site, "--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.key"];
    let missing = output(&files, &[]).await;
    assert_eq!(missing.status.code(), Some(1));
    assert!(sentence(&missing).starts_with("Cannot use the certificate in /nowhere.pem: "));

    let empty = output(&["--site", "/nowhere", "--listen", "127.0.0.1:0"], &[]).await;
    assert_eq!(empty.status.code(), Some(1));
    assert!(sentence(&empty).contains("/nowhere/pkg") && sentence(&empty).contains("make release"));
}

/// The running program. It is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it says of itself when it is ready.
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

    /// Where it listens, if it says so.
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

    /// Ends it with a signal; returns what else it said.
    pub(crate) async fn end(mut self, signal: &str) -> String {
        let id = self.id().to_string();
        soon(Command::new("kill").args([signal, &id]).status()).await.unwrap();
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

/// Starts the program, asks it for a page, and ends it with a signal.
async fn serves_until(signal: &str, args: &[&str], env: &[(&str, &str)]) {
    let program = Program::start(args, env).await;
    assert!(program.origin.starts_with("http://"));
    assert_eq!(Reply::of(program.addr(), "GET /healthz", &[]).await.body, "ok");
    assert_eq!(program.end(signal).await, "", "one line is all it prints");
}

#[tokio::test]
async fn it_serves_where_it_says_and_ends_when_told() {
    let site = site().to_str().unwrap();
    serves_until("-TERM", &["--listen", "127.0.0.1:0", "--site", site], &[]).await;
    serves_until("-INT", &[], &[("SALON_LISTEN", "[::1]:0"), ("SALON_SITE", site)]).await;
    let leptos = [("LEPTOS_SITE_ADDR", "127.0.0.1:0"), ("LEPTOS_SITE_ROOT", site)];
    serves_until("-TERM", &[], &leptos).await;
}
