//! What operators watch: counts of what happens, in the text format of OpenMetrics 1.0, which
//! Prometheus reads.
//!
//! To count is to add to an atomic number. Nothing in here knows a room, a name or an address.

use super::{
    guard::Guard,
    hub::Hub,
    log, origin,
    router::{checks, guarded},
};
use crate::protocol::{ErrorCode, Report, Signal};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry, Unit},
};
use std::{net::IpAddr, sync::atomic::Ordering, time::Duration};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";
/// What a page is told that lets its own name stand for this address (DNS rebinding).
const STRANGE_HOST: &str = "Metrics are for this machine: ask with its address or as localhost.";

/// Upper bounds in seconds, close together around what is aimed at.
const JOIN: [f64; 10] = [0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 5.0, 10.0];
const PICTURE: [f64; 10] = [0.2, 0.3, 0.45, 0.6, 0.8, 1.2, 2.0, 3.0, 5.0, 10.0];
const BACK: [f64; 10] = [0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0, 60.0];

type Labels = [(&'static str, String); 1];
type Labelled = Family<Labels, Counter>;

/// Everything that is counted.
#[derive(Debug)]
pub(super) struct Metrics {
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

    /// So many bytes were handed to a connection.
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

    fn text(&self) -> Option<String> {
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

/// What is answered at `--metrics`, which listens at `local`.
pub(super) fn router(hub: Hub, local: IpAddr, guard: Guard) -> Router {
    let mut routes = Router::new().route("/metrics", get(metrics)).merge(checks());
    // Where other machines may ask, they do so by any name.
    if local.is_loopback() {
        routes = routes.layer(from_fn(only_this_machine));
    }
    guarded(routes.with_state(hub), guard)
}

/// Answers those who say that they ask this machine. A page can let its own name stand for any
/// address, so no name counts but those that no page can have.
async fn only_this_machine(request: Request, next: Next) -> Response {
    match origin::host(request.headers()) {
        Ok(Some(host)) if !origin::is_loopback(&host) => {
            (StatusCode::MISDIRECTED_REQUEST, STRANGE_HOST).into_response()
        }
        _ => next.run(request).await,
    }
}

async fn metrics(State(hub): State<Hub>, headers: HeaderMap) -> Response {
    let metrics = hub.metrics();
    let counts = *hub.counts().borrow();
    // Nobody is left to ask once the server ends, and nobody answers when it stands.
    let people = hub.people().await.unwrap_or_default();
    for (gauge, count) in [
        (&metrics.connections, counts.connections),
        (&metrics.rooms, counts.rooms),
        (&metrics.people, people),
        (&metrics.queue, hub.waiting()),
    ] {
        gauge.set(i64::try_from(count).unwrap_or_default());
    }
    metrics.log_dropped.inner().store(log::dropped(), Ordering::Relaxed);
    let Some(text) = metrics.text() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (kind, text) = match wants_open_metrics(&headers) {
        true => (OPEN_METRICS, text),
        false => (PLAIN, plain(&text)),
    };
    ([(header::CONTENT_TYPE, kind), (header::VARY, "accept")], text).into_response()
}

/// Whether OpenMetrics is named, and liked as much as plain text (RFC 9110, section 12.5.1).
fn wants_open_metrics(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let (mut open, mut plain) = (0.0_f32, 0.0_f32);
    for range in lines.flat_map(|line| line.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        match kind.as_str() {
            "application/openmetrics-text" => open = open.max(weight),
            "text/plain" => plain = plain.max(weight),
            _ => {}
        }
    }
    open > 0.0 && open >= plain
}

/// The text format that came before OpenMetrics: counters are named as their samples are, and there
/// are neither units nor an end.
fn plain(open: &str) -> String {
    let type_of = |line: &str| Some(line.strip_prefix("# TYPE ")?.split_once(' ')?.0.to_owned());
    let counters: Vec<_> =
        open.lines().filter(|line| line.ends_with(" counter")).filter_map(type_of).collect();
    let mut text = String::with_capacity(open.len());
    for line in open.lines().filter(|line| *line != "# EOF" && !line.starts_with("# UNIT ")) {
        text.push_str(&renamed(line, &counters).unwrap_or_else(|| line.to_owned()));
        text.push('\n');
    }
    text
}

/// What is said of a counter, under the name that it has here.
fn renamed(line: &str, counters: &[String]) -> Option<String> {
    let mut words = line.splitn(4, ' ');
    let (mark, what, name) = (words.next()?, words.next()?, words.next()?);
    let is_counter = mark == "#" && counters.iter().any(|counter| counter == name);
    is_counter.then(|| format!("# {what} {name}_total {}", words.next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_report_is_sorted_by_its_length() {
        let metrics = Metrics::new();
        metrics.reported(Report { join: Some(412), picture: Some(530), back: None });
        metrics.reported(Report { join: Some(20_000), ..Report::default() });
        let text = metrics.text().unwrap();
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
    fn the_older_format_names_counters_as_their_samples() {
        let metrics = Metrics::new();
        metrics.joined(false);
        metrics.sent(3);
        metrics.reported(Report { join: Some(412), picture: None, back: None });
        let text = plain(&metrics.text().unwrap());
        for line in [
            "# HELP salon_joins_total Answers to join: ok, returned, or an error's code.",
            "# TYPE salon_joins_total counter",
            "salon_joins_total{result=\"ok\"} 1",
            "# TYPE salon_sent_bytes_total counter",
            "salon_sent_bytes_total 3",
            "# TYPE salon_rooms gauge",
            "# TYPE salon_client_join_seconds histogram",
            "salon_client_join_seconds_count 1",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is missing in\n{text}");
        }
        for part in ["# EOF", "# UNIT", "# TYPE salon_joins counter"] {
            assert!(!text.contains(part), "{part} is in\n{text}");
        }
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let named = |sample: &str| sample.split(['{', ' ']).next().unwrap().to_owned();
        for name in samples.map(named) {
            let parts = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let family = format!("# TYPE {} ", parts.unwrap_or(&name));
            assert!(text.contains(&family), "{name} has no type in\n{text}");
        }
    }

    #[test]
    fn open_metrics_is_for_those_who_ask_for_it() {
        let wants = |accept: &str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            wants_open_metrics(&headers)
        };
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
            text/plain;version=0.0.4;q=0.4,*/*;q=0.1";
        assert!(wants(prometheus) && wants("application/openmetrics-text"));
        for other in [
            "",
            "*/*",
            "text/plain",
            "text/html, text/plain;q=0.5",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;q=0.3, text/plain",
        ] {
            assert!(!wants(other), "{other}");
        }
        assert!(!wants_open_metrics(&HeaderMap::new()));
    }

    #[test]
    fn errors_have_the_names_of_the_protocol() {
        assert_eq!(code_name(ErrorCode::RoomFull), "room-full");
        assert_eq!(code_name(ErrorCode::Other), "other");
    }
}
