//! The configuration of the peer connections, and when to request new credentials.

use crate::protocol::{IceGrant, IceServer};
use std::time::Duration;

/// Credentials are renewed this long before they expire, or with a quarter of their lifetime left.
const AHEAD: Duration = Duration::from_secs(60);
/// Time to wait for the server's answer before the request is repeated.
const PATIENCE: Duration = Duration::from_secs(5);

/// `RTCConfiguration` (W3C WebRTC, section 4.2.1), as far as it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerConfig {
    /// The STUN and TURN servers.
    pub ice_servers: Vec<IceServer>,
    /// Whether to use relays only, which hides the address from the others.
    pub hidden: bool,
}

/// The current configuration, and when to renew it.
#[derive(Debug, Default)]
pub(super) struct Ice {
    config: PeerConfig,
    /// When to request new credentials; `None` if the current ones do not expire.
    ask: Option<Duration>,
    /// Whether the last `join` asked the server to hide the address.
    requested: bool,
}

impl Ice {
    pub(super) fn config(&self) -> &PeerConfig {
        &self.config
    }

    /// Sets whether the address is hidden. Returns whether that is a change.
    pub(super) fn set_hidden(&mut self, hidden: bool) -> bool {
        std::mem::replace(&mut self.config.hidden, hidden) != hidden
    }

    /// Whether a `join` that is sent now asks the server to hide the address.
    pub(super) fn request_hiding(&mut self) -> bool {
        self.requested = self.config.hidden;
        self.requested
    }

    /// Whether the last `join` asked for what is wanted now.
    pub(super) fn is_requested(&self) -> bool {
        self.requested == self.config.hidden
    }

    pub(super) fn granted(&mut self, grant: IceGrant, now: Duration) {
        self.config.ice_servers = grant.servers;
        self.ask = grant.ttl.map(|seconds| {
            let valid = Duration::from_secs(seconds);
            now.saturating_add((valid - AHEAD.min(valid / 4)).max(PATIENCE))
        });
    }

    /// When [`Ice::step`] has something to do.
    pub(super) fn due(&self) -> Option<Duration> {
        self.ask
    }

    /// Whether to request new credentials now.
    pub(super) fn step(&mut self, now: Duration) -> bool {
        let due = self.ask.is_some_and(|ask| ask <= now);
        if due {
            self.ask = Some(now + PATIENCE);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(ttl: Option<u64>) -> Ice {
        let mut ice = Ice::default();
        ice.granted(IceGrant { servers: Vec::new(), ttl }, Duration::from_secs(100));
        ice
    }

    #[test]
    fn credentials_are_requested_before_they_expire() {
        for (seconds, expected) in [(600, 640), (120, 190), (20, 115), (1, 105), (0, 105)] {
            let ice = granted(Some(seconds));
            assert_eq!(ice.due(), Some(Duration::from_secs(expected)), "{seconds} s");
        }
        assert_eq!(granted(None).due(), None);
        let endless = granted(Some(u64::MAX));
        assert!(endless.due() > granted(Some(600)).due());
    }

    #[test]
    fn credentials_are_requested_again_until_they_arrive() {
        let mut ice = granted(Some(600));
        let seconds = Duration::from_secs;
        assert!(!ice.step(seconds(639)));
        assert!(ice.step(seconds(640)));
        assert!(!ice.step(seconds(644)));
        assert!(ice.step(seconds(645)));
        ice.granted(IceGrant { servers: Vec::new(), ttl: Some(600) }, seconds(646));
        assert_eq!(ice.due(), Some(seconds(1186)));
    }
}
