//! What an operator decides: options, their environment variables and their defaults.

mod data_folder;
mod environment;
mod sentence;

pub use data_folder::DataFolder;

use super::{
    address::TrustedProxies,
    ice::{IceError, IceList},
    limits::Limits,
    origin::{OriginList, OriginPolicy, WebOrigin},
    relay::{self, RELAY_VALID, RelaySecret, Relays},
    secret::Secret,
    site::{Embedded, Site},
    tls::{Https, HttpsArgs},
};
use crate::{
    protocol::{self, IceServer},
    room::Clocks,
};
use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand, builder::BoolishValueParser,
    error::ErrorKind,
};
use environment::variable;
use std::{
    env,
    ffi::OsString,
    fmt,
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};
use tracing::Level;

const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3000);
const DEFAULT_ICE: &str = "stun:stun.l.google.com:19302";
const LONGEST_HOLD: u64 = 120;
const SILENCE: RangeInclusive<u64> = 3..=60;
/// Shorter, and credentials end before a connection is made with them.
const SHORTEST_VALID: u64 = 10;
const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

/// What the operator wants done.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Task {
    /// Serve, until told to end; this is what happens without a command
    Serve,
    /// Check everything that the server needs, with the same options, and say how to mend it
    ///
    /// Exits with 0 if there is no problem, and with 1 otherwise.
    Doctor {
        /// Where people find the server that runs, such as https://call.example.org: it is asked as
        /// a browser would, through the proxy if there is one
        #[arg(value_name = "ORIGIN", verbatim_doc_comment)]
        origin: Option<WebOrigin>,
    },
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: an object of JSON.
    Json,
}

/// How the server runs.
#[derive(Clone)]
pub struct Config {
    /// `--listen`, `SALON_LISTEN`, else `LEPTOS_SITE_ADDR` (which cargo-leptos sets): where people
    /// reach the server.
    pub listen: SocketAddr,
    /// `--ice`, `SALON_ICE`: what people configure their peer connections with.
    pub ice_servers: Vec<IceServer>,
    /// `--turn-secret`, `SALON_TURN_SECRET`: what credentials are made with for those of these
    /// servers that are relays and were given none.
    pub turn_secret: Option<RelaySecret>,
    /// `--turn-seconds`, `SALON_TURN_SECONDS`: how long such credentials are good, at most
    /// [`RELAY_VALID`].
    pub turn_valid: Duration,
    /// `--people`, `SALON_PEOPLE`: how many fit into one room, 1 to 16.
    pub people: usize,
    /// `--log`, `SALON_LOG`: how much is written to standard error.
    pub log: Level,
    /// `--log-format`, `SALON_LOG_FORMAT`: how it is written.
    pub log_format: LogFormat,
    /// `--metrics`, `SALON_METRICS`: where operators see what happens; a loopback address unless
    /// `--allow-remote-metrics`, `SALON_ALLOW_REMOTE_METRICS` says otherwise.
    pub metrics: Option<SocketAddr>,
    /// `--allow-origin`, `SALON_ALLOW_ORIGIN`, `--allow-no-origin`, `SALON_ALLOW_NO_ORIGIN`: who
    /// may open the socket besides the server's own pages.
    pub origins: OriginPolicy,
    /// `--allow-frame`, `SALON_ALLOW_FRAME`: whose pages may show those of this server within
    /// themselves.
    pub frames: Vec<WebOrigin>,
    /// What each address, connection and room may use: the options that [`Limits`] lists.
    pub limits: Limits,
    /// `--trust-proxy`, `SALON_TRUST_PROXY`: whose word is taken for who a client is.
    pub proxies: TrustedProxies,
    /// `--tls-cert`, `--tls-key`, `--acme` and their variables: whether and how to speak TLS.
    pub https: Https,
    /// `--http`, `SALON_HTTP`: where to lead from plain http to https.
    pub http: Option<SocketAddr>,
    /// `--hold`, `SALON_HOLD`, `--silence`, `SALON_SILENCE`: how long is waited for people of whom
    /// nothing is heard.
    pub clocks: Clocks,
    /// `SALON_SECRET`: what the proofs of seats are signed with.
    pub secret: Option<Secret>,
    /// `--data`, `SALON_DATA`: the folder of what has to outlive the server, which is that secret
    /// where it is not given.
    pub data: DataFolder,
    /// `--site`, `SALON_SITE`, else `LEPTOS_SITE_ROOT`: the folder with the built pages, unless the
    /// program carries them.
    pub site: Site,
    /// `LEPTOS_RELOAD_PORT`, where `LEPTOS_WATCH` is set: where `cargo leptos watch` tells open
    /// pages to reload.
    pub reload_port: Option<u16>,
}

/// Without the credentials, which belong into no log.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls: Vec<_> = self.ice_servers.iter().map(|server| &server.urls).collect();
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("ice_servers", &urls)
            .field("turn_valid", &self.turn_valid)
            .field("people", &self.people)
            .field("limits", &self.limits)
            .field("proxies", &self.proxies)
            .field("https", &self.https)
            .field("http", &self.http)
            .field("log", &self.log)
            .field("log_format", &self.log_format)
            .field("metrics", &self.metrics)
            .field("origins", &self.origins)
            .field("frames", &self.frames)
            .field("clocks", &self.clocks)
            .field("data", &self.data)
            .field("site", &self.site)
            .field("reload_port", &self.reload_port)
            .finish()
    }
}

/// Why there is no configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoConfig {
    /// `--help` or `--version` was given: the text that was asked for.
    Asked(String),
    /// A value is wrong: a sentence that names the option or the variable.
    Wrong(String),
}

/// Video calls in the browser, from one program. Open the address it prints, press Join, talk.
///
/// Every option can be given as an environment variable instead.
#[derive(Parser)]
#[command(name = "salon", version)]
struct Args {
    /// Address and port to serve on [default: 127.0.0.1:3000]
    #[arg(long, env = "SALON_LISTEN", hide_env_values = true)]
    #[arg(value_name = "ADDR", value_parser = socket_addr)]
    listen: Option<SocketAddr>,

    /// A STUN or TURN server for people's browsers; give it again for more
    ///
    /// A TURN server needs a user name and a credential, or --turn-secret. In the variable, white
    /// space separates the servers. "none" stands for no server at all: then calls work within one
    /// network only.
    #[arg(long, env = "SALON_ICE", hide_env_values = true, default_value = DEFAULT_ICE)]
    #[arg(value_name = "URL[|USER|CREDENTIAL]", verbatim_doc_comment)]
    ice: Vec<IceList>,

    /// The secret shared with TURN servers that are given without user name and credential
    ///
    /// Everybody in a call then gets credentials of their own that end soon. In coturn it is called
    /// static-auth-secret. Other users of this machine can read options; they cannot read variables.
    #[arg(long, env = "SALON_TURN_SECRET", hide_env_values = true, value_name = "SECRET")]
    #[arg(value_parser = turn_secret)]
    turn_secret: Option<RelaySecret>,

    /// For how many seconds such credentials are good, 10 to 600; they are renewed in time
    #[arg(long, env = "SALON_TURN_SECONDS", hide_env_values = true, value_name = "SECONDS")]
    #[arg(default_value = "600", value_parser = turn_valid)]
    turn_seconds: Duration,

    /// How many people fit into one room, 1 to 16
    ///
    /// Everybody sends to everybody, so the upload of each person grows with every other one.
    #[arg(long, env = "SALON_PEOPLE", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = protocol::limits::PEOPLE_PER_ROOM, value_parser = people)]
    people: usize,

    /// How much to write to standard error: error, warn, info, debug or trace
    ///
    /// Addresses of people appear at debug and trace only.
    #[arg(long, env = "SALON_LOG", hide_env_values = true, value_name = "LEVEL")]
    #[arg(default_value = "info", value_parser = level)]
    log: Level,

    /// How to write it: text, or json with one object a line
    #[arg(long, env = "SALON_LOG_FORMAT", hide_env_values = true, value_name = "FORMAT")]
    #[arg(default_value = "text", value_parser = log_format)]
    log_format: LogFormat,

    /// Serve metrics, /healthz and /readyz on this address and port, for operators [default: off]
    ///
    /// Metrics are in the text format that Prometheus reads. Only this machine is to reach them,
    /// unless --allow-remote-metrics says otherwise.
    #[arg(long, env = "SALON_METRICS", hide_env_values = true, value_name = "ADDR")]
    #[arg(value_parser = socket_addr)]
    metrics: Option<SocketAddr>,

    /// Let --metrics be an address that other machines reach
    #[arg(long, env = "SALON_ALLOW_REMOTE_METRICS", hide_env_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    allow_remote_metrics: bool,

    /// Another origin whose pages may open the call socket; give it again for more
    ///
    /// Such as https://app.example.org. The server's own pages always may. In the variable, white
    /// space separates the origins.
    #[arg(long, env = "SALON_ALLOW_ORIGIN", hide_env_values = true, value_name = "ORIGIN")]
    #[arg(verbatim_doc_comment)]
    allow_origin: Vec<OriginList>,

    /// Let programs that send no Origin open the call socket; browsers always send one
    #[arg(long, env = "SALON_ALLOW_NO_ORIGIN", hide_env_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    allow_no_origin: bool,

    /// An origin whose pages may show a call within themselves; give it again for more
    ///
    /// Such as https://intranet.example.org, which has to allow the frame camera and microphone. In
    /// the variable, white space separates the origins.
    #[arg(long, env = "SALON_ALLOW_FRAME", hide_env_values = true, value_name = "ORIGIN")]
    #[arg(verbatim_doc_comment)]
    allow_frame: Vec<OriginList>,

    #[command(flatten)]
    limits: Limits,

    /// A proxy, or a network of them, that says for whom it asks; give it again for more
    ///
    /// Limits then count the address in X-Forwarded-For or Forwarded. In the variable, white space
    /// separates them. Without this, everybody behind a proxy counts as one.
    #[arg(long, env = "SALON_TRUST_PROXY", hide_env_values = true)]
    #[arg(value_name = "ADDR[/PREFIX]", verbatim_doc_comment)]
    trust_proxy: Vec<TrustedProxies>,

    #[command(flatten)]
    https: HttpsArgs,

    /// For how many seconds a seat is held when a connection breaks, 0 to 120
    ///
    /// Whoever is back by then is not missed by anybody.
    #[arg(long, env = "SALON_HOLD", hide_env_values = true, value_name = "SECONDS")]
    #[arg(default_value = "15", value_parser = hold)]
    hold: Duration,

    /// After how many seconds without a sign of life a connection counts as broken, 3 to 60
    ///
    /// It is asked for one after a third and two thirds of them. They count towards the time that the
    /// seat is held.
    #[arg(long, env = "SALON_SILENCE", hide_env_values = true, value_name = "SECONDS")]
    #[arg(default_value = "12", value_parser = silence)]
    silence: Duration,

    /// Folder for what must outlive a restart [default: ~/.local/state/salon]
    ///
    /// It holds what hosts decided about their rooms, and the secret that lets people take their
    /// seats again. SALON_SECRET, a random text of 32 characters or more, takes the place of that
    /// secret where it is set.
    #[arg(long, env = "SALON_DATA", hide_env_values = true, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// The folder with the built pages [default: those in the program if it carries them, else
    /// "site" beside it, else target/site]
    #[arg(long, env = "SALON_SITE", hide_env_values = true, value_name = "FOLDER")]
    site: Option<PathBuf>,

    #[command(subcommand)]
    task: Option<Task>,
}

impl Config {
    /// Reads the options and the environment. `embedded` finds the pages that the program carries.
    ///
    /// # Errors
    /// The text to print instead of running.
    pub fn read(
        args: impl IntoIterator<Item = OsString>,
        embedded: Option<Embedded>,
    ) -> Result<(Task, Self), NoConfig> {
        let args = parse(args)?;
        let listen = match args.listen {
            Some(listen) => listen,
            None => leptos_site_addr()?.unwrap_or(DEFAULT_LISTEN),
        };
        let metrics = args.metrics.filter(|address| !address.ip().is_loopback());
        if let Some(address) = metrics.filter(|_| !args.allow_remote_metrics) {
            return Err(NoConfig::Wrong(remote_metrics(address)));
        }
        let (https, http) = args.https.read().map_err(NoConfig::Wrong)?;
        let config = Self {
            listen,
            ice_servers: ice_servers(args.ice, args.turn_secret.as_ref())?,
            turn_secret: args.turn_secret,
            turn_valid: args.turn_seconds,
            people: args.people,
            log: args.log,
            log_format: args.log_format,
            metrics: args.metrics,
            origins: OriginPolicy {
                listed: args.allow_origin.into_iter().flat_map(|list| list.0).collect(),
                allow_none: args.allow_no_origin,
            },
            frames: args.allow_frame.into_iter().flat_map(|list| list.0).collect(),
            limits: args.limits,
            proxies: args.trust_proxy.into_iter().collect(),
            https,
            http,
            clocks: Clocks { hold: args.hold, ..Clocks::with_silence(args.silence) },
            secret: secret()?,
            data: args.data.map_or_else(DataFolder::usual, DataFolder::Chosen),
            site: site(args.site, embedded)?,
            reload_port: reload_port()?,
        };
        Ok((args.task.unwrap_or(Task::Serve), config))
    }

    /// What works and is dangerous, in sentences for the operator.
    pub(super) fn doubts(&self) -> Vec<String> {
        let everybody = self.proxies.everybody().map(|network| {
            format!(
                "--trust-proxy (SALON_TRUST_PROXY) trusts {network}, and so everybody: each \
                 client can claim another address, and no limit of an address holds. Name the \
                 proxy's own address."
            )
        });
        let weak = self.turn_secret.as_ref().and_then(RelaySecret::weakness).map(|weakness| {
            format!(
                "--turn-secret (SALON_TURN_SECRET): {weakness}. Strangers who guess it use the relay."
            )
        });
        everybody.into_iter().chain(weak).collect()
    }

    pub(super) fn relays(&self) -> Relays {
        Relays {
            servers: self.ice_servers.clone(),
            secret: self.turn_secret.clone(),
            valid: self.turn_valid.min(RELAY_VALID),
        }
    }
}

/// The servers, none of which needs credentials that it does not get, or gets some in vain.
fn ice_servers(
    lists: Vec<IceList>,
    secret: Option<&RelaySecret>,
) -> Result<Vec<IceServer>, NoConfig> {
    let wrong = |error: IceError| NoConfig::Wrong(format!("--ice (SALON_ICE): {error}."));
    let servers = IceList::join(lists).map_err(wrong)?;
    match (servers.iter().find(|server| relay::needs_credential(server)), secret) {
        (Some(server), None) => Err(wrong(IceError::NoCredential(server.urls.clone()))),
        (None, Some(_)) => {
            let why = "no TURN server without user name and credential is given with --ice";
            Err(NoConfig::Wrong(format!("--turn-secret (SALON_TURN_SECRET): {why} (SALON_ICE).")))
        }
        _ => Ok(servers),
    }
}

/// Options stand before or after a command, which is to be tried with those of the server.
fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Args, NoConfig> {
    let args: Vec<_> = args.into_iter().collect();
    let mut command =
        Args::command().mut_args(|option| environment::without_empty(option).global(true));
    let environment = environment::check(&command);
    let parsed = command
        .try_get_matches_from_mut(&args)
        .and_then(|matches| Args::from_arg_matches(&matches))
        .map_err(|error| error.format(&mut command));
    match parsed {
        Err(error)
            if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) =>
        {
            Err(NoConfig::Asked(error.to_string()))
        }
        parsed => {
            environment?;
            parsed.map_err(|error| NoConfig::Wrong(sentence::sentence(&error, &args)))
        }
    }
}

/// `SALON_SECRET`, which is no option: other users of this machine can read those.
fn secret() -> Result<Option<Secret>, NoConfig> {
    let wrong = |error| NoConfig::Wrong(format!("SALON_SECRET: {error}."));
    variable("SALON_SECRET")?.map(|text| text.parse()).transpose().map_err(wrong)
}

fn leptos_site_addr() -> Result<Option<SocketAddr>, NoConfig> {
    let wrong = |error| NoConfig::Wrong(format!("LEPTOS_SITE_ADDR: {error}."));
    variable("LEPTOS_SITE_ADDR")?.map(|text| socket_addr(&text)).transpose().map_err(wrong)
}

fn reload_port() -> Result<Option<u16>, NoConfig> {
    let port = variable("LEPTOS_RELOAD_PORT")?.and_then(|port| port.parse().ok());
    Ok(variable("LEPTOS_WATCH")?.and(port))
}

fn site(chosen: Option<PathBuf>, embedded: Option<Embedded>) -> Result<Site, NoConfig> {
    let chosen = chosen.or(variable("LEPTOS_SITE_ROOT")?.map(PathBuf::from));
    Ok(match (chosen, embedded) {
        (Some(folder), _) => Site::Folder(folder),
        (None, Some(find)) => Site::Embedded(find),
        (None, None) => {
            let program = env::current_exe().ok();
            let beside = program.as_deref().and_then(Path::parent).map(|here| here.join("site"));
            let beside = beside.filter(|site| site.is_dir());
            Site::Folder(beside.unwrap_or_else(|| "target/site".into()))
        }
    })
}

pub(super) fn socket_addr(text: &str) -> Result<SocketAddr, String> {
    let hint = "is no address with a port, such as 127.0.0.1:3000 or [::]:3000";
    text.parse().map_err(|_| format!("{text:?} {hint}"))
}

fn remote_metrics(address: SocketAddr) -> String {
    let port = address.port();
    format!(
        "--metrics (SALON_METRICS): other machines can reach {address}. Use 127.0.0.1:{port}, or \
         add --allow-remote-metrics (SALON_ALLOW_REMOTE_METRICS) if that is what you want."
    )
}

fn people(text: &str) -> Result<usize, String> {
    let most = protocol::limits::PEOPLE_PER_ROOM_MAX;
    let people = text.parse().ok().filter(|people| (1..=most).contains(people));
    people.ok_or_else(|| format!("{text:?} is no number from 1 to {most}"))
}

/// The sentence does not repeat what may be a secret.
fn turn_secret(text: &str) -> Result<RelaySecret, &'static str> {
    match text.trim() {
        "" => Err("the secret is empty"),
        bare if bare != text => Err("the secret begins or ends with white space"),
        _ => Ok(RelaySecret::from(text)),
    }
}

fn turn_valid(text: &str) -> Result<Duration, String> {
    let allowed = SHORTEST_VALID..=RELAY_VALID.as_secs();
    let seconds = text.parse().ok().filter(|seconds| allowed.contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        format!("{text:?} is no number from {} to {}", allowed.start(), allowed.end())
    })
}

fn hold(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds <= LONGEST_HOLD);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| format!("{text:?} is no number from 0 to {LONGEST_HOLD}"))
}

fn silence(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| SILENCE.contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        format!("{text:?} is no number from {} to {}", SILENCE.start(), SILENCE.end())
    })
}

fn level(text: &str) -> Result<Level, String> {
    let level = LEVELS.iter().find(|(name, _)| *name == text).map(|&(_, level)| level);
    level.ok_or_else(|| format!("{text:?} is none of error, warn, info, debug and trace"))
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("{text:?} is neither text nor json")),
    }
}
