//! What the kernel says about processes and sockets.

use anyhow::{Context, Result};
use std::{fs, net::SocketAddr};

/// `USER_HZ`, which is 100 on every architecture that matters here.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of processor time, user and system, of all threads of a process.
pub fn cpu(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may contain spaces.
    let (_, rest) = stat.rsplit_once(')').context("no name")?;
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS_PER_SECOND)
}

/// Seconds for which the threads of a process were ready and had no core.
pub fn waited(pid: u32) -> Result<f64> {
    let mut nanoseconds = 0.0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        let field = stat.split_whitespace().nth(1).context("too few fields")?;
        nanoseconds += field.parse::<f64>()?;
    }
    Ok(nanoseconds / 1e9)
}

/// Resident memory of a process, in bytes: counted, because the kernel's own sum is only approximate.
pub fn resident(pid: u32) -> Result<u64> {
    let sums = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = sums.lines().find_map(|line| line.strip_prefix("Rss:")).context("no Rss")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}

/// Number of packets that were lost because a UDP socket of this machine did not read them in time, of the
/// sockets that are bound to addresses for which `is_meant` is true.
pub fn drops(is_meant: impl Fn(SocketAddr) -> bool) -> Result<u64> {
    let table = fs::read_to_string("/proc/net/udp")?;
    let mut total = 0;
    for line in table.lines().skip(1) {
        let mut fields = line.split_whitespace();
        let (ip, port) =
            fields.nth(1).and_then(|text| text.split_once(':')).context("no address")?;
        // The number as it is in memory.
        let ip = u32::from_str_radix(ip, 16)?.to_ne_bytes();
        let drops: u64 = fields.next_back().context("no drops")?.parse()?;
        if is_meant(SocketAddr::from((ip, u16::from_str_radix(port, 16)?))) {
            total += drops;
        }
    }
    Ok(total)
}
