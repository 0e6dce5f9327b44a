//! The program: reads the options, listens, and serves until it is told to end.

use anyhow::Context;
use salon::server::{Config, LogFormat, NoConfig, Server, ServerError};
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
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, prelude::*};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;

/// The operator asked for something impossible.
const WRONG_USE: u8 = 2;

fn main() -> ExitCode {
    let config = match Config::read(env::args_os()) {
        Ok(config) => config,
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
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(io::stderr(), &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(config: Config) -> anyhow::Result<()> {
    let (address, metrics) = (config.listen, config.metrics);
    let server = Server::new(config)?;
    let listener = listen(address).map_err(|error| ServerError::Listen { address, error })?;
    let metrics = metrics.map(listen_for_operators).transpose()?;
    let mut terminated = signal(SignalKind::terminate()).context("Cannot wait for SIGTERM")?;
    let mut interrupted = signal(SignalKind::interrupt()).context("Cannot wait for Ctrl-C")?;
    say(io::stdout(), &format!("Salon is ready at http://{}", listener.local_addr()?));
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
