//! What operators watch: counts of what happens, in the text format of OpenMetrics 1.0, which
//! Prometheus reads.
//!
//! To count is to add to an atomic number. Nothing in here knows a room, a name or an address.

use crate::protocol::{ErrorCode, Report, Signal};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry, Unit},
};
use std::{sync::atomic::Ordering, time::Duration};

/// Upper bounds in seconds, close together around what is aimed at.
const JOIN: [f64; 10] = [0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 5.0, 10.0];
const PICTURE: [f64; 10] = [0.2, 0.3, 0.45, 0.6, 0.8, 1.2, 2.0, 3.0, 5.0, 10.0];
const BACK: [f64; 10] = [0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0, 60.0];

type Labels = [(&'static str, String); 1];
type Labelled = Family<Labels, Counter>;

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    connections: Gauge,
    rooms: Gauge,
    people: Gauge,
    queue: Gauge,
    joins: Labelled,
    errors: Labelled,
    closed: Labelled,
    refusals: Labelled,
    offers: Counter,
    answers: Counter,
    candidates: Counter,
    receptions: Counter,
    sent: Counter,
    log_dropped: Counter,
    join: Histogram,
    picture: Histogram,
    back: Histogram,
}

/// What is counted only when somebody asks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gauges {
    /// Open connections.
    pub(super) connections: usize,
    /// Rooms that somebody sits in or looks into.
    pub(super) rooms: usize,
    /// Seats that are taken or held.
    pub(super) people: usize,
    /// Events that wait for the hub.
    pub(super) queue: usize,
    /// Lines of the log that nobody took in time.
    pub(super) log_dropped: u64,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut all = Registry::with_prefix("salon");
        let registry = &mut all;
        let relayed = Labelled::default();
        add(registry, "relayed", "Messages passed on from person to person", &relayed);
        let kind = |kind: &str| relayed.get_or_create(&labels("type", kind)).clone();
        let (offers, answers) = (kind("offer"), kind("answer"));
        let (candidates, receptions) = (kind("candidate"), kind("reception"));
        Self {
            offers,
            answers,
            candidates,
            receptions,
            connections: counted(registry, "connections", "Open sockets"),
            rooms: counted(registry, "rooms", "Rooms that somebody sits in or looks into"),
            people: counted(registry, "people", "Seats that are taken or held"),
            queue: counted(registry, "queue", "Events that wait for the task that owns the rooms"),
            joins: counted(registry, "joins", "Answers to join: ok, returned, or an error's code"),
            errors: counted(registry, "errors", "Errors that clients were told"),
            closed: counted(registry, "closed", "Connections that ended, and why"),
            log_dropped: counted(
                registry,
                "log_lines_dropped",
                "Lines of the log that nobody took in time",
            ),
            refusals: counted(registry, "refusals", "Who was turned away before a room, and why"),
            sent: {
                let sent = Counter::default();
                let help = "Size of the messages to clients";
                registry.register_with_unit("sent", help, Unit::Bytes, sent.clone());
                sent
            },
            join: timed(registry, "client_join", "From Join to the seat, as clients say", JOIN),
            picture: timed(
                registry,
                "client_picture",
                "From Join to the first picture of somebody who was inside, as clients say",
                PICTURE,
            ),
            back: timed(
                registry,
                "client_back",
                "From the loss of a connection to the seat, as clients say",
                BACK,
            ),
            registry: all,
        }
    }

    /// Something was relayed to somebody.
    pub(super) fn relayed(&self, signal: &Signal) {
        let counter = match signal {
            Signal::Offer(_) => &self.offers,
            Signal::Answer(_) => &self.answers,
            Signal::Candidate(_) => &self.candidates,
            Signal::Reception(_) => &self.receptions,
        };
        counter.inc();
    }

    /// This many bytes were handed to a connection.
    pub(super) fn sent(&self, bytes: usize) {
        self.sent.inc_by(u64::try_from(bytes).unwrap_or_default());
    }

    /// Somebody has a seat, which they perhaps had before.
    pub(super) fn joined(&self, returned: bool) {
        let result = if returned { "returned" } else { "ok" };
        self.joins.get_or_create(&labels("result", result)).inc();
    }

    /// A client was told that something was not done, which may have been to join.
    pub(super) fn refused(&self, code: ErrorCode, join: bool) {
        let code = code_name(code);
        if join {
            self.joins.get_or_create(&labels("result", &code)).inc();
        }
        self.errors.get_or_create(&labels("code", &code)).inc();
    }

    /// A connection has ended.
    pub(super) fn closed(&self, reason: &'static str) {
        self.closed.get_or_create(&labels("reason", reason)).inc();
    }

    /// Somebody was turned away before they reached a room.
    pub(super) fn turned_away(&self, reason: &'static str) {
        self.refusals.get_or_create(&labels("reason", reason)).inc();
    }

    /// A client says how long its person waited.
    pub(super) fn reported(&self, report: Report) {
        let Report { join, picture, back } = report;
        for (histogram, millis) in
            [(&self.join, join), (&self.picture, picture), (&self.back, back)]
        {
            if let Some(millis) = millis {
                histogram.observe(Duration::from_millis(millis.into()).as_secs_f64());
            }
        }
    }

    /// Everything in the text format of OpenMetrics, with what is counted only when somebody asks.
    pub(super) fn text(&self, gauges: Gauges) -> Option<String> {
        let Gauges { connections, rooms, people, queue, log_dropped } = gauges;
        for (gauge, count) in [
            (&self.connections, connections),
            (&self.rooms, rooms),
            (&self.people, people),
            (&self.queue, queue),
        ] {
            gauge.set(i64::try_from(count).unwrap_or_default());
        }
        self.log_dropped.inner().store(log_dropped, Ordering::Relaxed);
        let mut text = String::new();
        encode(&mut text, &self.registry).ok().map(|()| text)
    }
}

fn labels(name: &'static str, value: &str) -> Labels {
    [(name, value.to_owned())]
}

/// What the protocol calls it.
fn code_name(code: ErrorCode) -> String {
    let name = serde_json::to_value(code).ok();
    name.as_ref().and_then(|name| name.as_str()).unwrap_or("other").to_owned()
}

fn add(registry: &mut Registry, name: &str, help: &str, metric: &(impl Metric + Clone)) {
    registry.register(name, help, metric.clone());
}

fn counted<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    add(registry, name, help, &metric);
    metric
}

fn timed(registry: &mut Registry, name: &str, help: &str, bounds: [f64; 10]) -> Histogram {
    let histogram = Histogram::new(bounds);
    registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_report_is_sorted_by_its_length() {
        let metrics = Metrics::new();
        metrics.reported(Report { join: Some(412), picture: Some(530), back: None });
        metrics.reported(Report { join: Some(20_000), ..Report::default() });
        let text = metrics.text(Gauges::default()).unwrap();
        for line in [
            "salon_client_join_seconds_bucket{le=\"0.3\"} 0",
            "salon_client_join_seconds_bucket{le=\"0.5\"} 1",
            "salon_client_join_seconds_bucket{le=\"10.0\"} 1",
            "salon_client_join_seconds_bucket{le=\"+Inf\"} 2",
            "salon_client_picture_seconds_sum 0.53",
            "salon_client_back_seconds_count 0",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn errors_have_the_names_of_the_protocol() {
        assert_eq!(code_name(ErrorCode::RoomFull), "room-full");
        assert_eq!(code_name(ErrorCode::Other), "other");
    }
}
