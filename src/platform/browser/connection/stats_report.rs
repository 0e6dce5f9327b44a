//! A report of `getStats()` (W3C WebRTC Statistics).

use super::{
    elapsed,
    externs::{Stat, Stats},
};
use crate::{
    call::{Arrival, Path, Reading, TrackReading},
    protocol::Mid,
};
use std::{
    cell::{Cell, OnceCell},
    time::Duration,
};

/// The types that are searched for. Others, such as codecs and candidates, are looked up by id.
const READ: [&str; 5] =
    ["inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair", "transport"];

/// A report of `getStats()`. Converting its entries is expensive, so that each is read at most once, and
/// on demand.
pub(super) struct Report {
    stats: Stats,
    parts: Parts,
}

/// The entries of a report.
pub(super) struct Parts {
    parts: Vec<Part>,
    looked: Duration,
    /// The index of the candidate pair in use, and the sum of what the others have received.
    pair: Cell<Option<usize>>,
    others: Cell<u64>,
}

pub(super) struct Part {
    kind: &'static str,
    is_audio: bool,
    /// The media section of a track.
    mid: Option<Mid>,
    id: String,
    /// Empty until it is read; `None` if the entry is gone.
    stat: OnceCell<Option<Stat>>,
}

impl Part {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn mid(&self) -> Option<&Mid> {
        self.mid.as_ref()
    }

    pub(super) fn is_audio(&self) -> bool {
        self.is_audio
    }
}

impl Parts {
    pub(super) fn of(&self, kind: &str) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.kind == kind)
    }

    /// When a whole report was last searched for them.
    pub(super) fn looked(&self) -> Duration {
        self.looked
    }

    /// The same entries, to be read from the next report.
    pub(super) fn unread(&self) -> Self {
        let part = |Part { kind, is_audio, mid, id, .. }: &Part| Part {
            kind,
            is_audio: *is_audio,
            mid: mid.clone(),
            id: id.clone(),
            stat: OnceCell::new(),
        };
        let parts = self.parts.iter().map(part).collect();
        let (pair, others) = (self.pair.clone(), self.others.clone());
        Self { parts, looked: self.looked, pair, others }
    }
}

impl Report {
    /// Searches a whole report.
    pub(super) fn of(stats: Stats) -> Self {
        let mut parts = Vec::new();
        stats.for_each(&mut |stat| {
            let name = stat.kind_of_stat();
            if let Some(kind) = READ.into_iter().find(|kind| *kind == name) {
                let (id, is_audio) = (stat.id(), stat.kind().as_deref() == Some("audio"));
                let mid = stat.text("mid").and_then(|mid| mid.try_into().ok());
                parts.push(Part { kind, is_audio, mid, id, stat: OnceCell::from(Some(stat)) });
            }
        });
        let (pair, others) = (Cell::default(), Cell::default());
        Self { stats, parts: Parts { parts, looked: elapsed(), pair, others } }
    }

    /// Reads only the entries of an earlier report.
    pub(super) fn of_parts(stats: Stats, parts: Parts) -> Self {
        Self { stats, parts }
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// All entries of one type, with their metadata.
    pub(super) fn tracks(&self, kind: &str) -> impl Iterator<Item = (&Part, &Stat)> {
        self.parts.of(kind).filter_map(|part| Some((part, self.stat(part)?)))
    }

    /// All entries of one type.
    pub(super) fn all(&self, kind: &str) -> impl Iterator<Item = &Stat> {
        self.parts.of(kind).filter_map(|part| self.stat(part))
    }

    /// The candidate pair in use.
    pub(super) fn pair_in_use(&self) -> Option<&Stat> {
        self.find_pair_in_use().and_then(|index| self.stat(self.parts.parts.get(index)?))
    }

    /// The candidate pair that was in use at the last full look.
    fn known_pair(&self) -> Option<&Stat> {
        self.stat(self.parts.parts.get(self.parts.pair.get()?)?)
    }

    /// The index of the candidate pair in use: Firefox marks it, other browsers name its id.
    fn find_pair_in_use(&self) -> Option<usize> {
        let named = self.all("transport").find_map(Stat::selected_pair);
        let is_selected = |stat: &Stat| stat.selected() == Some(true);
        self.parts.parts.iter().position(|part| {
            part.kind == "candidate-pair"
                && match &named {
                    Some(id) => part.id == *id,
                    None => self.stat(part).is_some_and(is_selected),
                }
        })
    }

    /// The path of a candidate pair.
    fn path_of(&self, pair: &Stat) -> Option<Path> {
        let type_of = |id: Option<String>| self.get(&id?)?.candidate_type();
        let (local, remote) = (type_of(pair.local_candidate())?, type_of(pair.remote_candidate())?);
        Some(match (local.as_str(), remote.as_str()) {
            ("relay", _) | (_, "relay") => Path::Relayed,
            // Learned from a received check, before or without signalling (RFC 8445, section 7.3.1.3).
            (_, "prflx") => Path::Unknown,
            _ => Path::Direct,
        })
    }

    fn stat<'a>(&self, part: &'a Part) -> Option<&'a Stat> {
        part.stat.get_or_init(|| self.stats.get(&part.id)).as_ref()
    }

    pub(super) fn get(&self, id: &str) -> Option<Stat> {
        self.stats.get(id)
    }

    /// The summary; `None` if a known entry is missing.
    pub(super) fn reading(&self) -> Option<Reading> {
        let mut reading = Reading { tracks: self.received()?, ..Reading::default() };
        let mut outgoing = None;
        for pair in self.all("candidate-pair") {
            reading.received += received(pair);
            if pair.nominated() == Some(true) {
                reading.round_trip = round_trip(pair).or(reading.round_trip);
                outgoing = pair.available_outgoing_bitrate().or(outgoing);
            }
        }
        reading.for_picture = outgoing.filter(|_| self.sends_picture()).map(|rate| rate as u64);
        self.parts.pair.set(self.find_pair_in_use());
        let pair = self.known_pair();
        self.parts
            .others
            .set(reading.received.saturating_sub(pair.map(received).unwrap_or_default()));
        reading.path = pair.and_then(|pair| self.path_of(pair));
        Some(reading)
    }

    /// The summary of what changes all the time: the received tracks, the candidate pair in use, and
    /// whether a picture is sent that was not. The rest is as it was before. `None` if a known entry is
    /// missing.
    pub(super) fn skim(&self, before: &Reading) -> Option<Reading> {
        let pair = self.known_pair()?;
        // A picture that stops leaves the rate, which matters only if it is low: then all is read.
        let sends_picture = before.for_picture.is_some() || self.sends_picture();
        let outgoing = pair.available_outgoing_bitrate().filter(|_| sends_picture);
        Some(Reading {
            received: self.parts.others.get() + received(pair),
            tracks: self.received()?,
            round_trip: round_trip(pair),
            for_picture: outgoing.map(|rate| rate as u64),
            path: before.path,
        })
    }

    fn sends_picture(&self) -> bool {
        let mut pictures = self.parts.of("outbound-rtp").filter(|part| !part.is_audio);
        let rate = |part| self.stat(part).and_then(Stat::target_bitrate).unwrap_or_default();
        pictures.any(|part| rate(part) > 0.0)
    }

    fn received(&self) -> Option<Vec<TrackReading>> {
        let track = |part: &Part| {
            let (mid, arrival) = (part.mid.clone(), arrival(self.stat(part)?));
            Some(TrackReading { mid, is_audio: part.is_audio, arrival })
        };
        self.parts.of("inbound-rtp").map(track).collect()
    }
}

fn arrival(stat: &Stat) -> Arrival {
    let last = stat.last_packet().zip(stat.timestamp());
    let ago = last.and_then(|(last, now)| Duration::try_from_secs_f64((now - last) / 1000.0).ok());
    Arrival {
        packets: count(stat.packets_received()),
        lost: count(stat.packets_lost()),
        last: ago.and_then(|ago| elapsed().checked_sub(ago)),
    }
}

/// What came over a candidate pair: bytes and connectivity checks.
fn received(pair: &Stat) -> u64 {
    let counts = [pair.bytes_received(), pair.requests_received(), pair.responses_received()];
    counts.into_iter().map(count).sum()
}

fn round_trip(pair: &Stat) -> Option<Duration> {
    pair.round_trip_time().and_then(|time| Duration::try_from_secs_f64(time).ok())
}

/// A counter; `packetsLost` is negative with duplicate packets.
fn count(value: Option<f64>) -> u64 {
    value.unwrap_or_default().max(0.0) as u64
}
