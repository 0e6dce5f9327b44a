//! What the browser tells of a connection.

use super::{
    elapsed,
    externs::{Pc, Stats},
    snapshot,
    stats_report::{Parts, Report},
};
use crate::{call::Reading, diagnostics::ConnectionStats};
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

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
            let report = Report::of_parts(stats.clone(), parts);
            let reading = report.reading()?;
            // Without one, a pair may be in use that was not known.
            reading.path.is_some().then_some((report, reading))
        });
        let (report, reading) = known.unwrap_or_else(|| {
            let report = Report::of(stats);
            let reading = report.reading().unwrap_or_default();
            (report, reading)
        });
        let before = self.last.replace(Some((report, reading.clone(), elapsed())));
        self.well.set(before.is_some_and(|(_, before, _)| reading.heard() > before.heard()));
        Some(reading)
    }

    /// Whether there was more in the last report than in the one before.
    pub(super) fn are_well(&self) -> bool {
        self.well.get()
    }

    /// What was read last, in full.
    pub(super) fn stats(&self) -> Option<ConnectionStats> {
        let last = self.last.borrow();
        last.as_ref().map(|(report, reading, at)| snapshot::take(report, reading.path, *at))
    }

    /// What a report was made of, as long as there is no more to be expected in the next one: while all
    /// that can come has its statistics, and for a few seconds.
    fn known(&self) -> Option<Parts> {
        let last = self.last.borrow();
        let known = last.as_ref().map(|(report, ..)| report.parts()).filter(|_| self.well.get())?;
        let receivers = self.pc.get_receivers().length() as usize;
        let is_good =
            known.of("inbound-rtp").count() >= receivers && elapsed() < known.looked() + KNOWN_FOR;
        is_good.then(|| known.unread())
    }
}
