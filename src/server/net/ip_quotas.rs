//! Limits per client address, checked before a request is handled.

use super::{client_ip::ClientAddress, refusals::Reason};
use crate::{
    rate_limit::{Bucket, Rate},
    server::limits::Limits,
};
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use thiserror::Error;
use tokio::{sync::Semaphore, time::Instant};

/// Number of addresses before those without usage are first removed.
const SWEEP_AT: usize = 1024;
/// Concurrent requests of one address with more than [`super::intake::FREE_BYTES`] unhandled bytes. Each
/// holds up to [`crate::server::limits::HEADER_BYTES`]; further ones wait.
const LARGE: usize = 8;
/// Concurrent rendered responses for one address; see [`crate::server::http::render_pool`].
const ORDERS: usize = 4;
/// Concurrent clients of TURN over TCP or TLS from one address: as many as a TURN server allows
/// allocations.
const STREAMS: u32 = 1024;
/// Time for which the reason of a refused WebSocket is kept.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The limit that an address has exceeded. Displayed as the response to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum LimitExceeded {
    /// Too many concurrent connections.
    #[error("Too many connections: at most {0} at once from one address.")]
    Connections(u32),
    /// Too many WebSockets opened.
    #[error("Too many WebSockets: at most {limit} per minute from one address.")]
    Sockets {
        /// WebSockets per minute.
        limit: u32,
        /// Time until the next one is allowed.
        wait: Duration,
    },
    /// Too many requests.
    #[error("Too many requests: at most {limit} per second from one address.")]
    Requests {
        /// Requests per second.
        limit: u32,
        /// Time until the next one is allowed.
        wait: Duration,
    },
}

impl LimitExceeded {
    /// The reason in metrics and logs.
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::Connections(_) => Reason::Connections,
            Self::Sockets { .. } => Reason::Sockets,
            Self::Requests { .. } => Reason::Requests,
        }
    }
}

impl IntoResponse for LimitExceeded {
    /// RFC 6585, section 4.
    fn into_response(self) -> Response {
        let wait = match self {
            Self::Connections(_) => Duration::ZERO,
            Self::Sockets { wait, .. } | Self::Requests { wait, .. } => wait,
        };
        let retry = [(header::RETRY_AFTER, (wait.as_secs() + 1).to_string())];
        (StatusCode::TOO_MANY_REQUESTS, retry, self.to_string()).into_response()
    }
}

#[derive(Debug)]
struct IpUsage {
    connections: u32,
    streams: u32,
    sockets: Bucket,
    requests: Bucket,
    large: Arc<Semaphore>,
    orders: Arc<Semaphore>,
    /// Why and when the last WebSocket was refused.
    refused: Option<(Reason, Duration)>,
}

impl Default for IpUsage {
    fn default() -> Self {
        Self {
            connections: 0,
            streams: 0,
            sockets: Bucket::default(),
            requests: Bucket::default(),
            large: Arc::new(Semaphore::new(LARGE)),
            orders: Arc::new(Semaphore::new(ORDERS)),
            refused: None,
        }
    }
}

impl IpUsage {
    fn is_unused(&self, now: Duration) -> bool {
        let is_shared =
            [&self.large, &self.orders].iter().any(|turns| Arc::strong_count(turns) > 1);
        self.connections + self.streams == 0
            && !is_shared
            && self.sockets.is_full(now)
            && self.requests.is_full(now)
    }
}

#[derive(Debug, Default)]
struct IpUsages {
    addresses: HashMap<ClientAddress, IpUsage>,
    /// Number of addresses at which unused ones are removed again.
    sweep_at: usize,
}

impl IpUsages {
    fn of(&mut self, address: ClientAddress, now: Duration) -> &mut IpUsage {
        if self.addresses.len() >= self.sweep_at.max(SWEEP_AT) {
            self.addresses.retain(|_, usage| !usage.is_unused(now));
            self.sweep_at = self.addresses.len() * 2;
        }
        self.addresses.entry(address).or_default()
    }
}

/// Usage of all addresses. The lock is held for a map operation, and never across an await.
#[derive(Debug)]
pub(crate) struct IpQuotas {
    start: Instant,
    connections: u32,
    sockets: (u32, Rate),
    requests: (u32, Rate),
    usages: Mutex<IpUsages>,
}

impl IpQuotas {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            connections: limits.max_connections_per_ip,
            sockets: (limits.ws_connect_rate, limits.ws_connects()),
            requests: (limits.request_rate, limits.requests()),
            usages: Mutex::default(),
        })
    }

    /// Counts a connection until the permit is dropped.
    pub(crate) fn connect(
        self: &Arc<Self>,
        address: ClientAddress,
    ) -> Result<ConnectionPermit, LimitExceeded> {
        let mut usages = self.usages();
        let usage = usages.of(address, self.start.elapsed());
        if usage.connections >= self.connections {
            return Err(LimitExceeded::Connections(self.connections));
        }
        usage.connections += 1;
        Ok(ConnectionPermit {
            quotas: self.clone(),
            address,
            count: |usage| &mut usage.connections,
        })
    }

    /// Counts a client of TURN over TCP or TLS until the permit is dropped. They are counted apart: an
    /// office behind one address has several for each participant.
    pub(crate) fn stream(
        self: &Arc<Self>,
        address: ClientAddress,
    ) -> Result<ConnectionPermit, LimitExceeded> {
        let mut usages = self.usages();
        let usage = usages.of(address, self.start.elapsed());
        if usage.streams >= STREAMS {
            return Err(LimitExceeded::Connections(STREAMS));
        }
        usage.streams += 1;
        Ok(ConnectionPermit { quotas: self.clone(), address, count: |usage| &mut usage.streams })
    }

    /// Counts a WebSocket that is opened.
    pub(crate) fn open_socket(&self, address: ClientAddress) -> Result<(), LimitExceeded> {
        let now = self.start.elapsed();
        let (limit, rate) = self.sockets;
        let taken = self.usages().of(address, now).sockets.take(rate, now);
        taken.map_err(|wait| LimitExceeded::Sockets { limit, wait })
    }

    /// Counts a request.
    pub(crate) fn request(&self, address: ClientAddress) -> Result<(), LimitExceeded> {
        let now = self.start.elapsed();
        let (limit, rate) = self.requests;
        let taken = self.usages().of(address, now).requests.take(rate, now);
        taken.map_err(|wait| LimitExceeded::Requests { limit, wait })
    }

    /// Permits for the large requests of an address.
    pub(crate) fn large(&self, address: ClientAddress) -> Arc<Semaphore> {
        self.usages().of(address, self.start.elapsed()).large.clone()
    }

    /// Permits for rendering responses to an address.
    pub(crate) fn orders(&self, address: ClientAddress) -> Arc<Semaphore> {
        self.usages().of(address, self.start.elapsed()).orders.clone()
    }

    /// Remembers why a WebSocket was refused, for `/ws/check`.
    pub(crate) fn remember(&self, address: ClientAddress, reason: Reason) {
        let now = self.start.elapsed();
        self.usages().of(address, now).refused = Some((reason, now));
    }

    /// Returns why the last WebSocket of an address was refused, and how long ago.
    pub(crate) fn refused(&self, address: ClientAddress) -> Option<(Reason, Duration)> {
        let now = self.start.elapsed();
        let (reason, at) = self.usages().addresses.get(&address)?.refused?;
        Some((reason, now.saturating_sub(at))).filter(|(_, ago)| *ago < REMEMBERED)
    }

    /// A panic cannot leave the map inconsistent, so a poisoned lock is used as it is.
    fn usages(&self) -> MutexGuard<'_, IpUsages> {
        self.usages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts as a connection of its address until it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    quotas: Arc<IpQuotas>,
    address: ClientAddress,
    /// What it counts as.
    count: fn(&mut IpUsage) -> &mut u32,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        if let Some(usage) = self.quotas.usages().addresses.get_mut(&self.address) {
            let count = (self.count)(usage);
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};
    use tokio::time::advance;

    fn quotas() -> Arc<IpQuotas> {
        let (max_connections_per_ip, ws_connect_rate, request_rate) = (2, 3, 2);
        let limits =
            Limits { max_connections_per_ip, ws_connect_rate, request_rate, ..Limits::default() };
        IpQuotas::new(&limits)
    }

    fn address(number: u32) -> ClientAddress {
        IpAddr::from(Ipv4Addr::from_bits(number)).into()
    }

    #[tokio::test(start_paused = true)]
    async fn connections_per_address_are_limited() {
        let quotas = quotas();
        let first = quotas.connect(address(1)).unwrap();
        let _second = quotas.connect(address(1)).unwrap();
        assert_eq!(quotas.connect(address(1)).unwrap_err(), LimitExceeded::Connections(2));
        assert!(quotas.connect(address(2)).is_ok());
        drop(first);
        assert!(quotas.connect(address(1)).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn websockets_per_address_and_minute_are_limited() {
        let quotas = quotas();
        for _ in 0..3 {
            assert_eq!(quotas.open_socket(address(1)), Ok(()));
        }
        let wait = Duration::from_secs(20);
        let refusal = LimitExceeded::Sockets { limit: 3, wait };
        assert_eq!(quotas.open_socket(address(1)), Err(refusal));
        assert_eq!(quotas.open_socket(address(2)), Ok(()));
        advance(wait).await;
        assert_eq!(quotas.open_socket(address(1)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn t29_requests_per_address_are_limited() {
        let quotas = quotas();
        for _ in 0..40 {
            assert_eq!(quotas.request(address(1)), Ok(()));
        }
        let wait = Duration::from_millis(500);
        assert_eq!(quotas.request(address(1)), Err(LimitExceeded::Requests { limit: 2, wait }));
        assert_eq!(quotas.request(address(2)), Ok(()));
        advance(wait).await;
        assert_eq!(quotas.request(address(1)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_refusal_is_known_for_a_minute() {
        let quotas = quotas();
        assert_eq!(quotas.refused(address(1)), None);
        quotas.remember(address(1), Reason::NoUpgrade);
        advance(Duration::from_secs(59)).await;
        let ago = Duration::from_secs(59);
        assert_eq!(quotas.refused(address(1)), Some((Reason::NoUpgrade, ago)));
        assert_eq!(quotas.refused(address(2)), None);
        advance(Duration::from_secs(1)).await;
        assert_eq!(quotas.refused(address(1)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn t33_idle_addresses_are_forgotten() {
        let quotas = quotas();
        let _kept = quotas.connect(address(0)).unwrap();
        let _waiting = quotas.large(address(1)).acquire_owned().await.unwrap();
        for number in 2..100_000 {
            quotas.open_socket(address(number)).unwrap();
            quotas.request(address(number)).unwrap();
            quotas.remember(address(number), Reason::Origin);
            let _ = (quotas.large(address(number)), quotas.orders(address(number)));
            drop(quotas.connect(address(number)).unwrap());
            advance(Duration::from_millis(20)).await;
        }
        // 20 ms apart, 1,000 of them are within the 20 s that a token takes to come back.
        let remembered = quotas.usages().addresses.len();
        assert!(remembered <= 4 * SWEEP_AT, "{remembered}");
        assert!(quotas.usages().addresses.contains_key(&address(0)));
        let turns = quotas.large(address(1)).available_permits();
        assert_eq!(turns, LARGE - 1, "a turn that is taken is not given twice");
    }
}
