//! What the browser tells of a connection.

use super::externs::{Stat, Stats};
use crate::call::{Arrival, Path, Reading};
use std::time::Duration;

/// A report of `getStats()`. To take it apart is what costs, so that is done once.
pub(super) struct Report {
    stats: Stats,
    /// All that is in it, with what kind of thing each is about.
    parts: Vec<(String, Stat)>,
}

impl Report {
    pub(super) fn new(stats: Stats) -> Self {
        let mut parts = Vec::new();
        stats.for_each(&mut |stat| parts.push((stat.kind_of_stat(), stat)));
        Self { stats, parts }
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = (&str, &Stat)> {
        self.parts.iter().map(|(kind, stat)| (kind.as_str(), stat))
    }

    pub(super) fn get(&self, id: &str) -> Option<Stat> {
        self.stats.get(id)
    }
}

/// Sums up a report.
pub(super) fn read(report: &Report) -> Reading {
    let mut reading = Reading::default();
    let (mut outgoing, mut sends_picture) = (None, false);
    let (mut selected, mut pairs) = (None, Vec::new());
    report.parts().for_each(|(kind, stat)| match kind {
        "inbound-rtp" => {
            let of_kind = match stat.kind().as_deref() {
                Some("audio") => &mut reading.sound,
                _ => &mut reading.picture,
            };
            let arrival = arrival(stat);
            of_kind.packets += arrival.packets;
            of_kind.lost += arrival.lost;
            // Not every browser counts the bytes of a path.
            reading.heard += arrival.packets;
        }
        "candidate-pair" => {
            let counts =
                [stat.bytes_received(), stat.requests_received(), stat.responses_received()];
            reading.heard += counts.into_iter().map(count).sum::<u64>();
            if stat.nominated() == Some(true) {
                let round_trip = stat.round_trip_time().map(Duration::try_from_secs_f64);
                reading.round_trip = round_trip.and_then(Result::ok).or(reading.round_trip);
                outgoing = stat.available_outgoing_bitrate().or(outgoing);
            }
            pairs.push(stat);
        }
        "transport" => selected = stat.selected_pair().or(selected.take()),
        "outbound-rtp" => {
            let is_picture = stat.kind().as_deref() == Some("video");
            sends_picture |= is_picture && stat.target_bitrate().unwrap_or_default() > 0.0;
        }
        _ => {}
    });
    // Firefox marks the pair that it uses, the others name it.
    let uses = |pair: &&&Stat| match &selected {
        Some(selected) => pair.id() == *selected,
        None => pair.selected() == Some(true),
    };
    let in_use = pairs.iter().find(uses);
    reading.path = in_use.and_then(|pair| path(pair, report));
    reading.for_picture = outgoing.filter(|_| sends_picture).map(|rate| rate as u64);
    reading
}

/// The way that a pair of candidates takes.
fn path(pair: &Stat, report: &Report) -> Option<Path> {
    let type_of = |id: Option<String>| report.get(&id?)?.candidate_type();
    let (local, remote) = (type_of(pair.local_candidate())?, type_of(pair.remote_candidate())?);
    Some(match (local.as_str(), remote.as_str()) {
        ("relay", _) | (_, "relay") => Path::Relayed,
        // Learned from what arrived, before or without being told (RFC 8445, section 7.3.1.3).
        (_, "prflx") => Path::Unknown,
        _ => Path::Direct,
    })
}

fn arrival(stat: &Stat) -> Arrival {
    Arrival { packets: count(stat.packets_received()), lost: count(stat.packets_lost()) }
}

/// A counter; negative where packets came twice.
fn count(value: Option<f64>) -> u64 {
    value.unwrap_or_default().max(0.0) as u64
}
