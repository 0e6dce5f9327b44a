//! Answers that take a while to work out: pages and pictures.
//!
//! They are made beside the async workers, which have messages to pass on meanwhile, by threads that
//! give way to them, a few at a time. Of those that wait only a few are of one address, so that
//! nobody waits long for others.

use crate::server::net::{
    client_ip::TrustedProxies, connect_info::ConnectInfo, ip_quotas::IpQuotas,
};
use axum::{
    Extension,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use rustix::process::nice;
use std::{
    sync::Arc,
    thread::{self, available_parallelism},
};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, oneshot},
};
use tracing::error;

/// How far the threads give way, of 19 (setpriority(2)).
const NICE: i32 = 10;

/// Where answers are worked out.
#[derive(Clone, Debug)]
pub(crate) struct Workshop {
    places: Arc<Semaphore>,
    quotas: Arc<IpQuotas>,
    proxies: Arc<TrustedProxies>,
}

impl Workshop {
    /// Leaves a processor to those who talk, if there is more than one.
    pub(crate) fn new(quotas: Arc<IpQuotas>, proxies: Arc<TrustedProxies>) -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        let places = Arc::new(Semaphore::new(processors.saturating_sub(1).max(1)));
        Self { places, quotas, proxies }
    }
}

/// Works out the whole of an answer when it is its turn.
pub(crate) async fn order(
    State(workshop): State<Workshop>,
    Extension(peer): Extension<Arc<ConnectInfo>>,
    request: Request,
    next: Next,
) -> Response {
    let address = workshop.proxies.client(peer.address, request.headers());
    // These are never closed.
    let turn = workshop.quotas.orders(address).acquire_owned().await;
    let place = workshop.places.clone().acquire_owned().await;
    let runtime = Handle::current();
    let (done, made) = oneshot::channel();
    let work = move || {
        // It works as well without.
        let _ = nice(NICE);
        // The client may be gone.
        let _ = done.send(runtime.block_on(async { whole(next.run(request).await).await }));
        drop((turn, place));
    };
    // A thread of its own, because what was nice once stays so.
    if let Err(problem) = thread::Builder::new().name("workshop".to_owned()).spawn(work) {
        error!(%problem, "there is no thread to make an answer");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    made.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// The answer with all of its body in hand.
async fn whole(response: Response) -> Response {
    let (head, body) = response.into_parts();
    match to_bytes(body, usize::MAX).await {
        Ok(bytes) => Response::from_parts(head, Body::from(bytes)),
        Err(problem) => {
            error!(%problem, "an answer could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
