//! A report of `getStats()` (W3C WebRTC Statistics), and what is read of it.

use super::{
    elapsed,
    externs::{Stat, Stats},
};
use crate::{
    call::{Arrival, Path, Reading, TrackReading},
    protocol::Mid,
};
use std::{cell::OnceCell, time::Duration};

/// What is read one by one. The rest, such as codecs and candidates, is looked up where it is named.
const READ: [&str; 5] =
    ["inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair", "transport"];

/// A report of `getStats()`. To take it apart is what costs, so that is done once, and only as far as
/// somebody reads it.
pub(super) struct Report {
    stats: Stats,
    parts: Parts,
}

/// What a report is made of.
pub(super) struct Parts {
    parts: Vec<Part>,
    looked: Duration,
}

pub(super) struct Part {
    kind: &'static str,
    is_audio: bool,
    /// The media section of a track.
    mid: Option<Mid>,
    id: String,
    /// None before it is read, and where it is not there any more.
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

    /// When all of a report was looked through for them.
    pub(super) fn looked(&self) -> Duration {
        self.looked
    }

    /// The same selection, to be read from the next report.
    pub(super) fn unread(&self) -> Self {
        let part = |Part { kind, is_audio, mid, id, .. }: &Part| Part {
            kind,
            is_audio: *is_audio,
            mid: mid.clone(),
            id: id.clone(),
            stat: OnceCell::new(),
        };
        let parts = self.parts.iter().map(part).collect();
        Self { parts, looked: self.looked }
    }
}

impl Report {
    /// Looks all of it through.
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
        Self { stats, parts: Parts { parts, looked: elapsed() } }
    }

    /// Reads only what another report was made of.
    pub(super) fn of_parts(stats: Stats, parts: Parts) -> Self {
        Self { stats, parts }
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// All of one kind, with what is known of each.
    pub(super) fn tracks(&self, kind: &str) -> impl Iterator<Item = (&Part, &Stat)> {
        self.parts.of(kind).filter_map(|part| Some((part, self.stat(part)?)))
    }

    /// All of one kind.
    pub(super) fn all(&self, kind: &str) -> impl Iterator<Item = &Stat> {
        self.parts.of(kind).filter_map(|part| self.stat(part))
    }

    /// Firefox marks the pair that it uses, the others name it.
    pub(super) fn pair_in_use(&self) -> Option<&Stat> {
        let named = self.all("transport").find_map(Stat::selected_pair);
        match named {
            Some(id) => self
                .parts
                .of("candidate-pair")
                .find(|part| part.id == id)
                .and_then(|part| self.stat(part)),
            None => self.all("candidate-pair").find(|pair| pair.selected() == Some(true)),
        }
    }

    /// The way that a pair of candidates takes.
    fn path_of(&self, pair: &Stat) -> Option<Path> {
        let type_of = |id: Option<String>| self.get(&id?)?.candidate_type();
        let (local, remote) = (type_of(pair.local_candidate())?, type_of(pair.remote_candidate())?);
        Some(match (local.as_str(), remote.as_str()) {
            ("relay", _) | (_, "relay") => Path::Relayed,
            // Learned from what arrived, before or without being told (RFC 8445, section 7.3.1.3).
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

    /// Sums it up; none if something that was known is not in it.
    pub(super) fn reading(&self) -> Option<Reading> {
        let mut reading = Reading::default();
        for part in self.parts.of("inbound-rtp") {
            let (mid, arrival) = (part.mid.clone(), arrival(self.stat(part)?));
            reading.tracks.push(TrackReading { mid, is_audio: part.is_audio, arrival });
        }
        let mut outgoing = None;
        for pair in self.all("candidate-pair") {
            let counts =
                [pair.bytes_received(), pair.requests_received(), pair.responses_received()];
            reading.heard += counts.into_iter().map(count).sum::<u64>();
            if pair.nominated() == Some(true) {
                let round_trip = pair.round_trip_time().map(Duration::try_from_secs_f64);
                reading.round_trip = round_trip.and_then(Result::ok).or(reading.round_trip);
                outgoing = pair.available_outgoing_bitrate().or(outgoing);
            }
        }
        let mut pictures = self.parts.of("outbound-rtp").filter(|part| !part.is_audio);
        let rate = |part| self.stat(part).and_then(Stat::target_bitrate).unwrap_or_default();
        let sends_picture = pictures.any(|part| rate(part) > 0.0);
        reading.for_picture = outgoing.filter(|_| sends_picture).map(|rate| rate as u64);
        reading.path = self.pair_in_use().and_then(|pair| self.path_of(pair));
        Some(reading)
    }
}

fn arrival(stat: &Stat) -> Arrival {
    Arrival { packets: count(stat.packets_received()), lost: count(stat.packets_lost()) }
}

/// A counter; negative where packets came twice.
fn count(value: Option<f64>) -> u64 {
    value.unwrap_or_default().max(0.0) as u64
}
