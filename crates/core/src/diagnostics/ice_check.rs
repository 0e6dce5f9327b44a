//! Checks whether a STUN or TURN server answers (RFC 8489, RFC 8656), with a peer connection that
//! uses only this server.

use super::stats_history::Protocol;
use std::time::Duration;

/// STUN error codes (RFC 8489, section 14.8), which prove that the server has answered. Browsers
/// add 701 for a server that did not (W3C WebRTC, section 4.8.2).
const ANSWERS: std::ops::Range<u16> = 300..700;

/// The target of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckTarget {
    /// The browser itself: whether it finds any network path. No server is used.
    Browser,
    /// A server that reports a client's public address.
    Stun,
    /// A relay over this transport.
    Relay(Protocol),
}

impl CheckTarget {
    /// The purpose of a server, by its URL (RFC 7064, RFC 7065).
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let over_tcp = url.ends_with("?transport=tcp");
        match url.split_once(':')?.0 {
            "stun" | "stuns" => Some(Self::Stun),
            "turn" if over_tcp => Some(Self::Relay(Protocol::Tcp)),
            "turn" => Some(Self::Relay(Protocol::Udp)),
            "turns" => Some(Self::Relay(Protocol::Tls)),
            _ => None,
        }
    }
}

/// An event of the peer connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckEvent {
    /// A candidate of the type `host`.
    Found,
    /// A candidate of the type `srflx`.
    Mapped,
    /// A candidate of the type `relay`.
    Relayed,
    /// An error, by its code.
    Error(u16),
    /// Candidate gathering has finished.
    Done,
    /// The check took too long.
    TimedOut,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckResult {
    /// Nothing yet.
    Waiting,
    /// It works. For a relay, the time includes the whole allocation.
    Works(Duration),
    /// It answers, but rejects the credentials.
    Refuses(Duration),
    /// It does not answer, or the browser found no network path.
    Silent,
    /// The browser could not create a peer connection.
    Impossible,
    /// Not checked, because the person hides their IP address.
    Untried,
    /// The check was cancelled.
    Dropped,
}

/// The check of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IceServerCheck {
    /// Its target.
    pub target: CheckTarget,
    /// Its result so far.
    pub result: CheckResult,
    failed: bool,
    /// Whether any candidate was found.
    found: bool,
}

impl IceServerCheck {
    /// A new check.
    #[must_use]
    pub fn new(target: CheckTarget) -> Self {
        Self { target, result: CheckResult::Waiting, failed: false, found: false }
    }

    /// Handles an event, with the time since the start. A result is final.
    pub fn note(&mut self, event: CheckEvent, after: Duration) {
        if self.result != CheckResult::Waiting {
            return;
        }
        self.found |= matches!(event, CheckEvent::Found | CheckEvent::Mapped | CheckEvent::Relayed);
        self.result = match (self.target, event) {
            (
                CheckTarget::Browser,
                CheckEvent::Found | CheckEvent::Mapped | CheckEvent::Relayed,
            )
            | (CheckTarget::Stun, CheckEvent::Mapped)
            | (CheckTarget::Relay(_), CheckEvent::Relayed) => CheckResult::Works(after),
            (_, CheckEvent::Error(code)) if ANSWERS.contains(&code) => CheckResult::Refuses(after),
            (_, CheckEvent::Error(_)) => {
                // Another interface may still get through.
                self.failed = true;
                return;
            }
            // Without NAT, the server-reflexive candidate equals the host candidate and is not
            // reported.
            (CheckTarget::Stun, CheckEvent::Done) if !self.failed && self.found => {
                CheckResult::Works(after)
            }
            (_, CheckEvent::Done | CheckEvent::TimedOut) => CheckResult::Silent,
            (_, CheckEvent::Found | CheckEvent::Mapped | CheckEvent::Relayed) => return,
        };
    }

    /// Whether the server has answered.
    #[must_use]
    pub fn answers(&self) -> bool {
        matches!(self.result, CheckResult::Works(_) | CheckResult::Refuses(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_follows_from_the_url() {
        let all = [
            "stun:a.example",
            "turn:a.example",
            "turn:a.example?transport=tcp",
            "turns:a.example:443?transport=tcp",
            "http://a.example",
        ];
        let relay = |protocol| Some(CheckTarget::Relay(protocol));
        let expected = [
            Some(CheckTarget::Stun),
            relay(Protocol::Udp),
            relay(Protocol::Tcp),
            relay(Protocol::Tls),
            None,
        ];
        assert_eq!(all.map(CheckTarget::of), expected);
    }

    fn found(target: CheckTarget, events: &[CheckEvent]) -> CheckResult {
        let mut check = IceServerCheck::new(target);
        for (index, event) in events.iter().enumerate() {
            check.note(*event, Duration::from_secs(index as u64 + 1));
        }
        check.result
    }

    #[test]
    fn answers_and_silence_give_different_results() {
        use CheckEvent::{Done, Error, Found, Mapped, Relayed, TimedOut};
        let (stun, relay) = (CheckTarget::Stun, CheckTarget::Relay(Protocol::Tcp));
        let browser = CheckTarget::Browser;
        let seconds = Duration::from_secs;
        for (target, events, expected) in [
            (stun, &[Mapped, Error(701), Done][..], CheckResult::Works(seconds(1))),
            (stun, &[Error(701), Mapped], CheckResult::Works(seconds(2))),
            (stun, &[Found, Done], CheckResult::Works(seconds(2))),
            (stun, &[Done], CheckResult::Silent),
            (stun, &[Found, Error(701), Done], CheckResult::Silent),
            (browser, &[Found, Done], CheckResult::Works(seconds(1))),
            (browser, &[Done], CheckResult::Silent),
            (browser, &[TimedOut], CheckResult::Silent),
            (stun, &[TimedOut, Mapped], CheckResult::Silent),
            (relay, &[Error(701), Error(401)], CheckResult::Refuses(seconds(2))),
            (relay, &[Mapped, Relayed], CheckResult::Works(seconds(2))),
            (relay, &[Done], CheckResult::Silent),
            (relay, &[Error(701)], CheckResult::Waiting),
        ] {
            assert_eq!(found(target, events), expected, "{target:?} {events:?}");
        }
    }
}
