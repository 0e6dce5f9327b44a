//! The program: reads the options, listens, and serves until it receives a signal.

use anyhow::{Context, anyhow};
use rustix::{
    fs::Mode,
    process::{Resource, getrlimit, setrlimit, umask},
};
use salon::server::{
    Config, Embedded, Finding, Log, NoConfig, Server, ServerError, Signals, Task, Verdict,
    WebOrigin, examine, listen, parse_env_file, within,
};
use std::{
    convert::Infallible,
    env,
    ffi::OsStr,
    fs,
    io::{self, Write},
    net::SocketAddr,
    os::unix::{ffi::OsStrExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Duration,
};
use tokio::{net::TcpListener, runtime::Runtime};
use tracing::debug;

/// Timeout for printing a line, and for blocked threads to end.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The pages, if they are embedded in this binary.
#[cfg(feature = "embed")]
const EMBEDDED: Option<Embedded> = Some(salon::embed::file);
#[cfg(not(feature = "embed"))]
const EMBEDDED: Option<Embedded> = None;

/// The option with the environment of a systemd service.
const ENV_FILE: &[u8] = b"--env-file";
/// Beginning of the names of Salon's variables.
const PREFIX: &[u8] = b"SALON_";
/// Data directory of that service: its `StateDirectory=`.
const STATE_DIRECTORY: &str = "/var/lib/salon";

/// Exit code for invalid use.
const WRONG_USE: u8 = 2;

fn main() -> ExitCode {
    // Before this shell's environment is read, which does not count then.
    if let Some(file) = env_file() {
        let Err(error) = as_service(&file);
        say(io::stderr(), &format!("{error:#}"));
        return ExitCode::FAILURE;
    }
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
    let log = Log::start(config.log_level, config.log_format);
    let done = match task {
        Task::Serve => {
            raise_descriptor_limit();
            // Files of the server contain secrets.
            umask(Mode::RWXG | Mode::RWXO);
            serve(config, &log).map(|()| ExitCode::SUCCESS)
        }
        Task::Doctor { origin, .. } => doctor(&config, origin.as_ref()),
    };
    log.close();
    match done {
        Ok(code) => code,
        Err(error) => {
            say(io::stderr(), &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Serves on its own runtime and keeps the log running.
fn serve(config: Config, log: &Log) -> anyhow::Result<()> {
    let runtime = Runtime::new().context("Cannot start threads")?;
    let served = runtime.block_on(async {
        tokio::select! {
            served = run(config) => served,
            never = log.keep() => match never {},
        }
    });
    // Threads may still be blocked, for example by a disk that does not answer.
    runtime.shutdown_timeout(TIMEOUT);
    served
}

/// Listens first: clients that connect during start-up are answered a moment later.
async fn run(config: Config) -> anyhow::Result<()> {
    let signals = Signals::take().context("Cannot wait for signals")?;
    let listener = listen_for_people(config.listen)?;
    let redirect = config.http_redirect_listen.map(listen_for_people).transpose()?;
    let metrics = config.metrics_listen.map(listen_for_operators).transpose()?;
    let mut server = Server::new(config)?;
    if let Some(listener) = redirect {
        server = server.redirect_from(listener);
    }
    say(io::stdout(), &format!("Salon is ready at {}", server.origin(listener.local_addr()?)));
    if let Some(listener) = metrics {
        say(io::stdout(), &format!("Metrics are at http://{}/metrics", listener.local_addr()?));
        server.serve_metrics(listener)?;
    }
    let certificates = server.certificates();
    let shutdown = signals.end(move || certificates.reload());
    Ok(server.run(listener, shutdown).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn doctor(config: &Config, origin: Option<&WebOrigin>) -> anyhow::Result<ExitCode> {
    let mut worst = Verdict::Fine;
    let tell = |finding: Finding| {
        worst = worst.max(finding.verdict());
        say(io::stdout(), &finding.to_string());
    };
    examine(config, origin, tell).await;
    Ok(if worst == Verdict::Problem { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The file of `salon doctor --env-file`. What is wrong with the option is reported by the parser of all.
fn env_file() -> Option<PathBuf> {
    let args: Vec<_> = env::args_os().collect();
    if !args.iter().any(|arg| arg == "doctor") {
        return None;
    }
    let place = args.iter().position(|arg| arg.as_bytes().starts_with(ENV_FILE))?;
    match args.get(place)?.as_bytes().strip_prefix(ENV_FILE)? {
        b"" => args.get(place + 1).map(PathBuf::from),
        rest => Some(OsStr::from_bytes(rest.strip_prefix(b"=")?).into()),
    }
}

/// Runs the doctor again with the environment of the systemd service.
fn as_service(file: &Path) -> anyhow::Result<Infallible> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("Cannot read {name}"))?;
    let variables = parse_env_file(&text).map_err(|error| anyhow!("{name}: {error}."))?;
    let mut args: Vec<_> = env::args_os().skip(1).collect();
    if let Some(place) = args.iter().position(|arg| arg.as_bytes().starts_with(ENV_FILE)) {
        // The file may be part of the option.
        let is_apart = args.get(place).is_some_and(|arg| arg.as_bytes() == ENV_FILE);
        args.drain(place..=place + usize::from(is_apart));
    }
    let mut command = Command::new(env::current_exe()?);
    let own = env::vars_os().map(|(name, _)| name);
    own.filter(|name| name.as_bytes().starts_with(PREFIX)).for_each(|name| {
        command.env_remove(name);
    });
    command.args(args).env("STATE_DIRECTORY", STATE_DIRECTORY).envs(variables);
    Err(command.exec()).context("Cannot run the doctor again")
}

fn listen_for_people(address: SocketAddr) -> Result<TcpListener, ServerError> {
    listen(address).map_err(|error| ServerError::Listen { address, error })
}

fn listen_for_operators(address: SocketAddr) -> Result<TcpListener, ServerError> {
    listen(address).map_err(|error| ServerError::Metrics { address, error })
}

/// Raises the limit of file descriptors as far as the system allows: every connection needs one.
fn raise_descriptor_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        debug!(%error, "cannot raise the limit of file descriptors");
    }
}

/// Prints a line. A reader that is gone or slow is no reason to exit or to wait.
fn say(mut to: impl Write + Send + 'static, line: &str) {
    let line = format!("{line}\n");
    within(TIMEOUT, move || {
        let _ = to.write_all(line.as_bytes()).and_then(|()| to.flush());
    });
}
