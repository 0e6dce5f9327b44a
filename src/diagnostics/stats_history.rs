//! What the connection to one person carries, second by second, for people who ask. Nothing in here
//! tells an address.

use crate::call::{Generation, Path};
use std::{collections::VecDeque, time::Duration};

/// How far back a history goes.
const SPAN: Duration = Duration::from_secs(120);
/// How many samples it holds at most: one a second.
const SAMPLES: usize = 120;
/// After a longer break between two snapshots, nothing is known of the time between them.
const BREAK: Duration = Duration::from_secs(5);

/// What carries packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 768.
    Udp,
    /// RFC 9293.
    Tcp,
    /// TLS over TCP; only between a client and its relay.
    Tls,
}

impl Protocol {
    /// As `RTCIceCandidateStats` names it (W3C WebRTC Statistics, section 8.17).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "udp" => Some(Self::Udp),
            "tcp" => Some(Self::Tcp),
            "tls" => Some(Self::Tls),
            _ => None,
        }
    }
}

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// RFC 791.
    V4,
    /// RFC 8200.
    V6,
}

impl Family {
    /// That of an address; none for a name that stands for one (RFC 8828, section 5.2).
    #[must_use]
    pub fn of(address: &str) -> Option<Self> {
        let is_v4 = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        match address {
            text if text.contains(':') => Some(Self::V6),
            text if text.contains('.') && is_v4(text) => Some(Self::V4),
            _ => None,
        }
    }
}

/// The pair of candidates that is in use (RFC 8445).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Direct or relayed.
    pub path: Path,
    /// What carries the packets.
    pub protocol: Option<Protocol>,
    /// How this side reaches its own relay, if it goes through one.
    pub relay: Option<Protocol>,
    /// Of this side's address.
    pub family: Option<Family>,
}

/// Why a picture is sent smaller than the camera gives it (W3C WebRTC Statistics,
/// `RTCQualityLimitationReason`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// It is not.
    None,
    /// The device cannot compute more.
    Cpu,
    /// The connection does not carry more.
    Bandwidth,
    /// Something else.
    Other,
}

/// A picture as it comes or goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// The name of its codec, as in `video/<name>`.
    pub codec: Option<String>,
    /// Width and height in pixels.
    pub size: Option<(u32, u32)>,
    /// Frames per second.
    pub frames: Option<f64>,
    /// How often it stood still, and for how long in all. Only of what comes.
    pub freezes: Option<(u64, Duration)>,
    /// Only of what goes.
    pub limit: Option<Limit>,
}

/// One direction. What a browser does not tell is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Bytes of sound and picture since the connection was made.
    pub bytes: Option<u64>,
    /// Packets that arrived since then, and that did not. Only of what comes.
    pub packets: Option<(u64, u64)>,
    /// The share of packets, 0 to 1, that did not arrive at the other side lately. Only of what goes.
    pub loss: Option<f64>,
    /// How unevenly packets of sound arrive, or those of the picture where there is no sound
    /// (RFC 3550, section 6.4.1).
    pub jitter: Option<Duration>,
    /// The name of the sound's codec, as in `audio/<name>`.
    pub sound: Option<String>,
    /// The largest of the pictures.
    pub picture: Option<Picture>,
}

/// What a connection carries for one participant at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatsSnapshot {
    /// When, since the page was opened.
    pub at: Duration,
    /// The way in use.
    pub route: Option<Route>,
    /// Time there and back.
    pub round_trip: Option<Duration>,
    /// What comes.
    pub received: Traffic,
    /// What goes.
    pub sent: Traffic,
}

/// Seen from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the other person.
    Received,
    /// To them.
    Sent,
}

/// Something that is drawn over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// In seconds.
    RoundTrip,
    /// In bits per second.
    Rate(Direction),
    /// As a share of all packets, 0 to 1.
    Loss(Direction),
    /// In seconds.
    Jitter(Direction),
}

#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    rate: Option<f64>,
    loss: Option<f64>,
    jitter: Option<f64>,
}

/// What was measured between two snapshots.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Duration,
    round_trip: Option<f64>,
    received: Flow,
    sent: Flow,
}

impl Sample {
    fn value(&self, measure: Measure) -> Option<f64> {
        let flow = |direction| match direction {
            Direction::Received => self.received,
            Direction::Sent => self.sent,
        };
        match measure {
            Measure::RoundTrip => self.round_trip,
            Measure::Rate(direction) => flow(direction).rate,
            Measure::Loss(direction) => flow(direction).loss,
            Measure::Jitter(direction) => flow(direction).jitter,
        }
    }
}

/// The last two minutes with one person, whichever connections there were to them.
#[derive(Clone, Debug, Default)]
pub struct StatsHistory {
    latest: Option<(Generation, StatsSnapshot)>,
    samples: VecDeque<Sample>,
}

impl StatsHistory {
    /// Adds a snapshot of a connection. One that is not newer than the last adds nothing.
    pub fn note(&mut self, connection: Generation, snapshot: StatsSnapshot) {
        if self.latest().is_some_and(|latest| latest.at >= snapshot.at) {
            return;
        }
        let before = self.latest.take().filter(|(before, _)| *before == connection);
        self.samples.push_back(sample(before.map(|(_, snapshot)| snapshot), &snapshot));
        let oldest = snapshot.at.saturating_sub(SPAN);
        while self.samples.front().is_some_and(|sample| sample.at < oldest)
            || self.samples.len() > SAMPLES
        {
            self.samples.pop_front();
        }
        self.latest = Some((connection, snapshot));
    }

    /// The last snapshot.
    #[must_use]
    pub fn latest(&self) -> Option<&StatsSnapshot> {
        self.latest.as_ref().map(|(_, snapshot)| snapshot)
    }

    /// What was measured last.
    #[must_use]
    pub fn now(&self, measure: Measure) -> Option<f64> {
        self.samples.back().and_then(|sample| sample.value(measure))
    }

    /// The least and the most of the last two minutes.
    #[must_use]
    pub fn range(&self, measure: Measure) -> Option<(f64, f64)> {
        let values = self.samples.iter().filter_map(|sample| sample.value(measure));
        values.fold(None, |range, value| match range {
            None => Some((value, value)),
            Some((least, most)) => Some((value.min(least), value.max(most))),
        })
    }

    /// Lines through what was measured, broken where nothing was. Each point is where in the last two
    /// minutes, 0 to 1 for now, and the value.
    #[must_use]
    pub fn lines(&self, measure: Measure) -> Vec<Vec<(f64, f64)>> {
        let Some(end) = self.latest().map(|latest| latest.at) else { return Vec::new() };
        let mut lines = Vec::<Vec<(f64, f64)>>::new();
        let mut before = None;
        for sample in &self.samples {
            let Some(value) = sample.value(measure) else {
                before = None;
                continue;
            };
            let ago = end.saturating_sub(sample.at).as_secs_f64() / SPAN.as_secs_f64();
            let follows = before.is_some_and(|before| sample.at < before + BREAK);
            before = Some(sample.at);
            match lines.last_mut().filter(|_| follows) {
                Some(line) => line.push((1.0 - ago, value)),
                None => lines.push(vec![(1.0 - ago, value)]),
            }
        }
        lines
    }
}

fn sample(before: Option<StatsSnapshot>, after: &StatsSnapshot) -> Sample {
    let before = before.filter(|before| after.at <= before.at + BREAK);
    let time = before.as_ref().map(|before| after.at.saturating_sub(before.at).as_secs_f64());
    let flow = |before: Option<&Traffic>, after: &Traffic| {
        let bytes = grown(before.and_then(|before| before.bytes), after.bytes);
        let (arrived, lost) = (
            grown(packets(before, |(arrived, _)| arrived), packets(Some(after), |it| it.0)),
            grown(packets(before, |(_, lost)| lost), packets(Some(after), |it| it.1)),
        );
        let lost = arrived.zip(lost).filter(|(arrived, lost)| arrived + lost > 0.0);
        Flow {
            rate: bytes.zip(time).map(|(bytes, time)| bytes * 8.0 / time),
            loss: after.loss.or(lost.map(|(arrived, lost)| lost / (arrived + lost))),
            jitter: after.jitter.map(|jitter| jitter.as_secs_f64()),
        }
    };
    Sample {
        at: after.at,
        round_trip: after.round_trip.map(|time| time.as_secs_f64()),
        received: flow(before.as_ref().map(|before| &before.received), &after.received),
        sent: flow(before.as_ref().map(|before| &before.sent), &after.sent),
    }
}

fn packets(traffic: Option<&Traffic>, which: impl Fn((u64, u64)) -> u64) -> Option<u64> {
    traffic?.packets.map(which)
}

/// By how much a counter has grown. One that shrank counts something else now, as when a stream of it
/// has ended.
fn grown(before: Option<u64>, after: Option<u64>) -> Option<f64> {
    after?.checked_sub(before?).map(|grown| grown as f64)
}

#[cfg(test)]
mod tests;
