//! Texts about connections and statistics. Separate from the other texts, because joining does not
//! need them: their code is loaded with the panels.

use crate::{
    diagnostics::{CandidatePair, CheckResult, CheckTarget, Limit, Measure, Throughput},
    protocol::DisplayName,
    session::Barrier,
};
use std::time::Duration;

/// The texts of one language about connections.
#[allow(missing_docs, reason = "the fields are named after what they say")]
pub struct StatisticsTexts {
    pub connection: &'static str,
    pub connection_to: fn(&DisplayName) -> String,
    pub back: &'static str,
    /// Shown for a value that the browser does not report.
    pub unknown: &'static str,
    pub received: &'static str,
    pub sent: &'static str,
    /// The same two words within a line.
    pub ways: [&'static str; 2],
    pub path: &'static str,
    pub candidate_pair: fn(&CandidatePair) -> String,
    pub measure: fn(Measure) -> &'static str,
    /// A value with the unit of its measure.
    pub value: fn(Measure, f64) -> String,
    pub span: fn(least: &str, most: &str) -> String,
    pub graph: fn(name: &str, span: &str) -> String,
    pub sound: &'static str,
    pub picture: &'static str,
    pub size: &'static str,
    pub pixels: fn(width: u32, height: u32) -> String,
    pub frames: &'static str,
    pub a_second: fn(f64) -> String,
    pub freezes: &'static str,
    pub frozen: fn(count: u64, time: Duration) -> String,
    pub limited_by: &'static str,
    pub limit: fn(Limit) -> &'static str,
    pub copy_report: &'static str,
    pub report_of: &'static str,
    pub report_note: &'static str,

    pub test_relays: &'static str,
    pub test_again: &'static str,
    pub testing: &'static str,
    pub all_well: &'static str,
    pub some_silent: &'static str,
    pub no_udp: &'static str,
    pub only_tls: &'static str,
    pub blocked: &'static str,
    pub slow: &'static str,
    pub no_server: &'static str,
    pub no_connections: &'static str,
    pub no_way: &'static str,
    pub no_socket: &'static str,
    pub test_of: &'static str,
    pub server: &'static str,
    pub answers_in: fn(Duration) -> String,
    pub silent: &'static str,
    pub barrier: fn(&Barrier) -> String,
    pub target: fn(CheckTarget) -> &'static str,
    /// The result; `accepted`: whether the server should accept the credentials.
    pub finding: fn(CheckResult, accepted: bool) -> String,
    pub browser_finding: fn(CheckResult) -> String,
    pub relays: &'static str,
    pub no_relay: &'static str,
    pub download: &'static str,
    pub at_least: fn(bits_per_second: f64) -> String,
    pub about: fn(bits_per_second: f64) -> String,
    pub page_was_kept: &'static str,
    pub upload: &'static str,
    pub being_tested: &'static str,
    pub too_slow: &'static str,
    pub not_measured: &'static str,
    pub dropped: &'static str,
    pub through_relay: &'static str,
    pub carried: fn(&Throughput) -> String,
    pub not_carried: &'static str,
}
