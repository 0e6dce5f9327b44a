//! Metrics of the forwarding server.

use super::{Labelled, Relayed, counted, labels};
use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::{Registry, Unit},
};

/// What the forwarding server does.
#[derive(Clone, Debug)]
pub(crate) struct ForwardingMetrics {
    rooms: Gauge,
    connections: Gauge,
    sent: Relayed,
    received: Counter,
    dropped: Dropped,
    keyframe_requests: Counter,
    faults: Counter,
}

/// What was dropped, by reason.
#[derive(Clone, Debug)]
struct Dropped {
    strangers: Counter,
    policed: Counter,
    messages: Counter,
}

impl ForwardingMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let bytes = Counter::default();
        let help = "Payload of the packets that were forwarded to participants";
        registry.register_with_unit("forwarded", help, Unit::Bytes, bytes.clone());
        let help = "Packets forwarded to participants, each counted once per receiver";
        let packets = counted(registry, "forwarded_packets", help);
        let help = "Packets and messages that were not handled, by reason";
        let dropped: Labelled = counted(registry, "forwarding_dropped", help);
        let of = |reason: &str| dropped.get_or_create(&labels("reason", reason)).clone();
        Self {
            rooms: counted(registry, "forwarding_rooms", "Rooms whose media is forwarded"),
            connections: counted(
                registry,
                "forwarding_connections",
                "Connections of participants to the forwarding server",
            ),
            sent: Relayed { packets, bytes },
            received: counted(
                registry,
                "forwarding_received_packets",
                "Packets of audio and video received from participants",
            ),
            dropped: Dropped {
                strangers: of("stranger"),
                policed: of("policing"),
                messages: of("data"),
            },
            keyframe_requests: counted(
                registry,
                "forwarding_keyframe_requests",
                "Keyframes that participants were asked for",
            ),
            faults: counted(
                registry,
                "media_panics",
                "Connections of participants that ended because of a fault of the server",
            ),
        }
    }

    /// Sets the number of rooms and of connections.
    pub(crate) fn count(&self, rooms: usize, connections: usize) {
        self.rooms.set(i64::try_from(rooms).unwrap_or_default());
        self.connections.set(i64::try_from(connections).unwrap_or_default());
    }

    /// Counts a packet that was forwarded to a participant.
    pub(crate) fn forwarded(&self, bytes: usize) {
        self.sent.add(bytes);
    }

    /// Counts a packet of audio or video that has come.
    pub(crate) fn received(&self) {
        self.received.inc();
    }

    /// Counts a packet from an address that is not known.
    pub(crate) fn stranger(&self) {
        self.dropped.strangers.inc();
    }

    /// Counts a packet or request that exceeds what a participant may send.
    pub(crate) fn policed(&self) {
        self.dropped.policed.inc();
    }

    /// Counts a message on a data channel that did not reach somebody.
    pub(crate) fn lost_message(&self) {
        self.dropped.messages.inc();
    }

    /// Counts a request for a keyframe.
    pub(crate) fn asked_for_keyframe(&self) {
        self.keyframe_requests.inc();
    }

    /// Counts a fault that has ended a connection.
    pub(crate) fn fault(&self) {
        self.faults.inc();
    }
}
