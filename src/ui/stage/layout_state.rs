//! The layout that this person has chosen.

use crate::{
    layout::{
        ActiveSpeaker, Item, Layout, Spotlight, StagePage, TileRect, arrange, capacity,
        spotlighted, stage_page,
    },
    platform::{self, Interval, Local, SmallWindow},
    protocol::{PeerId, Rank, TrackSource, WantedVideo},
    reactive::{boxed_text, effect, effect_holding},
    session::Session,
};
use leptos::prelude::*;
use std::time::Duration;

const LAYOUT_KEY: &str = "salon.layout";
const SPEAKER: &str = "speaker";
const HIDDEN_KEY: &str = "salon.hide-self";
/// Key of the tab's session storage, for the duration of the call.
const PINNED_KEY: &str = "salon.pinned";
const A_SCREEN: &str = "screen-";

/// Interval at which audio levels are read, where the active speaker matters.
const LISTEN_EVERY: Duration = Duration::from_millis(200);
/// Number of other people above which the self-view becomes a tile among theirs; below, it floats
/// in a corner.
const GROUP: usize = 2;

/// Who is on the stage, and the place of every tile. A context of the call. Cheap to copy.
#[derive(Clone, Copy)]
pub(in crate::ui) struct LayoutState {
    /// Grid or speaker.
    pub layout: RwSignal<Layout>,
    /// The item that this person has pinned.
    pub pinned: RwSignal<Option<Item>>,
    /// Whether the self-view is hidden.
    pub hides_self: RwSignal<bool>,
    /// The current active speaker.
    pub talking: RwSignal<Option<PeerId>>,
    /// The current or last active speaker.
    spoke: RwSignal<Option<PeerId>>,
    /// Size of the stage in CSS pixels.
    pub size: RwSignal<(f64, f64)>,
    /// The number of the wanted page, from 0.
    number: RwSignal<usize>,
    /// The items on the stage.
    pub page: Memo<StagePage>,
    places: Memo<Vec<(Item, TileRect)>>,
    /// Owner of everything in the call.
    owner: StoredValue<Option<Owner>>,
    /// The picture-in-picture window of the call.
    pub window: RwSignal<Option<Local<SmallWindow>>>,
}

impl LayoutState {
    /// The stage of a call.
    pub fn new(session: Session) -> Self {
        let (layout, pinned) = (RwSignal::new(Layout::default()), RwSignal::new(None));
        let (hides_self, spoke) = (RwSignal::new(false), RwSignal::new(None));
        let size = RwSignal::new((0.0, 0.0));
        let number = RwSignal::new(0);
        let all = Memo::new(move |_| {
            session.view.with(|view| {
                let screens = view.tiles.iter().filter(|tile| tile.screen);
                let screens = screens.map(|tile| Item::Screen(tile.key.id));
                let people = view.tiles.iter().map(|tile| Item::Person(tile.key.id));
                screens.chain(people).collect::<Vec<_>>()
            })
        });
        let spotlight = Memo::new(move |_| Spotlight {
            layout: layout.get(),
            pinned: pinned.get(),
            spoke: spoke.get(),
        });
        effect(move || session.recording.spotlight.set(spotlight.get()));
        let page = Memo::new(move |_| {
            let (width, height) = size.get();
            all.with(|all| {
                let large = spotlighted(all, &spotlight.get());
                stage_page(all, &large, capacity(width, height), number.get())
            })
        });
        let places = Memo::new(move |_| {
            let mut items = page.get().items;
            // Next to a shared screen, everyone gets a tile.
            let is_screen = |item: &Item| matches!(item, Item::Screen(_));
            let group = items.len() >= GROUP || items.iter().any(is_screen);
            if group && !hides_self.get() {
                items.push(Item::Own);
            }
            let large = spotlighted(&items, &spotlight.get());
            let (width, height) = size.get();
            arrange(&items, &large, width, height)
        });
        let talking = RwSignal::new(None);
        let window = RwSignal::new(None);
        let layout_state = Self {
            layout,
            pinned,
            hides_self,
            talking,
            spoke,
            size,
            number,
            page,
            places,
            owner: StoredValue::new(Owner::current()),
            window,
        };
        effect(move || layout_state.load());
        on_cleanup(|| platform::session_storage::set(PINNED_KEY, None));
        // Only with more than one possible speaker.
        let is_group = Memo::new(move |_| session.view.with(|view| view.tiles.len() >= GROUP));
        effect_holding(move || {
            layout_state.talking.set(None);
            is_group.get().then(|| layout_state.listen(session))
        });
        layout_state
    }

    /// Owner of everything that lives as long as the call is shown.
    pub fn owner(self) -> Option<Owner> {
        self.owner.get_value()
    }

    fn load(self) {
        if platform::local_storage::get(LAYOUT_KEY).as_deref() == Some(SPEAKER) {
            self.layout.set(Layout::Speaker);
        }
        self.hides_self
            .set(platform::local_storage::get(HIDDEN_KEY).is_some_and(|stored| !stored.is_empty()));
        self.pinned
            .set(platform::session_storage::get(PINNED_KEY).and_then(|stored| item_from(&stored)));
    }

    /// Reads the audio levels.
    fn listen(self, session: Session) -> Interval {
        let mut speaker = ActiveSpeaker::default();
        Interval::new(LISTEN_EVERY, move || {
            let spoke = speaker.note(&session.levels(), platform::elapsed());
            let talking = spoke.filter(|_| speaker.talks());
            for (signal, value) in [(self.spoke, spoke), (self.talking, talking)] {
                if signal.try_get_untracked().is_some_and(|before| before != value) {
                    signal.set(value);
                }
            }
        })
    }

    /// Selects a layout, for now and later visits, and unpins.
    pub fn choose(self, layout: Layout) {
        let name = if layout == Layout::Speaker { SPEAKER } else { "" };
        platform::local_storage::set(LAYOUT_KEY, name);
        self.set_pinned(None);
        self.layout.set(layout);
    }

    /// Hides or shows the self-view, for now and later visits.
    pub fn hide_self(self, hide: bool) {
        platform::local_storage::set(HIDDEN_KEY, if hide { "yes" } else { "" });
        self.hides_self.set(hide);
    }

    /// Pins an item, or unpins it.
    pub fn pin(self, item: Item) {
        self.set_pinned(Some(item).filter(|item| self.pinned.get_untracked() != Some(*item)));
    }

    fn set_pinned(self, item: Option<Item>) {
        platform::session_storage::set(PINNED_KEY, item.and_then(stored_name).as_deref());
        self.pinned.set(item);
    }

    /// The position of an item, if it has one.
    pub fn place(self, item: Item) -> Styles {
        let place = Memo::new(move |_| self.place_of(item));
        let pixels = move |length: fn(&TileRect) -> f64| {
            boxed_text(move || place.get().map(|place| px(length(&place))).unwrap_or_default())
        };
        let translate = boxed_text(move || {
            let place = place.get();
            place.map(|place| format!("{} {}", px(place.left), px(place.top))).unwrap_or_default()
        });
        let (width, height) = (pixels(|place| place.width), pixels(|place| place.height));
        Styles { translate, width, height }
    }

    fn place_of(self, item: Item) -> Option<TileRect> {
        let found = |places: &Vec<(Item, TileRect)>| {
            places.iter().find(|(other, _)| *other == item).map(|(_, place)| *place)
        };
        self.places.with(found)
    }

    /// Whether the self-view floats above the others.
    pub fn floats(self) -> Memo<bool> {
        Memo::new(move |_| self.place_of(Item::Own).is_none())
    }

    /// Turns to the next page of people, or to the one before.
    pub fn turn(self, forward: bool) {
        let number = self.page.with_untracked(|page| page.number);
        self.number.set(if forward { number + 1 } else { number.saturating_sub(1) });
    }

    /// The videos on the stage, the important ones first, with their heights in device pixels.
    pub fn shown_videos(self, session: Session) -> Vec<WantedVideo> {
        let pinned = self.pinned.get();
        let scale = platform::pixel_ratio();
        let heights = |places: &Vec<(Item, TileRect)>| {
            let heights = || places.iter().map(|(_, place)| place.height);
            (heights().fold(f64::INFINITY, f64::min), heights().fold(0.0, f64::max))
        };
        let (lowest, tallest) = self.places.with(heights);
        let has_stage = lowest < tallest / 2.0;
        let is_wanted = |item: Item| {
            session.view.with(|view| match item {
                Item::Screen(id) => view.tiles.iter().any(|tile| tile.key.id == id && tile.screen),
                Item::Person(id) => view.tiles.iter().any(|tile| tile.key.id == id && tile.camera),
                Item::Own | Item::OwnScreen => false,
            })
        };
        let video = |(item, place): &(Item, TileRect)| {
            let (of, source) = match *item {
                Item::Screen(of) => (of, TrackSource::Screen),
                Item::Person(of) => (of, TrackSource::Camera),
                Item::Own | Item::OwnScreen => return None,
            };
            let rank = match source {
                _ if pinned == Some(*item) => Rank::Pinned,
                TrackSource::Screen => Rank::Screen,
                _ if !has_stage => Rank::Tile,
                _ if place.height < tallest / 2.0 => Rank::Thumbnail,
                _ => Rank::Stage,
            };
            let height = (place.height * scale).clamp(0.0, f64::from(u16::MAX)) as u16;
            is_wanted(*item).then_some(WantedVideo { of, source, rank, height })
        };
        self.places.with(|places| places.iter().filter_map(video).collect())
    }

    /// The largest participant, for a window with room for one.
    pub fn first(self) -> Option<PeerId> {
        let person = |(item, _): &(Item, TileRect)| match item {
            Item::Screen(id) | Item::Person(id) => Some(*id),
            Item::Own | Item::OwnScreen => None,
        };
        self.places.with(|places| places.iter().find_map(person))
    }
}

fn stored_name(item: Item) -> Option<String> {
    match item {
        Item::Person(id) => Some(id.to_string()),
        Item::Screen(id) => Some(format!("{A_SCREEN}{id}")),
        Item::Own | Item::OwnScreen => None,
    }
}

fn item_from(stored: &str) -> Option<Item> {
    match stored.strip_prefix(A_SCREEN) {
        Some(id) => id.parse().ok().map(Item::Screen),
        None => stored.parse().ok().map(Item::Person),
    }
}

/// A position, as CSS property values. Empty where there is none.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Styles {
    pub translate: Signal<String>,
    pub width: Signal<String>,
    pub height: Signal<String>,
}

/// Whole pixels, so that text and edges stay sharp, rounded down.
fn px(length: f64) -> String {
    format!("{}px", length.floor() as i32)
}
