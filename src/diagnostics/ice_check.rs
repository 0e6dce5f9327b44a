//! Whether a STUN or TURN server answers (RFC 8489, RFC 8656), from what a peer connection that knows
//! this one server finds out.

use super::stats_history::Protocol;
use std::time::Duration;

/// STUN's own error codes (RFC 8489, section 14.8): the server has said something. Browsers add 701
/// for one that did not (W3C WebRTC, section 4.8.2).
const ANSWERS: std::ops::Range<u16> = 300..700;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckTarget {
    /// The browser itself: whether it finds any way to be reached. No server is asked.
    Browser,
    /// A server that tells somebody their address.
    Stun,
    /// A relay, reached over this.
    Relay(Protocol),
}

impl CheckTarget {
    /// What the URL of a server is for (RFC 7064, RFC 7065).
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

/// What a connection tells.
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
    /// There are no more candidates.
    Done,
    /// It has taken too long.
    TimedOut,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckResult {
    /// Nothing yet.
    Waiting,
    /// It does what it is for. Found out in this time, which for a relay includes all that has to be
    /// said before.
    Works(Duration),
    /// It answers, and does not accept the credentials.
    Refuses(Duration),
    /// It does not answer; the browser finds no way.
    Silent,
    /// The browser could not make a connection to ask with.
    Impossible,
    /// It was not asked, because the person hides their address.
    Untried,
    /// It was not waited for any longer.
    Dropped,
}

/// The test of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IceServerCheck {
    /// What for.
    pub target: CheckTarget,
    /// What is known.
    pub result: CheckResult,
    failed: bool,
    /// There is a candidate to be asked from.
    found: bool,
}

impl IceServerCheck {
    /// One that begins.
    #[must_use]
    pub fn new(target: CheckTarget) -> Self {
        Self { target, result: CheckResult::Waiting, failed: false, found: false }
    }

    /// Takes in an event and the time since the beginning. What is found stays.
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
            // Whose address nobody translates gets no candidate of its own for it.
            (CheckTarget::Stun, CheckEvent::Done) if !self.failed && self.found => {
                CheckResult::Works(after)
            }
            (_, CheckEvent::Done | CheckEvent::TimedOut) => CheckResult::Silent,
            (_, CheckEvent::Found | CheckEvent::Mapped | CheckEvent::Relayed) => return,
        };
    }

    /// Whether the server was heard.
    #[must_use]
    pub fn answers(&self) -> bool {
        matches!(self.result, CheckResult::Works(_) | CheckResult::Refuses(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_what_they_are_for() {
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
    fn an_answer_is_told_from_silence() {
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
