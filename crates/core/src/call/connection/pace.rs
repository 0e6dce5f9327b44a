//! How often the statistics of a connection are read, and how much of them: that is most of the cost
//! of an idle call.

use super::{
    health::{WEAK_LOSS, WEAK_RATE, WEAK_ROUND_TRIP},
    reading::{Reading, TrackReading},
};
use std::time::Duration;

/// The period while nothing arrives: silence has to be noticed soon.
const SOON: Duration = Duration::from_millis(500);
/// The usual period.
const USUAL: Duration = Duration::from_secs(1);
/// The period of a calm connection.
const CALM: Duration = Duration::from_secs(2);
/// Time without any change after which a connection is calm.
const CALM_AFTER: Duration = Duration::from_secs(10);

/// The pace at which the statistics of one connection are read.
#[derive(Debug, Default)]
pub struct Pace {
    last: Option<(Reading, Duration)>,
    /// The number of tracks that brought something between the last two readings.
    flowing: usize,
    /// Whether something arrived between them, and still did at the end.
    is_well: bool,
    /// Since when nothing worth a closer look has happened.
    calm_since: Option<Duration>,
}

impl Pace {
    /// Takes a reading.
    pub fn note(&mut self, reading: &Reading, now: Duration) {
        let last = self.last.replace((reading.clone(), now));
        let Some((before, since)) = last else { return };
        let tracks: Vec<_> = before.tracks.iter().zip(&reading.tracks).collect();
        let flows = |(before, after): &&(&TrackReading, &TrackReading)| {
            after.arrival.packets > before.arrival.packets
        };
        let flowing = tracks.iter().filter(flows).count();
        // Between two readings of a calm connection, packets may arrive and then stop.
        let has_stopped = |(_, after): &(&TrackReading, &TrackReading)| {
            after.arrival.arrived_within(since, now).is_some_and(|last| last + SOON <= now)
        };
        let all_stopped = flowing > 0 && tracks.iter().filter(flows).all(has_stopped);
        self.is_well = reading.received() > before.received() && !all_stopped;
        let is_steady = self.is_well && flowing == self.flowing;
        self.flowing = flowing;
        // Without the time of the last packet, silence is known to begin only as exactly as the
        // statistics are read.
        let is_timed = |(_, after): &(&TrackReading, &TrackReading)| {
            after.arrival.arrived_within(since, now).is_some()
        };
        let is_calm = is_steady
            && tracks.iter().filter(flows).all(is_timed)
            && !tracks.iter().any(|(before, after)| loses(before, after))
            && reading.for_picture.is_none_or(|rate| rate >= WEAK_RATE)
            && reading.round_trip.unwrap_or_default() < WEAK_ROUND_TRIP;
        self.calm_since = is_calm.then(|| self.calm_since.unwrap_or(now));
    }

    /// Whether something arrived between the last two readings, and still did at the end.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.is_well
    }

    /// Whether nothing has changed for a while: then it is enough to look whether media arrives.
    #[must_use]
    pub fn is_calm(&self, now: Duration) -> bool {
        self.calm_since.is_some_and(|since| now >= since + CALM_AFTER)
    }

    /// The time until the next reading.
    #[must_use]
    pub fn period(&self, now: Duration) -> Duration {
        match () {
            () if !self.is_well => SOON,
            () if self.is_calm(now) => CALM,
            () => USUAL,
        }
    }
}

/// Whether half as many packets get lost as would be reported.
fn loses(before: &TrackReading, after: &TrackReading) -> bool {
    let grown = |count: fn(&TrackReading) -> u64| count(after).saturating_sub(count(before)) as f64;
    let (lost, arrived) = (grown(|track| track.arrival.lost), grown(|track| track.arrival.packets));
    lost > (lost + arrived) * WEAK_LOSS / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::connection::reading::Arrival;

    /// Reads for this many seconds what `change` makes of each reading, and returns the last period.
    fn read(
        pace: &mut Pace,
        reading: &mut Reading,
        now: &mut Duration,
        seconds: u64,
        change: impl Fn(&mut Reading, Duration),
    ) -> Duration {
        let end = *now + Duration::from_secs(seconds);
        while *now < end {
            *now += pace.period(*now);
            change(reading, *now);
            pace.note(reading, *now);
        }
        pace.period(*now)
    }

    fn arrive(track: &mut TrackReading, packets: u64, now: Duration) {
        let Arrival { packets: before, lost, .. } = track.arrival;
        let last = Some(now.saturating_sub(Duration::from_millis(20)));
        track.arrival = Arrival { packets: before + packets, lost, last };
    }

    #[test]
    fn a_connection_is_read_rarely_once_nothing_changes_and_often_when_something_stops() {
        let track = |is_audio| TrackReading { mid: None, is_audio, arrival: Arrival::default() };
        let (mut pace, mut now) = (Pace::default(), Duration::ZERO);
        let mut reading = Reading { tracks: vec![track(true), track(false)], ..Reading::default() };
        let all = |reading: &mut Reading, now| {
            reading.tracks.iter_mut().for_each(|track| arrive(track, 50, now));
        };
        let mut read = |seconds, change: &dyn Fn(&mut Reading, Duration)| {
            read(&mut pace, &mut reading, &mut now, seconds, change)
        };
        assert_eq!(read(1, &|_, _| ()), SOON);
        assert_eq!(read(5, &all), USUAL);
        assert_eq!(read(10, &all), CALM);
        let sound = |reading: &mut Reading, now| arrive(&mut reading.tracks[0], 50, now);
        assert_eq!(read(1, &sound), USUAL, "the picture has stopped");
        assert_eq!(read(12, &sound), CALM, "it was turned off");
        assert_eq!(read(1, &all), USUAL, "it is back");
        assert_eq!(read(12, &all), CALM);
        assert_eq!(read(1, &|_, _| ()), SOON, "silence");
        assert_eq!(read(15, &all), CALM);
        let lossy = |reading: &mut Reading, now| {
            all(reading, now);
            reading.tracks[1].arrival.lost += 5;
        };
        assert_eq!(read(2, &lossy), USUAL, "some packets are lost");
        assert_eq!(read(15, &all), CALM);
        let narrow = |reading: &mut Reading, now| {
            all(reading, now);
            reading.for_picture = Some(WEAK_RATE - 1);
        };
        assert_eq!(read(2, &narrow), USUAL);
    }

    #[test]
    fn silence_that_began_after_a_calm_reading_is_noticed_by_the_next() {
        let track = |is_audio| TrackReading { mid: None, is_audio, arrival: Arrival::default() };
        let (mut pace, mut now) = (Pace::default(), Duration::ZERO);
        let mut reading = Reading { tracks: vec![track(true), track(false)], ..Reading::default() };
        let all = |reading: &mut Reading, now| {
            reading.tracks.iter_mut().for_each(|track| arrive(track, 50, now));
        };
        assert_eq!(read(&mut pace, &mut reading, &mut now, 15, all), CALM);
        let stopped_at = now + Duration::from_millis(300);
        let rest = |reading: &mut Reading, _| {
            reading.tracks.iter_mut().for_each(|track| arrive(track, 15, stopped_at));
        };
        assert_eq!(read(&mut pace, &mut reading, &mut now, 2, rest), SOON);
        assert_eq!(read(&mut pace, &mut reading, &mut now, 1, |_, _| ()), SOON);
        assert_eq!(read(&mut pace, &mut reading, &mut now, 1, all), USUAL, "it is back");
        assert_eq!(read(&mut pace, &mut reading, &mut now, 15, all), CALM);
        let sound = |reading: &mut Reading, now| {
            arrive(&mut reading.tracks[0], 50, now);
            arrive(&mut reading.tracks[1], 1, now - Duration::from_millis(900));
        };
        assert_eq!(read(&mut pace, &mut reading, &mut now, 6, sound), CALM, "a still screen");
    }

    #[test]
    fn a_browser_that_does_not_tell_when_packets_arrive_is_asked_each_second() {
        let arrival = |packets, last| Arrival { packets, lost: 0, last };
        let elsewhere = Some(Duration::from_secs(1_000_000));
        for last in [None, elsewhere, Some(Duration::ZERO)] {
            let mut pace = Pace::default();
            for second in 0..60 {
                let track =
                    TrackReading { mid: None, is_audio: true, arrival: arrival(50 * second, last) };
                let reading = Reading { tracks: vec![track], ..Reading::default() };
                pace.note(&reading, Duration::from_secs(10 + second));
            }
            assert_eq!(pace.period(Duration::from_secs(70)), USUAL);
        }
    }
}
