//! The program: reads the options, listens, and serves until it is told to end.

use anyhow::Context;
use rustix::{
    fs::Mode,
    process::{Resource, getrlimit, setrlimit, umask},
};
use salon::server::{
    Config, Embedded, Finding, LogFormat, NoConfig, Server, ServerError, Task, Verdict, examine,
};
use std::{
    env,
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    process::ExitCode,
};
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{SignalKind, signal},
};
use tracing::{Level, debug, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, prelude::*};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;

/// The pages, if this program carries them.
#[cfg(feature = "embed")]
const EMBEDDED: Option<Embedded> = Some(salon::embed::file);
#[cfg(not(feature = "embed"))]
const EMBEDDED: Option<Embedded> = None;

/// The operator asked for something impossible.
const WRONG_USE: u8 = 2;

fn main() -> ExitCode {
    let (task, config) = match Config::read(env::args_os(), EMBEDDED) {
        Ok(read) => read,
        Err(NoConfig::Asked(text)) => {
            say(io::stdout(), text.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(NoConfig::Wrong(sentence)) => {
            say(io::stderr(), &sentence);
            return WRONG_USE.into();
        }
    };
    log_to_stderr(config.log, config.log_format);
    let done = match task {
        Task::Serve => {
            take_all_descriptors();
            // What the server writes is secret: keys, and what is signed with them.
            umask(Mode::RWXG | Mode::RWXO);
            run(config).map(|()| ExitCode::SUCCESS)
        }
        Task::Doctor => doctor(&config),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            say(io::stderr(), &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(config: Config) -> anyhow::Result<()> {
    let (address, redirect, metrics) = (config.listen, config.http, config.metrics);
    let mut server = Server::new(config)?;
    let listener = listen_for_people(address)?;
    if let Some(address) = redirect {
        server = server.redirect_from(listen_for_people(address)?);
    }
    let metrics = metrics.map(listen_for_operators).transpose()?;
    let mut terminated = signal(SignalKind::terminate()).context("Cannot wait for SIGTERM")?;
    let mut interrupted = signal(SignalKind::interrupt()).context("Cannot wait for Ctrl-C")?;
    say(io::stdout(), &format!("Salon is ready at {}", server.origin(listener.local_addr()?)));
    if let Some(listener) = metrics {
        say(io::stdout(), &format!("Metrics are at http://{}/metrics", listener.local_addr()?));
        server.serve_metrics(listener);
    }
    let told_to_end = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    Ok(server.run(listener, told_to_end).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn doctor(config: &Config) -> anyhow::Result<ExitCode> {
    let mut worst = Verdict::Fine;
    let tell = |finding: Finding| {
        worst = worst.max(finding.verdict());
        say(io::stdout(), &finding.to_string());
    };
    examine(config, tell).await;
    Ok(if worst == Verdict::Problem { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn listen_for_people(address: SocketAddr) -> Result<TcpListener, ServerError> {
    listen(address).map_err(|error| ServerError::Listen { address, error })
}

fn listen_for_operators(address: SocketAddr) -> Result<TcpListener, ServerError> {
    listen(address).map_err(|error| ServerError::Metrics { address, error })
}

/// Listens with room for everybody who comes back at once when the server was restarted: the usual
/// 128 turns most of a thousand away for a second. The system may allow less.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Every connection takes a descriptor, and the usual 1,024 are few: as many as the system allows.
fn take_all_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        debug!(%error, "the limit of descriptors stays as it is");
    }
}

/// Prints a line. Nobody may be listening, and that is no reason to end.
fn say(mut to: impl Write, line: &str) {
    let _ = writeln!(to, "{line}").and_then(|()| to.flush());
}

/// Other crates only warn: at finer levels they write whole messages, and addresses with them.
fn log_to_stderr(level: Level, format: LogFormat) {
    let others = LevelFilter::from_level(level.min(Level::WARN));
    let targets = Targets::new().with_default(others).with_target("salon", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = lines.with_ansi(io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    tracing_subscriber::registry().with(lines).with(targets).init();
}
