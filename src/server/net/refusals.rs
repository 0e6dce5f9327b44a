//! Connections and requests that are refused before they reach the hub: counted, and logged at most
//! once a minute for each reason.

use crate::server::metrics::Metrics;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tracing::{info, warn};

/// Minimum time between two log lines with the same reason.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Why a connection or request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// Too many connections from one address.
    Connections,
    /// Too many WebSockets opened from one address.
    Sockets,
    /// Too many requests from one address.
    Requests,
    /// The request header is too large.
    Header,
    /// `Host` is repeated, malformed, or not a name of this server.
    Host,
    /// `Host` is missing where it is required.
    NoHost,
    /// `Upgrade` or `Connection` does not ask for a WebSocket, or the request is HTTP/1.0.
    NoUpgrade,
    /// The rest of the WebSocket handshake is invalid.
    Handshake,
    /// `Origin` is missing or not allowed.
    Origin,
}

impl Reason {
    /// The name in `/ws/check`, logs and, in snake case, metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Sockets => "sockets",
            Self::Requests => "requests",
            Self::Header => "header",
            Self::Host => "host",
            Self::NoHost => "no-host",
            Self::NoUpgrade => "no-upgrade",
            Self::Handshake => "handshake",
            Self::Origin => "origin",
        }
    }

    /// What the operator can do if a proxy is the likely cause.
    fn advice(self) -> Option<&'static str> {
        match self {
            Self::NoHost => Some("Host is missing: the proxy has to pass on Host"),
            Self::NoUpgrade => Some(
                "the WebSocket request has no Upgrade header: the proxy has to speak HTTP/1.1 and \
                 pass on Upgrade and Connection",
            ),
            Self::Origin => Some(
                "Origin and Host do not match: the proxy has to pass on Host; --allow-origin allows \
                 other sites",
            ),
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    logged: Option<Instant>,
    since: u64,
}

impl Tally {
    /// Counts a refusal. Returns how many there were since the last log line if the next one is due.
    fn add(&mut self, now: Instant) -> Option<u64> {
        self.since += 1;
        if self.logged.is_some_and(|at| now.duration_since(at) < LOG_INTERVAL) {
            return None;
        }
        self.logged = Some(now);
        Some(std::mem::take(&mut self.since))
    }
}

/// Counts and logs refusals, without client addresses.
#[derive(Debug)]
pub(crate) struct Refusals {
    metrics: Arc<Metrics>,
    tallies: Mutex<BTreeMap<Reason, Tally>>,
}

impl Refusals {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { metrics, tallies: Mutex::default() })
    }

    pub(crate) fn note(&self, reason: Reason) {
        self.metrics.refused(reason.name());
        let Some(times) = self.add(reason) else { return };
        match reason.advice() {
            Some(advice) => warn!(reason = reason.name(), times, "refused: {advice}"),
            None => info!(reason = reason.name(), times, "refused"),
        }
    }

    fn add(&self, reason: Reason) -> Option<u64> {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.entry(reason).or_default().add(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn each_reason_is_logged_once_a_minute_with_its_count() {
        let refusals = Refusals::new(Arc::new(Metrics::new()));
        assert_eq!(refusals.add(Reason::NoUpgrade), Some(1));
        for _ in 0..1000 {
            assert_eq!(refusals.add(Reason::NoUpgrade), None);
        }
        assert_eq!(refusals.add(Reason::Origin), Some(1));
        advance(LOG_INTERVAL).await;
        assert_eq!(refusals.add(Reason::NoUpgrade), Some(1001));
        assert_eq!(refusals.add(Reason::NoUpgrade), None);
    }
}
