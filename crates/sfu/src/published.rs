//! One published track: its encodings, and which of them somebody wants.

use crate::{
    budget::{Layer, Step},
    encoding::{Encoding, TEMPORAL_LAYERS},
    packet::{Packet, Spatial},
};
use std::time::Duration;

/// Bits per second and height in pixels of the encodings of a camera, until they are measured.
const EXPECTED: [(u64, u16); 3] = [(120_000, 180), (450_000, 360), (1_600_000, 720)];
/// Share of the bitrate up to each temporal layer, in percent.
const TEMPORAL_PERCENT: [u64; TEMPORAL_LAYERS] = [50, 70, 100];
/// A layer counts at least this share of what is expected, in percent: a still picture moves again.
const LEAST_PERCENT: u64 = 70;
/// An encoding that nobody wants is stopped after this time.
const STOP_AFTER: Duration = Duration::from_secs(5);
/// An encoding that is wanted and does not come counts as missing after this time: browsers leave out the large
/// ones of small cameras and on slow lines.
const MISSING_AFTER: Duration = Duration::from_secs(6);

/// A published track.
#[derive(Debug)]
pub(crate) struct Published {
    encodings: Vec<Wanted>,
    demand: Vec<bool>,
}

/// An encoding with what is wanted of it.
#[derive(Debug)]
struct Wanted {
    encoding: Encoding,
    expected_bits: u64,
    expected_height: u16,
    /// Bits per second up to each temporal layer, at the last [`Published::measure`].
    bits: [u64; TEMPORAL_LAYERS],
    is_missing: bool,
    since: Option<Duration>,
    last: Option<Duration>,
}

impl Published {
    /// A track in this number of encodings, at most three.
    pub(crate) fn new(encodings: u8) -> Self {
        let encodings = EXPECTED.into_iter().take(encodings.max(1).into());
        let encodings = encodings.map(|(expected_bits, expected_height)| Wanted {
            encoding: Encoding::default(),
            expected_bits,
            expected_height,
            bits: [0; TEMPORAL_LAYERS],
            is_missing: false,
            since: None,
            last: None,
        });
        let mut published = Self { encodings: encodings.collect(), demand: Vec::new() };
        published.measure(Duration::ZERO);
        published
    }

    /// Counts a packet. Returns whether its encoding is published.
    pub(crate) fn count(&mut self, packet: &Packet, now: Duration) -> bool {
        let wanted = self.encodings.get_mut(usize::from(packet.spatial));
        wanted.map(|wanted| wanted.encoding.count(packet, now)).is_some()
    }

    /// Measures the encodings, once for all receivers.
    pub(crate) fn measure(&mut self, now: Duration) {
        for (spatial, wanted) in self.encodings.iter_mut().enumerate() {
            for (temporal, (bits, percent)) in
                (0..).zip(wanted.bits.iter_mut().zip(TEMPORAL_PERCENT))
            {
                let expected = wanted.expected_bits * percent / 100;
                *bits = wanted.encoding.rate(temporal, now).max(expected * LEAST_PERCENT / 100);
            }
            let is_late = wanted.since.is_some_and(|since| since + MISSING_AFTER <= now);
            // The smallest is what there is to wait for: a still screen has a frame a second.
            wanted.is_missing = spatial > 0 && is_late && !wanted.encoding.is_there(now);
        }
    }

    /// What can be shown in a tile of this height, from the cheapest on.
    pub(crate) fn steps(&self, height: u16) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for (spatial, wanted) in (0..).zip(&self.encodings) {
            if wanted.is_missing {
                continue;
            }
            for (temporal, bits) in (0..).zip(wanted.bits) {
                // What costs no more than the step before is no step.
                if steps.last().is_none_or(|last| last.bits < bits) {
                    steps.push(Step { layer: Layer { spatial, temporal }, bits });
                }
            }
            let own = wanted.encoding.size().map_or(wanted.expected_height, |(_, height)| height);
            if own >= height {
                break;
            }
        }
        steps
    }

    /// A receiver gets this layer. The smallest encoding is wanted as well: it comes while another one does not,
    /// and is what remains of little bandwidth.
    pub(crate) fn give(&mut self, layer: Layer, now: Duration) {
        for spatial in [0, usize::from(layer.spatial)] {
            if let Some(wanted) = self.encodings.get_mut(spatial) {
                wanted.since.get_or_insert(now);
                wanted.last = Some(now);
            }
        }
    }

    /// Which encodings are wanted: the whole state, if it has changed.
    pub(crate) fn demand(&mut self, now: Duration) -> Option<Vec<bool>> {
        for wanted in &mut self.encodings {
            if wanted.last.is_none_or(|last| last + STOP_AFTER <= now) {
                wanted.since = None;
            }
        }
        let demand: Vec<bool> =
            self.encodings.iter().map(|wanted| wanted.since.is_some()).collect();
        if demand == self.demand {
            return None;
        }
        self.demand.clone_from(&demand);
        Some(demand)
    }

    /// Somebody cannot go on without a keyframe of an encoding.
    pub(crate) fn want_keyframe(&mut self, spatial: Spatial) {
        if let Some(wanted) = self.encodings.get_mut(usize::from(spatial)) {
            wanted.encoding.want_keyframe();
        }
    }

    /// The encodings of which to ask for a keyframe now.
    pub(crate) fn keyframes_due(&mut self, now: Duration) -> Vec<Spatial> {
        let mut due = Vec::new();
        for (spatial, wanted) in (0..).zip(&mut self.encodings) {
            if wanted.encoding.keyframe_due(now).is_some_and(|due| due <= now) {
                wanted.encoding.keyframe_asked(now);
                due.push(spatial);
            }
        }
        due
    }
}
