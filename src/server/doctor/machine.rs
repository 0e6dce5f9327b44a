//! The machine: how many files the server may open, and its clock.

use super::finding::Finding;
use std::{
    env, fs,
    path::Path,
    time::{Duration, Instant, SystemTime},
};
use tokio::time::sleep;

/// Everybody in a call takes one descriptor; this is enough for a town.
const MANY_DESCRIPTORS: u64 = 4096;
/// The server itself takes about a dozen.
const FEW_DESCRIPTORS: u64 = 64;
/// How long the two clocks of the system are compared.
const CLOCK_WATCH: Duration = Duration::from_millis(200);
/// So much they may differ after that, and a file system's clock from the system's.
pub(super) const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);
pub(super) fn descriptors() -> Finding {
    let Some(limit) = descriptor_limit() else {
        return Finding::warning(
            "How many files the server may open is not to be seen here. See that it is 4096 or \
             more (ulimit -n).",
        );
    };
    let text = format!("The server may open {limit} files, one for each person and a few more.");
    let fix = "Raise that: LimitNOFILE= in a systemd unit, ulimit -n in a shell.";
    match limit {
        0..FEW_DESCRIPTORS => Finding::problem(format!("{text} {fix}")),
        FEW_DESCRIPTORS..MANY_DESCRIPTORS => Finding::warning(format!("{text} {fix}")),
        _ => Finding::fine(text),
    }
}

/// Linux only: the soft limit of this process.
fn descriptor_limit() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

/// Seats and credentials carry times. Nobody tells a program whether the time is right, so this
/// looks for signs that it is wrong.
pub(super) async fn clock() -> Finding {
    let fix = "Set it, and let it be kept: timedatectl set-ntp true.";
    let (wall, steady) = (SystemTime::now(), Instant::now());
    sleep(CLOCK_WATCH).await;
    let steady = steady.elapsed();
    let drift = match wall.elapsed() {
        Ok(wall) => wall.abs_diff(steady),
        Err(backwards) => backwards.duration() + steady,
    };
    if drift > CLOCK_TOLERANCE {
        return Finding::problem(format!("The clock jumps, by {drift:.1?} just now. {fix}"));
    }
    let built = env::current_exe().and_then(fs::metadata).and_then(|file| file.modified());
    if built.is_ok_and(|built| built > SystemTime::now() + CLOCK_TOLERANCE) {
        return Finding::problem(format!("The clock is earlier than this program's file. {fix}"));
    }
    // Made by systemd-timesyncd once it has heard a time server.
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        return Finding::fine("The clock runs steadily and was set by a time server.");
    }
    Finding::fine(
        "The clock runs steadily. Whether a time server keeps it is not to be seen from here \
         (timedatectl and chronyc tracking know).",
    )
}
