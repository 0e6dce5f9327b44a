//! Renders expensive responses: pages and QR codes.
//!
//! They are rendered on threads of low priority, a few at a time, so that the async workers can forward
//! messages meanwhile. Each address has only a few in the queue, so that nobody waits long for others.

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

/// Nice value of the threads, at most 19 (setpriority(2)).
const NICE: i32 = 10;

/// Limits how many responses are rendered at a time.
#[derive(Clone, Debug)]
pub(crate) struct RenderPool {
    permits: Arc<Semaphore>,
    quotas: Arc<IpQuotas>,
    proxies: Arc<TrustedProxies>,
}

impl RenderPool {
    /// Uses all processors but one, or the only one.
    pub(crate) fn new(quotas: Arc<IpQuotas>, proxies: Arc<TrustedProxies>) -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        let permits = Arc::new(Semaphore::new(processors.saturating_sub(1).max(1)));
        Self { permits, quotas, proxies }
    }
}

/// Middleware that renders the whole response on a thread of its own.
pub(crate) async fn order(
    State(pool): State<RenderPool>,
    Extension(peer): Extension<Arc<ConnectInfo>>,
    request: Request,
    next: Next,
) -> Response {
    let address = pool.proxies.client(peer.address, request.headers());
    // The semaphores are never closed.
    let turn = pool.quotas.orders(address).acquire_owned().await;
    let permit = pool.permits.clone().acquire_owned().await;
    let runtime = Handle::current();
    let (done, made) = oneshot::channel();
    let work = move || {
        // Failure is harmless.
        let _ = nice(NICE);
        // The client may be gone.
        let _ = done.send(runtime.block_on(async { whole(next.run(request).await).await }));
        drop((turn, permit));
    };
    // A new thread, because a thread cannot lower its nice value again.
    if let Err(problem) = thread::Builder::new().name("render".to_owned()).spawn(work) {
        error!(%problem, "cannot start a thread to render a response");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    made.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Reads the whole body of a response.
async fn whole(response: Response) -> Response {
    let (head, body) = response.into_parts();
    match to_bytes(body, usize::MAX).await {
        Ok(bytes) => Response::from_parts(head, Body::from(bytes)),
        Err(problem) => {
            error!(%problem, "cannot render a response");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
