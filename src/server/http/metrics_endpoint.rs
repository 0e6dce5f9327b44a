//! `GET /metrics`, on a listener of its own.

use super::{
    guard::{Guard, guarded},
    health,
};
use crate::server::{
    hub::{Counts, Hub},
    log,
    metrics::Gauges,
    net::origin,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use std::net::IpAddr;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";
/// What a page is told that lets its own name stand for this address (DNS rebinding).
const STRANGE_HOST: &str = "Metrics are for this machine: ask with its address or as localhost.";

/// What is answered at `--metrics`, which listens at `local`.
pub(crate) fn router(hub: Hub, local: IpAddr, guard: Guard) -> Router {
    let mut routes = Router::new().route("/metrics", get(metrics)).merge(health::routes());
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
    let Counts { rooms, connections } = *hub.counts().borrow();
    let gauges = Gauges {
        connections,
        rooms,
        // Nobody is left to ask once the server ends, and nobody answers when it stands.
        people: hub.people().await.unwrap_or_default(),
        queue: hub.waiting(),
        log_dropped: log::dropped(),
    };
    let Some(text) = hub.metrics().text(gauges) else {
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
    use crate::{protocol::ClientMetrics, server::metrics::Metrics};

    #[test]
    fn the_older_format_names_counters_as_their_samples() {
        let metrics = Metrics::new();
        metrics.joined(false);
        metrics.sent(3);
        metrics.reported(ClientMetrics { join: Some(412), first_frame: None, reconnect: None });
        let text = plain(&metrics.text(Gauges::default()).unwrap());
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
}
