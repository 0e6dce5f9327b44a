//! The metrics registry, encoded as OpenMetrics 1.0 text for Prometheus.
//!
//! Updating a metric is one atomic addition. Metrics never contain a room, a name or an address.

mod forwarding;

pub(super) use forwarding::ForwardingMetrics;

use crate::protocol::{ClientMetrics, ErrorCode, Signal};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry, Unit},
};
use std::{sync::atomic::Ordering, time::Duration};

/// Histogram buckets: upper bounds in seconds, close together around the target.
const JOIN_BUCKETS: [f64; 10] = [0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 5.0, 10.0];
const FIRST_FRAME_BUCKETS: [f64; 10] = [0.2, 0.3, 0.45, 0.6, 0.8, 1.2, 2.0, 3.0, 5.0, 10.0];
const RECONNECT_BUCKETS: [f64; 10] = [0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0, 60.0];

type Labels = [(&'static str, String); 1];
type Labelled = Family<Labels, Counter>;

/// All metrics of the server.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    sampled: Sampled,
    joins: Labelled,
    errors: Labelled,
    closed: Labelled,
    refusals: Labelled,
    forwarded: Forwarded,
    sent_bytes: Counter,
    client: ClientDurations,
    relay: RelayMetrics,
}

/// What Salon's own TURN server does, and the forwarding server beside it.
#[derive(Clone, Debug)]
pub(crate) struct RelayMetrics {
    forwarding: ForwardingMetrics,
    allocations: Gauge,
    to_peers: Relayed,
    to_clients: Relayed,
    dropped: Counter,
    refusals: Labelled,
    unanswered: Counter,
}

/// What was relayed in one direction.
#[derive(Clone, Debug)]
struct Relayed {
    packets: Counter,
    bytes: Counter,
}

/// Set to the values of [`Gauges`] when the metrics are scraped.
#[derive(Debug)]
struct Sampled {
    connections: Gauge,
    rooms: Gauge,
    participants: Gauge,
    hub_queue: Gauge,
    log_dropped: Counter,
}

/// Forwarded signals by type.
#[derive(Debug)]
struct Forwarded {
    offers: Counter,
    answers: Counter,
    candidates: Counter,
    receptions: Counter,
}

/// Durations that clients report.
#[derive(Debug)]
struct ClientDurations {
    join: Histogram,
    first_frame: Histogram,
    reconnect: Histogram,
}

/// Values that are sampled when the metrics are scraped.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gauges {
    /// Open WebSockets.
    pub(super) connections: usize,
    /// Rooms with participants or watchers.
    pub(super) rooms: usize,
    /// Seats, including those held for a reconnection.
    pub(super) participants: usize,
    /// Events in the hub's input queue.
    pub(super) hub_queue: usize,
    /// Log lines dropped so far.
    pub(super) log_dropped: u64,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut all = Registry::with_prefix("salon");
        let registry = &mut all;
        Self {
            forwarded: Forwarded::new(registry),
            sampled: Sampled::new(registry),
            joins: counted(
                registry,
                "joins",
                "Join requests by result: ok, resumed, or an error code",
            ),
            errors: counted(registry, "errors", "Error responses by code"),
            closed: counted(registry, "websocket_closed", "Closed WebSockets by reason"),
            refusals: counted(registry, "refusals", "Connections and requests refused by reason"),
            sent_bytes: {
                let sent = Counter::default();
                let help = "Bytes of the messages sent to clients";
                registry.register_with_unit("websocket_sent", help, Unit::Bytes, sent.clone());
                sent
            },
            client: ClientDurations::new(registry),
            relay: RelayMetrics::new(registry),
            registry: all,
        }
    }

    /// The metrics of TURN.
    pub(super) fn relay(&self) -> RelayMetrics {
        self.relay.clone()
    }

    /// Counts a signal that was forwarded to its recipient.
    pub(super) fn signal_forwarded(&self, signal: &Signal) {
        let counter = match signal {
            Signal::Offer(_) => &self.forwarded.offers,
            Signal::Answer(_) => &self.forwarded.answers,
            Signal::Candidate(_) => &self.forwarded.candidates,
            Signal::Reception(_) => &self.forwarded.receptions,
        };
        counter.inc();
    }

    /// Counts the bytes of a message that was queued for a client.
    pub(super) fn sent(&self, bytes: usize) {
        self.sent_bytes.inc_by(u64::try_from(bytes).unwrap_or_default());
    }

    /// Counts a participant who joined; `resumed` if they had the seat before.
    pub(super) fn joined(&self, resumed: bool) {
        let result = if resumed { "resumed" } else { "ok" };
        self.joins.get_or_create(&labels("result", result)).inc();
    }

    /// Counts an error response. `join` says whether it answers a `join`.
    pub(super) fn error(&self, code: ErrorCode, join: bool) {
        let code = code.word();
        if join {
            self.joins.get_or_create(&labels("result", code)).inc();
        }
        self.errors.get_or_create(&labels("code", code)).inc();
    }

    /// Counts a WebSocket that was closed.
    pub(super) fn closed(&self, reason: &'static str) {
        self.closed.get_or_create(&labels("reason", reason)).inc();
    }

    /// Counts a connection or request that was refused before it reached the hub.
    pub(super) fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&labels("reason", reason)).inc();
    }

    /// Records the durations that a client reports.
    pub(super) fn reported(&self, report: ClientMetrics) {
        let ClientMetrics { join, first_frame, reconnect } = report;
        let client = &self.client;
        for (histogram, millis) in [
            (&client.join, join),
            (&client.first_frame, first_frame),
            (&client.reconnect, reconnect),
        ] {
            if let Some(millis) = millis {
                histogram.observe(Duration::from_millis(millis.into()).as_secs_f64());
            }
        }
    }

    /// Encodes all metrics as OpenMetrics text.
    pub(super) fn text(&self, gauges: Gauges) -> Option<String> {
        let Gauges { connections, rooms, participants, hub_queue, log_dropped } = gauges;
        let sampled = &self.sampled;
        for (gauge, count) in [
            (&sampled.connections, connections),
            (&sampled.rooms, rooms),
            (&sampled.participants, participants),
            (&sampled.hub_queue, hub_queue),
        ] {
            gauge.set(i64::try_from(count).unwrap_or_default());
        }
        sampled.log_dropped.inner().store(log_dropped, Ordering::Relaxed);
        let mut text = String::new();
        encode(&mut text, &self.registry).ok().map(|()| text)
    }
}

impl Sampled {
    fn new(registry: &mut Registry) -> Self {
        Self {
            connections: counted(registry, "websocket_connections", "Open WebSockets"),
            rooms: counted(registry, "rooms", "Rooms with participants or watchers"),
            participants: counted(
                registry,
                "participants",
                "Participants, connected or expected back",
            ),
            hub_queue: counted(registry, "hub_queue_length", "Events in the hub's input queue"),
            log_dropped: counted(
                registry,
                "log_lines_dropped",
                "Log lines dropped because standard error was blocked",
            ),
        }
    }
}

impl Forwarded {
    fn new(registry: &mut Registry) -> Self {
        let help = "Signals forwarded between participants";
        let forwarded: Labelled = counted(registry, "signals_forwarded", help);
        let of = |kind: &str| forwarded.get_or_create(&labels("type", kind)).clone();
        Self {
            offers: of("offer"),
            answers: of("answer"),
            candidates: of("candidate"),
            receptions: of("reception"),
        }
    }
}

impl RelayMetrics {
    fn new(registry: &mut Registry) -> Self {
        let packets: Labelled =
            counted(registry, "relayed_packets", "Packets relayed by TURN, by direction");
        let bytes = Labelled::default();
        let help = "Payload of these packets";
        registry.register_with_unit("relayed", help, Unit::Bytes, bytes.clone());
        let of = |direction: &str| Relayed {
            packets: packets.get_or_create(&labels("direction", direction)).clone(),
            bytes: bytes.get_or_create(&labels("direction", direction)).clone(),
        };
        Self {
            forwarding: ForwardingMetrics::new(registry),
            to_peers: of("to-peer"),
            to_clients: of("to-client"),
            allocations: counted(registry, "turn_allocations", "Relayed addresses in use"),
            dropped: counted(
                registry,
                "relay_dropped",
                "Messages to TURN clients and peers that the network did not take",
            ),
            refusals: counted(registry, "turn_errors", "Error responses of TURN by code"),
            unanswered: counted(
                registry,
                "turn_unanswered",
                "Requests that got no reply because their addresses are not proven",
            ),
        }
    }

    /// The metrics of the forwarding server.
    pub(super) fn forwarding(&self) -> ForwardingMetrics {
        self.forwarding.clone()
    }

    /// Sets the number of allocations.
    pub(super) fn allocations(&self, count: usize) {
        self.allocations.set(i64::try_from(count).unwrap_or_default());
    }

    /// Sets the number of error responses with this code.
    pub(super) fn refusals(&self, code: u16, total: u64) {
        let counter = self.refusals.get_or_create(&labels("code", &code.to_string())).clone();
        counter.inner().store(total, Ordering::Relaxed);
    }

    /// Sets the number of requests that got no reply.
    pub(super) fn unanswered(&self, total: u64) {
        self.unanswered.inner().store(total, Ordering::Relaxed);
    }

    /// Counts a packet that was relayed to a peer.
    pub(super) fn to_peer(&self, bytes: usize) {
        self.to_peers.add(bytes);
    }

    /// Counts a packet that was relayed to a client.
    pub(super) fn to_client(&self, bytes: usize) {
        self.to_clients.add(bytes);
    }

    /// Counts a message that the network did not take.
    pub(super) fn dropped(&self) {
        self.dropped.inc();
    }
}

impl Relayed {
    fn add(&self, bytes: usize) {
        self.packets.inc();
        self.bytes.inc_by(u64::try_from(bytes).unwrap_or_default());
    }
}

impl ClientDurations {
    fn new(registry: &mut Registry) -> Self {
        Self {
            join: timed(
                registry,
                "client_join_duration",
                "Time from pressing Join to having joined, reported by clients",
                JOIN_BUCKETS,
            ),
            first_frame: timed(
                registry,
                "client_time_to_first_frame",
                "Time from pressing Join to the first remote video frame, reported by clients",
                FIRST_FRAME_BUCKETS,
            ),
            reconnect: timed(
                registry,
                "client_reconnect_duration",
                "Time from losing the connection to having rejoined, reported by clients",
                RECONNECT_BUCKETS,
            ),
        }
    }
}

/// Values are in snake case, unlike the codes of the protocol.
fn labels(name: &'static str, value: &str) -> Labels {
    [(name, value.replace('-', "_"))]
}

fn counted<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
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
    fn reported_durations_are_counted_in_their_buckets() {
        let metrics = Metrics::new();
        metrics.reported(ClientMetrics {
            join: Some(412),
            first_frame: Some(530),
            reconnect: None,
        });
        metrics.reported(ClientMetrics { join: Some(20_000), ..ClientMetrics::default() });
        let text = metrics.text(Gauges::default()).unwrap();
        for line in [
            "salon_client_join_duration_seconds_bucket{le=\"0.3\"} 0",
            "salon_client_join_duration_seconds_bucket{le=\"0.5\"} 1",
            "salon_client_join_duration_seconds_bucket{le=\"10.0\"} 1",
            "salon_client_join_duration_seconds_bucket{le=\"+Inf\"} 2",
            "salon_client_time_to_first_frame_seconds_sum 0.53",
            "salon_client_reconnect_duration_seconds_count 0",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn labels_are_codes_in_snake_case() {
        let label = |code: ErrorCode| labels("code", code.word());
        assert_eq!(label(ErrorCode::WaitingRoomFull), [("code", "waiting_room_full".to_owned())]);
        assert_eq!(label(ErrorCode::Other), [("code", "other".to_owned())]);
    }
}
