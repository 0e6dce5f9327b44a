//! What is known of one encoding of a published video: its rates, its size, and when keyframes are asked for.

use crate::packet::Packet;
use std::{collections::VecDeque, time::Duration};

/// Temporal layers that browsers make of VP8 (three in Chromium, two in Firefox).
pub(crate) const TEMPORAL_LAYERS: usize = 3;
/// The least time between two requests for a keyframe.
const LEAST_WAIT: Duration = Duration::from_millis(500);
/// The longest time: after that, somebody who waits counts more than the bandwidth of the others.
const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// The share of its bitrate that an encoding may spend on keyframes, in percent.
const KEYFRAME_PERCENT: u64 = 15;
/// An encoding that brought nothing for this long is not there.
const ABSENT: Duration = Duration::from_millis(1500);

/// Rates are measured over this many slices of this length.
const SLICE: Duration = Duration::from_millis(100);
const SLICES: u64 = 10;

/// The bits of the last second.
#[derive(Debug, Default)]
struct Meter {
    /// The number of each slice since the start, and its bits. Empty ones are missing.
    slices: VecDeque<(u64, u64)>,
}

impl Meter {
    fn slide(&mut self, now: Duration) -> u64 {
        let slice = u64::try_from(now.as_nanos() / SLICE.as_nanos()).unwrap_or(u64::MAX);
        while self.slices.front().is_some_and(|(first, _)| first + SLICES <= slice) {
            self.slices.pop_front();
        }
        slice
    }

    fn count(&mut self, bits: u64, now: Duration) {
        let slice = self.slide(now);
        match self.slices.back_mut() {
            Some((last, sum)) if *last == slice => *sum += bits,
            _ => self.slices.push_back((slice, bits)),
        }
    }

    /// Bits per second, of the slices that are complete.
    fn rate(&mut self, now: Duration) -> u64 {
        let slice = self.slide(now);
        let complete = self.slices.iter().filter(|(number, _)| *number < slice);
        complete.map(|(_, bits)| bits).sum::<u64>() * SLICES / (SLICES - 1)
    }
}

/// One encoding of a published video.
#[derive(Debug, Default)]
pub(crate) struct Encoding {
    /// The bits of each temporal layer alone.
    meters: [Meter; TEMPORAL_LAYERS],
    /// Width and height in pixels, from the last keyframe.
    size: Option<(u16, u16)>,
    last: Option<Duration>,
    keyframe: Keyframe,
}

/// Requests for keyframes (RTCP PLI, RFC 4585, section 6.3.1).
#[derive(Debug, Default)]
struct Keyframe {
    /// Whether somebody waits for one.
    is_wanted: bool,
    asked: Option<Duration>,
    came: Option<Duration>,
    /// Size of the last one in bits, and whether it is still arriving.
    bits: u64,
    is_arriving: bool,
}

impl Encoding {
    /// Counts a packet.
    pub(crate) fn count(&mut self, packet: &Packet, now: Duration) {
        let bits = u64::from(packet.bytes) * 8;
        let temporal = packet.frame.map_or(0, |frame| usize::from(frame.temporal));
        if let Some(meter) = self.meters.get_mut(temporal) {
            meter.count(bits, now);
        }
        self.last = Some(now);
        let Some(frame) = packet.frame else { return };
        if frame.starts_keyframe {
            self.size = frame.size.or(self.size);
            let asked = self.keyframe.asked;
            self.keyframe =
                Keyframe { is_wanted: false, asked, came: Some(now), bits: 0, is_arriving: true };
        }
        if self.keyframe.is_arriving {
            self.keyframe.bits += bits;
            self.keyframe.is_arriving = !packet.marker;
        }
    }

    /// Whether packets come.
    pub(crate) fn is_there(&self, now: Duration) -> bool {
        self.last.is_some_and(|last| now < last + ABSENT)
    }

    /// Width and height in pixels, once known.
    pub(crate) fn size(&self) -> Option<(u16, u16)> {
        self.size
    }

    /// Bits per second up to and including this temporal layer.
    pub(crate) fn rate(&mut self, temporal: u8, now: Duration) -> u64 {
        let meters = self.meters.iter_mut().take(usize::from(temporal) + 1);
        meters.map(|meter| meter.rate(now)).sum()
    }

    /// Somebody cannot go on without a keyframe.
    pub(crate) fn want_keyframe(&mut self) {
        self.keyframe.is_wanted = true;
    }

    /// When to ask the publisher for a keyframe, if somebody waits for one: asked again until it comes.
    pub(crate) fn keyframe_due(&mut self, now: Duration) -> Option<Duration> {
        if !self.keyframe.is_wanted {
            return None;
        }
        let wait = self.keyframe_wait(now);
        let after = |time: Option<Duration>, wait| time.map(|time| time + wait);
        let due = [after(self.keyframe.asked, LEAST_WAIT), after(self.keyframe.came, wait)];
        Some(due.into_iter().flatten().max().unwrap_or(now))
    }

    /// The publisher was asked for a keyframe.
    pub(crate) fn keyframe_asked(&mut self, now: Duration) {
        self.keyframe.asked = Some(now);
    }

    /// The time after a keyframe before the next one is asked for, by what it costs.
    fn keyframe_wait(&mut self, now: Duration) -> Duration {
        let budget = self.rate(u8::MAX, now) * KEYFRAME_PERCENT / 100;
        let millis = (self.keyframe.bits * 1000).checked_div(budget);
        let wait = millis.map_or(LONGEST_WAIT, Duration::from_millis);
        match self.keyframe.bits {
            0 => LEAST_WAIT,
            _ => wait.clamp(LEAST_WAIT, LONGEST_WAIT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Frame, Source};
    use proptest::prelude::*;
    use salon_core::protocol::{PeerId, TrackSource};

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn packet(bytes: u16, temporal: u8, starts_keyframe: bool) -> Packet {
        let source = Source { seat: PeerId(1), track: TrackSource::Camera };
        let size = starts_keyframe.then_some((320, 180));
        let frame = Frame {
            starts_keyframe,
            size,
            temporal,
            is_sync: false,
            picture_id: None,
            tl0_picture: None,
        };
        Packet {
            source,
            spatial: 0,
            sequence: 0,
            timestamp: 0,
            marker: true,
            bytes,
            frame: Some(frame),
        }
    }

    /// Packets of 1,000 bytes every 10 ms, in temporal layers as Chromium makes them.
    fn stream(encoding: &mut Encoding, from: u64, to: u64) {
        for number in from / 10..to / 10 {
            let temporal = [0, 2, 1, 2][(number % 4) as usize];
            encoding.count(&packet(1000, temporal, number == 0), millis(number * 10));
        }
    }

    #[test]
    fn rates_are_those_of_the_last_second() {
        let mut encoding = Encoding::default();
        assert_eq!((encoding.is_there(millis(0)), encoding.size()), (false, None));
        stream(&mut encoding, 0, 2000);
        let now = millis(2000);
        let rates = [0, 1, 2, 7].map(|temporal| encoding.rate(temporal, now) / 1000);
        for (rate, expected) in rates.into_iter().zip([200, 400, 800, 800]) {
            assert!(rate.abs_diff(expected) <= 20, "{rates:?}");
        }
        assert_eq!((encoding.is_there(now), encoding.size()), (true, Some((320, 180))));
        assert_eq!(encoding.rate(2, millis(3100)), 0);
        assert!(!encoding.is_there(millis(3500)));
    }

    #[test]
    fn a_keyframe_is_asked_for_until_it_comes() {
        let mut encoding = Encoding::default();
        assert_eq!(encoding.keyframe_due(millis(0)), None);
        encoding.want_keyframe();
        assert_eq!(encoding.keyframe_due(millis(5)), Some(millis(5)));
        encoding.keyframe_asked(millis(5));
        assert_eq!(encoding.keyframe_due(millis(5)), Some(millis(505)));
        encoding.count(&packet(1000, 0, true), millis(300));
        assert_eq!(encoding.keyframe_due(millis(600)), None, "it has come");
    }

    #[test]
    fn keyframes_cost_a_small_share() {
        let mut encoding = Encoding::default();
        stream(&mut encoding, 0, 2000);
        // 800 kbit/s: 15 % are 120 kbit/s, and the keyframe has 160 kbit.
        encoding.count(&packet(20_000, 0, true), millis(2000));
        stream(&mut encoding, 2010, 3300);
        encoding.want_keyframe();
        let due = encoding.keyframe_due(millis(3300)).unwrap();
        assert!((3200..3500).contains(&due.as_millis()), "{due:?}");
        // Where almost nothing is sent, it is not put off for ever.
        let mut screen = Encoding::default();
        screen.count(&packet(60_000, 0, true), millis(0));
        screen.want_keyframe();
        assert_eq!(screen.keyframe_due(millis(2000)), Some(millis(4000)));
    }

    proptest! {
        /// However often one is wanted: at most two requests a second, and one within 4.5 s.
        #[test]
        fn requests_are_few_and_come_in_time(wants in prop::collection::vec(0..20_000_u64, 1..200), answers in prop::collection::vec(any::<bool>(), 100)) {
            let mut encoding = Encoding::default();
            let mut wants: Vec<_> = wants.into_iter().map(|at| at / 10 * 10).collect();
            wants.sort_unstable();
            let (mut asked, mut waits, mut answers) = (Vec::new(), None, answers.into_iter());
            for now in (0..30_000).step_by(10) {
                if wants.binary_search(&now).is_ok() {
                    encoding.want_keyframe();
                    waits.get_or_insert(now);
                }
                let mut is_keyframe = false;
                if encoding.keyframe_due(millis(now)).is_some_and(|due| due <= millis(now)) {
                    encoding.keyframe_asked(millis(now));
                    asked.push(now);
                    prop_assert!(waits.is_some_and(|since| now - since <= 4500));
                    is_keyframe = answers.next().unwrap_or(true);
                    if is_keyframe {
                        waits = None;
                    } else {
                        waits = Some(now);
                    }
                }
                encoding.count(&packet(1000, 0, is_keyframe), millis(now));
            }
            prop_assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= 500), "{asked:?}");
            prop_assert!(waits.is_none(), "everybody is served");
        }
    }
}
