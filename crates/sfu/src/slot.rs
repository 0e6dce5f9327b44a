//! The slots of a receiver: each is one outgoing RTP stream, which carries one source after another. Joins and
//! leaves of others change what is in a slot, and never the session description.

use crate::{
    budget::Layer,
    packet::{Packet, Rewritten, Source, Spatial},
    rewriter::Rewriter,
};
use std::time::Duration;

const VIDEO_RATE: u32 = 90_000;
const AUDIO_RATE: u32 = 48_000;
/// The temporal layer up to which nothing is left out.
const ALL_TEMPORAL: u8 = 2;

/// A slot for video.
#[derive(Debug)]
pub(crate) struct VideoSlot {
    rewriter: Rewriter,
    /// The target: what will be forwarded, from the next keyframe on at the latest.
    wanted: Option<(Source, Layer)>,
    /// What is forwarded, up to this temporal layer.
    current: Option<(Source, Layer)>,
    /// The timestamp of the frame that is forwarded or left out as a whole.
    frame: Option<(u32, bool)>,
}

impl VideoSlot {
    /// `first` is random.
    pub(crate) fn new(first: u16) -> Self {
        Self {
            rewriter: Rewriter::new(first, VIDEO_RATE),
            wanted: None,
            current: None,
            frame: None,
        }
    }

    /// Sets what is forwarded: nothing, if it is paused.
    pub(crate) fn want(&mut self, wanted: Option<(Source, Layer)>) {
        self.wanted = wanted;
        // What has been interrupted only goes on at a keyframe. Another layer of the same source takes over from
        // this one.
        if self.current.map(|(source, _)| source) != wanted.map(|(source, _)| source) {
            self.current = None;
        }
    }

    /// What is forwarded, or will be.
    pub(crate) fn wanted(&self) -> Option<(Source, Layer)> {
        self.wanted
    }

    /// What is forwarded at the moment, perhaps until something else takes over.
    pub(crate) fn current(&self) -> Option<(Source, Layer)> {
        self.current
    }

    /// The encodings whose keyframes are needed to go on: the one that is wanted, and the smallest one while there is
    /// no picture, because browsers leave out the large encodings of small cameras and on slow lines.
    pub(crate) fn waits_for(&self) -> impl Iterator<Item = (Source, Spatial)> {
        let wanted = self.wanted.map(|(source, layer)| (source, layer.spatial));
        let current = self.current.map(|(source, layer)| (source, layer.spatial));
        let smallest = wanted.filter(|_| current.is_none()).map(|(source, _)| (source, 0));
        let larger = wanted.filter(|wanted| current != Some(*wanted) && Some(*wanted) != smallest);
        larger.into_iter().chain(smallest)
    }

    /// The encoding that is being decoded, to replace what its receiver has lost.
    pub(crate) fn encoding(&self) -> Option<(Source, Spatial)> {
        let (source, layer) = self.current.or(self.wanted)?;
        Some((source, layer.spatial))
    }

    /// Decides about a packet.
    pub(crate) fn packet(&mut self, packet: &Packet, now: Duration) -> Option<Rewritten> {
        let frame = packet.frame?;
        let encoding = (packet.source, packet.spatial);
        if frame.starts_keyframe && self.waits_for().any(|awaited| awaited == encoding) {
            self.rewriter.restart();
            self.current = self.wanted.map(|(source, layer)| match packet.spatial {
                spatial if spatial == layer.spatial => (source, layer),
                spatial => (source, Layer { spatial, temporal: ALL_TEMPORAL }),
            });
            self.frame = Some((packet.timestamp, true));
        }
        let (source, layer) = self.current?;
        if (source, layer.spatial) != encoding {
            return None;
        }
        if !self.takes_frame(packet, frame.temporal, frame.is_sync) {
            self.rewriter.skip(packet);
            return None;
        }
        self.rewriter.forward(packet, now)
    }

    /// Whether the frame of a packet is forwarded. Frames are not cut: a change of the temporal layer begins with
    /// the next one.
    fn takes_frame(&mut self, packet: &Packet, temporal: u8, is_sync: bool) -> bool {
        if let Some((_, is_taken)) =
            self.frame.filter(|(timestamp, _)| *timestamp == packet.timestamp)
        {
            return is_taken;
        }
        let Some((_, current)) = &mut self.current else { return false };
        if let Some((_, wanted)) =
            self.wanted.filter(|(_, wanted)| wanted.spatial == current.spatial)
        {
            if is_sync && temporal <= wanted.temporal {
                current.temporal = current.temporal.max(temporal);
            }
            current.temporal = current.temporal.min(wanted.temporal);
        }
        let is_taken = temporal <= current.temporal;
        self.frame = Some((packet.timestamp, is_taken));
        is_taken
    }
}

/// A slot for audio.
#[derive(Debug)]
pub(crate) struct AudioSlot {
    rewriter: Rewriter,
    current: Option<Source>,
    is_new: bool,
}

impl AudioSlot {
    /// `first` is random.
    pub(crate) fn new(first: u16) -> Self {
        Self { rewriter: Rewriter::new(first, AUDIO_RATE), current: None, is_new: false }
    }

    /// Sets whose audio is forwarded.
    pub(crate) fn want(&mut self, source: Option<Source>) {
        if source != self.current {
            self.current = source;
            self.is_new = true;
            self.rewriter.restart();
        }
    }

    /// Whose audio is forwarded.
    pub(crate) fn current(&self) -> Option<Source> {
        self.current
    }

    /// Decides about a packet.
    pub(crate) fn packet(&mut self, packet: &Packet, now: Duration) -> Option<Rewritten> {
        if self.current != Some(packet.source) {
            return None;
        }
        let rewritten = self.rewriter.forward(packet, now)?;
        // The receiver adapts its playout where speech begins (RFC 3551, section 4.1).
        let marker = std::mem::take(&mut self.is_new) || packet.marker;
        Some(Rewritten { marker, ..rewritten })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Encoder, camera};
    use proptest::prelude::*;
    use salon_core::protocol::{PeerId, TrackSource};

    const NOW: Duration = Duration::from_secs(1);

    fn layer(spatial: u8, temporal: u8) -> Layer {
        Layer { spatial, temporal }
    }

    fn forwarded(slot: &mut VideoSlot, packets: [Packet; 2]) -> usize {
        packets.iter().filter(|packet| slot.packet(packet, NOW).is_some()).count()
    }

    fn awaited(slot: &VideoSlot) -> Vec<u8> {
        slot.waits_for().map(|(_, spatial)| spatial).collect()
    }

    #[test]
    fn a_source_begins_with_a_keyframe() {
        let mut slot = VideoSlot::new(1);
        let mut encoder = Encoder::new(1, 0);
        assert_eq!(forwarded(&mut slot, encoder.frame(true)), 0, "nothing is wanted");
        slot.want(Some((camera(1), layer(0, 2))));
        assert_eq!(awaited(&slot), [0]);
        assert_eq!(forwarded(&mut slot, encoder.frame(false)), 0);
        assert_eq!(forwarded(&mut slot, encoder.frame(true)), 2);
        assert_eq!((awaited(&slot), forwarded(&mut slot, encoder.frame(false))), (vec![], 2));
        slot.want(None);
        assert_eq!(forwarded(&mut slot, encoder.frame(false)), 0, "it is paused");
        slot.want(Some((camera(1), layer(0, 2))));
        assert_eq!(forwarded(&mut slot, encoder.frame(false)), 0);
        assert_eq!(forwarded(&mut slot, encoder.frame(true)), 2);
    }

    #[test]
    fn a_layer_goes_on_until_the_next_one_is_there() {
        let mut slot = VideoSlot::new(1);
        let (mut small, mut large) = (Encoder::new(1, 0), Encoder::new(1, 1));
        slot.want(Some((camera(1), layer(0, 2))));
        assert_eq!(forwarded(&mut slot, small.frame(true)), 2);
        slot.want(Some((camera(1), layer(1, 2))));
        assert_eq!(awaited(&slot), [1]);
        assert_eq!(forwarded(&mut slot, large.frame(false)), 0);
        assert_eq!(forwarded(&mut slot, small.frame(false)), 2);
        assert_eq!(forwarded(&mut slot, large.frame(true)), 2);
        assert_eq!(forwarded(&mut slot, small.frame(false)), 0);
    }

    #[test]
    fn the_smallest_encoding_is_seen_until_the_wanted_one_is_there() {
        let mut slot = VideoSlot::new(1);
        let mut encoders = [0, 1, 2].map(|spatial| Encoder::new(1, spatial));
        slot.want(Some((camera(1), layer(2, 0))));
        assert_eq!(awaited(&slot), [2, 0]);
        assert_eq!(forwarded(&mut slot, encoders[1].frame(true)), 0, "it is not asked for");
        assert_eq!(forwarded(&mut slot, encoders[0].frame(true)), 2);
        assert_eq!(awaited(&slot), [2]);
        let small: Vec<_> =
            (0..3).map(|_| forwarded(&mut slot, encoders[0].frame(false))).collect();
        assert_eq!(small, [2, 2, 2], "all temporal layers of it");
        assert_eq!(forwarded(&mut slot, encoders[0].frame(true)), 2);
        assert_eq!(forwarded(&mut slot, encoders[2].frame(true)), 2);
        assert_eq!((awaited(&slot), forwarded(&mut slot, encoders[0].frame(true))), (vec![], 0));
    }

    #[test]
    fn temporal_layers_are_left_at_once_and_entered_where_they_can_be_decoded() {
        let mut slot = VideoSlot::new(1);
        let mut encoder = Encoder::new(1, 0);
        let mut counts = |slot: &mut VideoSlot, key| {
            let mut frame = |key| forwarded(slot, encoder.frame(key));
            [frame(key), frame(false), frame(false), frame(false)]
        };
        slot.want(Some((camera(1), layer(0, 2))));
        assert_eq!(counts(&mut slot, true), [2, 2, 2, 2]);
        slot.want(Some((camera(1), layer(0, 0))));
        assert_eq!(counts(&mut slot, false), [2, 0, 0, 0]);
        slot.want(Some((camera(1), layer(0, 1))));
        assert_eq!(counts(&mut slot, false), [2, 0, 2, 0]);
        slot.want(Some((camera(1), layer(0, 2))));
        assert_eq!(counts(&mut slot, false), [2, 2, 2, 2]);
    }

    #[test]
    fn frames_are_not_cut() {
        let mut slot = VideoSlot::new(1);
        let mut encoder = Encoder::new(1, 0);
        slot.want(Some((camera(1), layer(0, 2))));
        assert_eq!(forwarded(&mut slot, encoder.frame(true)), 2);
        let [first, second] = encoder.frame(false);
        assert!(slot.packet(&first, NOW).is_some());
        slot.want(Some((camera(1), layer(0, 0))));
        assert!(slot.packet(&second, NOW).is_some());
    }

    #[test]
    fn audio_changes_at_once() {
        let mut slot = AudioSlot::new(7);
        let packet = |seat, sequence| {
            let source = Source { seat: PeerId(seat), track: TrackSource::Microphone };
            Packet {
                source,
                spatial: 0,
                sequence,
                timestamp: 0,
                marker: false,
                bytes: 80,
                frame: None,
            }
        };
        assert_eq!(slot.packet(&packet(1, 5), NOW), None);
        slot.want(Some(packet(1, 0).source));
        let of = |to: Option<Rewritten>| to.map(|to| (to.sequence, to.marker));
        assert_eq!(of(slot.packet(&packet(1, 5), NOW)), Some((7, true)));
        assert_eq!(of(slot.packet(&packet(1, 6), NOW)), Some((8, false)));
        slot.want(Some(packet(2, 0).source));
        assert_eq!(slot.packet(&packet(1, 7), NOW), None);
        assert_eq!(of(slot.packet(&packet(2, 900), NOW)), Some((9, true)));
    }

    proptest! {
        /// What arrives is one stream that can be decoded: no gap, rising timestamps, whole frames, and a keyframe
        /// wherever the source or its encoding changes.
        #[test]
        fn a_slot_is_one_stream(steps in prop::collection::vec((0..12_u8, 0..3_u64, 0..3_u8, 0..3_u8, any::<bool>()), 1..300)) {
            let mut slot = VideoSlot::new(100);
            let mut encoders: Vec<_> = (0..9).map(|at| Encoder::new(at / 3, (at % 3) as u8)).collect();
            let mut out: Vec<(Packet, Rewritten)> = Vec::new();
            for (place, (what, seat, spatial, temporal, is_keyframe)) in steps.into_iter().enumerate() {
                let now = Duration::from_millis(place as u64 * 33);
                match what {
                    0 => slot.want(None),
                    1..3 => slot.want(Some((camera(seat), layer(spatial, temporal)))),
                    _ => {
                        for encoder in &mut encoders {
                            let is_meant = (encoder.source, encoder.spatial) == (camera(seat), spatial);
                            for packet in encoder.frame(is_keyframe && is_meant) {
                                out.extend(slot.packet(&packet, now).map(|to| (packet, to)));
                            }
                        }
                    }
                }
            }
            for (place, (packet, to)) in out.iter().enumerate() {
                prop_assert_eq!(to.sequence, 100 + place as u64);
                prop_assert_eq!(packet.marker, place % 2 == 1, "whole frames");
                let Some((before, last)) = place.checked_sub(1).map(|before| out[before]) else { continue };
                let is_same_frame = packet.marker;
                prop_assert!(is_same_frame == (to.timestamp == last.timestamp) && to.timestamp >= last.timestamp);
                let step = to.picture_id.unwrap() - last.picture_id.unwrap();
                prop_assert_eq!(step, u16::from(!is_same_frame));
                let is_same = (packet.source, packet.spatial) == (before.source, before.spatial);
                prop_assert!(is_same || packet.frame.unwrap().starts_keyframe);
            }
        }
    }
}
