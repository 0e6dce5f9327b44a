//! What the browser tells of a connection.

use super::{
    elapsed,
    externs::{Pc, Stat, Stats},
    snapshot,
};
use crate::call::{Arrival, Path, Reading, statistics::Snapshot};
use std::{
    cell::{Cell, OnceCell, RefCell},
    time::Duration,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What is read one by one. The rest, such as codecs and candidates, is looked up where it is named.
const READ: [&str; 5] =
    ["inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair", "transport"];
/// How long is relied on what a report was made of: another way may have been found meanwhile.
const KNOWN_FOR: Duration = Duration::from_secs(5);
/// To read them is most of what an idle call costs.
const AT_MOST_EVERY: Duration = Duration::from_millis(400);

/// What is read of one connection.
pub(super) struct Readings {
    pc: Pc,
    /// The last report, what was read from it, and when it came.
    last: RefCell<Option<(Report, Reading, Duration)>>,
    /// Whether there was more in it than in the one before.
    well: Cell<bool>,
    /// When the browser was asked last, and whether it has not answered yet.
    asked: Cell<Option<Duration>>,
    waits: Cell<bool>,
}

impl Readings {
    pub(super) fn new(pc: Pc) -> Self {
        Self {
            pc,
            last: RefCell::default(),
            well: Cell::new(false),
            asked: Cell::default(),
            waits: Cell::new(false),
        }
    }

    /// Asks for the statistics, unless that is being done or just was. The answer is for [`Self::note`].
    pub(super) fn take(&self) -> Option<JsFuture<JsValue>> {
        let now = elapsed();
        let was_asked = self.asked.get().is_some_and(|asked| now < asked + AT_MOST_EVERY);
        if was_asked || self.waits.get() {
            return None;
        }
        let answer = self.pc.stats().ok()?;
        self.asked.set(Some(now));
        self.waits.set(true);
        Some(JsFuture::from(answer))
    }

    /// Sums up the answer.
    pub(super) fn note(&self, answer: Result<JsValue, JsValue>) -> Option<Reading> {
        self.waits.set(false);
        let stats: Stats = answer.ok()?.unchecked_into();
        let known = self.known().and_then(|parts| {
            let report = Report { stats: stats.clone(), parts };
            let reading = read(&report)?;
            // Without one, a pair may be in use that was not known.
            reading.path.is_some().then_some((report, reading))
        });
        let (report, reading) = known.unwrap_or_else(|| {
            let report = Report::of(stats);
            let reading = read(&report).unwrap_or_default();
            (report, reading)
        });
        let before = self.last.replace(Some((report, reading, elapsed())));
        self.well.set(before.is_some_and(|(_, before, _)| reading.heard > before.heard));
        Some(reading)
    }

    /// Whether there was more in the last report than in the one before.
    pub(super) fn are_well(&self) -> bool {
        self.well.get()
    }

    /// What was read last, in full.
    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        let last = self.last.borrow();
        last.as_ref().map(|(report, reading, at)| snapshot::take(report, reading.path, *at))
    }

    /// What a report was made of, as long as there is no more to be expected in the next one: while all
    /// that can come has its statistics, and for a few seconds.
    fn known(&self) -> Option<Parts> {
        let last = self.last.borrow();
        let known = last.as_ref().map(|(report, ..)| &report.parts).filter(|_| self.well.get())?;
        let receivers = self.pc.get_receivers().length() as usize;
        let is_good =
            known.of("inbound-rtp").count() >= receivers && elapsed() < known.looked + KNOWN_FOR;
        is_good.then(|| known.anew())
    }
}

/// A report of `getStats()`. To take it apart is what costs, so that is done once, and only as far as
/// somebody reads it.
pub(super) struct Report {
    stats: Stats,
    parts: Parts,
}

/// What a report is made of.
struct Parts {
    parts: Vec<Part>,
    /// When all of a report was looked through for them.
    looked: Duration,
}

struct Part {
    kind: &'static str,
    is_sound: bool,
    id: String,
    /// None before it is read, and where it is not there any more.
    stat: OnceCell<Option<Stat>>,
}

impl Parts {
    fn of(&self, kind: &str) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.kind == kind)
    }

    /// The same of another report.
    fn anew(&self) -> Self {
        let part = |Part { kind, is_sound, id, .. }: &Part| Part {
            kind,
            is_sound: *is_sound,
            id: id.clone(),
            stat: OnceCell::new(),
        };
        let parts = self.parts.iter().map(part).collect();
        Self { parts, looked: self.looked }
    }
}

impl Report {
    /// Looks all of it through.
    fn of(stats: Stats) -> Self {
        let mut parts = Vec::new();
        stats.for_each(&mut |stat| {
            let name = stat.kind_of_stat();
            if let Some(kind) = READ.into_iter().find(|kind| *kind == name) {
                let (id, is_sound) = (stat.id(), stat.kind().as_deref() == Some("audio"));
                parts.push(Part { kind, is_sound, id, stat: OnceCell::from(Some(stat)) });
            }
        });
        Self { stats, parts: Parts { parts, looked: elapsed() } }
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
}

/// Sums up a report; none if something that was known is not in it.
fn read(report: &Report) -> Option<Reading> {
    let mut reading = Reading::default();
    for part in report.parts.of("inbound-rtp") {
        let arrival = arrival(report.stat(part)?);
        let of_kind = if part.is_sound { &mut reading.sound } else { &mut reading.picture };
        of_kind.packets += arrival.packets;
        of_kind.lost += arrival.lost;
        // Not every browser counts the bytes of a path.
        reading.heard += arrival.packets;
    }
    let mut outgoing = None;
    for pair in report.all("candidate-pair") {
        let counts = [pair.bytes_received(), pair.requests_received(), pair.responses_received()];
        reading.heard += counts.into_iter().map(count).sum::<u64>();
        if pair.nominated() == Some(true) {
            let round_trip = pair.round_trip_time().map(Duration::try_from_secs_f64);
            reading.round_trip = round_trip.and_then(Result::ok).or(reading.round_trip);
            outgoing = pair.available_outgoing_bitrate().or(outgoing);
        }
    }
    let mut pictures = report.parts.of("outbound-rtp").filter(|part| !part.is_sound);
    let rate = |part| report.stat(part).and_then(Stat::target_bitrate).unwrap_or_default();
    let sends_picture = pictures.any(|part| rate(part) > 0.0);
    reading.for_picture = outgoing.filter(|_| sends_picture).map(|rate| rate as u64);
    reading.path = report.pair_in_use().and_then(|pair| report.path_of(pair));
    Some(reading)
}

fn arrival(stat: &Stat) -> Arrival {
    Arrival { packets: count(stat.packets_received()), lost: count(stat.packets_lost()) }
}

/// A counter; negative where packets came twice.
fn count(value: Option<f64>) -> u64 {
    value.unwrap_or_default().max(0.0) as u64
}
