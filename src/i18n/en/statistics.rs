//! English texts about connections.

use super::words::{someone, tenths};
use crate::{
    call::Path,
    diagnostics::{CandidatePair, CheckResult, CheckTarget, Family, Limit, Measure, Protocol},
    i18n::StatisticsTexts,
    session::Barrier,
};
use std::time::Duration;

/// Bitrate in bits per second above which a test with a few hundred kilobytes cannot tell
/// differences.
const PLENTY: f64 = 100e6;
const BEING_TESTED: &str = "testing";
const DROPPED: &str = "cancelled";

pub(in crate::i18n) static TEXTS: StatisticsTexts = StatisticsTexts {
    connection: "Connection",
    connection_to: |name| format!("Connection to {}", someone(name.as_str())),
    back: "Back",
    unknown: "—",
    received: "Received",
    sent: "Sent",
    ways: ["received", "sent"],
    path: "Path",
    candidate_pair,
    measure: |measure| match measure {
        Measure::RoundTrip => "Round trip",
        Measure::Rate(_) => "Bitrate",
        Measure::Loss(_) => "Packet loss",
        Measure::Jitter(_) => "Jitter",
    },
    value: |measure, value| match measure {
        Measure::RoundTrip | Measure::Jitter(_) => time(value),
        Measure::Rate(_) => rate(value),
        Measure::Loss(_) => format!("{}%", tenths(value * 100.0)),
    },
    span: |least, most| match least == most {
        true => least.to_owned(),
        false => format!("{least} to {most}"),
    },
    graph: |name, span| format!("{name} over the last 2 minutes: {span}"),
    sound: "Audio",
    picture: "Video",
    size: "Resolution",
    pixels: |width, height| format!("{width} × {height}"),
    frames: "Frame rate",
    a_second: |frames| format!("{} fps", whole(frames)),
    freezes: "Freezes",
    frozen: |count, total| match count {
        0 => "none".to_owned(),
        _ => format!("{count}, {} in total", time(total.as_secs_f64())),
    },
    limited_by: "Limited by",
    limit: |limit| match limit {
        Limit::None => "nothing",
        Limit::Cpu => "this device",
        Limit::Bandwidth => "the connection",
        Limit::Other => "something else",
    },
    copy_report: "Copy report",
    report_of: "connection to one person",
    report_note: "In brackets: minimum and maximum of the last 2 minutes.",

    test_relays: "Test the connection",
    test_again: "Test again",
    testing: "Testing your connection",
    all_well: "Connection: good",
    some_silent: "Connection: some servers do not answer",
    no_udp: "Connection: this network blocks UDP, so the call goes over TCP. It may stutter.",
    only_tls: "Connection: this network allows only HTTPS, so the call goes over port 443. It may stutter.",
    blocked: "Connection: the servers that calls need do not answer. You may not hear or see others.",
    slow: "Connection: slow, your video may suffer",
    no_server: "Connection: the server does not answer",
    no_connections: "Connection: none, WebRTC is turned off",
    no_way: "Connection: none, this browser found no network path. A VPN, an extension or a setting may block WebRTC.",
    no_socket: "Connection: WebSocket is blocked",
    test_of: "connection test",
    server: "Server",
    answers_in: |time| format!("answers in {}", millis(time)),
    silent: "no answer",
    barrier: |barrier| match barrier {
        Barrier::Host { received, own } if received.is_empty() => format!(
            "serves pages, but refuses the WebSocket: a proxy does not pass on the host {own}"
        ),
        Barrier::Host { received, own } => format!(
            "serves pages, but refuses the WebSocket: a proxy sends the host {received} instead of {own}"
        ),
        Barrier::Limit => "accepts no more connections from this address for now".to_owned(),
        Barrier::Upgrade => {
            "serves pages, but no WebSocket opens: a proxy does not pass on Upgrade".to_owned()
        }
        Barrier::Unknown => "serves pages, but no WebSocket opens".to_owned(),
    },
    target: |target| match target {
        CheckTarget::Browser => "This browser",
        CheckTarget::Stun => "STUN",
        CheckTarget::Relay(Protocol::Udp) => "Relay over UDP",
        CheckTarget::Relay(Protocol::Tcp) => "Relay over TCP",
        CheckTarget::Relay(Protocol::Tls) => "Relay over TLS",
    },
    finding,
    browser_finding: |found| match found {
        CheckResult::Works(_) => "found a network path".to_owned(),
        CheckResult::Silent => "found no network path".to_owned(),
        other => finding(other, false),
    },
    relays: "Relay",
    no_relay: "this server has none",
    download: "Download",
    at_least: |found| found_rate("at least", found),
    about: |found| found_rate("about", found),
    page_was_kept: "not measured: this page came from the browser's cache",
    upload: "Upload",
    being_tested: BEING_TESTED,
    too_slow: "too slow to be measured",
    not_measured: "could not be measured",
    dropped: DROPPED,
    through_relay: "Through the relay",
    carried: |carried| {
        let round_trip = millis(carried.round_trip);
        format!("{} in both directions, {round_trip} round trip", rate(carried.rate))
    },
    not_carried: "not measured: no relay passed anything on",
};

fn candidate_pair(pair: &CandidatePair) -> String {
    let protocol = |protocol| match protocol {
        Protocol::Udp => "UDP",
        Protocol::Tcp => "TCP",
        Protocol::Tls => "TLS",
    };
    let path = match (pair.path, pair.relay) {
        (Path::Relayed, Some(relay)) => format!("Relayed over {}", protocol(relay)),
        (Path::Relayed, None) => "Relayed".to_owned(),
        (Path::Direct, _) => "Direct".to_owned(),
        (Path::Unknown, _) => "Direct or relayed".to_owned(),
        (Path::Server, _) => "Through the server".to_owned(),
    };
    let family = pair.family.map(|family| match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    });
    let parts = [Some(path.as_str()), pair.protocol.map(protocol), family];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn finding(finding: CheckResult, accepted: bool) -> String {
    match (finding, accepted) {
        (CheckResult::Waiting, _) => BEING_TESTED.to_owned(),
        (CheckResult::Works(time), _) if accepted => format!("works, found in {}", millis(time)),
        (CheckResult::Works(time) | CheckResult::Refuses(time), false) => {
            format!("answers in {}", millis(time))
        }
        (CheckResult::Works(_), true) | (CheckResult::Refuses(_), true) => {
            "answers, but rejects your credentials".to_owned()
        }
        (CheckResult::Silent, _) => TEXTS.silent.to_owned(),
        (CheckResult::Impossible, _) => "not tested: WebRTC is turned off".to_owned(),
        (CheckResult::Dropped, _) => DROPPED.to_owned(),
        (CheckResult::Untried, _) => "not tested: your IP address stays hidden".to_owned(),
    }
}

fn found_rate(how_exactly: &str, found: f64) -> String {
    match found >= PLENTY {
        true => format!("over {}", rate(PLENTY)),
        false => format!("{how_exactly} {}", rate(found)),
    }
}

fn millis(time_taken: Duration) -> String {
    time(time_taken.as_secs_f64())
}

fn whole(value: f64) -> u64 {
    value.round() as u64
}

fn time(seconds: f64) -> String {
    match seconds {
        ..0.00995 => format!("{} ms", tenths(seconds * 1e3)),
        ..0.9995 => format!("{} ms", whole(seconds * 1e3)),
        _ => format!("{} s", tenths(seconds)),
    }
}

fn rate(bits: f64) -> String {
    match bits {
        ..999.5 => format!("{} bit/s", whole(bits)),
        ..999_500.0 => format!("{} kbit/s", whole(bits / 1e3)),
        ..99_950_000.0 => format!("{} Mbit/s", tenths(bits / 1e6)),
        _ => format!("{} Mbit/s", whole(bits / 1e6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Direction;

    #[test]
    fn numbers_have_the_unit_that_fits() {
        assert_eq!([0.0, 0.0042, 0.0351, 1.26].map(time), ["0.0 ms", "4.2 ms", "35 ms", "1.3 s"]);
        assert_eq!(
            [0.0, 64_000.4, 999_499.0, 999_500.0, 1_234_567.0].map(rate),
            ["0 bit/s", "64 kbit/s", "999 kbit/s", "1.0 Mbit/s", "1.2 Mbit/s"]
        );
        assert_eq!((TEXTS.value)(Measure::Loss(Direction::Sent), 0.0123), "1.2%");
        assert_eq!((TEXTS.at_least)(3.14e8), "over 100 Mbit/s");
    }

    #[test]
    fn a_path_is_told_as_far_as_it_is_known() {
        let known = CandidatePair {
            path: Path::Relayed,
            protocol: Some(Protocol::Udp),
            relay: Some(Protocol::Tls),
            family: Some(Family::V6),
        };
        assert_eq!(candidate_pair(&known), "Relayed over TLS, UDP, IPv6");
        let hardly =
            CandidatePair { path: Path::Direct, protocol: None, relay: None, family: None };
        assert_eq!(candidate_pair(&hardly), "Direct");
    }
}
