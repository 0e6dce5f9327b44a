//! Whether a STUN or TURN server answers (RFC 8489, RFC 8656), from what a peer connection that knows
//! this one server finds out.

use super::statistics::Protocol;
use std::time::Duration;

/// STUN's own error codes (RFC 8489, section 14.8): the server has said something. Browsers add 701
/// for one that did not (W3C WebRTC, section 4.8.2).
const ANSWERS: std::ops::Range<u16> = 300..700;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The browser itself: whether it finds any way to be reached. No server is asked.
    Browser,
    /// A server that tells somebody their address.
    Stun,
    /// A relay, reached over this.
    Relay(Protocol),
}

impl Target {
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
pub enum Sign {
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
pub enum Finding {
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

/// What a relay has carried from a page to itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Carried {
    /// There and back.
    pub round_trip: Duration,
    /// Bits per second, up to the relay and down from it at the same time.
    pub rate: f64,
}

/// How fast something was sent to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Upload {
    /// That is not known yet.
    #[default]
    Waiting,
    /// In bits per second.
    About(f64),
    /// It did not arrive in time.
    TooSlow,
    /// The server did not take it.
    Failed,
    /// It was not waited for any longer.
    Dropped,
}

/// The test of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What for.
    pub target: Target,
    /// What is known.
    pub finding: Finding,
    failed: bool,
    /// There is a candidate to be asked from.
    found: bool,
}

impl Probe {
    /// One that begins.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self { target, finding: Finding::Waiting, failed: false, found: false }
    }

    /// Takes in a sign, so long after the beginning. What is found stays.
    pub fn note(&mut self, sign: Sign, after: Duration) {
        if self.finding != Finding::Waiting {
            return;
        }
        self.found |= matches!(sign, Sign::Found | Sign::Mapped | Sign::Relayed);
        self.finding = match (self.target, sign) {
            (Target::Browser, Sign::Found | Sign::Mapped | Sign::Relayed)
            | (Target::Stun, Sign::Mapped)
            | (Target::Relay(_), Sign::Relayed) => Finding::Works(after),
            (_, Sign::Error(code)) if ANSWERS.contains(&code) => Finding::Refuses(after),
            (_, Sign::Error(_)) => {
                // Another interface may still get through.
                self.failed = true;
                return;
            }
            // Whose address nobody translates gets no candidate of its own for it.
            (Target::Stun, Sign::Done) if !self.failed && self.found => Finding::Works(after),
            (_, Sign::Done | Sign::TimedOut) => Finding::Silent,
            (_, Sign::Found | Sign::Mapped | Sign::Relayed) => return,
        };
    }

    /// Whether the server was heard.
    #[must_use]
    pub fn answers(&self) -> bool {
        matches!(self.finding, Finding::Works(_) | Finding::Refuses(_))
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
        let relay = |protocol| Some(Target::Relay(protocol));
        let expected = [
            Some(Target::Stun),
            relay(Protocol::Udp),
            relay(Protocol::Tcp),
            relay(Protocol::Tls),
            None,
        ];
        assert_eq!(all.map(Target::of), expected);
    }

    fn found(target: Target, signs: &[Sign]) -> Finding {
        let mut probe = Probe::new(target);
        for (index, sign) in signs.iter().enumerate() {
            probe.note(*sign, Duration::from_secs(index as u64 + 1));
        }
        probe.finding
    }

    #[test]
    fn an_answer_is_told_from_silence() {
        use Sign::{Done, Error, Found, Mapped, Relayed, TimedOut};
        let (stun, relay) = (Target::Stun, Target::Relay(Protocol::Tcp));
        let browser = Target::Browser;
        let seconds = Duration::from_secs;
        for (target, signs, expected) in [
            (stun, &[Mapped, Error(701), Done][..], Finding::Works(seconds(1))),
            (stun, &[Error(701), Mapped], Finding::Works(seconds(2))),
            (stun, &[Found, Done], Finding::Works(seconds(2))),
            (stun, &[Done], Finding::Silent),
            (stun, &[Found, Error(701), Done], Finding::Silent),
            (browser, &[Found, Done], Finding::Works(seconds(1))),
            (browser, &[Done], Finding::Silent),
            (browser, &[TimedOut], Finding::Silent),
            (stun, &[TimedOut, Mapped], Finding::Silent),
            (relay, &[Error(701), Error(401)], Finding::Refuses(seconds(2))),
            (relay, &[Mapped, Relayed], Finding::Works(seconds(2))),
            (relay, &[Done], Finding::Silent),
            (relay, &[Error(701)], Finding::Waiting),
        ] {
            assert_eq!(found(target, signs), expected, "{target:?} {signs:?}");
        }
    }
}
