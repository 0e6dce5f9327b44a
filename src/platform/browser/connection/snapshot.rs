//! The statistics of a connection in full (W3C WebRTC Statistics). Of addresses, only the family is
//! kept.

use super::{
    externs::Stat,
    stats_report::{Part, Report},
};
use crate::{
    call::Path,
    diagnostics::{CandidatePair, ConnectionStats, Family, Limit, Picture, Protocol, TrackStats},
};
use std::time::Duration;

/// Reads a report that arrived at this time.
pub(super) fn take(report: &Report, path: Option<Path>, at: Duration) -> ConnectionStats {
    let received = report.tracks("inbound-rtp").map(|(part, stat)| received(part, stat, report));
    let sent = report.tracks("outbound-rtp").map(|(part, stat)| sent(part, stat, report));
    let reported = report.all("remote-inbound-rtp").map(|stat| reported(stat, report));
    let times = report.all("remote-inbound-rtp").filter_map(|stat| seconds(stat, "roundTripTime"));
    let pair = report.pair_in_use();
    let round_trip = pair.and_then(|pair| seconds(pair, "currentRoundTripTime"));
    ConnectionStats {
        at,
        candidate_pair: pair.zip(path).and_then(|(pair, path)| candidate_pair(pair, path, report)),
        round_trip: round_trip.or(times.last()),
        received: received.collect(),
        sent: sent.chain(reported).collect(),
    }
}

fn candidate_pair(pair: &Stat, path: Path, report: &Report) -> Option<CandidatePair> {
    let local = report.get(&pair.local_candidate()?)?;
    let remote = pair.remote_candidate().and_then(|id| report.get(&id));
    let protocol = |name| local.text(name).and_then(|name| Protocol::parse(&name));
    let family = |stat: &Stat| stat.text("address").and_then(|address| Family::of(&address));
    Some(CandidatePair {
        path,
        protocol: protocol("protocol"),
        relay: protocol("relayProtocol"),
        family: family(&local).or_else(|| remote.as_ref().and_then(family)),
    })
}

fn received(part: &Part, stat: &Stat, report: &Report) -> TrackStats {
    let freezes = count(stat, "freezeCount")
        .map(|count| (count, seconds(stat, "totalFreezesDuration").unwrap_or_default()));
    TrackStats {
        bytes: bytes(stat, "bytesReceived", "headerBytesReceived"),
        packets: count(stat, "packetsReceived").zip(count(stat, "packetsLost")),
        jitter: seconds(stat, "jitter"),
        picture: picture(part, stat).map(|picture| Picture { freezes, ..picture }),
        ..track(part, stat, report)
    }
}

fn sent(part: &Part, stat: &Stat, report: &Report) -> TrackStats {
    let limit = stat.text("qualityLimitationReason").map(|reason| match reason.as_str() {
        "none" => Limit::None,
        "cpu" => Limit::Cpu,
        "bandwidth" => Limit::Bandwidth,
        _ => Limit::Other,
    });
    TrackStats {
        bytes: bytes(stat, "bytesSent", "headerBytesSent"),
        picture: picture(part, stat).map(|picture| Picture { limit, ..picture }),
        ..track(part, stat, report)
    }
}

/// The other side's report about a sent track.
fn reported(stat: &Stat, report: &Report) -> TrackStats {
    let local = stat.text("localId");
    let mut sent = report.tracks("outbound-rtp");
    let part = sent.find(|(part, _)| Some(part.id()) == local.as_deref()).map(|(part, _)| part);
    TrackStats {
        mid: part.and_then(Part::mid).cloned(),
        is_audio: stat.kind().as_deref() == Some("audio"),
        loss: stat.number("fractionLost").map(|loss| loss.clamp(0.0, 1.0)),
        jitter: seconds(stat, "jitter"),
        ..TrackStats::default()
    }
}

fn track(part: &Part, stat: &Stat, report: &Report) -> TrackStats {
    TrackStats {
        mid: part.mid().cloned(),
        is_audio: part.is_audio(),
        codec: codec(stat, report),
        ..TrackStats::default()
    }
}

fn picture(part: &Part, stat: &Stat) -> Option<Picture> {
    let side = |name| count(stat, name).and_then(|side| u32::try_from(side).ok());
    let size = side("frameWidth").zip(side("frameHeight")).filter(|size| *size != (0, 0));
    let frames = stat.number("framesPerSecond");
    (!part.is_audio()).then_some(Picture { size, frames, ..Picture::default() })
}

/// The subtype of the codec's media type.
fn codec(stat: &Stat, report: &Report) -> Option<String> {
    let codec = report.get(&stat.text("codecId")?)?.text("mimeType")?;
    codec.split_once('/').map(|(_, name)| name.to_owned())
}

/// Bytes of the media, with headers where the browser counts them.
fn bytes(stat: &Stat, media: &str, headers: &str) -> Option<u64> {
    Some(count(stat, media)?.saturating_add(count(stat, headers).unwrap_or_default()))
}

/// A counter; `packetsLost` is negative with duplicate packets.
fn count(stat: &Stat, name: &str) -> Option<u64> {
    stat.number(name).map(|count| count.max(0.0) as u64)
}

fn seconds(stat: &Stat, name: &str) -> Option<Duration> {
    stat.number(name).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}
