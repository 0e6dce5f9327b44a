//! What an operator decides: options, their environment variables and their defaults.

mod args;
mod environment;
mod error;
mod https;
mod ice;
mod parse;
mod sentence;

pub use args::Task;
pub use error::NoConfig;

use crate::{
    protocol::IceServer,
    room::Clocks,
    server::{
        credentials::{
            tokens::TokenSigner,
            turn::{RELAY_VALID, RelaySecret, TurnCredentials},
        },
        data::folder::DataFolder,
        limits::Limits,
        log::LogFormat,
        net::{
            client_ip::TrustedProxies,
            origin::{OriginPolicy, WebOrigin},
            tls::Https,
        },
        site::{Embedded, Site},
    },
};
use args::Args;
use clap::{CommandFactory, FromArgMatches, error::ErrorKind};
use environment::variable;
use std::{
    env,
    ffi::OsString,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tracing::Level;

const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3000);

/// How the server runs.
#[derive(Clone)]
pub struct Config {
    /// `--listen`, `SALON_LISTEN`, else `LEPTOS_SITE_ADDR` (which cargo-leptos sets): where people
    /// reach the server.
    pub listen: SocketAddr,
    /// `--ice-servers`, `SALON_ICE_SERVERS`: what people configure their peer connections with.
    pub ice_servers: Vec<IceServer>,
    /// `--turn-static-auth-secret`, `SALON_TURN_STATIC_AUTH_SECRET`: what credentials are made with for those of these
    /// servers that are relays and were given none.
    pub turn_secret: Option<RelaySecret>,
    /// `--turn-credential-ttl`, `SALON_TURN_CREDENTIAL_TTL`: how long such credentials are good, at most
    /// [`RELAY_VALID`].
    pub turn_valid: Duration,
    /// `--max-participants`, `SALON_MAX_PARTICIPANTS`: how many fit into one room, 1 to 16.
    pub people: usize,
    /// `--log-level`, `SALON_LOG_LEVEL`: how much is written to standard error.
    pub log: Level,
    /// `--log-format`, `SALON_LOG_FORMAT`: how it is written.
    pub log_format: LogFormat,
    /// `--metrics-listen`, `SALON_METRICS_LISTEN`: where operators see what happens; a loopback address unless
    /// `--allow-remote-metrics`, `SALON_ALLOW_REMOTE_METRICS` says otherwise.
    pub metrics: Option<SocketAddr>,
    /// `--allow-origin`, `SALON_ALLOW_ORIGIN`, `--allow-no-origin`, `SALON_ALLOW_NO_ORIGIN`: who
    /// may open the socket besides the server's own pages.
    pub origins: OriginPolicy,
    /// `--frame-ancestors`, `SALON_FRAME_ANCESTORS`: whose pages may show those of this server within
    /// themselves.
    pub frames: Vec<WebOrigin>,
    /// What each address, connection and room may use: the options that [`Limits`] lists.
    pub limits: Limits,
    /// `--trusted-proxies`, `SALON_TRUSTED_PROXIES`: whose word is taken for who a client is.
    pub proxies: TrustedProxies,
    /// `--tls-cert`, `--tls-key`, `--acme-domain` and their variables: whether and how to speak TLS.
    pub https: Https,
    /// `--http-redirect-listen`, `SALON_HTTP_REDIRECT_LISTEN`: where to lead from plain http to https.
    pub http: Option<SocketAddr>,
    /// `--reconnect-grace`, `SALON_RECONNECT_GRACE`, `--ping-timeout`, `SALON_PING_TIMEOUT`: how long is waited for people of whom
    /// nothing is heard.
    pub clocks: Clocks,
    /// `SALON_SECRET`: what the proofs of seats are signed with.
    pub secret: Option<TokenSigner>,
    /// `--data-dir`, `SALON_DATA_DIR`: the folder of what has to outlive the server, which is that secret
    /// where it is not given.
    pub data: DataFolder,
    /// `--static-dir`, `SALON_STATIC_DIR`, else `LEPTOS_SITE_ROOT`: the folder with the built pages, unless the
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

impl Config {
    /// Reads the options and the environment. `embedded` finds the pages that the program carries.
    ///
    /// # Errors
    /// The text to print instead of running.
    pub fn read(
        args: impl IntoIterator<Item = OsString>,
        embedded: Option<Embedded>,
    ) -> Result<(Task, Self), NoConfig> {
        let args = parse_args(args)?;
        let listen = match args.listen {
            Some(listen) => listen,
            None => leptos_site_addr()?.unwrap_or(DEFAULT_LISTEN),
        };
        let metrics = args.metrics_listen.filter(|address| !address.ip().is_loopback());
        if let Some(address) = metrics.filter(|_| !args.allow_remote_metrics) {
            return Err(NoConfig::Wrong(remote_metrics(address)));
        }
        let (https, http) = args.https.read().map_err(NoConfig::Wrong)?;
        let config = Self {
            listen,
            ice_servers: ice::servers(args.ice_servers, args.turn_static_auth_secret.as_ref())?,
            turn_secret: args.turn_static_auth_secret,
            turn_valid: args.turn_credential_ttl,
            people: args.max_participants,
            log: args.log_level,
            log_format: args.log_format,
            metrics: args.metrics_listen,
            origins: OriginPolicy {
                listed: args.allow_origin.into_iter().flat_map(|list| list.0).collect(),
                allow_none: args.allow_no_origin,
            },
            frames: args.frame_ancestors.into_iter().flat_map(|list| list.0).collect(),
            limits: args.limits,
            proxies: args.trusted_proxies.into_iter().collect(),
            https,
            http,
            clocks: Clocks {
                hold: args.reconnect_grace,
                ..Clocks::with_silence(args.ping_timeout)
            },
            secret: secret()?,
            data: args.data_dir.map_or_else(DataFolder::usual, DataFolder::Chosen),
            site: site(args.static_dir, embedded)?,
            reload_port: reload_port()?,
        };
        Ok((args.task.unwrap_or(Task::Serve), config))
    }

    /// What works and is dangerous, in sentences for the operator.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let everybody = self.proxies.everybody().map(|network| {
            format!(
                "--trusted-proxies (SALON_TRUSTED_PROXIES) trusts {network}, and so everybody: each \
                 client can claim another address, and no limit of an address holds. Name the \
                 proxy's own address."
            )
        });
        let weak = self.turn_secret.as_ref().and_then(RelaySecret::weakness).map(|weakness| {
            format!(
                "--turn-static-auth-secret (SALON_TURN_STATIC_AUTH_SECRET): {weakness}. Strangers who guess it use the relay."
            )
        });
        everybody.into_iter().chain(weak).collect()
    }

    pub(crate) fn turn_credentials(&self) -> TurnCredentials {
        TurnCredentials {
            servers: self.ice_servers.clone(),
            secret: self.turn_secret.clone(),
            valid: self.turn_valid.min(RELAY_VALID),
        }
    }
}

/// Options stand before or after a command, which is to be tried with those of the server.
fn parse_args(args: impl IntoIterator<Item = OsString>) -> Result<Args, NoConfig> {
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
fn secret() -> Result<Option<TokenSigner>, NoConfig> {
    let wrong = |error| NoConfig::Wrong(format!("SALON_SECRET: {error}."));
    variable("SALON_SECRET")?.map(|text| text.parse()).transpose().map_err(wrong)
}

fn leptos_site_addr() -> Result<Option<SocketAddr>, NoConfig> {
    let wrong = |error| NoConfig::Wrong(format!("LEPTOS_SITE_ADDR: {error}."));
    variable("LEPTOS_SITE_ADDR")?.map(|text| parse::socket_addr(&text)).transpose().map_err(wrong)
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

fn remote_metrics(address: SocketAddr) -> String {
    let port = address.port();
    format!(
        "--metrics-listen (SALON_METRICS_LISTEN): other machines can reach {address}. Use 127.0.0.1:{port}, or \
         add --allow-remote-metrics (SALON_ALLOW_REMOTE_METRICS) if that is what you want."
    )
}
