//! Connection statistics, and checks of STUN and TURN servers. Pure: no browser, clock or signals.

mod ice_check;
mod stats_history;
mod throughput;
mod track_stats;

pub use ice_check::{CheckEvent, CheckResult, CheckTarget, IceServerCheck};
pub use stats_history::{
    CandidatePair, Direction, Family, Limit, Measure, Picture, Protocol, StatsHistory,
    StatsSnapshot, Traffic,
};
pub use throughput::{Throughput, UploadResult};
pub use track_stats::{ConnectionStats, TrackStats};
