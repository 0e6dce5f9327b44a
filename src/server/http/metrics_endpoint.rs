//! `GET /metrics`, on its own listener.

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
/// Response to a page whose host name resolves to this address (DNS rebinding).
const FOREIGN_HOST: &str =
    "Metrics are for this machine only: use localhost or a loopback address.";

/// Router of `--metrics-listen`, whose listener has the address `local`.
pub(crate) fn router(hub: Hub, local: IpAddr, guard: Guard) -> Router {
    let mut routes = Router::new().route("/metrics", get(metrics)).merge(health::routes());
    // Other machines may use any name of this one.
    if local.is_loopback() {
        routes = routes.layer(from_fn(only_this_machine));
    }
    guarded(routes.with_state(hub), guard)
}

/// Rejects requests for any host but the loopback. A page can let its own host name resolve to a
/// loopback address (DNS rebinding).
async fn only_this_machine(request: Request, next: Next) -> Response {
    match origin::host(request.headers()) {
        Ok(Some(host)) if !origin::is_loopback(&host) => {
            (StatusCode::MISDIRECTED_REQUEST, FOREIGN_HOST).into_response()
        }
        _ => next.run(request).await,
    }
}

async fn metrics(State(hub): State<Hub>, headers: HeaderMap) -> Response {
    let Counts { rooms, connections } = *hub.counts().borrow();
    let gauges = Gauges {
        connections,
        rooms,
        // The hub does not answer while it shuts down or is stuck.
        participants: hub.participant_count().await.unwrap_or_default(),
        hub_queue: hub.queue_length(),
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

/// Whether `Accept` names OpenMetrics, with at least the weight of plain text (RFC 9110, section
/// 12.5.1).
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

/// Converts OpenMetrics to the text format 0.0.4: counters have the names of their samples, and there
/// are neither units nor an end marker.
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

/// The comment line of a counter, with the name of its samples.
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
    fn the_text_format_names_counters_like_their_samples() {
        let metrics = Metrics::new();
        metrics.joined(false);
        metrics.sent(3);
        metrics.reported(ClientMetrics { join: Some(412), first_frame: None, reconnect: None });
        let text = plain(&metrics.text(Gauges::default()).unwrap());
        for line in [
            "# HELP salon_joins_total Join requests by result: ok, resumed, or an error code.",
            "# TYPE salon_joins_total counter",
            "salon_joins_total{result=\"ok\"} 1",
            "# TYPE salon_websocket_sent_bytes_total counter",
            "salon_websocket_sent_bytes_total 3",
            "# TYPE salon_rooms gauge",
            "# TYPE salon_client_join_duration_seconds histogram",
            "salon_client_join_duration_seconds_count 1",
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
    fn openmetrics_is_sent_only_on_request() {
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
