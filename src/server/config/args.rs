//! The options and commands, as `--help` shows them.

use super::{https::HttpsArgs, ice::IceList, parse};
use crate::{
    protocol,
    server::{
        credentials::turn::RelaySecret,
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

const DEFAULT_ICE: &str = "stun:stun.l.google.com:19302";

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

/// Video calls in the browser, from one program. Open the address it prints, press Join, talk.
///
/// Every option can be given as an environment variable instead.
#[derive(Parser)]
#[command(name = "salon", version)]
pub(super) struct Args {
    /// Address and port to serve on [default: 127.0.0.1:3000]
    #[arg(long, env = "SALON_LISTEN", hide_env_values = true)]
    #[arg(value_name = "ADDR", value_parser = parse::socket_addr)]
    pub(super) listen: Option<SocketAddr>,

    /// A STUN or TURN server for people's browsers; give it again for more
    ///
    /// A TURN server needs a user name and a credential, or --turn-static-auth-secret. In the variable, white
    /// space separates the servers. "none" stands for no server at all: then calls work within one
    /// network only.
    #[arg(long, env = "SALON_ICE_SERVERS", hide_env_values = true, default_value = DEFAULT_ICE)]
    #[arg(value_name = "URL[|USER|CREDENTIAL]", verbatim_doc_comment)]
    pub(super) ice_servers: Vec<IceList>,

    /// The secret shared with TURN servers that are given without user name and credential
    ///
    /// Everybody in a call then gets credentials of their own that end soon. In coturn it is called
    /// static-auth-secret. Other users of this machine can read options; they cannot read variables.
    #[arg(
        long,
        env = "SALON_TURN_STATIC_AUTH_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    #[arg(value_parser = parse::turn_secret)]
    pub(super) turn_static_auth_secret: Option<RelaySecret>,

    /// How long such credentials are valid, 10s to 10m; they are renewed in time
    #[arg(long, env = "SALON_TURN_CREDENTIAL_TTL", hide_env_values = true)]
    #[arg(value_name = "DURATION", default_value = "10m", value_parser = parse::turn_credential_ttl)]
    pub(super) turn_credential_ttl: Duration,

    /// How many people fit into one room, 1 to 16
    ///
    /// Everybody sends to everybody, so the upload of each person grows with every other one.
    #[arg(long, env = "SALON_MAX_PARTICIPANTS", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = protocol::limits::PEOPLE_PER_ROOM, value_parser = parse::people)]
    pub(super) max_participants: usize,

    /// How much to write to standard error: error, warn, info, debug or trace
    ///
    /// Addresses of people appear at debug and trace only.
    #[arg(long, env = "SALON_LOG_LEVEL", hide_env_values = true, value_name = "LEVEL")]
    #[arg(default_value = "info", value_parser = parse::level)]
    pub(super) log_level: Level,

    /// How to write it: text, or json with one object a line
    #[arg(long, env = "SALON_LOG_FORMAT", hide_env_values = true, value_name = "FORMAT")]
    #[arg(default_value = "text", value_parser = parse::log_format)]
    pub(super) log_format: LogFormat,

    /// Serve metrics, /healthz and /readyz on this address and port, for operators [default: off]
    ///
    /// Metrics are in the text format that Prometheus reads. Only this machine is to reach them,
    /// unless --allow-remote-metrics says otherwise.
    #[arg(long, env = "SALON_METRICS_LISTEN", hide_env_values = true, value_name = "ADDR")]
    #[arg(value_parser = parse::socket_addr)]
    pub(super) metrics_listen: Option<SocketAddr>,

    /// Let --metrics-listen be an address that other machines reach
    #[arg(long, env = "SALON_ALLOW_REMOTE_METRICS", hide_env_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    pub(super) allow_remote_metrics: bool,

    /// Another origin whose pages may open the call socket; give it again for more
    ///
    /// Such as https://app.example.org. The server's own pages always may. In the variable, white
    /// space separates the origins.
    #[arg(long, env = "SALON_ALLOW_ORIGIN", hide_env_values = true, value_name = "ORIGIN")]
    #[arg(verbatim_doc_comment)]
    pub(super) allow_origin: Vec<OriginList>,

    /// Let programs that send no Origin open the call socket; browsers always send one
    #[arg(long, env = "SALON_ALLOW_NO_ORIGIN", hide_env_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    pub(super) allow_no_origin: bool,

    /// An origin whose pages may show a call within themselves; give it again for more
    ///
    /// Such as https://intranet.example.org, which has to allow the frame camera and microphone. In
    /// the variable, white space separates the origins.
    #[arg(long, env = "SALON_FRAME_ANCESTORS", hide_env_values = true, value_name = "ORIGIN")]
    #[arg(verbatim_doc_comment)]
    pub(super) frame_ancestors: Vec<OriginList>,

    #[command(flatten)]
    pub(super) limits: Limits,

    /// A proxy, or a network of them, that says for whom it asks; give it again for more
    ///
    /// Limits then count the address in X-Forwarded-For or Forwarded. In the variable, white space
    /// separates them. Without this, everybody behind a proxy counts as one.
    #[arg(long, env = "SALON_TRUSTED_PROXIES", hide_env_values = true)]
    #[arg(value_name = "ADDR[/PREFIX]", verbatim_doc_comment)]
    pub(super) trusted_proxies: Vec<TrustedProxies>,

    #[command(flatten)]
    pub(super) https: HttpsArgs,

    /// How long a seat is held after its connection breaks, 0s to 120s
    ///
    /// The others are not told of somebody who is back by then.
    #[arg(long, env = "SALON_RECONNECT_GRACE", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "15s", value_parser = parse::reconnect_grace)]
    pub(super) reconnect_grace: Duration,

    /// How long a connection may be silent before it counts as broken, 3s to 60s
    ///
    /// It is pinged after a third and two thirds of this. The time counts towards the one that the
    /// seat is held.
    #[arg(long, env = "SALON_PING_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "12s", value_parser = parse::ping_timeout)]
    pub(super) ping_timeout: Duration,

    /// Folder for what must outlive a restart [default: ~/.local/state/salon]
    ///
    /// It holds what hosts decided about their rooms, and the secret that lets people take their
    /// seats again. SALON_SECRET, a random text of 32 characters or more, takes the place of that
    /// secret where it is set.
    #[arg(long, env = "SALON_DATA_DIR", hide_env_values = true, value_name = "FOLDER")]
    pub(super) data_dir: Option<PathBuf>,

    /// The folder with the built pages [default: those in the program if it carries them, else
    /// "site" beside it, else target/site]
    #[arg(long, env = "SALON_STATIC_DIR", hide_env_values = true, value_name = "FOLDER")]
    pub(super) static_dir: Option<PathBuf>,

    #[command(subcommand)]
    pub(super) task: Option<Task>,
}
