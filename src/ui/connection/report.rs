//! Connection statistics as rows of a table and as a text for people who help. Neither contains
//! names or addresses.

use crate::{
    diagnostics::{
        CheckResult, CheckTarget, Direction, IceServerCheck, Measure, Picture, Protocol,
        StatsHistory, Traffic, UploadResult,
    },
    i18n::StatisticsTexts,
    session::Barrier,
};
use std::time::Duration;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Bitrate in bits per second below which the video of a face suffers.
const SLOW: f64 = 500e3;

/// One value, and the measure to draw over time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) measure: Option<Measure>,
}

/// A row of the table: one value, or one for each direction.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) values: Vec<Value>,
}

/// All rows of the table.
pub(super) fn rows(history: &StatsHistory, t: &StatisticsTexts) -> Vec<Row> {
    use Direction::{Received, Sent};
    let pair =
        history.latest().and_then(|latest| latest.candidate_pair.as_ref()).map(t.candidate_pair);
    let measured = |measure| Value {
        text: shown(history.now(measure).map(|value| (t.value)(measure, value)), t),
        measure: Some(measure),
    };
    let both = |of: fn(Direction) -> Measure| Row {
        name: (t.measure)(of(Received)),
        values: [Received, Sent].map(|direction| measured(of(direction))).into(),
    };
    let round_trip = Measure::RoundTrip;
    let mut rows = vec![
        Row { name: t.path, values: vec![plain(pair, t)] },
        Row { name: (t.measure)(round_trip), values: vec![measured(round_trip)] },
        both(Measure::Rate),
        both(Measure::Loss),
        both(Measure::Jitter),
    ];
    rows.extend(media(history, t));
    rows
}

/// The rows about audio and video.
fn media(history: &StatsHistory, t: &StatisticsTexts) -> [Row; 6] {
    let latest = history.latest();
    let ways = [latest.map(|latest| &latest.received), latest.map(|latest| &latest.sent)];
    let row = |name, read: &dyn Fn(&Traffic) -> Option<String>| Row {
        name,
        values: ways.map(|way| plain(way.and_then(read), t)).into(),
    };
    let picture = |name, read: &dyn Fn(&Picture) -> Option<String>| {
        row(name, &|way| way.picture.as_ref().and_then(read))
    };
    [
        row(t.sound, &|way| way.sound.clone()),
        picture(t.picture, &|picture| picture.codec.clone()),
        picture(t.size, &|picture| picture.size.map(|(width, height)| (t.pixels)(width, height))),
        picture(t.frames, &|picture| picture.frames.map(t.a_second)),
        picture(t.freezes, &|picture| picture.freezes.map(|(count, time)| (t.frozen)(count, time))),
        picture(t.limited_by, &|picture| picture.limit.map(|limit| (t.limit)(limit).to_owned())),
    ]
}

fn plain(text: Option<String>, t: &StatisticsTexts) -> Value {
    Value { text: shown(text, t), measure: None }
}

fn shown(text: Option<String>, t: &StatisticsTexts) -> String {
    text.unwrap_or_else(|| t.unknown.to_owned())
}

/// Minimum and maximum of the last two minutes, as text.
pub(super) fn span(
    history: &StatsHistory,
    measure: Measure,
    t: &StatisticsTexts,
) -> Option<String> {
    let (least, most) = history.range(measure)?;
    let value = |value| (t.value)(measure, value);
    Some((t.span)(&value(least), &value(most)))
}

/// The table as text.
pub(super) fn report(history: &StatsHistory, t: &StatisticsTexts) -> String {
    let value = |value: Value| {
        let span = value.measure.and_then(|measure| span(history, measure, t));
        span.map_or(value.text.clone(), |span| format!("{} ({span})", value.text))
    };
    let line = |Row { name, values }: Row| {
        let names: &[&str] = if values.len() > 1 { &t.ways } else { &[""] };
        let values = values.into_iter().zip(names).map(|(it, name)| match *name {
            "" => value(it),
            name => format!("{name} {}", value(it)),
        });
        (name, values.collect::<Vec<_>>().join(", "))
    };
    let lines: Vec<_> = rows(history, t).into_iter().map(line).collect();
    format!("{}{}\n", listed(t.report_of, &lines), t.report_note)
}

/// Named lines below a title.
pub(super) fn listed(about: &str, lines: &[(&str, String)]) -> String {
    let lines = lines.iter().map(|(name, text)| format!("{name}: {text}\n"));
    format!("Salon {VERSION}, {about}\n{}", lines.collect::<String>())
}

/// Summary of a connection test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Testing,
    Good,
    /// The browser does not support WebRTC.
    NoConnections,
    /// The browser found no network path.
    NoWay,
    /// Some of the servers do not answer.
    Limited,
    /// UDP is blocked, and there is a relay over TCP.
    NoUdp,
    /// Only a relay over TLS can be reached.
    OnlyTls,
    /// No server answers, and there are relays among them.
    Blocked,
    /// The upload is slow.
    Slow,
    /// Salon's own server does not answer.
    NoServer,
}

/// Results of a connection test.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Findings {
    /// Duration of the server's last response.
    pub(super) server: Option<Duration>,
    /// Why its WebSocket does not open, although it answers otherwise.
    pub(super) barrier: Option<Barrier>,
    pub(super) probes: Vec<IceServerCheck>,
    /// In bits per second.
    pub(super) download: Option<f64>,
    pub(super) upload: UploadResult,
}

impl Findings {
    /// The worst of the results, once all are known.
    pub(super) fn verdict(&self) -> Verdict {
        let any = |result| self.probes.iter().any(|probe| probe.result == result);
        match self.server {
            _ if any(CheckResult::Impossible) => Verdict::NoConnections,
            _ if any(CheckResult::Waiting) => Verdict::Testing,
            _ if self.is_cut_off() => Verdict::NoWay,
            None => Verdict::NoServer,
            Some(_) if self.upload == UploadResult::Waiting => Verdict::Testing,
            Some(_) if any(CheckResult::Silent) => self.what_is_blocked(),
            Some(_) if self.sends_slowly() => Verdict::Slow,
            Some(_) => Verdict::Good,
        }
    }

    /// Whether the browser has no network path, not even with the help of a server.
    fn is_cut_off(&self) -> bool {
        let works = |probe: &IceServerCheck| {
            matches!(probe.result, CheckResult::Works(_) | CheckResult::Refuses(_))
        };
        let lost = |probe: &IceServerCheck| {
            (probe.target, probe.result) == (CheckTarget::Browser, CheckResult::Silent)
        };
        self.probes.iter().any(lost) && !self.probes.iter().any(works)
    }

    /// What the servers that do not answer have in common.
    fn what_is_blocked(&self) -> Verdict {
        use CheckTarget::{Relay, Stun};
        let some = |targets: &[CheckTarget], result: fn(&IceServerCheck) -> bool| {
            let mut probes = self.probes.iter().filter(|probe| targets.contains(&probe.target));
            probes.any(result)
        };
        let answers = |targets: &[CheckTarget]| some(targets, IceServerCheck::answers);
        let [udp, tcp, tls] = [Protocol::Udp, Protocol::Tcp, Protocol::Tls].map(Relay);
        let over_udp = [Stun, udp];
        let exists = |targets: &[CheckTarget]| some(targets, |_| true);
        match answers(&over_udp) || !exists(&over_udp) {
            true => Verdict::Limited,
            false if answers(&[tcp]) => Verdict::NoUdp,
            false if answers(&[tls]) => Verdict::OnlyTls,
            false if exists(&[udp, tcp, tls]) => Verdict::Blocked,
            false => Verdict::Limited,
        }
    }

    fn sends_slowly(&self) -> bool {
        match self.upload {
            UploadResult::Waiting | UploadResult::Failed | UploadResult::Dropped => false,
            UploadResult::About(rate) => rate < SLOW,
            UploadResult::TooSlow => true,
        }
    }

    /// Named values.
    pub(super) fn lines(&self, t: &StatisticsTexts) -> Vec<(&'static str, String)> {
        let silent = || self.barrier.as_ref().map_or_else(|| t.silent.to_owned(), t.barrier);
        let server = self.server.map_or_else(silent, t.answers_in);
        let mut lines = vec![(t.server, server)];
        lines.extend(probes(&self.probes, false, t));
        if !self.probes.iter().any(|probe| matches!(probe.target, CheckTarget::Relay(_))) {
            lines.push((t.relays, t.no_relay.to_owned()));
        }
        let download = self.download.map_or_else(|| t.page_was_kept.to_owned(), t.at_least);
        lines.push((t.download, download));
        let upload = match self.upload {
            UploadResult::Waiting => t.being_tested.to_owned(),
            UploadResult::About(rate) => (t.about)(rate),
            UploadResult::TooSlow => t.too_slow.to_owned(),
            UploadResult::Failed => t.not_measured.to_owned(),
            UploadResult::Dropped => t.dropped.to_owned(),
        };
        lines.push((t.upload, upload));
        lines
    }
}

/// The result for each server.
pub(super) fn probes(
    probes: &[IceServerCheck],
    accepted: bool,
    t: &StatisticsTexts,
) -> Vec<(&'static str, String)> {
    let line = |probe: &IceServerCheck| {
        let result = match probe.target {
            CheckTarget::Browser => (t.browser_finding)(probe.result),
            _ => (t.finding)(probe.result, accepted),
        };
        ((t.target)(probe.target), result)
    };
    probes.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        call::Path,
        diagnostics::{CandidatePair, CheckEvent, Family, StatsSnapshot},
        i18n::statistics_texts,
    };

    fn snapshot(seconds: u64) -> StatsSnapshot {
        let picture = Picture {
            codec: Some("VP8".to_owned()),
            size: Some((1280, 720)),
            frames: Some(29.7),
            freezes: Some((2, Duration::from_millis(1300))),
            limit: None,
        };
        let received = Traffic {
            bytes: Some(150_000 * seconds),
            packets: Some((99 * seconds, seconds)),
            jitter: Some(Duration::from_millis(12)),
            sound: Some("opus".to_owned()),
            picture: Some(picture),
            loss: None,
        };
        StatsSnapshot {
            at: Duration::from_secs(seconds),
            candidate_pair: Some(CandidatePair {
                path: Path::Direct,
                protocol: Some(Protocol::Udp),
                relay: None,
                family: Some(Family::V4),
            }),
            round_trip: Some(Duration::from_millis(20 + seconds)),
            received,
            sent: Traffic::default(),
        }
    }

    #[test]
    fn a_report_contains_only_what_is_known() {
        let t = statistics_texts();
        let mut history = StatsHistory::default();
        for second in 1..=3 {
            history.note(1, snapshot(second));
        }
        let expected = format!(
            "Salon {VERSION}, connection to one person\n\
             Path: Direct, UDP, IPv4\n\
             Round trip: 23 ms (21 ms to 23 ms)\n\
             Bitrate: received 1.2 Mbit/s (1.2 Mbit/s), sent —\n\
             Packet loss: received 1.0% (1.0%), sent —\n\
             Jitter: received 12 ms (12 ms), sent —\n\
             Audio: received opus, sent —\n\
             Video: received VP8, sent —\n\
             Resolution: received 1280 × 720, sent —\n\
             Frame rate: received 30 fps, sent —\n\
             Freezes: received 2, 1.3 s in total, sent —\n\
             Limited by: received —, sent —\n\
             In brackets: minimum and maximum of the last 2 minutes.\n"
        );
        assert_eq!(report(&history, t), expected);
        assert!(
            rows(&StatsHistory::default(), t)
                .iter()
                .all(|row| { row.values.iter().all(|value| value.text == t.unknown) })
        );
    }

    #[test]
    fn a_summary_names_what_is_blocked_and_what_is_used() {
        let stun = CheckTarget::Stun;
        let [udp, tcp, tls] = [Protocol::Udp, Protocol::Tcp, Protocol::Tls].map(CheckTarget::Relay);
        let server = Some(Duration::from_millis(12));
        for (silent, answering, expected) in [
            (&[][..], &[stun, udp, tcp, tls][..], Verdict::Good),
            (&[stun, udp], &[tcp, tls], Verdict::NoUdp),
            (&[stun, udp, tcp], &[tls], Verdict::OnlyTls),
            (&[stun, udp, tcp, tls], &[], Verdict::Blocked),
            (&[stun], &[], Verdict::Limited),
            (&[tcp], &[stun, udp, tls], Verdict::Limited),
            (&[stun], &[udp, tcp], Verdict::Limited),
            (&[tls], &[tcp], Verdict::Limited),
        ] {
            let probe = |target: &CheckTarget, event| {
                let mut probe = IceServerCheck::new(*target);
                probe.note(event, Duration::from_millis(30));
                probe
            };
            let browser = probe(&CheckTarget::Browser, CheckEvent::Found);
            let silent = silent.iter().map(|target| probe(target, CheckEvent::TimedOut));
            let answering = answering.iter().map(|target| probe(target, CheckEvent::Error(401)));
            let probes = [browser].into_iter().chain(silent).chain(answering).collect();
            let upload = UploadResult::About(8e6);
            let findings = Findings { server, probes, upload, ..Findings::default() };
            assert_eq!(findings.verdict(), expected, "{findings:?}");
        }
    }

    #[test]
    fn a_summary_names_the_worst_result() {
        let t = statistics_texts();
        let probe = |target, events: &[CheckEvent]| {
            let mut probe = IceServerCheck::new(target);
            events.iter().for_each(|sign| probe.note(*sign, Duration::from_millis(30)));
            probe
        };
        let mut findings = Findings::default();
        assert_eq!(findings.verdict(), Verdict::NoServer);
        assert_eq!(findings.lines(t)[0], ("Server", "no answer".to_owned()));
        let own = "call.example.org".to_owned();
        findings.barrier = Some(Barrier::Host { received: "app:3000".to_owned(), own });
        let line = &findings.lines(t)[0].1;
        assert!(line.contains("app:3000") && line.contains("call.example.org"), "{line}");
        findings.server = Some(Duration::from_millis(12));
        for (upload, expected, text) in [
            (UploadResult::Waiting, Verdict::Testing, "testing"),
            (UploadResult::TooSlow, Verdict::Slow, "too slow to be measured"),
            (UploadResult::Failed, Verdict::Good, "could not be measured"),
            (UploadResult::About(64e3), Verdict::Slow, "about 64 kbit/s"),
            (UploadResult::About(8e6), Verdict::Good, "about 8.0 Mbit/s"),
            (UploadResult::About(3e8), Verdict::Good, "over 100 Mbit/s"),
        ] {
            findings.upload = upload;
            assert_eq!(findings.verdict(), expected, "{upload:?}");
            assert_eq!(findings.lines(t).last(), Some(&("Upload", text.to_owned())));
        }
        let lines = findings.lines(t);
        assert!(lines.contains(&(t.relays, t.no_relay.to_owned())), "{lines:?}");
        let (udp, tls) = (CheckTarget::Relay(Protocol::Udp), CheckTarget::Relay(Protocol::Tls));
        findings.probes = vec![probe(udp, &[CheckEvent::Error(401)]), probe(tls, &[])];
        assert_eq!(findings.verdict(), Verdict::Testing);
        findings.probes =
            vec![probe(udp, &[CheckEvent::Error(401)]), probe(tls, &[CheckEvent::TimedOut])];
        assert_eq!(findings.verdict(), Verdict::Limited);
        let lines = findings.lines(t);
        assert_eq!(
            lines[1..3],
            [
                ("Relay over UDP", "answers in 30 ms".to_owned()),
                ("Relay over TLS", "no answer".to_owned()),
            ]
        );
        let browser = |events: &[CheckEvent]| probe(CheckTarget::Browser, events);
        findings.probes = vec![browser(&[CheckEvent::Found])];
        assert_eq!(findings.verdict(), Verdict::Good);
        assert_eq!(findings.lines(t)[1], ("This browser", "found a network path".to_owned()));
        findings.probes =
            vec![browser(&[CheckEvent::Done]), probe(CheckTarget::Stun, &[CheckEvent::Done])];
        assert_eq!(findings.verdict(), Verdict::NoWay, "nobody can reach who has no candidates");
        assert_eq!(findings.lines(t)[1], ("This browser", "found no network path".to_owned()));
        findings.probes = vec![browser(&[CheckEvent::Done]), probe(udp, &[CheckEvent::Error(401)])];
        assert_eq!(findings.verdict(), Verdict::Limited, "a relay that answers is a way");
        findings.probes = vec![browser(&[])];
        findings.probes[0].result = CheckResult::Impossible;
        assert_eq!(findings.verdict(), Verdict::NoConnections);
        assert_eq!(
            (t.finding)(CheckResult::Refuses(Duration::ZERO), true),
            "answers, but rejects your credentials"
        );
    }
}
