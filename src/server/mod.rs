//! The server: pages, files, and the socket through which people find each other.
//!
//! One task, the hub, owns the rooms; every socket is a task of its own; the router lists what is
//! answered. Nothing here knows what a call is.

mod config;
mod connection;
mod doctor;
mod error;
mod headers;
mod hub;
mod ice;
mod metrics;
mod origin;
mod pages;
mod passcode;
mod relay;
mod router;
mod secret;
mod shell;
mod site;
mod socket;
mod store;

pub use config::{Config, DataFolder, LogFormat, NoConfig, Task};
pub use connection::HubGone;
pub use doctor::{Finding, Verdict, examine};
pub use error::ServerError;
use hub::Means;
pub use hub::{Counts, Hub};
pub use origin::{OriginPolicy, ParseOriginError, WebOrigin};
pub use relay::{RELAY_VALID, RelaySecret};
pub use secret::{SEAT_VALID, Secret};
pub use site::{Embedded, EmbeddedFile, Site};

use crate::room;
use axum::{Router, serve::ListenerExt};
use leptos::config::LeptosOptions;
use relay::Relays;
use router::ServerState;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::sleep,
};
use tracing::debug;

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
}

impl Server {
    /// Prepares a server. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`ServerError::NoSite`], [`ServerError::Data`] or [`ServerError::Io`].
    pub fn new(config: Config) -> Result<Self, ServerError> {
        // Leptos renders on this runtime. A second server in the same process finds it set.
        let _ = any_spawner::Executor::init_tokio();
        if let Some(pkg) = config.site.missing() {
            return Err(ServerError::NoSite(pkg));
        }
        let leptos = leptos_options(config.reload_port);
        let secret = match config.secret {
            Some(secret) => secret,
            None => config.data.secret()?,
        };
        let store = config.data.store()?;
        let rooms = room::Config { people: config.people, hold: config.hold };
        let relays = Relays {
            servers: config.ice_servers,
            secret: config.turn_secret,
            valid: config.turn_valid.min(RELAY_VALID),
        };
        let has_relay = relays.has_relay();
        let means = Means { secret: secret.clone(), relays, store };
        let (hub, hub_task) = Hub::start(rooms, means)?;
        let state = ServerState {
            hub: hub.clone(),
            secret,
            has_relay,
            origins: Arc::new(config.origins),
            leptos,
            reload_port: config.reload_port,
        };
        Ok(Self { hub, hub_task, router: router::router(state, &config.site) })
    }

    /// The rooms' keeper, to ask it how much it remembers.
    #[must_use]
    pub fn hub(&self) -> Hub {
        self.hub.clone()
    }

    /// Answers what operators ask, on a listener of its own, from now until the runtime ends: the
    /// server's end, too, is to be seen.
    pub fn serve_metrics(&self, listener: TcpListener) {
        let router = metrics::router(self.hub());
        tokio::spawn(async move { axum::serve(listener, router).await });
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
        let Self { hub, hub_task, router } = self;
        let (stopped, stopping) = oneshot::channel::<()>();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serve = axum::serve(listener.tap_io(without_delay), service).with_graceful_shutdown(
            async move {
                shutdown.await;
                drop(stopped);
                hub.stop().await;
            },
        );
        let serve = async { Ok(serve.await?) };
        let keep = async { hub_task.await.map_err(|_| ServerError::Hub) };
        tokio::select! {
            result = async { tokio::try_join!(serve, keep) } => result.map(|_| ()),
            () = overdue(stopping) => {
                debug!("some connections did not end in time");
                Ok(())
            }
        }
    }
}

/// Messages are small and each one waits for the last: sending at once beats sending together.
fn without_delay(stream: &mut TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "cannot set TCP_NODELAY");
    }
}

async fn overdue(stopping: oneshot::Receiver<()>) {
    // An error means that the sender was dropped, which is the signal.
    let _ = stopping.await;
    sleep(DRAIN).await;
}

fn leptos_options(reload_port: Option<u16>) -> LeptosOptions {
    let mut options = LeptosOptions::builder().output_name(OUTPUT_NAME).site_pkg_dir(PKG).build();
    if let Some(port) = reload_port {
        options.reload_port = port.into();
    }
    options
}
