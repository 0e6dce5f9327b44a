//! The server: pages, files, the WebSocket for signalling, and STUN and TURN.
//!
//! One task, the hub, owns the rooms; every WebSocket has a task of its own; one thread relays packets,
//! which it cannot decrypt.
//!
//! Imports between modules have no cycles. Each of these uses only those below it:
//!
//! | module | contents |
//! |---|---|
//! | `router` | all routes |
//! | `ws` | the handshake and the task of a WebSocket |
//! | `http` | the checks of every request, and the handlers |
//! | `state`, `doctor` | the state shared by handlers; the checks of `salon doctor` |
//! | `hub`, `csp` | the task that owns the rooms; the Content Security Policy |
//! | `reach`, `config` | how participants reach each other; the options |
//! | `net` | listeners, TLS, client addresses and their limits |
//! | `media` | STUN and TURN |
//! | `data` | persistent data |
//! | `credentials` | tokens, passcodes and TURN credentials |
//! | all others | metrics, log, limits, clock, site, errors |

mod clock;
mod config;
mod credentials;
mod csp;
mod data;
mod doctor;
mod duration;
mod error;
mod headers;
mod http;
mod hub;
mod limits;
mod log;
mod media;
mod metrics;
mod net;
mod permissions;
mod reach;
mod router;
mod signals;
mod site;
mod state;
mod ws;

pub use config::{Config, EnvFileError, NoConfig, Task, parse_env_file};
pub use credentials::{
    secret_strength::WeakSecret,
    tokens::{SEAT_TOKEN_TTL, TokenSigner},
    turn::{TURN_CREDENTIAL_TTL_MAX, TurnSecret},
};
pub use data::dir::DataDir;
pub use doctor::{Finding, Verdict, examine};
pub use error::ServerError;
pub use hub::{Counts, Hub, close_reason::HubGone};
pub use limits::Limits;
pub use log::{Log, LogFormat, within};
pub use media::MediaOptions;
pub use net::{
    accept::listen,
    acme::Acme,
    client_ip::{ParseProxyError, TrustedProxies},
    origin::{OriginPolicy, ParseOriginError, WebOrigin},
    tls::{Certificates, Https},
};
pub use signals::Signals;
pub use site::{Embedded, EmbeddedFile, Site};

use crate::room;
use axum::{Router, middleware::map_response};
use csp::PagePolicy;
use data::lock::DataDirLock;
use http::{guard::Guard, metrics_endpoint, redirect};
use hub::Services;
use leptos::config::LeptosOptions;
use media::{Media, Port};
use metrics::Metrics;
use net::{
    ip_quotas::IpQuotas,
    listener::Listener,
    refusals::Refusals,
    tls::{Keeper, Tls},
};
use reach::Reach;
use site::{OUTPUT_NAME, PKG};
use state::AppState;
use std::{future, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::sleep};
use tracing::{debug, warn};

/// Timeout for closing all connections at shutdown.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);

/// A server that is ready to listen.
#[derive(Debug)]
pub struct Server {
    hub: Hub,
    hub_task: JoinHandle<()>,
    router: Router,
    listener: Arc<Listener>,
    limits: Arc<Limits>,
    guard: Guard,
    /// Listener of the redirect to HTTPS.
    redirect: Option<(TcpListener, Arc<Listener>)>,
    /// STUN and TURN, with their listener for TCP.
    media: Option<(Media, TcpListener)>,
    keeper: Keeper,
    https: Https,
    data_lock: Option<DataDirLock>,
}

impl Server {
    /// Prepares a server. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`ServerError::NoSite`], [`ServerError::Taken`], [`ServerError::Data`],
    /// [`ServerError::NoDataDir`], [`ServerError::Certificate`], [`ServerError::Key`] or
    /// [`ServerError::Io`].
    pub fn new(config: Config) -> Result<Self, ServerError> {
        // Leptos renders on this runtime. Fails harmlessly for a second server in the same process.
        let _ = any_spawner::Executor::init_tokio();
        if let Some(pkg) = config.site.missing() {
            return Err(ServerError::NoSite(pkg));
        }
        for doubt in config.doubts() {
            warn!("{doubt}");
        }
        let (data, data_lock) = config.data_dir.clone().lock()?;
        let leptos = leptos_options(config.reload_port);
        let metrics = Arc::new(Metrics::new());
        let is_secure = config.https != Https::Off;
        let (reach, port) = Reach::open(&config, is_secure, &metrics)?;
        let reach = Arc::new(reach);
        let secret = match config.secret {
            Some(secret) => secret,
            None => data.secret()?,
        };
        let (store, stored_rooms) = data.store()?;
        let limits = Arc::new(config.limits);
        let rooms = room::Config {
            max_participants: reach.max_participants(config.max_participants),
            max_direct: reach.max_direct(config.max_participants),
            timeouts: config.timeouts,
            max_rooms: limits.max_rooms,
            max_stored_rooms: limits.max_stored_rooms,
            join_timeout: limits.join_timeout,
        };
        let (tls, keeper) = Tls::open(&config.https, &data)?;
        let (quotas, proxies) = (IpQuotas::new(&limits), Arc::new(config.trusted_proxies));
        let services = Services {
            secret: secret.clone(),
            reach: reach.clone(),
            store,
            stored_rooms,
            metrics: metrics.clone(),
        };
        let (hub, hub_task) = Hub::start(rooms, services)?;
        let refusals = Refusals::new(metrics);
        let guard =
            Guard { quotas: quotas.clone(), proxies: proxies.clone(), refusals: refusals.clone() };
        let state = AppState {
            hub: hub.clone(),
            secret,
            reach: reach.clone(),
            origins: Arc::new(config.origins),
            limits: limits.clone(),
            quotas: quotas.clone(),
            proxies: proxies.clone(),
            refusals: refusals.clone(),
            leptos,
            site: config.site,
            policy: Arc::new(PagePolicy::new(&config.frame_ancestors, config.reload_port)),
            is_secure,
        };
        let mut router = router::router(state);
        if is_secure {
            router = router.layer(map_response(headers::only_https));
        }
        let listener = Listener::new(&limits, quotas, proxies, refusals, tls, reach.media.clone());
        let https = config.https;
        let redirect = None;
        let tcp = port.map(Port::into_tcp);
        Ok(Self {
            hub,
            hub_task,
            router,
            listener,
            limits,
            guard,
            redirect,
            media: reach.media.clone().zip(tcp),
            keeper,
            https,
            data_lock,
        })
    }

    /// The hub.
    #[must_use]
    pub fn hub(&self) -> Hub {
        self.hub.clone()
    }

    /// Serves the metrics until the runtime ends, also during shutdown. The limits are those of the main
    /// listener, but counted separately.
    ///
    /// # Errors
    /// [`ServerError::Io`].
    pub fn serve_metrics(&self, tcp: TcpListener) -> Result<(), ServerError> {
        let (quotas, proxies) = (IpQuotas::new(&self.limits), Arc::new(TrustedProxies::default()));
        let refusals = self.guard.refusals.clone();
        let guard = Guard { quotas, proxies, refusals };
        let router = metrics_endpoint::router(self.hub(), tcp.local_addr()?.ip(), guard.clone());
        let Guard { quotas, proxies, refusals } = guard;
        let listener = Listener::new(&self.limits, quotas, proxies, refusals, None, None);
        tokio::spawn(listener.serve(tcp, router, future::pending()));
        Ok(())
    }

    /// Returns the origin of the server if it listens at `local`.
    #[must_use]
    pub fn origin(&self, local: SocketAddr) -> String {
        self.https.origin(local)
    }

    /// Returns a handle for reloading the certificate.
    #[must_use]
    pub fn certificates(&self) -> Certificates {
        self.keeper.certificates.clone()
    }

    /// Redirects HTTP requests at `tcp` to HTTPS.
    #[must_use]
    pub fn redirect_from(mut self, tcp: TcpListener) -> Self {
        self.redirect = Some((tcp, self.listener.without_tls()));
        self
    }

    /// Serves until `shutdown` completes; then closes the listener and all WebSockets, and returns when
    /// all connections have ended, or after [`DRAIN_TIMEOUT`].
    ///
    /// # Errors
    /// [`ServerError::Io`], [`ServerError::Hub`] or [`ServerError::MediaPlane`].
    pub async fn run(
        self,
        tcp: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServerError> {
        let Self { hub, hub_task, router, listener, guard, redirect, media, https, .. } = self;
        let (_keeper, _data_lock) = (self.keeper, self.data_lock);
        let (stop, stopping) = watch::channel(());
        let port = tcp.local_addr()?.port();
        let shut_down = async move {
            shutdown.await;
            drop(stop);
            hub.stop().await;
        };
        let serve = listener.clone().serve(tcp, router, stopped(stopping.clone()));
        let (media, media_tcp) = media.unzip();
        let serve_media = async {
            if let Some(tcp) = media_tcp {
                listener.serve_media(tcp, stopped(stopping.clone())).await;
            }
        };
        // Like the rooms, it cannot be repaired here. Participants return to a new process within seconds.
        let media_ended = async {
            match media {
                Some(media) => media.ended().await,
                None => future::pending().await,
            }
        };
        let redirect = async {
            if let Some((tcp, listener)) = redirect {
                let stop = stopped(stopping.clone());
                listener.serve(tcp, redirect::router(https, port, guard), stop).await;
            }
            Ok(())
        };
        let keep = async { hub_task.await.map_err(|_| ServerError::Hub) };
        let serve = async {
            let ((), (), (), redirected) = tokio::join!(shut_down, serve, serve_media, redirect);
            redirected
        };
        tokio::select! {
            result = async { tokio::try_join!(serve, keep) } => result.map(|_| ()),
            () = media_ended => Err(ServerError::MediaPlane),
            () = overdue(stopping.clone()) => {
                debug!("some connections did not close in time");
                Ok(())
            }
        }
    }
}

/// Waits until the server shuts down, which drops the sender.
async fn stopped(mut stopping: watch::Receiver<()>) {
    while stopping.changed().await.is_ok() {}
}

async fn overdue(stopping: watch::Receiver<()>) {
    stopped(stopping).await;
    sleep(DRAIN_TIMEOUT).await;
}

fn leptos_options(reload_port: Option<u16>) -> LeptosOptions {
    let mut options = LeptosOptions::builder().output_name(OUTPUT_NAME).site_pkg_dir(PKG).build();
    if let Some(port) = reload_port {
        options.reload_port = port.into();
    }
    options
}
