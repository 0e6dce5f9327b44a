//! The program: reads the options, listens, and serves until it is told to end.

use anyhow::Context;
use rustix::{
    fs::Mode,
    process::{Resource, getrlimit, setrlimit, umask},
};
use salon::server::{Config, NoConfig, Server, ServerError};
use std::{
    env,
    io::{self, Write},
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
    log_to_stderr(config.log);
    take_all_descriptors();
    // What the server writes is secret: keys, and what is signed with them.
    umask(Mode::RWXG | Mode::RWXO);
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
    let address = config.listen;
    let redirect = config.http;
    let mut server = Server::new(config)?;
    let listener = listen(address)?;
    if let Some(address) = redirect {
        server = server.redirect_from(listen(address)?);
    }
    let mut terminated = signal(SignalKind::terminate()).context("Cannot wait for SIGTERM")?;
    let mut interrupted = signal(SignalKind::interrupt()).context("Cannot wait for Ctrl-C")?;
    say(io::stdout(), &format!("Salon is ready at {}", server.origin(listener.local_addr()?)));
    let told_to_end = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    Ok(server.run(listener, told_to_end).await?)
}

/// Listens with room for everybody who comes back at once when the server was restarted: the usual
/// 128 turns most of a thousand away for a second. The system may allow less.
fn listen(address: SocketAddr) -> Result<TcpListener, ServerError> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|error| ServerError::Listen { address, error })
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
fn log_to_stderr(level: Level) {
    let others = LevelFilter::from_level(level.min(Level::WARN));
    let targets = Targets::new().with_default(others).with_target("salon", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    tracing_subscriber::registry().with(lines).with(targets).init();
}
