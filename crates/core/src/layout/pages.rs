//! The people on the stage, if there are more than it has room for.

use super::Item;

/// The shorter side of a stage on which faces become too small, in CSS pixels.
const SMALL: f64 = 500.0;
/// Number of other people on a small stage, and on others: not more than a connection has slots for video.
const FEW: usize = 4;
const MANY: usize = 9;

/// The items on the stage at the same time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StagePage {
    /// The items, in their order.
    pub items: Vec<Item>,
    /// The number of the page, from 0.
    pub number: usize,
    /// The number of pages; at least 1.
    pub count: usize,
    /// Number of people who are on other pages.
    pub hidden: usize,
}

/// How many other people a stage of this size has room for.
#[must_use]
pub fn capacity(width: f64, height: f64) -> usize {
    let is_small = width.min(height) < SMALL && width > 0.0;
    if is_small { FEW } else { MANY }
}

/// A page of the stage, or the last one if there are fewer. Everything but people is on every page, and so are
/// those `kept`, who are shown large.
#[must_use]
pub fn stage_page(items: &[Item], kept: &[Item], capacity: usize, number: usize) -> StagePage {
    let turns = |item: &&Item| matches!(item, Item::Person(_)) && !kept.contains(item);
    let people: Vec<Item> = items.iter().filter(turns).copied().collect();
    // Screens need a slot for video as well.
    let screens = items.iter().filter(|item| matches!(item, Item::Screen(_))).count();
    let stay = kept.iter().filter(|item| matches!(item, Item::Person(_))).count() + screens;
    let at_once = capacity.saturating_sub(stay).max(1);
    let count = people.len().div_ceil(at_once).max(1);
    let number = number.min(count - 1);
    let shown: Vec<Item> = people.iter().skip(number * at_once).take(at_once).copied().collect();
    let is_shown = |item: &&Item| shown.contains(item) || !turns(item);
    StagePage {
        items: items.iter().filter(is_shown).copied().collect(),
        number,
        count,
        hidden: people.len() - shown.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::PeerId;
    use proptest::prelude::*;

    fn people(ids: impl IntoIterator<Item = u64>) -> Vec<Item> {
        ids.into_iter().map(|id| Item::Person(PeerId(id))).collect()
    }

    #[test]
    fn pages_keep_screens_and_the_speaker() {
        let screen = Item::Screen(PeerId(3));
        let items = [vec![screen], people(1..=7)].concat();
        let speaker = Item::Person(PeerId(6));
        let page = |number| stage_page(&items, &[speaker], 5, number);
        assert_eq!(page(0).items, [vec![screen], people([1, 2, 3, 6])].concat());
        assert_eq!(page(1).items, [vec![screen], people([4, 5, 6, 7])].concat());
        assert_eq!((page(0).count, page(0).hidden), (2, 3));
        assert_eq!(page(9), page(1), "people have left");
        assert_eq!(stage_page(&[], &[], 4, 0), StagePage { count: 1, ..StagePage::default() });
    }

    #[test]
    fn a_phone_has_room_for_fewer() {
        assert_eq!(
            [capacity(390.0, 700.0), capacity(800.0, 300.0), capacity(1280.0, 700.0)],
            [4, 4, 9]
        );
        assert_eq!(capacity(0.0, 0.0), 9, "not measured yet");
    }

    proptest! {
        #[test]
        fn everyone_is_on_a_page(count in 0..60u64, capacity in 1..12usize, kept in 0..60u64) {
            let items = people(0..count);
            let kept = people((kept < count).then_some(kept));
            let pages = stage_page(&items, &kept, capacity, 0).count;
            let mut seen = Vec::new();
            for number in 0..pages {
                let page = stage_page(&items, &kept, capacity, number);
                prop_assert!(page.items.len() <= capacity.max(kept.len() + 1));
                prop_assert!(kept.iter().all(|item| page.items.contains(item)));
                seen.extend(page.items.into_iter().filter(|item| !kept.contains(item)));
            }
            seen.extend(kept);
            seen.sort_by_key(|item| format!("{item:?}"));
            let mut all = items;
            all.sort_by_key(|item| format!("{item:?}"));
            prop_assert_eq!(seen, all);
        }
    }
}
