//! What an operator decides: options, their environment variables and their defaults.

use super::{
    address::TrustedProxies,
    error::ServerError,
    ice::{IceError, IceList},
    limits::Limits,
    origin::{OriginList, OriginPolicy},
    seat::Secret,
    tls::{Https, HttpsArgs},
};
use crate::protocol::{self, IceServer};
use clap::{
    CommandFactory, Parser,
    builder::BoolishValueParser,
    error::{ContextKind, ErrorKind},
};
use std::{
    env,
    error::Error as _,
    ffi::OsString,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tracing::{Level, warn};

const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3000);
const DEFAULT_ICE: &str = "stun:stun.l.google.com:19302";
const LONGEST_HOLD: u64 = 120;
const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

/// How the server runs.
#[derive(Clone)]
pub struct Config {
    /// `--listen`, `SALON_LISTEN`, else `LEPTOS_SITE_ADDR` (which cargo-leptos sets): where people
    /// reach the server.
    pub listen: SocketAddr,
    /// `--ice`, `SALON_ICE`: what people configure their peer connections with.
    pub ice_servers: Vec<IceServer>,
    /// `--people`, `SALON_PEOPLE`: how many fit into one room, 1 to 16.
    pub people: usize,
    /// `--log`, `SALON_LOG`: how much is written to standard error.
    pub log: Level,
    /// `--allow-origin`, `SALON_ALLOW_ORIGIN`, `--allow-no-origin`, `SALON_ALLOW_NO_ORIGIN`: who
    /// may open the socket besides the server's own pages.
    pub origins: OriginPolicy,
    /// What each address, connection and room may use: the options that [`Limits`] lists.
    pub limits: Limits,
    /// `--trust-proxy`, `SALON_TRUST_PROXY`: whose word is taken for who a client is.
    pub proxies: TrustedProxies,
    /// `--tls-cert`, `--tls-key`, `--acme` and their variables: whether and how to speak TLS.
    pub https: Https,
    /// `--http`, `SALON_HTTP`: where to lead from plain http to https.
    pub http: Option<SocketAddr>,
    /// `--hold`, `SALON_HOLD`: how long a seat is held for somebody whose connection is gone.
    pub hold: Duration,
    /// `SALON_SECRET`: what the proofs of seats are signed with.
    pub secret: Option<Secret>,
    /// `--data`, `SALON_DATA`: the folder of what has to outlive the server, which is that secret
    /// where it is not given.
    pub data: DataFolder,
    /// `--site`, `SALON_SITE`, else `LEPTOS_SITE_ROOT`: the folder with the built pages.
    pub site: PathBuf,
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
            .field("people", &self.people)
            .field("limits", &self.limits)
            .field("proxies", &self.proxies)
            .field("https", &self.https)
            .field("http", &self.http)
            .field("log", &self.log)
            .field("origins", &self.origins)
            .field("hold", &self.hold)
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
    /// A TURN server needs a user name and a credential. In the variable, white space separates
    /// the servers. "none" stands for no server at all: then calls work within one network only.
    #[arg(long, env = "SALON_ICE", hide_env_values = true, default_value = DEFAULT_ICE)]
    #[arg(value_name = "URL[|USER|CREDENTIAL]", verbatim_doc_comment)]
    ice: Vec<IceList>,

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

    /// Folder for what must outlive a restart [default: ~/.local/state/salon]
    ///
    /// It holds the secret that lets people take their seats again. SALON_SECRET, a long random
    /// text, is used instead of it where it is set.
    #[arg(long, env = "SALON_DATA", hide_env_values = true, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// The folder with the built pages [default: "site" beside the program, else target/site]
    #[arg(long, env = "SALON_SITE", hide_env_values = true, value_name = "FOLDER")]
    site: Option<PathBuf>,
}

impl Config {
    /// Reads the options and the environment.
    ///
    /// # Errors
    /// The text to print instead of running.
    pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, NoConfig> {
        let args = Args::try_parse_from(args).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                NoConfig::Asked(error.to_string())
            }
            _ => NoConfig::Wrong(sentence(&error)),
        })?;
        let listen = match args.listen {
            Some(listen) => listen,
            None => leptos_site_addr()?.unwrap_or(DEFAULT_LISTEN),
        };
        let wrong = |error: IceError| NoConfig::Wrong(format!("--ice (SALON_ICE): {error}."));
        let (https, http) = args.https.read().map_err(NoConfig::Wrong)?;
        Ok(Self {
            listen,
            ice_servers: IceList::join(args.ice).map_err(wrong)?,
            people: args.people,
            log: args.log,
            origins: OriginPolicy {
                listed: args.allow_origin.into_iter().flat_map(|list| list.0).collect(),
                allow_none: args.allow_no_origin,
            },
            limits: args.limits,
            proxies: args.trust_proxy.into_iter().collect(),
            https,
            http,
            hold: args.hold,
            secret: env::var("SALON_SECRET")
                .ok()
                .filter(|text| !text.is_empty())
                .map(|text| Secret::from(text.as_str())),
            data: args.data.map_or_else(DataFolder::usual, DataFolder::Chosen),
            site: args.site.unwrap_or_else(site),
            reload_port: reload_port(),
        })
    }
}

fn leptos_site_addr() -> Result<Option<SocketAddr>, NoConfig> {
    let Ok(text) = env::var("LEPTOS_SITE_ADDR") else { return Ok(None) };
    let wrong = |error| NoConfig::Wrong(format!("LEPTOS_SITE_ADDR: {error}."));
    socket_addr(&text).map(Some).map_err(wrong)
}

fn reload_port() -> Option<u16> {
    env::var_os("LEPTOS_WATCH")?;
    env::var("LEPTOS_RELOAD_PORT").ok()?.parse().ok()
}

/// Where to keep what has to outlive the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataFolder {
    /// The operator said so: it has to work.
    Chosen(PathBuf),
    /// Where such things are usually put, if that works.
    Usual(PathBuf),
    /// Nowhere.
    None,
}

impl DataFolder {
    /// Where systemd, or else the desktop's rules (XDG Base Directory Specification), put it.
    fn usual() -> Self {
        let folder = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        folder("STATE_DIRECTORY")
            .or_else(|| folder("XDG_STATE_HOME").map(|home| home.join("salon")))
            .or_else(|| folder("HOME").map(|home| home.join(".local/state/salon")))
            .map_or(Self::None, Self::Usual)
    }

    /// The secret that is kept there; where nothing can be kept, one for this run.
    pub(super) fn secret(&self) -> Result<Secret, ServerError> {
        match self {
            Self::Chosen(folder) => Secret::kept_in(folder),
            Self::Usual(folder) => Secret::kept_in(folder).or_else(|error| {
                warn!("{error} Until then, calls do not outlive a restart.");
                Ok(Secret::fresh()?)
            }),
            Self::None => Ok(Secret::fresh()?),
        }
    }

    /// Where to keep what the server cannot do without.
    pub(super) fn folder(&self) -> Result<PathBuf, ServerError> {
        match self {
            Self::Chosen(folder) | Self::Usual(folder) => Ok(folder.clone()),
            Self::None => Err(ServerError::NoFolder),
        }
    }
}

fn site() -> PathBuf {
    if let Some(root) = env::var_os("LEPTOS_SITE_ROOT") {
        return root.into();
    }
    let program = env::current_exe().ok();
    let beside = program.as_deref().and_then(Path::parent).map(|folder| folder.join("site"));
    beside.filter(|site| site.is_dir()).unwrap_or_else(|| "target/site".into())
}

pub(super) fn socket_addr(text: &str) -> Result<SocketAddr, String> {
    let hint = "is no address with a port, such as 127.0.0.1:3000 or [::]:3000";
    text.parse().map_err(|_| format!("{text:?} {hint}"))
}

fn people(text: &str) -> Result<usize, String> {
    let most = protocol::limits::PEOPLE_PER_ROOM_MAX;
    let people = text.parse().ok().filter(|people| (1..=most).contains(people));
    people.ok_or_else(|| format!("{text:?} is no number from 1 to {most}"))
}

fn hold(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds <= LONGEST_HOLD);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| format!("{text:?} is no number from 0 to {LONGEST_HOLD}"))
}

fn level(text: &str) -> Result<Level, String> {
    let level = LEVELS.iter().find(|(name, _)| *name == text).map(|&(_, level)| level);
    level.ok_or_else(|| format!("{text:?} is none of error, warn, info, debug and trace"))
}

/// What clap says in several lines, in one sentence that names the option and its variable.
fn sentence(error: &clap::Error) -> String {
    let named = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    match (error.kind(), error.source()) {
        (ErrorKind::ValueValidation, Some(cause)) => format!("{}: {cause}.", with_variable(&named)),
        (ErrorKind::UnknownArgument, _) => {
            format!("There is no option {named}; salon --help lists them all.")
        }
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            format!("{}; salon --help explains the options.", line.trim_start_matches("error: "))
        }
    }
}

/// Turns `--people <N>` into `--people (SALON_PEOPLE)`: the value may have come from either.
fn with_variable(named: &str) -> String {
    let option = named.split_whitespace().next().unwrap_or_default();
    let command = Args::command();
    let argument = command.get_arguments().find(|argument| argument.get_long() == option.get(2..));
    match argument.and_then(|argument| argument.get_env()) {
        Some(variable) => format!("{option} ({})", variable.to_string_lossy()),
        None => option.to_owned(),
    }
}
