//! How much of the server each address uses. Asked before anything is done for it.

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

/// So many addresses are remembered before the first look for those that use nothing any more.
const FEW: usize = 1024;
/// How many requests of one address may be larger than usual at once, while they arrive. Each takes
/// up to [`crate::server::limits::HEADER_BYTES`]; the others wait for their turn.
const LARGE: usize = 8;
/// How many answers of one address may be worked out at once; see [`crate::server::http::workshop`].
const ORDERS: usize = 4;
/// How long it is remembered why an address got no call socket.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Why an address gets no more: what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum LimitExceeded {
    /// As many connections are open as one address may have.
    #[error("One address may have {0} connections to this server at once.")]
    Connections(u32),
    /// As many call sockets were opened in the last minute as one address may open.
    #[error("One address may open {limit} call sockets a minute on this server.")]
    Sockets {
        /// How many.
        limit: u32,
        /// When the next one may be.
        wait: Duration,
    },
    /// As many requests were made as one address may make.
    #[error("One address may make {limit} requests a second to this server.")]
    Requests {
        /// How many.
        limit: u32,
        /// When the next one may be.
        wait: Duration,
    },
}

impl LimitExceeded {
    /// What it counts as.
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
    sockets: Bucket,
    requests: Bucket,
    large: Arc<Semaphore>,
    orders: Arc<Semaphore>,
    /// Why the last call socket was refused, and when.
    refused: Option<(Reason, Duration)>,
}

impl Default for IpUsage {
    fn default() -> Self {
        Self {
            connections: 0,
            sockets: Bucket::default(),
            requests: Bucket::default(),
            large: Arc::new(Semaphore::new(LARGE)),
            orders: Arc::new(Semaphore::new(ORDERS)),
            refused: None,
        }
    }
}

impl IpUsage {
    fn is_nothing(&self, now: Duration) -> bool {
        let is_shared =
            [&self.large, &self.orders].iter().any(|turns| Arc::strong_count(turns) > 1);
        self.connections == 0
            && !is_shared
            && self.sockets.is_full(now)
            && self.requests.is_full(now)
    }
}

#[derive(Debug, Default)]
struct IpUsages {
    addresses: HashMap<ClientAddress, IpUsage>,
    /// How many addresses there may be before the next look.
    enough: usize,
}

impl IpUsages {
    fn of(&mut self, address: ClientAddress, now: Duration) -> &mut IpUsage {
        if self.addresses.len() >= self.enough.max(FEW) {
            self.addresses.retain(|_, usage| !usage.is_nothing(now));
            self.enough = self.addresses.len() * 2;
        }
        self.addresses.entry(address).or_default()
    }
}

/// What all addresses use. The lock is held for a look into a map and never while waiting.
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
            connections: limits.connections,
            sockets: (limits.sockets, limits.socket_rate()),
            requests: (limits.request_rate, limits.request_bucket()),
            usages: Mutex::default(),
        })
    }

    /// Counts a connection for as long as the permit is kept.
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
        Ok(ConnectionPermit { quotas: self.clone(), address })
    }

    /// Counts a call socket that is opened.
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

    /// Who of an address may send more than is usual.
    pub(crate) fn large(&self, address: ClientAddress) -> Arc<Semaphore> {
        self.usages().of(address, self.start.elapsed()).large.clone()
    }

    /// For whom of an address an answer may be worked out.
    pub(crate) fn orders(&self, address: ClientAddress) -> Arc<Semaphore> {
        self.usages().of(address, self.start.elapsed()).orders.clone()
    }

    /// Remembers why an address got no call socket, as long as it is of use to its page.
    pub(crate) fn remember(&self, address: ClientAddress, reason: Reason) {
        let now = self.start.elapsed();
        self.usages().of(address, now).refused = Some((reason, now));
    }

    /// Why an address got no call socket, and how long ago.
    pub(crate) fn refused(&self, address: ClientAddress) -> Option<(Reason, Duration)> {
        let now = self.start.elapsed();
        let (reason, at) = self.usages().addresses.get(&address)?.refused?;
        Some((reason, now.saturating_sub(at))).filter(|(_, ago)| *ago < REMEMBERED)
    }

    /// A panicking holder never leaves the map half changed.
    fn usages(&self) -> MutexGuard<'_, IpUsages> {
        self.usages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the connections that an address may have, until it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    quotas: Arc<IpQuotas>,
    address: ClientAddress,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        if let Some(usage) = self.quotas.usages().addresses.get_mut(&self.address) {
            usage.connections = usage.connections.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};
    use tokio::time::advance;

    fn quotas() -> Arc<IpQuotas> {
        IpQuotas::new(&Limits { connections: 2, sockets: 3, request_rate: 2, ..Limits::default() })
    }

    fn address(number: u32) -> ClientAddress {
        IpAddr::from(Ipv4Addr::from_bits(number)).into()
    }

    #[tokio::test(start_paused = true)]
    async fn each_address_has_so_many_connections() {
        let quotas = quotas();
        let first = quotas.connect(address(1)).unwrap();
        let _second = quotas.connect(address(1)).unwrap();
        assert_eq!(quotas.connect(address(1)).unwrap_err(), LimitExceeded::Connections(2));
        assert!(quotas.connect(address(2)).is_ok());
        drop(first);
        assert!(quotas.connect(address(1)).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn each_address_opens_so_many_sockets_a_minute() {
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
    async fn t29_each_address_makes_so_many_requests() {
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
    async fn why_a_socket_was_refused_is_known_for_a_minute() {
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
    async fn t33_who_uses_nothing_is_forgotten() {
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
        assert!(remembered <= 4 * FEW, "{remembered}");
        assert!(quotas.usages().addresses.contains_key(&address(0)));
        let turns = quotas.large(address(1)).available_permits();
        assert_eq!(turns, LARGE - 1, "a turn that is taken is not given twice");
    }
}
