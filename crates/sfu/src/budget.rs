//! What a receiver gets of the videos that it wants, within its bandwidth.

use crate::packet::{Source, Spatial};
use salon_core::protocol::Rank;
use std::{iter, time::Duration};

/// A bitrate with which the most important video moves, in bits per second: with this much it is never paused.
const LEAST_BITS: u64 = 50_000;
/// More bandwidth has to be there for this long before it is used.
const STEADY: Duration = Duration::from_millis(2500);
/// So much more, in percent, than what it is used for.
const HEADROOM_PERCENT: u64 = 120;
/// A raise that is taken back within this time has failed.
const TRIAL: Duration = Duration::from_secs(5);
/// The wait after a failed raise, doubled each time.
const LEAST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How much of a video is forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Layer {
    /// The encoding.
    pub spatial: Spatial,
    /// Up to this temporal layer.
    pub temporal: u8,
}

/// A layer and its bitrate in bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The layer.
    pub layer: Layer,
    /// Its bitrate.
    pub bits: u64,
}

/// A video that a receiver wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Whose it is.
    pub source: Source,
    /// How important it is.
    pub rank: Rank,
    /// What there is of it that the receiver can show, from the cheapest on.
    pub steps: Vec<Step>,
}

impl Wish {
    /// What is given before anything else is improved: a large tile must not be blurry.
    fn floor(&self) -> usize {
        let is_large = self.rank < Rank::Tile;
        let sharp = self.steps.iter().position(|step| step.layer.spatial > 0);
        sharp.filter(|_| is_large).unwrap_or_default()
    }

    /// The place of the floor, or of the best below it that fits.
    fn floor_within(&self, left: &mut u64) -> Option<usize> {
        let mut places = self.steps.iter().enumerate().take(self.floor() + 1).rev();
        let (place, step) = places.find(|(_, step)| step.bits <= *left)?;
        *left -= step.bits;
        Some(place)
    }

    /// The bits that the next step costs more.
    fn cost_of_raise(&self, place: usize) -> Option<u64> {
        let (from, to) = (self.steps.get(place)?, self.steps.get(place + 1)?);
        Some(to.bits.saturating_sub(from.bits))
    }

    fn place(&self, layer: Layer) -> Option<usize> {
        self.steps.iter().position(|step| step.layer == layer)
    }
}

/// The place of the step that each wish gets, if it gets any: floors first, in the order of the wishes, then
/// raises, those of equal rank in turn. The wishes have to be in the order of their ranks.
fn allocate(bits: u64, wishes: &[Wish]) -> Vec<Option<usize>> {
    let mut left = bits;
    let mut places: Vec<_> = wishes.iter().map(|wish| wish.floor_within(&mut left)).collect();
    if let (Some(first), Some(None)) = (wishes.first(), places.first())
        && bits >= LEAST_BITS
        && !first.steps.is_empty()
    {
        // Alone, as it exceeds the bandwidth.
        return iter::once(Some(0)).chain(iter::repeat(None)).take(wishes.len()).collect();
    }
    // What is left is kept for a floor that does not fit yet.
    let has_floor = |(wish, place): (&Wish, &Option<usize>)| {
        wish.steps.is_empty() || *place >= Some(wish.floor())
    };
    if wishes.iter().zip(&places).all(has_floor) {
        raise(left, wishes, &mut places);
    }
    places
}

/// Uses what is left. With more, nobody gets less: the first raise that does not fit ends those of its rank.
fn raise(mut left: u64, wishes: &[Wish], places: &mut [Option<usize>]) {
    let mut wishes = wishes.iter().zip(places).collect::<Vec<_>>();
    for group in wishes.chunk_by_mut(|(one, _), (other, _)| one.rank == other.rank) {
        let mut fits = true;
        while fits {
            let mut is_raised = false;
            for (wish, place) in &mut *group {
                let Some(more) = place.and_then(|place| wish.cost_of_raise(place)) else {
                    continue;
                };
                fits = more <= left;
                if !fits {
                    break;
                }
                left -= more;
                **place = place.map(|place| place + 1);
                is_raised = true;
            }
            fits &= is_raised;
        }
    }
}

/// What one receiver gets. Less is given at once, more only when the bandwidth lasts.
#[derive(Debug)]
pub(crate) struct Budget {
    /// What was wanted last, and what is given.
    given: Vec<(Source, Rank, Option<Layer>)>,
    /// Since when there is bandwidth for more.
    more_since: Option<Duration>,
    raised: Option<Duration>,
    wait: Duration,
    not_before: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            given: Vec::new(),
            more_since: None,
            raised: None,
            wait: LEAST_WAIT,
            not_before: Duration::ZERO,
        }
    }
}

impl Budget {
    /// Decides for `bits` per second. The wishes have to be in the order of their ranks.
    pub(crate) fn update(&mut self, bits: u64, wishes: &[Wish], now: Duration) {
        let has_changed = !self
            .given
            .iter()
            .map(|(source, rank, _)| (source, rank))
            .eq(wishes.iter().map(|wish| (&wish.source, &wish.rank)));
        if has_changed {
            // What somebody has just made larger is not waited for.
            self.give(wishes, &allocate(bits, wishes));
            return;
        }
        let Some(places) = self.places(wishes).filter(|places| fits(bits, wishes, places)) else {
            let has_failed = self.raised.is_some_and(|raised| now < raised + TRIAL);
            self.wait = if has_failed { (self.wait * 2).min(LONGEST_WAIT) } else { LEAST_WAIT };
            self.not_before = now + self.wait;
            self.raised = None;
            return self.give(wishes, &allocate(bits, wishes));
        };
        let better = allocate(bits * 100 / HEADROOM_PERCENT, wishes);
        if better <= places {
            self.more_since = None;
            return;
        }
        let since = *self.more_since.get_or_insert(now);
        if now >= since + STEADY && now >= self.not_before {
            self.raised = Some(now);
            self.give(wishes, &better);
        }
    }

    /// What is given of a source; nothing if it is paused.
    pub(crate) fn given(&self, source: Source) -> Option<Layer> {
        self.given.iter().find(|(other, ..)| *other == source)?.2
    }

    /// Everything that is given.
    pub(crate) fn all_given(&self) -> impl Iterator<Item = (Source, Layer)> {
        self.given.iter().filter_map(|(source, _, layer)| Some((*source, (*layer)?)))
    }

    fn give(&mut self, wishes: &[Wish], places: &[Option<usize>]) {
        let layer = |wish: &Wish, place: Option<usize>| Some(wish.steps.get(place?)?.layer);
        let given = wishes.iter().zip(places);
        self.given =
            given.map(|(wish, place)| (wish.source, wish.rank, layer(wish, *place))).collect();
        self.more_since = None;
    }

    /// The places of what is given, unless one of the layers is gone.
    fn places(&self, wishes: &[Wish]) -> Option<Vec<Option<usize>>> {
        let given = wishes.iter().zip(&self.given);
        let place = |(wish, (.., layer)): (&Wish, &(Source, Rank, Option<Layer>))| match layer {
            Some(layer) => wish.place(*layer).map(Some),
            None => Some(None),
        };
        given.map(place).collect()
    }
}

/// Whether all of this is within the bandwidth, except for the most important one alone.
fn fits(bits: u64, wishes: &[Wish], places: &[Option<usize>]) -> bool {
    let cost = |(wish, place): (&Wish, &Option<usize>)| Some(wish.steps.get((*place)?)?.bits);
    let costs: Vec<Option<u64>> = wishes.iter().zip(places).map(cost).collect();
    let is_first_floor =
        places.first() == Some(&Some(0)) && costs.iter().skip(1).all(Option::is_none);
    costs.iter().flatten().sum::<u64>() <= bits || (is_first_floor && bits >= LEAST_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use salon_core::protocol::{PeerId, TrackSource};

    fn source(seat: u64) -> Source {
        Source { seat: PeerId(seat), track: TrackSource::Camera }
    }

    /// Three encodings of 100, 400 and 1,600 kbit/s, each with three temporal layers.
    fn wish(seat: u64, rank: Rank) -> Wish {
        let step = |place: u64| {
            let (spatial, temporal) = ((place / 3) as u8, (place % 3) as u8);
            let whole = 100_000 << (2 * spatial);
            Step {
                layer: Layer { spatial, temporal },
                bits: whole * [50, 75, 100][usize::from(temporal)] / 100,
            }
        };
        Wish { source: source(seat), rank, steps: (0..9).map(step).collect() }
    }

    fn layer(spatial: u8, temporal: u8) -> Option<Layer> {
        Some(Layer { spatial, temporal })
    }

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn total(bits: u64, wishes: &[Wish]) -> u64 {
        let places = allocate(bits, wishes);
        wishes
            .iter()
            .zip(&places)
            .filter_map(|(wish, place)| Some(wish.steps[(*place)?].bits))
            .sum()
    }

    #[test]
    fn floors_come_first_and_then_raises_by_rank() {
        let wishes = [wish(1, Rank::Stage), wish(2, Rank::Thumbnail), wish(3, Rank::Thumbnail)];
        for (kilobits, expected) in [
            (40, [None, None, None]),
            (49, [None, None, None]),
            (60, [Some(0), None, None]),
            (100, [Some(2), None, None]),
            (150, [Some(2), Some(0), None]),
            (200, [Some(3), None, None]),
            (300, [Some(3), Some(0), Some(0)]),
            (500, [Some(5), Some(0), Some(0)]),
            (1000, [Some(6), Some(2), Some(2)]),
            (9000, [Some(8), Some(8), Some(8)]),
        ] {
            assert_eq!(allocate(kilobits * 1000, &wishes), expected, "{kilobits} kbit/s");
        }
    }

    #[test]
    fn tiles_of_equal_rank_are_raised_in_turn() {
        let wishes: Vec<_> = (1..=4).map(|seat| wish(seat, Rank::Tile)).collect();
        assert_eq!(allocate(350_000, &wishes), [Some(2), Some(2), Some(1), Some(1)]);
    }

    #[test]
    fn less_is_given_at_once_and_more_when_it_lasts() {
        let wishes = [wish(1, Rank::Stage)];
        let mut budget = Budget::default();
        budget.update(2_000_000, &wishes, secs(0.0));
        assert_eq!(budget.given(source(1)), layer(2, 2), "at the beginning, nothing is waited for");
        budget.update(500_000, &wishes, secs(1.0));
        assert_eq!(budget.given(source(1)), layer(1, 2));
        let raised_at = |budget: &mut Budget, from: f64| {
            let times = (1..1000).map(|step| from + f64::from(step) * 0.2);
            let before = budget.given(source(1));
            times.into_iter().find(|time| {
                budget.update(2_000_000, &wishes, secs(*time));
                budget.given(source(1)) > before
            })
        };
        let first = raised_at(&mut budget, 1.0).unwrap();
        assert!((5.8..6.5).contains(&first), "{first}: 5 s after it was lowered");
        // It fails, and is tried again later each time.
        budget.update(500_000, &wishes, secs(first + 1.0));
        let second = raised_at(&mut budget, first + 1.0).unwrap();
        assert!((10.0..11.0).contains(&(second - first - 1.0)), "{second}");
    }

    #[test]
    fn a_tile_that_becomes_large_is_not_waited_for() {
        let mut budget = Budget::default();
        budget.update(450_000, &[wish(1, Rank::Tile), wish(2, Rank::Tile)], secs(0.0));
        let before = budget.given(source(2));
        budget.update(450_000, &[wish(2, Rank::Stage), wish(1, Rank::Thumbnail)], secs(0.2));
        assert!(budget.given(source(2)) > before && budget.given(source(1)).is_some());
    }

    #[test]
    fn a_layer_that_is_gone_is_replaced() {
        let mut budget = Budget::default();
        let mut one = wish(1, Rank::Stage);
        budget.update(2_000_000, &[one.clone()], secs(0.0));
        one.steps.truncate(6);
        budget.update(2_000_000, &[one], secs(0.2));
        assert_eq!(budget.given(source(1)), layer(1, 2));
    }

    fn wishes() -> impl Strategy<Value = Vec<Wish>> {
        let ranks = prop::sample::select(vec![
            Rank::Screen,
            Rank::Pinned,
            Rank::Stage,
            Rank::Tile,
            Rank::Thumbnail,
        ]);
        let one = (ranks, 0..10_usize, 1..4_u64);
        prop::collection::vec(one, 1..12).prop_map(|mut all| {
            all.sort_by_key(|(rank, ..)| *rank);
            let wish = |(seat, (rank, steps, cost))| {
                let mut wish = wish(seat, rank);
                wish.steps.truncate(steps);
                wish.steps.iter_mut().for_each(|step| step.bits *= cost);
                wish
            };
            (1..).zip(all).map(wish).collect()
        })
    }

    proptest! {
        /// Never above the bandwidth, except for the floor of the most important one, which is never paused.
        #[test]
        fn the_bandwidth_is_kept(wishes in wishes(), bits in 0..6_000_000_u64) {
            let places = allocate(bits, &wishes);
            let used = total(bits, &wishes);
            let others_get_nothing = places.iter().skip(1).all(Option::is_none);
            prop_assert!(used <= bits || (places[0] == Some(0) && others_get_nothing), "{used} of {bits}");
            prop_assert!(bits < LEAST_BITS || wishes[0].steps.is_empty() || places[0].is_some());
        }

        /// More bandwidth never makes the most important one worse.
        #[test]
        fn more_is_never_worse(wishes in wishes(), bits in 0..6_000_000_u64, more in 0..1_000_000_u64) {
            prop_assert!(allocate(bits, &wishes)[0] <= allocate(bits + more, &wishes)[0]);
        }

        /// With the same bandwidth, everything comes to rest.
        #[test]
        fn it_comes_to_rest(wishes in wishes(), first in 0..6_000_000_u64, then in 0..6_000_000_u64) {
            let mut budget = Budget::default();
            budget.update(first, &wishes, secs(0.0));
            let mut changes = 0;
            for step in 1..=200 {
                let before = budget.given.clone();
                budget.update(then, &wishes, secs(f64::from(step) * 0.2));
                changes += usize::from(before != budget.given);
            }
            prop_assert!(changes <= 2, "{changes} changes");
        }
    }
}
