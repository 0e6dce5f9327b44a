//! What people are told of their connections in numbers, and whether servers answer. Pure: no browser,
//! clock or signal in here.

mod ice_check;
mod stats_history;
mod throughput;
mod track_stats;

pub use ice_check::{CheckEvent, CheckResult, CheckTarget, IceServerCheck};
pub use stats_history::{
    Direction, Family, Limit, Measure, Picture, Protocol, Route, StatsHistory, StatsSnapshot,
    Traffic,
};
pub use throughput::{Throughput, UploadResult};
pub use track_stats::{ConnectionStats, TrackStats};
