//! Spotlight selection and the position of every tile on the stage.

use super::grid::grid;
use crate::protocol::PeerId;

/// Gap between two tiles, in CSS pixels.
const GAP: f64 = 8.0;
/// Width of a small tile divided by its height.
const ASPECT: f64 = 16.0 / 10.0;
/// Fraction of the stage that the strip of small tiles takes.
const SIDE: f64 = 0.18;
const SIDE_PIXELS: (f64, f64) = (128.0, 256.0);
const BELOW: f64 = 0.22;

/// The layout of the other participants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// All tiles have the same size.
    #[default]
    Grid,
    /// The active speaker is large.
    Speaker,
}

/// An item on the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A participant's shared screen.
    Screen(PeerId),
    /// Another participant.
    Person(PeerId),
    /// The self-view.
    Own,
    /// The person's own shared screen. They see the original; a recording shows it.
    OwnScreen,
}

impl Item {
    /// What this person shares of their screen.
    #[must_use]
    pub fn screen(self) -> Self {
        match self {
            Self::Person(id) | Self::Screen(id) => Self::Screen(id),
            Self::Own | Self::OwnScreen => Self::OwnScreen,
        }
    }

    fn is_screen(self) -> bool {
        matches!(self, Self::Screen(_) | Self::OwnScreen)
    }
}

/// What decides which items are large.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spotlight {
    /// The chosen layout.
    pub layout: Layout,
    /// The pinned item, if any.
    pub pinned: Option<Item>,
    /// The current or last active speaker.
    pub spoke: Option<PeerId>,
}

/// A rectangle on the stage, in CSS pixels from its top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TileRect {
    /// Distance from the left.
    pub left: f64,
    /// Distance from the top.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// The `items` that are shown large: the pinned one, otherwise every screen, otherwise the active
/// speaker in the speaker layout. Empty if all tiles are equal.
#[must_use]
pub fn spotlighted(items: &[Item], spotlight: &Spotlight) -> Vec<Item> {
    if let Some(pinned) = spotlight.pinned.filter(|pinned| items.contains(pinned)) {
        return vec![pinned];
    }
    let screens: Vec<_> = items.iter().copied().filter(|item| item.is_screen()).collect();
    if !screens.is_empty() || spotlight.layout == Layout::Grid {
        return screens;
    }
    let spoke = spotlight.spoke.map(Item::Person).filter(|item| items.contains(item));
    let first = || items.iter().copied().find(|item| matches!(item, Item::Person(_)));
    spoke.or_else(first).into_iter().collect()
}

/// The position of each of `items` on a stage of `width` by `height`, with `large` ones in the
/// spotlight.
#[must_use]
pub fn arrange(items: &[Item], large: &[Item], width: f64, height: f64) -> Vec<(Item, TileRect)> {
    let (large, small): (Vec<_>, Vec<_>) = items.iter().partition(|item| large.contains(item));
    let whole = TileRect { left: 0.0, top: 0.0, width, height };
    let places = match (large.len(), small.len()) {
        (0, count) | (count, 0) => whole.fill(count),
        (on_stage, beside) => {
            let (stage, line) = whole.split();
            let mut places = stage.fill(on_stage);
            places.extend(line.line_up(beside));
            places
        }
    };
    large.into_iter().chain(small).copied().zip(places).collect()
}

impl TileRect {
    /// Splits off a strip for small tiles: beside the stage, or below it if the stage is higher
    /// than wide.
    fn split(self) -> (Self, Self) {
        let Self { left, top, width, height } = self;
        if width < height {
            let line = height * BELOW;
            let stage = (height - line - GAP).max(0.0);
            let below = Self { top: top + stage + GAP, height: line, ..self };
            return (Self { height: stage, ..self }, below);
        }
        let (least, most) = SIDE_PIXELS;
        let line = (width * SIDE).clamp(least, most).min(width / 3.0);
        let stage = (width - line - GAP).max(0.0);
        let beside = Self { left: left + stage + GAP, width: line, ..self };
        (Self { width: stage, ..self }, beside)
    }

    /// A grid with the largest possible tiles; an incomplete last row is centred.
    fn fill(self, count: usize) -> Vec<Self> {
        let shape = grid(count, self.width, self.height);
        let width = part(self.width, shape.columns);
        let height = part(self.height, shape.rows);
        let place = |index: usize| {
            let (row, column) = (index / shape.columns, index % shape.columns);
            let in_row = (count - row * shape.columns).min(shape.columns);
            let margin = (self.width - length(width, in_row)) / 2.0;
            let left = self.left + margin + to_f64(column) * (width + GAP);
            Self { left, top: self.top + to_f64(row) * (height + GAP), width, height }
        };
        (0..count).map(place).collect()
    }

    /// One row along the longer side, centred.
    fn line_up(self, count: usize) -> Vec<Self> {
        let upright = self.height > self.width;
        let (width, height) = match upright {
            true => (self.width, part(self.height, count).min(self.width / ASPECT)),
            false => (part(self.width, count).min(self.height * ASPECT), self.height),
        };
        let place = |index: usize| match upright {
            true => {
                let margin = (self.height - length(height, count)) / 2.0;
                let top = self.top + margin + to_f64(index) * (height + GAP);
                Self { left: self.left, top, width, height }
            }
            false => {
                let margin = (self.width - length(width, count)) / 2.0;
                let left = self.left + margin + to_f64(index) * (width + GAP);
                Self { left, top: self.top, width, height }
            }
        };
        (0..count).map(place).collect()
    }
}

/// The share of each of `count` in a common length.
fn part(length: f64, count: usize) -> f64 {
    let gaps = to_f64(count.saturating_sub(1)) * GAP;
    ((length - gaps) / to_f64(count.max(1))).max(0.0)
}

/// The total length of `count` of them in a row.
fn length(each: f64, count: usize) -> f64 {
    to_f64(count) * each + to_f64(count.saturating_sub(1)) * GAP
}

/// Tile counts are far below 2^32, up to which this is exact.
fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn person(id: u64) -> Item {
        Item::Person(PeerId(id))
    }

    #[test]
    fn pins_come_before_screens_and_screens_before_speakers() {
        let screen = Item::Screen(PeerId(2));
        let all = [screen, person(1), person(2), Item::Own];
        let large = |items: &[Item], layout, pinned| {
            spotlighted(items, &Spotlight { layout, pinned, spoke: Some(PeerId(2)) })
        };
        assert_eq!(large(&all, Layout::Grid, Some(person(1))), [person(1)]);
        assert_eq!(large(&all, Layout::Speaker, None), [screen]);
        let faces = &all[1..];
        assert_eq!(large(faces, Layout::Speaker, None), [person(2)]);
        assert_eq!(large(faces, Layout::Speaker, Some(screen)), [person(2)], "it is gone");
        assert_eq!(large(faces, Layout::Grid, None), []);
        let nobody_talks =
            spotlighted(faces, &Spotlight { layout: Layout::Speaker, ..Spotlight::default() });
        assert_eq!(nobody_talks, [person(1)], "somebody has the stage at once");
    }

    #[test]
    fn an_incomplete_last_row_is_centred() {
        let items = [person(1), person(2), Item::Own];
        let places = arrange(&items, &[], 1008.0, 608.0);
        let lefts: Vec<_> = places.iter().map(|(_, place)| place.left).collect();
        assert_eq!(lefts, [0.0, 508.0, 254.0]);
    }

    fn overlap(one: &TileRect, other: &TileRect) -> bool {
        let apart = |start: f64, length: f64, other: f64| start + length <= other + 1e-6;
        !(apart(one.left, one.width, other.left)
            || apart(other.left, other.width, one.left)
            || apart(one.top, one.height, other.top)
            || apart(other.top, other.height, one.top))
    }

    proptest! {
        #[test]
        fn tiles_on_the_stage_do_not_overlap(
            count in 1..12u64, large in 0..3usize, width in 320.0..2000.0, height in 240.0..1400.0
        ) {
            let items: Vec<_> = (0..count).map(person).collect();
            let on_stage = &items[..large.min(items.len())];
            let places = arrange(&items, on_stage, width, height);
            prop_assert_eq!(places.len(), items.len());
            for (index, (item, place)) in places.iter().enumerate() {
                prop_assert!(place.left > -1e-6 && place.left + place.width < width + 1e-6);
                prop_assert!(place.top > -1e-6 && place.top + place.height < height + 1e-6);
                prop_assert!(place.width > 16.0 && place.height > 16.0, "{place:?}");
                for (other, beside) in &places[index + 1..] {
                    prop_assert!(!overlap(place, beside), "{item:?} and {other:?}");
                }
            }
        }
    }
}
