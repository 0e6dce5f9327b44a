//! Why somebody was turned away before they reached a room: counted, and logged once in a while.

use crate::server::metrics::Metrics;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tracing::{info, warn};

/// How often the same reason is logged.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Why somebody was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// Too many connections of one address.
    Connections,
    /// Too many call sockets of one address.
    Sockets,
    /// Too many requests of one address.
    Requests,
    /// The header of a request is too large.
    Header,
    /// `Host` is there twice, or is no host, or is none of this server's.
    Host,
    /// `Host` is missing where it is needed.
    NoHost,
    /// `Upgrade` or `Connection` does not ask for a WebSocket, or HTTP/1.0 does.
    NoUpgrade,
    /// The rest of a WebSocket's handshake is wrong.
    Handshake,
    /// `Origin` is another's, or missing.
    Origin,
}

impl Reason {
    /// What metrics, logs and pages call it.
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

    /// What an operator can do about it, if a proxy is the likely cause.
    fn advice(self) -> Option<&'static str> {
        match self {
            Self::NoHost => Some("Host is missing: a proxy has to pass on Host"),
            Self::NoUpgrade => Some(
                "a call socket was asked for without Upgrade: a proxy has to speak HTTP/1.1 and to \
                 pass on Upgrade and Connection",
            ),
            Self::Origin => Some(
                "a page's Origin is not the Host that arrived: a proxy has to pass on Host, and \
                 --allow-origin lists other sites",
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
    /// How many there were since the last line, when it is time for the next one.
    fn add(&mut self, now: Instant) -> Option<u64> {
        self.since += 1;
        if self.logged.is_some_and(|at| now.duration_since(at) < LOG_INTERVAL) {
            return None;
        }
        self.logged = Some(now);
        Some(std::mem::take(&mut self.since))
    }
}

/// All who were turned away, without saying who they were.
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
        self.metrics.turned_away(reason.name());
        let Some(times) = self.add(reason) else { return };
        match reason.advice() {
            Some(advice) => warn!(reason = reason.name(), times, "turned away: {advice}"),
            None => info!(reason = reason.name(), times, "turned away"),
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
