//! What the browser tells of a connection.

use super::{
    elapsed,
    externs::{Pc, Stat, Stats},
    snapshot,
};
use crate::call::{Arrival, Path, Reading, statistics::Snapshot};
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// How often the statistics are read.
pub(super) const READ_EVERY: Duration = Duration::from_millis(500);
/// And while what is expected comes, for to read them is most of what an idle call costs.
const READ_EVERY_WHILE_WELL: Duration = Duration::from_millis(900);

/// What is read one by one. The rest, such as codecs and candidates, is looked up where it is named.
const READ: [&str; 5] =
    ["inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair", "transport"];
/// How long is relied on what a report was made of: another way may have been found meanwhile.
const KNOWN_FOR: Duration = Duration::from_secs(5);

/// What is read of one connection.
pub(super) struct Readings {
    pc: Pc,
    /// The last report, what was read from it, and when it came.
    last: RefCell<Option<(Report, Reading, Duration)>>,
    /// Whether there was more in it than in the one before.
    well: Cell<bool>,
}

impl Readings {
    pub(super) fn new(pc: Pc) -> Self {
        Self { pc, last: RefCell::default(), well: Cell::new(false) }
    }

    /// Reads the statistics, if it is time to.
    pub(super) async fn take(&self) -> Option<Reading> {
        let read_at = self.last.borrow().as_ref().map(|(_, _, at)| *at);
        let is_early = read_at.is_some_and(|at| elapsed() < at + READ_EVERY_WHILE_WELL);
        if is_early && self.well.get() {
            return None;
        }
        let stats = JsFuture::from(self.pc.stats().ok()?).await.ok()?;
        let report = Report::new(stats.unchecked_into(), self.known());
        let reading = read(&report);
        let before = self.last.replace(Some((report, reading, elapsed())));
        self.well.set(before.is_some_and(|(_, before, _)| reading.heard > before.heard));
        Some(reading)
    }

    /// What was read last, in full.
    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        let last = self.last.borrow();
        last.as_ref().map(|(report, reading, at)| snapshot::take(report, reading.path, *at))
    }

    /// What a report was made of, as long as there is no more to be expected in the next one: while all
    /// that can come has its statistics, and for a few seconds.
    fn known(&self) -> Option<Known> {
        let last = self.last.borrow();
        let known = last.as_ref().map(|(report, ..)| report.known()).filter(|_| self.well.get());
        let receivers = self.pc.get_receivers().length() as usize;
        known.filter(|known| known.is_good(receivers, elapsed()))
    }
}

/// A report of `getStats()`. To take it apart is what costs, so that is done once, and only as far as
/// somebody reads it.
pub(super) struct Report {
    stats: Stats,
    /// What kind of thing each part is about, and that.
    parts: Vec<(String, Stat)>,
    /// When all of it was looked at.
    looked: Duration,
}

/// What a report was made of, and when that was known.
pub(super) struct Known {
    parts: Vec<(String, String)>,
    looked: Duration,
}

impl Known {
    /// Whether all of so many receivers have their statistics, and it is not long ago.
    pub(super) fn is_good(&self, receivers: usize, now: Duration) -> bool {
        let of_receivers = self.parts.iter().filter(|(kind, _)| kind == "inbound-rtp").count();
        of_receivers >= receivers && now < self.looked + KNOWN_FOR
    }
}

impl Report {
    /// Of the parts that are known, or, where some are not there any more, of all that are read.
    pub(super) fn new(stats: Stats, known: Option<Known>) -> Self {
        if let Some(Known { parts, looked }) = known {
            let found = parts.into_iter().map(|(kind, id)| Some((kind, stats.get(&id)?)));
            if let Some(parts) = found.collect::<Option<Vec<_>>>().filter(|parts| has_path(parts)) {
                return Self { stats, parts, looked };
            }
        }
        let mut parts = Vec::new();
        stats.for_each(&mut |stat| {
            let kind = stat.kind_of_stat();
            if READ.contains(&kind.as_str()) {
                parts.push((kind, stat));
            }
        });
        Self { stats, parts, looked: elapsed() }
    }

    pub(super) fn known(&self) -> Known {
        let parts = self.parts.iter().map(|(kind, stat)| (kind.clone(), stat.id())).collect();
        Known { parts, looked: self.looked }
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = (&str, &Stat)> {
        self.parts.iter().map(|(kind, stat)| (kind.as_str(), stat))
    }

    pub(super) fn get(&self, id: &str) -> Option<Stat> {
        self.stats.get(id)
    }
}

/// Whether the pair of candidates that is in use is among these parts.
fn has_path(parts: &[(String, Stat)]) -> bool {
    let mut pairs = parts.iter().filter(|(kind, _)| kind == "candidate-pair");
    let mut transports = parts.iter().filter(|(kind, _)| kind == "transport");
    match transports.find_map(|(_, stat)| stat.selected_pair()) {
        Some(selected) => pairs.any(|(_, pair)| pair.id() == selected),
        None => pairs.any(|(_, pair)| pair.selected() == Some(true)),
    }
}

/// Sums up a report.
fn read(report: &Report) -> Reading {
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
