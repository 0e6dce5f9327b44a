//! Continuous numbers for what is forwarded of a stream.

use std::collections::VecDeque;

/// How far behind the newest one a number may be, for packets that arrive late.
const MEMORY: u64 = 512;
/// The same for spans: a stream may consist of nothing that is sent on.
const MOST_SPANS: usize = 512;

/// Maps the numbers of a stream, such as sequence numbers or picture ids, to those of the stream that is sent on.
/// What was skipped on purpose leaves no gap there; what was lost does, so that the receiver can ask for it.
/// Numbers are extended: they do not wrap.
#[derive(Debug)]
pub(crate) struct Numbering {
    /// Ascending. Empty before the first number of a stream.
    spans: VecDeque<Span>,
    /// The highest number of the current stream that was mapped.
    highest: u64,
    /// What follows the highest number that was returned.
    next: u64,
}

/// From `start` on, numbers are mapped by adding `offset`, which wraps.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u64,
    offset: u64,
}

impl Numbering {
    /// The first number that is mapped becomes `first`.
    pub(crate) fn new(first: u64) -> Self {
        Self { spans: VecDeque::new(), highest: 0, next: first }
    }

    /// Begins another stream: its first number that is mapped follows those returned so far.
    pub(crate) fn restart(&mut self) {
        self.spans.clear();
    }

    /// Maps a number that is sent on, unless it belongs to an earlier stream or is too old.
    pub(crate) fn map(&mut self, number: u64) -> Option<u64> {
        if self.spans.is_empty() {
            self.spans.push_back(Span { start: number, offset: self.next.wrapping_sub(number) });
            self.highest = number;
        }
        let span = self.spans.iter().rev().find(|span| span.start <= number)?;
        let mapped = number.wrapping_add(span.offset);
        self.highest = self.highest.max(number);
        self.next = self.next.max(mapped + 1);
        while self.spans.get(1).is_some_and(|span| span.start + MEMORY <= self.highest) {
            self.spans.pop_front();
        }
        Some(mapped)
    }

    /// Leaves out a number that is not sent on. One that comes late, after higher ones were mapped, leaves a gap.
    pub(crate) fn skip(&mut self, number: u64) {
        if self.spans.is_empty() || number <= self.highest {
            return;
        }
        let after = self.spans.partition_point(|span| span.start <= number);
        let Some(span) = after.checked_sub(1).and_then(|at| self.spans.get(at)).copied() else {
            return;
        };
        let next = self.spans.get(after);
        // The numbers before a span that its offset accounts for were skipped before.
        let is_skipped = |next: &Span| number + span.offset.wrapping_sub(next.offset) >= next.start;
        if next.is_some_and(is_skipped) {
            return;
        }
        self.spans
            .iter_mut()
            .skip(after)
            .for_each(|span| span.offset = span.offset.wrapping_sub(1));
        let rest = Span { start: number + 1, offset: span.offset.wrapping_sub(1) };
        match self.spans.get_mut(after.wrapping_sub(1)) {
            // A run that is skipped needs one span.
            Some(empty) if empty.start == number && self.highest < number => *empty = rest,
            _ => self.spans.insert(after, rest),
        }
        if self.spans.len() > MOST_SPANS {
            self.spans.pop_front();
        }
    }
}

/// Extends numbers that wrap after `BITS` bits.
#[derive(Debug, Default)]
pub(crate) struct Unwrap<const BITS: u32> {
    last: Option<u64>,
}

impl<const BITS: u32> Unwrap<BITS> {
    /// The extended number that is nearest to the one before.
    pub(crate) fn extend(&mut self, number: u64) -> u64 {
        let size = 1 << BITS;
        let number = number % size;
        // One round ahead, so that an older number is not negative.
        let last = self.last.unwrap_or(size + number);
        let base = last - last % size + number;
        let near = [base.saturating_sub(size), base, base + size];
        let extended = near.into_iter().min_by_key(|near| near.abs_diff(last)).unwrap_or(base);
        self.last = Some(last.max(extended));
        extended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn skipped_numbers_leave_no_gap_and_lost_ones_do() {
        let mut numbering = Numbering::new(1000);
        assert_eq!(numbering.map(5), Some(1000));
        numbering.skip(6);
        numbering.skip(7);
        // 8 is lost for now.
        assert_eq!(numbering.map(9), Some(1002));
        numbering.skip(10);
        assert_eq!(numbering.map(11), Some(1003));
        assert_eq!(numbering.map(8), Some(1001));
        assert_eq!(numbering.map(4), None, "before the stream");
    }

    #[test]
    fn another_stream_continues() {
        let mut numbering = Numbering::new(0);
        assert_eq!(numbering.map(7), Some(0));
        assert_eq!(numbering.map(9), Some(2));
        numbering.restart();
        numbering.skip(1);
        assert_eq!(numbering.map(40), Some(3));
        assert_eq!(numbering.map(39), None);
        assert_eq!(numbering.map(41), Some(4));
    }

    #[test]
    fn wrapped_numbers_are_extended() {
        let mut unwrap = Unwrap::<7>::default();
        let numbers = [126, 127, 0, 1, 127, 2, 65];
        let extended = numbers.map(|number| unwrap.extend(number));
        let first = extended[0];
        assert_eq!(extended.map(|number| number - first), [0, 1, 2, 3, 1, 4, 67]);
    }

    #[derive(Clone, Debug)]
    struct Arrival {
        number: u64,
        is_skipped: bool,
    }

    #[test]
    fn what_is_only_skipped_needs_little_memory() {
        let mut numbering = Numbering::new(0);
        numbering.map(0);
        (0..100_000).for_each(|number| numbering.skip(2 * number));
        assert!(numbering.spans.len() <= MOST_SPANS);
        assert!(numbering.map(200_000).is_some());
    }

    /// A stream whose packets are partly lost, and reordered by up to three places.
    fn stream() -> impl Strategy<Value = Vec<Arrival>> {
        let packet = (any::<bool>(), prop::bool::weighted(0.9), 0..4_u64);
        prop::collection::vec(packet, 1..200).prop_map(|packets| {
            let mut arrivals: Vec<_> = (0..)
                .zip(packets)
                .filter(|(_, (_, arrives, _))| *arrives)
                .map(|(number, (is_skipped, _, late))| {
                    (number + late, Arrival { number, is_skipped })
                })
                .collect();
            arrivals.sort_by_key(|(at, _)| *at);
            arrivals.into_iter().map(|(_, arrival)| arrival).collect()
        })
    }

    proptest! {
        /// Order is kept, no number is given twice, and every gap has a reason.
        #[test]
        fn numbers_keep_their_order(streams in prop::collection::vec(stream(), 1..4)) {
            let mut numbering = Numbering::new(500);
            let mut before = 499;
            for arrivals in streams {
                numbering.restart();
                let mut mapped = Vec::new();
                let mut useless_skips = 0;
                for &Arrival { number, is_skipped } in &arrivals {
                    let highest = mapped.iter().map(|(number, _)| *number).max();
                    match is_skipped {
                        true => {
                            useless_skips += usize::from(highest.is_none_or(|highest| number < highest));
                            numbering.skip(number);
                        }
                        false => mapped.extend(numbering.map(number).map(|to| (number, to))),
                    }
                }
                mapped.sort_unstable();
                let Some(&(first, to)) = mapped.first() else { continue };
                prop_assert!(to > before && mapped.is_sorted_by(|one, other| one.1 < other.1), "{mapped:?}");
                let &(last, end) = mapped.last().unwrap();
                before = end;
                // Lost numbers, and skipped ones that came too late or too early, are the only gaps.
                let arrived = arrivals.iter().filter(|arrival| (first..=last).contains(&arrival.number)).count();
                let lost = usize::try_from(last - first).unwrap() + 1 - arrived;
                let gaps = usize::try_from(end - to).unwrap() + 1 - mapped.len();
                prop_assert!(gaps <= lost + useless_skips, "{gaps} gaps, {lost} lost, {useless_skips} skipped in vain: {mapped:?}");
            }
        }
    }
}
