//! Configuration: options, their environment variables and their defaults.

mod args;
mod env_file;
mod environment;
mod error;
mod https;
mod ice;
mod media;
mod parse;
mod sentence;

pub use args::Task;
pub use env_file::{EnvFileError, parse_env_file};
pub use error::NoConfig;

use crate::{
    protocol::IceServer,
    room::Timeouts,
    server::{
        credentials::{
            tokens::TokenSigner,
            turn::{Servers, TURN_CREDENTIAL_TTL_MAX, TurnCredentials, TurnSecret},
        },
        data::dir::DataDir,
        limits::Limits,
        log::LogFormat,
        media::MediaOptions,
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
use environment::{SECRET, variable};
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

/// Configuration of the server.
#[derive(Clone)]
pub struct Config {
    /// Listen address: `--listen`, else `LEPTOS_SITE_ADDR`, which cargo-leptos sets.
    pub listen: SocketAddr,
    /// STUN and TURN servers that the browsers use instead of Salon itself, with fixed credentials if
    /// there are any: `--ice-servers`, `--turn-username` and `--turn-credential`.
    pub ice_servers: Option<Vec<IceServer>>,
    /// Salon's own STUN and TURN server.
    pub media: MediaOptions,
    /// Secret that the TURN servers without credentials share: `--turn-static-auth-secret`.
    pub turn_static_auth_secret: Option<TurnSecret>,
    /// Lifetime of TURN credentials, of Salon's own server as well, at most [`TURN_CREDENTIAL_TTL_MAX`]:
    /// `--turn-credential-ttl`.
    pub turn_credential_ttl: Duration,
    /// Maximum number of participants per room, 1 to 16: `--max-participants`.
    pub max_participants: usize,
    /// `--log-level`.
    pub log_level: Level,
    /// `--log-format`.
    pub log_format: LogFormat,
    /// Listen address of the metrics, a loopback address unless `--allow-remote-metrics` is set:
    /// `--metrics-listen`.
    pub metrics_listen: Option<SocketAddr>,
    /// Clients that may open the WebSocket besides the server's own pages: `--allow-origin` and
    /// `--allow-no-origin`.
    pub origins: OriginPolicy,
    /// Origins whose pages may embed those of this server: `--frame-ancestors`.
    pub frame_ancestors: Vec<WebOrigin>,
    /// Resource limits.
    pub limits: Limits,
    /// `--trusted-proxies`.
    pub trusted_proxies: TrustedProxies,
    /// Source of TLS certificates: `--tls-cert`, `--tls-key` and `--acme-domain`.
    pub https: Https,
    /// Listen address that redirects to HTTPS: `--http-redirect-listen`.
    pub http_redirect_listen: Option<SocketAddr>,
    /// Timeouts of silent and lost connections: `--ping-timeout` and `--reconnect-grace`.
    pub timeouts: Timeouts,
    /// Signs seat tokens and host keys, in place of the secret in the data directory: `SALON_SECRET`.
    pub secret: Option<TokenSigner>,
    /// `--data-dir`.
    pub data_dir: DataDir,
    /// The built pages: `--static-dir`, else `LEPTOS_SITE_ROOT`, else those in the binary.
    pub site: Site,
    /// Port at which `cargo leptos watch` tells open pages to reload: `LEPTOS_RELOAD_PORT`, where
    /// `LEPTOS_WATCH` is set.
    pub reload_port: Option<u16>,
}

/// Leaves out the credentials, which must not appear in a log.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls: Vec<_> = self.ice_servers.iter().flatten().map(|server| &server.urls).collect();
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("ice_servers", &urls)
            .field("media", &self.media)
            .field("turn_credential_ttl", &self.turn_credential_ttl)
            .field("max_participants", &self.max_participants)
            .field("limits", &self.limits)
            .field("trusted_proxies", &self.trusted_proxies)
            .field("https", &self.https)
            .field("http_redirect_listen", &self.http_redirect_listen)
            .field("log_level", &self.log_level)
            .field("log_format", &self.log_format)
            .field("metrics_listen", &self.metrics_listen)
            .field("origins", &self.origins)
            .field("frame_ancestors", &self.frame_ancestors)
            .field("timeouts", &self.timeouts)
            .field("data_dir", &self.data_dir)
            .field("site", &self.site)
            .field("reload_port", &self.reload_port)
            .finish()
    }
}

impl Config {
    /// Reads the options and the environment. `embedded` finds the pages in the binary.
    ///
    /// # Errors
    /// The text to print instead of running the command.
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
        let (https, http_redirect_listen) = args.https.read().map_err(NoConfig::Wrong)?;
        let config = Self {
            listen,
            ice_servers: ice::servers(
                args.ice_servers,
                ice::Credentials {
                    username: args.turn_username,
                    credential: args.turn_credential,
                    secret: args.turn_static_auth_secret.as_ref(),
                },
            )?,
            media: args
                .media
                .read(listen, args.trusted_proxies.iter().any(TrustedProxies::is_some)),
            turn_static_auth_secret: args.turn_static_auth_secret,
            turn_credential_ttl: args.turn_credential_ttl,
            max_participants: args.max_participants,
            log_level: args.log_level,
            log_format: args.log_format,
            metrics_listen: args.metrics_listen,
            origins: OriginPolicy {
                listed: args.allow_origin.into_iter().flat_map(|list| list.0).collect(),
                allow_none: args.allow_no_origin,
            },
            frame_ancestors: args.frame_ancestors.into_iter().flat_map(|list| list.0).collect(),
            limits: args.limits,
            trusted_proxies: args.trusted_proxies.into_iter().collect(),
            https,
            http_redirect_listen,
            timeouts: Timeouts {
                reconnect_grace: args.reconnect_grace,
                ..Timeouts::with_ping_timeout(args.ping_timeout)
            },
            secret: secret()?,
            data_dir: args.data_dir.map_or_else(DataDir::usual, DataDir::Chosen),
            site: site(args.static_dir, embedded)?,
            reload_port: reload_port()?,
        };
        Ok((args.task.unwrap_or(Task::Serve), config))
    }

    /// Warnings about settings that are valid but dangerous, and about variables without effect, as
    /// sentences for the operator.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let everybody = self.trusted_proxies.everybody().map(|network| {
            format!(
                "--trusted-proxies (SALON_TRUSTED_PROXIES) trusts {network}, which includes clients: \
                 each of them can forge its address, and limits per address have no effect. List \
                 only the addresses of proxies."
            )
        });
        let weak = self.turn_static_auth_secret.as_ref().and_then(TurnSecret::weakness).map(|weakness| {
            format!(
                "--turn-static-auth-secret (SALON_TURN_STATIC_AUTH_SECRET): {weakness}. Strangers \
                 who guess it can use the TURN server."
            )
        });
        let settings = everybody.into_iter().chain(weak);
        settings.chain(environment::doubts(&Args::command())).collect()
    }

    /// Credentials for the servers of `--ice-servers`, if it is given.
    pub(crate) fn turn_credentials(&self) -> Option<TurnCredentials> {
        self.ice_servers.clone().map(|servers| TurnCredentials {
            servers: Servers::Listed(servers),
            secret: self.turn_static_auth_secret.clone(),
            ttl: self.ttl(),
        })
    }

    /// Lifetime of TURN credentials.
    pub(crate) fn ttl(&self) -> Duration {
        self.turn_credential_ttl.min(TURN_CREDENTIAL_TTL_MAX)
    }
}

/// Options may stand before or after a command: `salon doctor` takes those of the server.
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

fn secret() -> Result<Option<TokenSigner>, NoConfig> {
    let wrong = |error| NoConfig::Wrong(format!("{SECRET}: {error}."));
    variable(SECRET)?.map(|text| text.parse()).transpose().map_err(wrong)
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
        "--metrics-listen (SALON_METRICS_LISTEN): other machines can reach {address}. Use \
         127.0.0.1:{port}, or add --allow-remote-metrics (SALON_ALLOW_REMOTE_METRICS) to allow that."
    )
}
