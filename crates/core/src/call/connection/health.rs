//! The reception of a participant, from the statistics of the connection.

use super::reading::{Arrival, Counts, Path};
use crate::{call::participant::ExpectedTracks, protocol::Grade};
use std::{collections::VecDeque, time::Duration};

/// Silence after which expected media counts as lost.
pub(super) const SILENT_AFTER: Duration = Duration::from_secs(3);
/// The same where only connectivity checks are expected: browsers
/// send them every 2.5 to 6 seconds (RFC 7675, section 5.1).
const MUTE_AFTER: Duration = Duration::from_secs(8);
/// Maximum time between two readings, which is twice the period of a calm connection. After a longer
/// break, for example because the device slept, the time in between is ignored.
const BREAK: Duration = Duration::from_secs(4);
/// Complete silence for this long is a gap: audio alone arrives fifty times a second, and checks are
/// frequent while one of them is unanswered.
pub(super) const GAP: Duration = Duration::from_millis(800);
/// The period over which packet loss is measured.
const WINDOW: Duration = Duration::from_secs(4);
/// Time for which a grade of received media has to last before it counts.
const STEADY: Duration = Duration::from_secs(3);
/// The same for the available send bandwidth: browsers take seconds to estimate it.
const STEADY_SENT: Duration = Duration::from_secs(8);

/// Share of lost packets from which speech is lost: browsers conceal less than that.
pub(super) const WEAK_LOSS: f64 = 0.08;
const POOR_LOSS: f64 = 0.2;
/// Round-trip time from which people interrupt each other by accident.
pub(super) const WEAK_ROUND_TRIP: Duration = Duration::from_millis(700);
/// Send bandwidths in bits per second below which video is weak or poor.
pub(super) const WEAK_RATE: u64 = 250_000;
const POOR_RATE: u64 = 100_000;

/// Records when a counter last increased.
#[derive(Debug, Default)]
struct Pulse {
    count: u64,
    at: Duration,
    /// The counter has increased since the connection was created.
    lives: bool,
}

impl Pulse {
    /// Records a counter, and when it last increased as far as that is known.
    fn note(&mut self, count: u64, last: Option<Duration>, is_restart: bool, now: Duration) {
        let grown = count > self.count;
        if is_restart || grown {
            self.at = last.filter(|_| !is_restart).unwrap_or(now);
        }
        // May be lower than before: abandoned candidate pairs no longer count.
        self.count = count;
        self.lives |= grown;
    }
}

/// A value that changes only after the new one has lasted for some time.
#[derive(Clone, Copy, Debug, Default)]
struct Steady<T> {
    value: T,
    next: Option<(T, Duration)>,
}

impl<T: Copy + PartialEq> Steady<T> {
    fn note(&mut self, value: T, lasts: Duration, now: Duration) {
        match self.next {
            _ if value == self.value => self.next = None,
            Some((next, since)) if next == value => {
                if now >= since + lasts {
                    *self = Self { value, next: None };
                }
            }
            _ => self.next = Some((value, now)),
        }
    }
}

/// The reception over one connection.
#[derive(Debug, Default)]
pub(super) struct Health {
    any_data: Pulse,
    sound: Pulse,
    picture: Pulse,
    recent: VecDeque<(Duration, Counts)>,
    received: Steady<Grade>,
    sent: Steady<Grade>,
}

impl Health {
    pub(super) fn note(&mut self, counts: Counts, now: Duration) {
        let is_restart = self.recent.back().is_none_or(|(at, _)| *at + BREAK < now);
        let before = self.read_at();
        let resumes = |pulse: &Pulse, count| count > pulse.count && before >= pulse.at + GAP;
        let resumed = resumes(&self.sound, counts.sound.packets)
            || resumes(&self.picture, counts.picture.packets);
        self.any_data.note(counts.received, None, is_restart, now);
        for (pulse, arrival) in
            [(&mut self.sound, counts.sound), (&mut self.picture, counts.picture)]
        {
            let last = arrival.arrived_within(before, now);
            pulse.note(arrival.packets, last, is_restart, now);
        }
        if is_restart || resumed {
            // Losses during an outage do not predict what follows, nor does the bandwidth at that
            // time.
            self.recent.clear();
            self.try_more();
        }
        self.recent.push_back((now, counts));
        while self.recent.get(1).is_some_and(|(at, _)| *at + WINDOW <= now) {
            self.recent.pop_front();
        }
        if let Some((_, before)) = self.recent.front() {
            self.received.note(received(before, &counts), STEADY, now);
        }
        self.sent.note(sent(&counts), STEADY_SENT, now);
    }

    /// Restarts the expectations of a participant's media when their presence has changed.
    pub(super) fn expect(&mut self, before: ExpectedTracks, after: ExpectedTracks, now: Duration) {
        for (pulse, fresh) in [
            (&mut self.sound, after.microphone && !before.microphone),
            (&mut self.picture, after.camera && !before.camera),
        ] {
            if fresh {
                pulse.at = now;
            }
        }
    }

    fn read_at(&self) -> Duration {
        self.recent.back().map(|(at, _)| *at).unwrap_or_default()
    }

    /// Whether anything has arrived recently.
    pub(super) fn is_live(&self) -> bool {
        self.any_data.lives && self.quiet() < GAP
    }

    /// Whether any video has arrived.
    pub(super) fn has_picture(&self) -> bool {
        self.picture.lives
    }

    /// Time without expected media that has arrived before. `None` if there is none of that.
    pub(super) fn pause(&self, expected: ExpectedTracks) -> Option<Duration> {
        let sent = [(&self.sound, expected.microphone), (&self.picture, expected.camera)];
        let sent = sent.into_iter().filter(|(pulse, sends)| *sends && pulse.lives);
        let last = sent.map(|(pulse, _)| pulse.at).max()?;
        Some(self.read_at().saturating_sub(last))
    }

    /// The network path in use at the last reading.
    pub(super) fn path(&self) -> Option<Path> {
        self.recent.back().and_then(|(_, counts)| counts.path)
    }

    /// Time without any incoming data at the last reading.
    pub(super) fn quiet(&self) -> Duration {
        self.read_at().saturating_sub(self.any_data.at)
    }

    /// Start of the silence, if it is long enough to mean that the connection is broken.
    pub(super) fn silent_since(&self, expected: ExpectedTracks) -> Option<Duration> {
        let (silence, limit) = match self.pause(expected) {
            Some(pause) => (pause, SILENT_AFTER),
            None => (self.quiet(), MUTE_AFTER),
        };
        (silence >= limit).then(|| self.read_at().saturating_sub(silence))
    }

    /// Whether expected audio and expected video arrive.
    pub(super) fn arrives(&self, expected: ExpectedTracks) -> (bool, bool) {
        let arrives =
            |pulse: &Pulse, expected: bool| !expected || self.read_at() < pulse.at + SILENT_AFTER;
        (arrives(&self.sound, expected.microphone), arrives(&self.picture, expected.camera))
    }

    /// The grade of received media, over several seconds.
    pub(super) fn received(&self) -> Grade {
        self.received.value
    }

    /// The grade of the available send bandwidth.
    pub(super) fn sent(&self) -> Grade {
        self.sent.value
    }

    /// Measures the available bandwidth again: browsers cannot estimate it while little is sent.
    pub(super) fn try_more(&mut self) {
        self.sent = Steady::default();
    }
}

fn received(before: &Counts, after: &Counts) -> Grade {
    let share = |before: Arrival, after: Arrival| {
        let lost = after.lost.saturating_sub(before.lost) as f64;
        let arrived = after.packets.saturating_sub(before.packets) as f64;
        if lost + arrived < 20.0 { 0.0 } else { lost / (lost + arrived) }
    };
    let loss = share(before.sound, after.sound).max(share(before.picture, after.picture));
    match after.round_trip.unwrap_or_default() {
        _ if loss >= POOR_LOSS => Grade::Poor,
        round_trip if loss >= WEAK_LOSS || round_trip >= WEAK_ROUND_TRIP => Grade::Weak,
        _ => Grade::Good,
    }
}

fn sent(counts: &Counts) -> Grade {
    match counts.for_picture {
        Some(..POOR_RATE) => Grade::Poor,
        Some(..WEAK_RATE) => Grade::Weak,
        _ => Grade::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            pace::Pace,
            reading::{Reading, TrackReading},
        },
        *,
    };

    fn millis(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    /// Adds half a second of audio with this many lost packets.
    fn more(counts: &mut Counts, lost: u64) -> Counts {
        counts.received += 2500;
        counts.sound.packets += 25 - lost;
        counts.sound.lost += lost;
        *counts
    }

    #[test]
    fn lasting_packet_loss_lowers_the_grade_until_it_ends() {
        let (mut health, mut counts, mut now) = (Health::default(), Counts::default(), millis(0));
        let mut grades = Vec::new();
        for lost in [0, 10, 0] {
            for _ in 0..20 {
                now += millis(500);
                health.note(more(&mut counts, lost), now);
            }
            grades.push(health.received());
        }
        assert_eq!(grades, [Grade::Good, Grade::Poor, Grade::Good]);
        for _ in 0..3 {
            now += millis(500);
            health.note(more(&mut counts, 20), now);
        }
        assert_eq!(health.received(), Grade::Good, "a moment is not worth a word");
    }

    #[test]
    fn packets_lost_in_an_outage_do_not_lower_the_grade() {
        let (mut health, mut counts) = (Health::default(), Counts::default());
        for step in 0..40 {
            let now = millis(500 * step);
            match step {
                10..18 => health.note(counts, now),
                18 => {
                    // Connectivity checks are answered before the first packet arrives.
                    counts.received += 1;
                    health.note(counts, now);
                }
                19 => health.note(more(&mut counts, 20), now),
                _ => health.note(more(&mut counts, 0), now),
            }
            assert_eq!(health.received(), Grade::Good);
        }
    }

    #[test]
    fn send_bandwidth_is_measured_again_after_an_outage() {
        let (mut health, mut now) = (Health::default(), millis(0));
        let mut counts = Counts { for_picture: Some(POOR_RATE - 1), ..Counts::default() };
        let mut sent_after = |seconds, comes: bool| {
            for _ in 0..2 * seconds {
                now += millis(500);
                health.note(if comes { more(&mut counts, 0) } else { counts }, now);
            }
            health.sent()
        };
        assert_eq!(sent_after(10, true), Grade::Poor);
        assert_eq!(sent_after(4, false), Grade::Poor);
        assert_eq!(sent_after(7, true), Grade::Good);
        assert_eq!(sent_after(3, true), Grade::Poor, "if it stays so");
    }

    #[test]
    fn silence_counts_only_while_media_is_expected() {
        let mut health = Health::default();
        let sound = Arrival { packets: 1, ..Arrival::default() };
        let counts = Counts { received: 1, sound, picture: sound, ..Counts::default() };
        health.note(Counts::default(), millis(500));
        let speaks = ExpectedTracks { microphone: true, camera: true, screen: false };
        let silent = ExpectedTracks::default();
        let mut seen = Vec::new();
        for time in (1..=9).map(|second| millis(1000 * second)) {
            health.note(counts, time);
            let broken = |expected| health.silent_since(expected).is_some();
            seen.push((broken(speaks), broken(silent)));
        }
        assert_eq!(seen.iter().filter(|(speaks, _)| *speaks).count(), 6, "from 3 seconds on");
        assert_eq!(seen.iter().filter(|(_, silent)| *silent).count(), 1, "from 8 seconds on");
        assert_eq!(health.arrives(speaks), (false, false));
        assert_eq!(health.arrives(silent), (true, true));
        health.expect(silent, speaks, millis(9000));
        assert_eq!(health.arrives(speaks), (true, true), "it is about to come");
        health.note(counts, millis(60_000));
        assert_eq!(health.silent_since(speaks), None, "nothing is known of a break");
    }

    #[test]
    fn silence_of_a_calm_connection_begins_with_the_last_packet_and_not_when_it_is_noticed() {
        let speaks = ExpectedTracks { microphone: true, ..ExpectedTracks::default() };
        for last in (20_000..22_000).step_by(100).map(millis) {
            let (mut health, mut pace, mut now) = (Health::default(), Pace::default(), millis(0));
            let mut silent_since = None;
            while silent_since.is_none() {
                now += pace.period(now);
                // A packet every 20 ms.
                let arrived = now.min(last);
                let packets = u64::try_from(arrived.as_millis()).unwrap() / 20;
                let arrival = Arrival { packets, lost: 0, last: Some(arrived) };
                let track = TrackReading { mid: None, is_audio: true, arrival };
                let reading = Reading { tracks: vec![track], ..Reading::default() };
                pace.note(&reading, now);
                health.note(reading.counts(|_| true), now);
                silent_since = health.silent_since(speaks);
                assert!(pace.is_calm(now) || !(millis(12_000)..=last).contains(&now), "{now:?}");
            }
            assert_eq!(silent_since, Some(last));
            let noticed_after = now - last;
            assert!((SILENT_AFTER..millis(4000)).contains(&noticed_after), "{noticed_after:?}");
        }
    }

    #[test]
    fn the_time_of_a_packet_is_ignored_if_the_browsers_clock_differs() {
        let (mut health, mut counts) = (Health::default(), Counts::default());
        let speaks = ExpectedTracks { microphone: true, ..ExpectedTracks::default() };
        health.note(more(&mut counts, 0), millis(1000));
        for (now, last, pause) in [(2000, 1900, 100), (3000, 1, 0), (4000, 100_000, 0)] {
            more(&mut counts, 0);
            counts.sound.last = Some(millis(last));
            health.note(counts, millis(now));
            assert_eq!(health.pause(speaks), Some(millis(pause)), "{last}");
        }
    }

    #[test]
    fn a_rate_too_low_for_video_is_weak() {
        let sent = |rate| sent(&Counts { for_picture: rate, ..Counts::default() });
        assert_eq!(
            [sent(None), sent(Some(2_000_000)), sent(Some(200_000)), sent(Some(50_000))],
            [Grade::Good, Grade::Good, Grade::Weak, Grade::Poor]
        );
    }
}
