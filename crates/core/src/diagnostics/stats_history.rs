//! Statistics of the connection to one person over time. Contains no addresses.

use crate::call::{Generation, Path};
use std::{collections::VecDeque, time::Duration};

/// Length of a history.
const SPAN: Duration = Duration::from_secs(120);
/// Maximum number of samples: at most one per second.
const SAMPLES: usize = 120;
/// Maximum time between two snapshots, which is twice the period while nobody looks at them. After a
/// longer gap, the time in between is unknown.
const BREAK: Duration = Duration::from_secs(9);

/// A transport protocol.
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

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// RFC 791.
    V4,
    /// RFC 8200.
    V6,
}

impl Family {
    /// The family of an address; `None` for an mDNS name (RFC 8828, section 5.2).
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

/// The selected candidate pair (RFC 8445).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CandidatePair {
    /// Direct or relayed.
    pub path: Path,
    /// The transport protocol of the packets.
    pub protocol: Option<Protocol>,
    /// How this side reaches its own relay, if it uses one.
    pub relay: Option<Protocol>,
    /// The family of this side's address.
    pub family: Option<Family>,
}

/// Why video is sent at a lower quality than the camera's (W3C WebRTC Statistics,
/// `RTCQualityLimitationReason`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Not limited.
    None,
    /// The device's processor.
    Cpu,
    /// The bandwidth of the connection.
    Bandwidth,
    /// Something else.
    Other,
}

/// A video stream in one direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// The name of its codec, as in `video/<name>`.
    pub codec: Option<String>,
    /// Width and height in pixels.
    pub size: Option<(u32, u32)>,
    /// Frames per second.
    pub frames: Option<f64>,
    /// Number of freezes, and their total duration. Received video only.
    pub freezes: Option<(u64, Duration)>,
    /// Sent video only.
    pub limit: Option<Limit>,
}

/// One direction. Values that the browser does not report are `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Bytes of audio and video since the connection was created.
    pub bytes: Option<u64>,
    /// Packets received and lost since then. Received media only.
    pub packets: Option<(u64, u64)>,
    /// The fraction of packets, 0 to 1, that the other side lost recently. Sent media only.
    pub loss: Option<f64>,
    /// Jitter of the audio packets, or of the video packets where there is no audio (RFC 3550,
    /// section 6.4.1).
    pub jitter: Option<Duration>,
    /// The name of the audio codec, as in `audio/<name>`.
    pub sound: Option<String>,
    /// The largest video.
    pub picture: Option<Picture>,
}

/// A snapshot of a connection's statistics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatsSnapshot {
    /// Time since the page was opened.
    pub at: Duration,
    /// The selected candidate pair.
    pub candidate_pair: Option<CandidatePair>,
    /// Round-trip time.
    pub round_trip: Option<Duration>,
    /// Received media.
    pub received: Traffic,
    /// Sent media.
    pub sent: Traffic,
}

/// A direction, as seen from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the other person.
    Received,
    /// To them.
    Sent,
}

/// A value that is drawn over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// In seconds.
    RoundTrip,
    /// In bits per second.
    Rate(Direction),
    /// As a fraction of all packets, 0 to 1.
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

/// The values between two snapshots.
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

/// The last two minutes with one person, across all connections to them.
#[derive(Clone, Debug, Default)]
pub struct StatsHistory {
    latest: Option<(Generation, StatsSnapshot)>,
    samples: VecDeque<Sample>,
}

impl StatsHistory {
    /// Adds a snapshot of a connection. Ignores a snapshot that is not newer than the last.
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

    /// The last values.
    #[must_use]
    pub fn now(&self, measure: Measure) -> Option<f64> {
        self.samples.back().and_then(|sample| sample.value(measure))
    }

    /// Minimum and maximum of the last two minutes.
    #[must_use]
    pub fn range(&self, measure: Measure) -> Option<(f64, f64)> {
        let values = self.samples.iter().filter_map(|sample| sample.value(measure));
        values.fold(None, |range, value| match range {
            None => Some((value, value)),
            Some((least, most)) => Some((value.min(least), value.max(most))),
        })
    }

    /// Lines through the values, with gaps where there are none. Each point is its position within
    /// the last two minutes, 0 to 1 for now, and the value.
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

/// The increase of a counter. A counter that decreased counts something else now, for example after
/// one of its streams has ended.
fn grown(before: Option<u64>, after: Option<u64>) -> Option<f64> {
    after?.checked_sub(before?).map(|grown| grown as f64)
}

#[cfg(test)]
mod tests;
