//! What the browser tells of a connection, in full (W3C WebRTC Statistics). Addresses are read here
//! for their family and go no further.

use super::{externs::Stat, stats_report::Report};
use crate::{
    call::Path,
    diagnostics::{Family, Limit, Picture, Protocol, Route, StatsSnapshot, Traffic},
};
use std::time::Duration;

/// Sums up a report that was read at this time.
pub(super) fn take(report: &Report, path: Option<Path>, at: Duration) -> StatsSnapshot {
    let mut snapshot = StatsSnapshot { at, ..StatsSnapshot::default() };
    report.all("inbound-rtp").for_each(|stat| receive(&mut snapshot.received, stat, report));
    report.all("outbound-rtp").for_each(|stat| send(&mut snapshot.sent, stat, report));
    let mut reported = None;
    for stat in report.all("remote-inbound-rtp") {
        let sent = &mut snapshot.sent;
        sent.loss = worse(sent.loss, stat.number("fractionLost"));
        note_jitter(sent, stat);
        reported = seconds(stat, "roundTripTime").or(reported);
    }
    let pair = report.pair_in_use();
    snapshot.round_trip = pair.and_then(|pair| seconds(pair, "currentRoundTripTime")).or(reported);
    snapshot.route = pair.zip(path).and_then(|(pair, path)| route(pair, path, report));
    snapshot
}

fn route(pair: &Stat, path: Path, report: &Report) -> Option<Route> {
    let local = report.get(&pair.local_candidate()?)?;
    let remote = pair.remote_candidate().and_then(|id| report.get(&id));
    let protocol = |name| local.text(name).and_then(|name| Protocol::parse(&name));
    let family = |stat: &Stat| stat.text("address").and_then(|address| Family::of(&address));
    Some(Route {
        path,
        protocol: protocol("protocol"),
        relay: protocol("relayProtocol"),
        family: family(&local).or_else(|| remote.as_ref().and_then(family)),
    })
}

fn receive(received: &mut Traffic, stat: &Stat, report: &Report) {
    add(&mut received.bytes, bytes(stat, "bytesReceived", "headerBytesReceived"));
    let packets = count(stat, "packetsReceived").zip(count(stat, "packetsLost"));
    if let Some((arrived, lost)) = packets {
        let (before_arrived, before_lost) = received.packets.unwrap_or_default();
        received.packets = Some((before_arrived + arrived, before_lost + lost));
    }
    note_jitter(received, stat);
    let freezes = count(stat, "freezeCount")
        .map(|count| (count, seconds(stat, "totalFreezesDuration").unwrap_or_default()));
    note_media(received, stat, report, |picture| Picture { freezes, ..picture });
}

fn send(sent: &mut Traffic, stat: &Stat, report: &Report) {
    add(&mut sent.bytes, bytes(stat, "bytesSent", "headerBytesSent"));
    let limit = stat.text("qualityLimitationReason").map(|reason| match reason.as_str() {
        "none" => Limit::None,
        "cpu" => Limit::Cpu,
        "bandwidth" => Limit::Bandwidth,
        _ => Limit::Other,
    });
    note_media(sent, stat, report, |picture| Picture { limit, ..picture });
}

/// Notes the sound's codec, or the picture if it is the largest.
fn note_media(
    traffic: &mut Traffic,
    stat: &Stat,
    report: &Report,
    complete: impl Fn(Picture) -> Picture,
) {
    let codec = codec(stat, report);
    if stat.kind().as_deref() == Some("audio") {
        traffic.sound = codec.or(traffic.sound.take());
        return;
    }
    let side = |name| count(stat, name).and_then(|side| u32::try_from(side).ok());
    let size = side("frameWidth").zip(side("frameHeight")).filter(|size| *size != (0, 0));
    let frames = stat.number("framesPerSecond");
    let area =
        |size: Option<(u32, u32)>| size.map(|(width, height)| u64::from(width) * u64::from(height));
    let before = traffic.picture.as_ref().map(|before| area(before.size));
    // One that never existed counts as absent.
    if codec.is_some() && before.is_none_or(|before| area(size) > before) {
        let picture = Picture { codec, size, frames, ..Picture::default() };
        traffic.picture = Some(complete(picture));
    }
}

/// The second half of its media type.
fn codec(stat: &Stat, report: &Report) -> Option<String> {
    let codec = report.get(&stat.text("codecId")?)?.text("mimeType")?;
    codec.split_once('/').map(|(_, name)| name.to_owned())
}

fn note_jitter(traffic: &mut Traffic, stat: &Stat) {
    let is_sound = stat.kind().as_deref() == Some("audio");
    if is_sound || traffic.jitter.is_none() {
        traffic.jitter = seconds(stat, "jitter").or(traffic.jitter);
    }
}

fn worse(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    let other = other.map(|other| other.clamp(0.0, 1.0));
    one.into_iter().chain(other).reduce(f64::max)
}

fn add(sum: &mut Option<u64>, more: Option<u64>) {
    *sum = match (*sum, more) {
        (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
        (sum, more) => sum.or(more),
    };
}

/// Of the media, with the headers where the browser counts them.
fn bytes(stat: &Stat, media: &str, headers: &str) -> Option<u64> {
    Some(count(stat, media)?.saturating_add(count(stat, headers).unwrap_or_default()))
}

/// Negative where packets came twice.
fn count(stat: &Stat, name: &str) -> Option<u64> {
    stat.number(name).map(|count| count.max(0.0) as u64)
}

fn seconds(stat: &Stat, name: &str) -> Option<Duration> {
    stat.number(name).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}
