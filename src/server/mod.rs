//! The server: pages, files, and the socket through which people find each other.
//!
//! One task, the hub, owns the rooms; every socket is a task of its own; the router lists what is
//! answered. Nothing here knows what a call is.

mod accept;
mod acme;
mod address;
mod certificate;
mod checks;
mod claim;
mod clock;
mod config;
mod connection;
mod doctor;
mod error;
mod frames;
mod guard;
mod handshake;
mod headers;
mod hub;
mod ice;
mod intake;
mod limits;
mod log;
mod metrics;
mod names;
mod origin;
mod pages;
mod passcode;
mod qr;
mod quota;
mod redirect;
mod refusals;
mod relay;
mod router;
mod secret;
mod shell;
mod signals;
mod site;
mod socket;
mod speed;
mod store;
mod tls;
mod upgrade;
mod workshop;
mod writer;

pub use acme::Acme;
pub use address::{ParseProxyError, TrustedProxies};
pub use config::{Config, DataFolder, LogFormat, NoConfig, Task};
pub use connection::HubGone;
pub use doctor::{Finding, Verdict, examine};
pub use error::ServerError;
use headers::PagePolicy;
use hub::Means;
pub use hub::{Counts, Hub};
pub use limits::Limits;
pub use log::{Log, within};
pub use origin::{OriginPolicy, ParseOriginError, WebOrigin};
pub use relay::{RELAY_VALID, RelaySecret};
pub use secret::{SEAT_VALID, Secret, WeakSecret};
pub use signals::Signals;
pub use site::{Embedded, EmbeddedFile, Site};
pub use tls::{Certificates, Https};

use crate::room;
use accept::Entrance;
use axum::{Router, middleware::map_response};
use claim::Claim;
use guard::Guard;
use leptos::config::LeptosOptions;
use qr::Pictures;
use quota::Quotas;
use refusals::Refusals;
use router::ServerState;
use std::{future, net::SocketAddr, sync::Arc, time::Duration};
use tls::{Keeper, Tls};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::sleep};
use tracing::{debug, warn};
use workshop::Workshop;

/// How long open connections may take to end after the server was told to.
pub const DRAIN: Duration = Duration::from_secs(3);

/// Name of the built browser app, and the folder of the site that holds it: cargo-leptos is told
/// the same in Cargo.toml.
const OUTPUT_NAME: &str = "salon";
const PKG: &str = "pkg";

/// A server that is ready to listen.
#[derive(Debug)]
pub struct Server {
    hub: Hub,
    hub_task: JoinHandle<()>,
    router: Router,
    entrance: Arc<Entrance>,
    limits: Arc<Limits>,
    guard: Guard,
    /// Where plain http leads to https, and through which entrance.
    redirect: Option<(TcpListener, Arc<Entrance>)>,
    keeper: Keeper,
    https: Https,
    claim: Option<Claim>,
}

impl Server {
    /// Prepares a server. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`ServerError::NoSite`], [`ServerError::Taken`], [`ServerError::Data`],
    /// [`ServerError::NoFolder`], [`ServerError::Certificate`], [`ServerError::Key`] or
    /// [`ServerError::Io`].
    pub fn new(config: Config) -> Result<Self, ServerError> {
        // Leptos renders on this runtime. A second server in the same process finds it set.
        let _ = any_spawner::Executor::init_tokio();
        if let Some(pkg) = config.site.missing() {
            return Err(ServerError::NoSite(pkg));
        }
        for doubt in config.doubts() {
            warn!("{doubt}");
        }
        let (data, claim) = config.data.clone().claim()?;
        let leptos = leptos_options(config.reload_port);
        let relays = config.relays();
        let secret = match config.secret {
            Some(secret) => secret,
            None => data.secret()?,
        };
        let (store, kept) = data.store()?;
        let limits = Arc::new(config.limits);
        let rooms = room::Config {
            people: config.people,
            clocks: config.clocks,
            rooms: limits.rooms,
            kept: limits.kept_rooms,
            placeless: limits.placeless(),
        };
        let ice_urls = Arc::new(relays.urls());
        let (tls, keeper) = Tls::open(&config.https, &data)?;
        let (quotas, proxies) = (Quotas::new(&limits), Arc::new(config.proxies));
        let means = Means { secret: secret.clone(), relays, store, kept };
        let (hub, hub_task) = Hub::start(rooms, means)?;
        let refusals = Refusals::new(hub.metrics());
        let guard =
            Guard { quotas: quotas.clone(), proxies: proxies.clone(), refusals: refusals.clone() };
        let is_secure = tls.is_some();
        let state = ServerState {
            hub: hub.clone(),
            secret,
            ice_urls,
            origins: Arc::new(config.origins),
            limits: limits.clone(),
            quotas: quotas.clone(),
            proxies: proxies.clone(),
            refusals: refusals.clone(),
            workshop: Workshop::new(quotas.clone(), proxies.clone()),
            pictures: Arc::new(Pictures::default()),
            leptos,
            policy: Arc::new(PagePolicy::new(&config.frames, config.reload_port)),
            is_secure,
        };
        let mut router = router::router(state, &config.site);
        if is_secure {
            router = router.layer(map_response(headers::only_https));
        }
        let entrance = Entrance::new(&limits, quotas, proxies, refusals, tls);
        let https = config.https;
        let redirect = None;
        Ok(Self { hub, hub_task, router, entrance, limits, guard, redirect, keeper, https, claim })
    }

    /// The rooms' keeper, to ask it how much it remembers.
    #[must_use]
    pub fn hub(&self) -> Hub {
        self.hub.clone()
    }

    /// Answers what operators ask, on a listener of its own, from now until the runtime ends: the
    /// server's end, too, is to be seen. The limits are the same as for people, but people use up none
    /// of them.
    ///
    /// # Errors
    /// [`ServerError::Io`].
    pub fn serve_metrics(&self, listener: TcpListener) -> Result<(), ServerError> {
        let (quotas, proxies) = (Quotas::new(&self.limits), Arc::new(TrustedProxies::default()));
        let refusals = self.guard.refusals.clone();
        let guard = Guard { quotas, proxies, refusals };
        let router = metrics::router(self.hub(), listener.local_addr()?.ip(), guard.clone());
        let Guard { quotas, proxies, refusals } = guard;
        let entrance = Entrance::new(&self.limits, quotas, proxies, refusals, None);
        tokio::spawn(entrance.serve(listener, router, future::pending()));
        Ok(())
    }

    /// Under which address people reach the server if it listens at `local`.
    #[must_use]
    pub fn origin(&self, local: SocketAddr) -> String {
        self.https.origin(local)
    }

    /// What has the certificate read again.
    #[must_use]
    pub fn certificates(&self) -> Certificates {
        self.keeper.certificates.clone()
    }

    /// Leads whoever comes to `listener` over plain http to https.
    #[must_use]
    pub fn redirect_from(mut self, listener: TcpListener) -> Self {
        self.redirect = Some((listener, self.entrance.without_tls()));
        self
    }

    /// Serves until `shutdown` comes; then accepts nobody, tells every socket to come back later,
    /// and returns when all connections have ended or [`DRAIN`] has passed.
    ///
    /// # Errors
    /// [`ServerError::Io`] or [`ServerError::Hub`].
    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServerError> {
        let Self { hub, hub_task, router, entrance, guard, redirect, https, .. } = self;
        let (_keeper, _claim) = (self.keeper, self.claim);
        let (stop, stopping) = watch::channel(());
        let port = listener.local_addr()?.port();
        let told_to_end = async move {
            shutdown.await;
            drop(stop);
            hub.stop().await;
        };
        let serve = entrance.serve(listener, router, stopped(stopping.clone()));
        let redirect = async {
            if let Some((listener, entrance)) = redirect {
                let stop = stopped(stopping.clone());
                entrance.serve(listener, redirect::router(https, port, guard), stop).await;
            }
            Ok(())
        };
        let keep = async { hub_task.await.map_err(|_| ServerError::Hub) };
        let serve = async {
            let ((), (), redirected) = tokio::join!(told_to_end, serve, redirect);
            redirected
        };
        tokio::select! {
            result = async { tokio::try_join!(serve, keep) } => result.map(|_| ()),
            () = overdue(stopping.clone()) => {
                debug!("some connections did not end in time");
                Ok(())
            }
        }
    }
}

/// Waits until the server is told to end, which is said by dropping the sender.
async fn stopped(mut stopping: watch::Receiver<()>) {
    while stopping.changed().await.is_ok() {}
}

async fn overdue(stopping: watch::Receiver<()>) {
    stopped(stopping).await;
    sleep(DRAIN).await;
}

fn leptos_options(reload_port: Option<u16>) -> LeptosOptions {
    let mut options = LeptosOptions::builder().output_name(OUTPUT_NAME).site_pkg_dir(PKG).build();
    if let Some(port) = reload_port {
        options.reload_port = port.into();
    }
    options
}
