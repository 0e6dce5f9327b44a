//! Peer connections: what they send and carry, and their statistics.

mod channel;
mod configuration;
mod events;
mod outgoing;
mod peer;
mod prewarmed_connection;
mod probe;
mod sections;
mod sender;
mod simulcast;
mod slots;
mod snapshot;
mod statistics;
mod stats_report;
mod turn_throughput;

use super::{Listener, Screen, Stream, Timer, Track, elapsed, externs, spawn_local, timer};
pub use peer::PeerConnection;
pub use prewarmed_connection::prepare_connection;
pub use probe::ServerProbe;
pub use turn_throughput::measure_relay;
