//! How much of the server each address uses. Asked before anything is done for it.

use super::{address::ClientAddress, limits::Limits};
use crate::room::{Bucket, Rate};
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
use tokio::time::Instant;

/// So many addresses are remembered before the first look for those that use nothing any more.
const FEW: usize = 1024;

/// Why an address gets no more: what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Refusal {
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
}

impl IntoResponse for Refusal {
    /// RFC 6585, section 4.
    fn into_response(self) -> Response {
        let wait = match self {
            Self::Connections(_) => Duration::ZERO,
            Self::Sockets { wait, .. } => wait,
        };
        let retry = [(header::RETRY_AFTER, (wait.as_secs() + 1).to_string())];
        (StatusCode::TOO_MANY_REQUESTS, retry, self.to_string()).into_response()
    }
}

#[derive(Debug, Default)]
struct Usage {
    connections: u32,
    sockets: Bucket,
}

#[derive(Debug, Default)]
struct Usages {
    addresses: HashMap<ClientAddress, Usage>,
    /// How many addresses there may be before the next look.
    enough: usize,
}

impl Usages {
    fn of(&mut self, address: ClientAddress, now: Duration) -> &mut Usage {
        if self.addresses.len() >= self.enough.max(FEW) {
            self.addresses.retain(|_, usage| usage.connections > 0 || !usage.sockets.is_full(now));
            self.enough = self.addresses.len() * 2;
        }
        self.addresses.entry(address).or_default()
    }
}

/// What all addresses use. The lock is held for a look into a map and never while waiting.
#[derive(Debug)]
pub(super) struct Quotas {
    start: Instant,
    connections: u32,
    sockets: (u32, Rate),
    usages: Mutex<Usages>,
}

impl Quotas {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            connections: limits.connections,
            sockets: (limits.sockets, limits.socket_rate()),
            usages: Mutex::default(),
        })
    }

    /// Counts a connection for as long as the permit is kept.
    pub(super) fn connect(self: &Arc<Self>, address: ClientAddress) -> Result<Permit, Refusal> {
        let mut usages = self.usages();
        let usage = usages.of(address, self.start.elapsed());
        if usage.connections >= self.connections {
            return Err(Refusal::Connections(self.connections));
        }
        usage.connections += 1;
        Ok(Permit { quotas: self.clone(), address })
    }

    /// Counts a call socket that is opened.
    pub(super) fn open_socket(&self, address: ClientAddress) -> Result<(), Refusal> {
        let now = self.start.elapsed();
        let (limit, rate) = self.sockets;
        let taken = self.usages().of(address, now).sockets.take(rate, now);
        taken.map_err(|wait| Refusal::Sockets { limit, wait })
    }

    /// Whoever held it before never leaves a map half changed.
    fn usages(&self) -> MutexGuard<'_, Usages> {
        self.usages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the connections that an address may have, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    quotas: Arc<Quotas>,
    address: ClientAddress,
}

impl Drop for Permit {
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

    fn quotas() -> Arc<Quotas> {
        Quotas::new(&Limits { connections: 2, sockets: 3, ..Limits::default() })
    }

    fn address(number: u32) -> ClientAddress {
        IpAddr::from(Ipv4Addr::from_bits(number)).into()
    }

    #[tokio::test(start_paused = true)]
    async fn each_address_has_so_many_connections() {
        let quotas = quotas();
        let first = quotas.connect(address(1)).unwrap();
        let _second = quotas.connect(address(1)).unwrap();
        assert_eq!(quotas.connect(address(1)).unwrap_err(), Refusal::Connections(2));
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
        let refusal = Refusal::Sockets { limit: 3, wait };
        assert_eq!(quotas.open_socket(address(1)), Err(refusal));
        assert_eq!(quotas.open_socket(address(2)), Ok(()));
        advance(wait).await;
        assert_eq!(quotas.open_socket(address(1)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_uses_nothing_is_forgotten() {
        let quotas = quotas();
        let _kept = quotas.connect(address(0)).unwrap();
        for number in 1..100_000 {
            quotas.open_socket(address(number)).unwrap();
            drop(quotas.connect(address(number)).unwrap());
            advance(Duration::from_millis(20)).await;
        }
        // 20 ms apart, 1,000 of them are within the 20 s that a token takes to come back.
        let remembered = quotas.usages().addresses.len();
        assert!(remembered <= 4 * FEW, "{remembered}");
        assert!(quotas.usages().addresses.contains_key(&address(0)));
    }
}
