//! Options and commands, as shown by `--help`.

use super::{https::HttpsArgs, ice::IceUrls, media::MediaArgs, parse};
use crate::{
    protocol,
    server::{
        credentials::turn::TurnSecret,
        limits::Limits,
        log::LogFormat,
        net::{
            client_ip::TrustedProxies,
            origin::{OriginList, WebOrigin},
        },
    },
};
use clap::{Parser, Subcommand, builder::BoolishValueParser};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tracing::Level;

/// The command to run.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Task {
    /// Run the server (default)
    Serve,
    /// Check everything that a server with these options needs, and how to fix what is wrong
    ///
    /// The exit status is 0 if there is no problem, otherwise 1.
    Doctor {
        /// Public origin of the running server, such as https://call.example.org. It is checked as a
        /// browser would use it, through the proxy if there is one
        #[arg(value_name = "ORIGIN", verbatim_doc_comment)]
        origin: Option<WebOrigin>,

        /// File with the environment variables of the systemd service, such as /etc/salon/salon.env
        ///
        /// Those of this shell do not count, and the data directory is that of the service,
        /// /var/lib/salon.
        #[arg(long, value_name = "FILE", verbatim_doc_comment)]
        env_file: Option<PathBuf>,
    },
}

/// Video calls in the browser, from one binary. Open the address it prints, press Join, talk.
///
/// Every option can also be set with its environment variable. Durations have a unit, such as 15s or
/// 1m 30s; without one they are in seconds.
#[derive(Parser)]
#[command(name = "salon", version)]
pub(super) struct Args {
    /// Listen address and port [default: 127.0.0.1:3000]
    #[arg(long, env = "SALON_LISTEN", hide_env_values = true)]
    #[arg(value_name = "ADDR", value_parser = parse::socket_addr)]
    pub(super) listen: Option<SocketAddr>,

    #[command(flatten)]
    pub(super) media: MediaArgs,

    /// STUN or TURN server for the browsers, instead of Salon's own; repeatable
    ///
    /// A TURN server requires --turn-static-auth-secret, or --turn-username and --turn-credential. In
    /// the variable, separate servers with spaces. "none" configures no server: calls then work only
    /// within one network.
    #[arg(long, env = "SALON_ICE_SERVERS", hide_env_values = true)]
    #[arg(value_name = "URL", verbatim_doc_comment)]
    pub(super) ice_servers: Vec<IceUrls>,

    /// Secret shared with the TURN servers
    ///
    /// Each participant gets short-lived credentials that are derived from it (coturn:
    /// static-auth-secret). Prefer the variable: other users of this machine can read options.
    #[arg(long, env = "SALON_TURN_STATIC_AUTH_SECRET", hide_env_values = true)]
    #[arg(value_name = "SECRET", value_parser = parse::turn_secret)]
    pub(super) turn_static_auth_secret: Option<TurnSecret>,

    /// Lifetime of TURN credentials, 10s to 10m, of Salon's own server as well; clients renew them during a
    /// call
    #[arg(long, env = "SALON_TURN_CREDENTIAL_TTL", hide_env_values = true)]
    #[arg(value_name = "DURATION", default_value = "10m", value_parser = parse::turn_credential_ttl)]
    pub(super) turn_credential_ttl: Duration,

    /// Fixed username for the TURN servers, instead of --turn-static-auth-secret
    #[arg(long, env = "SALON_TURN_USERNAME", hide_env_values = true)]
    #[arg(value_name = "NAME", value_parser = parse::turn_credential)]
    pub(super) turn_username: Option<String>,

    /// Fixed credential (password) for that username
    #[arg(long, env = "SALON_TURN_CREDENTIAL", hide_env_values = true)]
    #[arg(value_name = "SECRET", value_parser = parse::turn_credential)]
    pub(super) turn_credential: Option<String>,

    /// Maximum number of participants per room, 1 to 16
    ///
    /// Everyone sends to everyone else, so the upload bandwidth grows with each participant.
    #[arg(long, env = "SALON_MAX_PARTICIPANTS", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = protocol::limits::PARTICIPANTS_PER_ROOM, value_parser = parse::max_participants)]
    pub(super) max_participants: usize,

    /// Log level: error, warn, info, debug or trace
    ///
    /// The log goes to standard error. It holds client addresses at debug and trace only.
    #[arg(long, env = "SALON_LOG_LEVEL", hide_env_values = true, value_name = "LEVEL")]
    #[arg(default_value = "info", value_parser = parse::level)]
    pub(super) log_level: Level,

    /// Log format: text, or json with one object per line
    #[arg(long, env = "SALON_LOG_FORMAT", hide_env_values = true, value_name = "FORMAT")]
    #[arg(default_value = "text", value_parser = parse::log_format)]
    pub(super) log_format: LogFormat,

    /// Listen address and port for /metrics, /healthz and /readyz [default: off]
    ///
    /// Metrics are in the Prometheus text format. The address has to be a loopback address, unless
    /// --allow-remote-metrics is set.
    #[arg(long, env = "SALON_METRICS_LISTEN", hide_env_values = true, value_name = "ADDR")]
    #[arg(value_parser = parse::socket_addr)]
    pub(super) metrics_listen: Option<SocketAddr>,

    /// Allow other machines to reach --metrics-listen
    #[arg(long, env = "SALON_ALLOW_REMOTE_METRICS", hide_env_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    pub(super) allow_remote_metrics: bool,

    /// Additional origin whose pages may open the WebSocket; repeatable
    ///
    /// Such as https://app.example.org. The server's own pages always may. In the variable, separate
    /// origins with spaces.
    #[arg(long, env = "SALON_ALLOW_ORIGIN", hide_env_values = true, value_name = "ORIGIN")]
    #[arg(verbatim_doc_comment)]
    pub(super) allow_origin: Vec<OriginList>,

    /// Allow WebSockets without an Origin header, from clients other than browsers
    #[arg(long, env = "SALON_ALLOW_NO_ORIGIN", hide_env_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    pub(super) allow_no_origin: bool,

    /// Origin whose pages may embed Salon in a frame; repeatable
    ///
    /// Such as https://intranet.example.org, which has to allow the frame camera and microphone. In
    /// the variable, separate origins with spaces.
    #[arg(long, env = "SALON_FRAME_ANCESTORS", hide_env_values = true, value_name = "ORIGIN")]
    #[arg(verbatim_doc_comment)]
    pub(super) frame_ancestors: Vec<OriginList>,

    #[command(flatten)]
    pub(super) limits: Limits,

    /// Proxy (IP address or CIDR) whose X-Forwarded-For or Forwarded header is trusted; repeatable
    ///
    /// Limits then apply to the forwarded address. Without this option, all clients behind a proxy
    /// count as one. In the variable, separate proxies with spaces.
    #[arg(long, env = "SALON_TRUSTED_PROXIES", hide_env_values = true)]
    #[arg(value_name = "ADDR[/PREFIX]", verbatim_doc_comment)]
    pub(super) trusted_proxies: Vec<TrustedProxies>,

    #[command(flatten)]
    pub(super) https: HttpsArgs,

    /// Time that a seat is held after its connection was lost, 0s to 2m
    ///
    /// The others are not notified of a participant who is back by then.
    #[arg(long, env = "SALON_RECONNECT_GRACE", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "15s", value_parser = parse::reconnect_grace)]
    pub(super) reconnect_grace: Duration,

    /// Time without a sign of life after which a connection counts as lost, 3s to 1m
    ///
    /// The server pings a silent connection after a third and after two thirds of this time, which is part
    /// of --reconnect-grace, not added to it.
    #[arg(long, env = "SALON_PING_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "12s", value_parser = parse::ping_timeout)]
    pub(super) ping_timeout: Duration,

    /// Directory for data that outlives a restart [default: ~/.local/state/salon]
    ///
    /// It holds the settings of rooms, and the secret that signs seat tokens and host keys.
    /// SALON_SECRET, a random text of at least 32 characters, replaces that secret.
    #[arg(long, env = "SALON_DATA_DIR", hide_env_values = true, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,

    /// Directory of the built pages [default: embedded in the binary, else "site" next to it, else
    /// target/site]
    #[arg(long, env = "SALON_STATIC_DIR", hide_env_values = true, value_name = "DIR")]
    pub(super) static_dir: Option<PathBuf>,

    #[command(subcommand)]
    pub(super) task: Option<Task>,
}
