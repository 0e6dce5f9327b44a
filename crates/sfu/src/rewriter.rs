//! Makes one continuous RTP stream of the streams that a slot forwards in turn.

use crate::{
    numbering::{Numbering, Unwrap},
    packet::{Packet, Rewritten},
};
use std::time::Duration;

const PICTURE_ID_BITS: u32 = 15;
const PICTURE_IDS: u64 = 1 << PICTURE_ID_BITS;

/// Continues sequence numbers, timestamps and picture ids over changes of the source or its encoding.
#[derive(Debug)]
pub(crate) struct Rewriter {
    sequence: Numbering,
    pictures: Numbering,
    picture_ids: Unwrap<PICTURE_ID_BITS>,
    tl0: Tl0,
    clock: Clock,
}

impl Rewriter {
    /// `first` is the first sequence number, below 2^15: SRTP receivers guess the bits above 16 as zero (RFC 3711,
    /// section 3.3.1). `rate` is the clock rate in ticks per second.
    pub(crate) fn new(first: u16, rate: u32) -> Self {
        Self {
            sequence: Numbering::new(u64::from(first) % (1 << 15)),
            pictures: Numbering::new(u64::from(first)),
            picture_ids: Unwrap::default(),
            tl0: Tl0::default(),
            clock: Clock::new(rate),
        }
    }

    /// The next packet that is forwarded is the first one of another stream.
    pub(crate) fn restart(&mut self) {
        self.sequence.restart();
        self.pictures.restart();
        self.picture_ids = Unwrap::default();
        self.tl0.restart();
        self.clock.restart();
    }

    /// Rewrites a packet that is forwarded, unless it is from before the current stream began.
    pub(crate) fn forward(&mut self, packet: &Packet, now: Duration) -> Option<Rewritten> {
        let sequence = self.sequence.map(packet.sequence)?;
        let frame = packet.frame;
        let picture_id = match frame.and_then(|frame| frame.picture_id) {
            Some(id) => {
                let mapped = self.pictures.map(self.picture_ids.extend(id.into()))?;
                u16::try_from(mapped % PICTURE_IDS).ok()
            }
            None => None,
        };
        let tl0 = frame.and_then(|frame| frame.tl0_picture).map(|tl0| self.tl0.map(tl0));
        let timestamp = self.clock.map(packet.timestamp, now);
        Some(Rewritten { sequence, timestamp, marker: packet.marker, picture_id, tl0_picture: tl0 })
    }

    /// Closes the gap of a packet that is not forwarded. All packets of a frame have to be treated alike.
    pub(crate) fn skip(&mut self, packet: &Packet) {
        self.sequence.skip(packet.sequence);
        if let Some(id) = packet.frame.and_then(|frame| frame.picture_id) {
            self.pictures.skip(self.picture_ids.extend(id.into()));
        }
    }
}

/// Continues the numbers of the frames of temporal layer 0, all of which are forwarded.
#[derive(Debug, Default)]
struct Tl0 {
    offset: Option<u8>,
    next: u8,
}

impl Tl0 {
    fn restart(&mut self) {
        self.offset = None;
    }

    fn map(&mut self, number: u8) -> u8 {
        let next = self.next;
        let offset = *self.offset.get_or_insert_with(|| next.wrapping_sub(number));
        let mapped = number.wrapping_add(offset);
        // A packet that comes late does not take the number back.
        if mapped.wrapping_sub(self.next) < u8::MAX / 2 {
            self.next = mapped.wrapping_add(1);
        }
        mapped
    }
}

/// Continues timestamps: where a stream begins, by the time that has passed since the first one did, so that
/// errors do not add up.
#[derive(Debug)]
struct Clock {
    rate: u32,
    /// When the first packet came.
    start: Option<Duration>,
    /// What is added to the timestamps of the current stream.
    offset: Option<u32>,
    /// The newest timestamp.
    last: u32,
}

impl Clock {
    fn new(rate: u32) -> Self {
        Self { rate, start: None, offset: None, last: 0 }
    }

    fn restart(&mut self) {
        self.offset = None;
    }

    fn map(&mut self, timestamp: u32, now: Duration) -> u32 {
        let offset = match self.offset {
            Some(offset) => offset,
            None => self.begin(now).wrapping_sub(timestamp),
        };
        self.offset = Some(offset);
        let mapped = timestamp.wrapping_add(offset);
        if mapped.wrapping_sub(self.last) < u32::MAX / 2 {
            self.last = mapped;
        }
        mapped
    }

    /// The timestamp at which a stream begins: after the one before, at least by what the shortest frame takes.
    fn begin(&mut self, now: Duration) -> u32 {
        let Some(start) = self.start else {
            self.start = Some(now);
            return self.last;
        };
        let nanos = now.saturating_sub(start).as_nanos() * u128::from(self.rate);
        let ticks = nanos / Duration::from_secs(1).as_nanos();
        let due = u32::try_from(ticks % (1 << 32)).unwrap_or_default();
        let least = self.last.wrapping_add(self.rate / 100);
        if due.wrapping_sub(least) < u32::MAX / 2 { due } else { least }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Frame, Source};
    use salon_core::protocol::{PeerId, TrackSource};

    const RATE: u32 = 90_000;

    fn packet(sequence: u64, timestamp: u32, frame: Option<Frame>) -> Packet {
        let source = Source { seat: PeerId(1), track: TrackSource::Camera };
        Packet { source, spatial: 0, sequence, timestamp, marker: true, bytes: 100, frame }
    }

    fn frame(id: u16, tl0: u8, temporal: u8) -> Option<Frame> {
        let (picture_id, tl0_picture) = (Some(id), Some(tl0));
        Some(Frame {
            starts_keyframe: false,
            size: None,
            temporal,
            is_sync: false,
            picture_id,
            tl0_picture,
        })
    }

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn another_stream_continues_everything() {
        let mut rewriter = Rewriter::new(100, RATE);
        let first =
            rewriter.forward(&packet(70_000, 5_000, frame(32_767, 255, 0)), secs(1.0)).unwrap();
        assert_eq!(
            first,
            Rewritten {
                sequence: 100,
                timestamp: 0,
                marker: true,
                picture_id: Some(100),
                tl0_picture: Some(0)
            }
        );
        let next = rewriter.forward(&packet(70_001, 8_000, frame(0, 0, 0)), secs(1.03)).unwrap();
        assert_eq!(
            next,
            Rewritten {
                sequence: 101,
                timestamp: 3_000,
                marker: true,
                picture_id: Some(101),
                tl0_picture: Some(1)
            }
        );
        rewriter.restart();
        let other = rewriter.forward(&packet(9, 1 << 31, frame(4, 77, 0)), secs(1.1)).unwrap();
        assert_eq!(
            other,
            Rewritten {
                sequence: 102,
                timestamp: 9_000,
                marker: true,
                picture_id: Some(102),
                tl0_picture: Some(2)
            }
        );
        assert_eq!(rewriter.forward(&packet(8, 1 << 31, frame(3, 76, 0)), secs(1.1)), None);
    }

    #[test]
    fn skipped_temporal_layers_leave_no_gap() {
        let mut rewriter = Rewriter::new(0, RATE);
        let mut ids = Vec::new();
        for number in 0..20_u16 {
            let temporal = [0, 2, 1, 2][usize::from(number % 4)];
            let packet = packet(
                number.into(),
                u32::from(number) * 3_000,
                frame(number, u8::try_from(number / 4).unwrap(), temporal),
            );
            if temporal == 2 {
                rewriter.skip(&packet);
            } else {
                ids.push(rewriter.forward(&packet, secs(0.0)).unwrap());
            }
        }
        let sequences: Vec<_> = ids.iter().map(|to| to.sequence).collect();
        assert!((0..10).eq(sequences), "{ids:?}");
        assert!((0..10).eq(ids.iter().map(|to| to.picture_id.unwrap())), "{ids:?}");
        assert_eq!(ids.last().unwrap().tl0_picture, Some(4));
    }

    #[test]
    fn time_does_not_drift_over_a_thousand_changes() {
        let mut rewriter = Rewriter::new(0, RATE);
        let mut worst: f64 = 0.0;
        let mut before = 0;
        for change in 0..1000_u32 {
            rewriter.restart();
            // Each stream has timestamps and delays of its own.
            let random = change.wrapping_mul(2_654_435_761);
            for number in 0..10_u32 {
                let at = f64::from(change) + f64::from(number) / 10.0;
                let late = f64::from(random.rotate_left(number) % 30) / 1000.0;
                let packet = packet(
                    (change * 10 + number).into(),
                    random.wrapping_add(number * 9_000),
                    None,
                );
                let to = rewriter.forward(&packet, secs(at + late)).unwrap().timestamp;
                assert!(to > before || change + number == 0, "timestamps rise");
                before = to;
                worst = worst.max((f64::from(to) / f64::from(RATE) - at).abs());
            }
        }
        assert!(worst < 0.1, "{worst} s");
    }
}
