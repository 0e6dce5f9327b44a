//! Checks of the machine: the limit of open files, and the clock.

use super::finding::Finding;
use std::{
    env, fs,
    path::Path,
    time::{Duration, Instant, SystemTime},
};
use tokio::time::sleep;

/// Limit of open files below which the doctor warns. Each participant needs one.
const MANY_DESCRIPTORS: u64 = 4096;
/// Limit of open files that is a problem. The server itself needs about a dozen.
const FEW_DESCRIPTORS: u64 = 64;
/// Duration of the comparison between the wall clock and the monotonic clock.
const CLOCK_WATCH: Duration = Duration::from_millis(200);
/// Maximum difference between two clocks.
pub(super) const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);

pub(super) fn descriptors() -> Finding {
    let Some(limit) = descriptor_limit() else {
        return Finding::warning(
            "The limit of open files is unknown here. Check that it is at least 4096 (ulimit -n).",
        );
    };
    let text = format!("The limit of open files is {limit}; each participant needs one.");
    let fix = "Raise it: LimitNOFILE= in a systemd unit, ulimit -n in a shell.";
    match limit {
        0..FEW_DESCRIPTORS => Finding::problem(format!("{text} {fix}")),
        FEW_DESCRIPTORS..MANY_DESCRIPTORS => Finding::warning(format!("{text} {fix}")),
        _ => Finding::fine(text),
    }
}

/// Reads the hard limit of this process, to which the server raises its own, on Linux only.
fn descriptor_limit() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().nth(1)? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

/// Looks for signs of a wrong clock, as tokens and credentials expire by it.
pub(super) async fn clock() -> Finding {
    let fix = "Set it and synchronise it with NTP: timedatectl set-ntp true.";
    let (wall, steady) = (SystemTime::now(), Instant::now());
    sleep(CLOCK_WATCH).await;
    let steady = steady.elapsed();
    let drift = match wall.elapsed() {
        Ok(wall) => wall.abs_diff(steady),
        Err(backwards) => backwards.duration() + steady,
    };
    if drift > CLOCK_TOLERANCE {
        return Finding::problem(format!("The clock just jumped by {drift:.1?}. {fix}"));
    }
    let built = env::current_exe().and_then(fs::metadata).and_then(|file| file.modified());
    if built.is_ok_and(|built| built > SystemTime::now() + CLOCK_TOLERANCE) {
        return Finding::problem(format!(
            "The clock is behind the build time of this binary. {fix}"
        ));
    }
    // Created by systemd-timesyncd after its first synchronisation.
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        return Finding::fine("The clock is steady and synchronised with NTP.");
    }
    Finding::fine(
        "The clock is steady. Whether it is synchronised is unknown here (see timedatectl or chronyc \
         tracking).",
    )
}
