//! Reads the statistics of a connection.

use super::{
    elapsed,
    externs::{Pc, Stats},
    snapshot,
    stats_report::{Parts, Report},
};
use crate::{
    call::{Pace, Reading},
    diagnostics::ConnectionStats,
};
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::RtcRtpReceiver;

/// Time after which the entries of a report are searched again, as another candidate pair may be in
/// use.
const KNOWN_FOR: Duration = Duration::from_secs(10);
/// Minimum time between two reports: reading them is most of the cost of an idle call.
const AT_MOST_EVERY: Duration = Duration::from_millis(400);

/// The statistics of one connection.
pub(super) struct Readings {
    pc: Pc,
    /// The last report, its summary, and when it arrived.
    last: RefCell<Option<(Report, Reading, Duration)>>,
    pace: RefCell<Pace>,
    /// When a report was last requested, and whether it is pending.
    asked: Cell<Option<Duration>>,
    waits: Cell<bool>,
}

impl Readings {
    pub(super) fn new(pc: Pc) -> Self {
        Self {
            pc,
            last: RefCell::default(),
            pace: RefCell::default(),
            asked: Cell::default(),
            waits: Cell::new(false),
        }
    }

    /// Requests a report, unless one is pending or has just been requested. The result goes to
    /// [`Self::note`].
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

    /// Summarises a report.
    pub(super) fn note(&self, answer: Result<JsValue, JsValue>) -> Option<Reading> {
        self.waits.set(false);
        let stats: Stats = answer.ok()?.unchecked_into();
        let known = self.known().and_then(|(parts, before)| {
            let report = Report::of_parts(stats.clone(), parts);
            let reading = match self.pace.borrow().is_calm(elapsed()) {
                true => report.skim(&before)?,
                false => report.reading()?,
            };
            // Without a path, a new candidate pair may be in use.
            reading.path.is_some().then_some((report, reading))
        });
        let (report, reading) = known.unwrap_or_else(|| {
            let report = Report::of(stats);
            let reading = report.reading().unwrap_or_default();
            (report, reading)
        });
        let now = elapsed();
        self.pace.borrow_mut().note(&reading, now);
        self.last.replace(Some((report, reading.clone(), now)));
        Some(reading)
    }

    /// The time until the next report.
    pub(super) fn period(&self) -> Duration {
        self.pace.borrow().period(elapsed())
    }

    /// The last report in full.
    pub(super) fn stats(&self) -> Option<ConnectionStats> {
        let last = self.last.borrow();
        last.as_ref().map(|(report, reading, at)| snapshot::take(report, reading.path, *at))
    }

    /// The entries and the summary of the last report, if the entries are still complete: for a few
    /// seconds, and while every receiver that brings something has its statistics.
    fn known(&self) -> Option<(Parts, Reading)> {
        let last = self.last.borrow();
        let (report, reading, _) = last.as_ref().filter(|_| self.pace.borrow().is_well())?;
        let (known, receivers) = (report.parts(), self.pc.get_receivers());
        let brings = |receiver: &RtcRtpReceiver| !receiver.track().muted();
        let count = receivers.iter().filter(|receiver| brings(receiver.unchecked_ref())).count();
        let is_good =
            known.of("inbound-rtp").count() >= count && elapsed() < known.looked() + KNOWN_FOR;
        is_good.then(|| (known.unread(), reading.clone()))
    }
}
