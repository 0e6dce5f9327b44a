//! How this person wants to see the others.

use crate::{
    layout::{ActiveSpeaker, Item, Layout, Spotlight, TileRect, arrange, spotlighted},
    platform::{self, Interval, Local, SmallWindow},
    protocol::PeerId,
    reactive::{boxed_text, effect, effect_holding},
    session::Session,
};
use leptos::prelude::*;
use std::time::Duration;

const LAYOUT_KEY: &str = "salon.layout";
const SPEAKER: &str = "speaker";
const HIDDEN_KEY: &str = "salon.hide-self";
/// Kept by the tab while the call lasts.
const PINNED_KEY: &str = "salon.pinned";
const A_SCREEN: &str = "screen-";

/// How often is listened who talks, where that matters.
const LISTEN_EVERY: Duration = Duration::from_millis(200);
/// With so many others the own picture takes a place among them; before, it floats in a corner.
const GROUP: usize = 2;

/// Who has the stage, and where everybody stands. A context of the call. Cheap to copy.
#[derive(Clone, Copy)]
pub(in crate::ui) struct LayoutState {
    /// Grid or speaker.
    pub layout: RwSignal<Layout>,
    /// Whom this person wants to see large, whoever talks.
    pub pinned: RwSignal<Option<Item>>,
    /// Whether the own picture is hidden from this person.
    pub hides_self: RwSignal<bool>,
    /// Who talks now.
    pub talking: RwSignal<Option<PeerId>>,
    /// Who talks, or did last.
    spoke: RwSignal<Option<PeerId>>,
    /// Size of the stage in CSS pixels.
    pub size: RwSignal<(f64, f64)>,
    /// Who is there.
    pub items: Memo<Vec<Item>>,
    places: Memo<Vec<(Item, TileRect)>>,
    /// To which everything in the call belongs.
    owner: StoredValue<Option<Owner>>,
    /// The call in a window of its own.
    pub window: RwSignal<Option<Local<SmallWindow>>>,
}

impl LayoutState {
    /// The stage of a call.
    pub fn new(session: Session) -> Self {
        let (layout, pinned) = (RwSignal::new(Layout::default()), RwSignal::new(None));
        let (hides_self, spoke) = (RwSignal::new(false), RwSignal::new(None));
        let size = RwSignal::new((0.0, 0.0));
        let items = Memo::new(move |_| {
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
        let places = Memo::new(move |_| {
            let mut items = items.get();
            // Beside a screen everybody takes a place.
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
            items,
            places,
            owner: StoredValue::new(Owner::current()),
            window,
        };
        effect(move || layout_state.load());
        on_cleanup(|| platform::session_storage::set(PINNED_KEY, None));
        // Only where there is more than one who could talk.
        let is_group = Memo::new(move |_| {
            let is_person = |item: &&Item| matches!(item, Item::Person(_));
            layout_state.items.with(|items| items.iter().filter(is_person).count() >= GROUP)
        });
        effect_holding(move || {
            layout_state.talking.set(None);
            is_group.get().then(|| layout_state.listen(session))
        });
        layout_state
    }

    /// To which everything belongs that lasts as long as the call is shown.
    pub fn owner(self) -> Option<Owner> {
        self.owner.get_value()
    }

    fn load(self) {
        if platform::local_storage::get(LAYOUT_KEY).as_deref() == Some(SPEAKER) {
            self.layout.set(Layout::Speaker);
        }
        self.hides_self
            .set(platform::local_storage::get(HIDDEN_KEY).is_some_and(|kept| !kept.is_empty()));
        self.pinned
            .set(platform::session_storage::get(PINNED_KEY).and_then(|kept| recalled(&kept)));
    }

    /// Listens who talks.
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

    /// Chooses a layout, now and on later visits. What is pinned is so no longer.
    pub fn choose(self, layout: Layout) {
        let name = if layout == Layout::Speaker { SPEAKER } else { "" };
        platform::local_storage::set(LAYOUT_KEY, name);
        self.set_pinned(None);
        self.layout.set(layout);
    }

    /// Hides the own picture from this person, or shows it, now and on later visits.
    pub fn hide_self(self, hide: bool) {
        platform::local_storage::set(HIDDEN_KEY, if hide { "yes" } else { "" });
        self.hides_self.set(hide);
    }

    /// Shows somebody large, or no longer.
    pub fn pin(self, item: Item) {
        self.set_pinned(Some(item).filter(|item| self.pinned.get_untracked() != Some(*item)));
    }

    fn set_pinned(self, item: Option<Item>) {
        platform::session_storage::set(PINNED_KEY, item.and_then(kept).as_deref());
        self.pinned.set(item);
    }

    /// Where something stands, where it has a place.
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

    /// Whether the own picture floats above the others.
    pub fn floats(self) -> Memo<bool> {
        Memo::new(move |_| self.place_of(Item::Own).is_none())
    }

    /// Who is largest, for a window in which there is room for one.
    pub fn first(self) -> Option<PeerId> {
        let person = |(item, _): &(Item, TileRect)| match item {
            Item::Screen(id) | Item::Person(id) => Some(*id),
            Item::Own | Item::OwnScreen => None,
        };
        self.places.with(|places| places.iter().find_map(person))
    }
}

fn kept(item: Item) -> Option<String> {
    match item {
        Item::Person(id) => Some(id.to_string()),
        Item::Screen(id) => Some(format!("{A_SCREEN}{id}")),
        Item::Own | Item::OwnScreen => None,
    }
}

fn recalled(kept: &str) -> Option<Item> {
    match kept.strip_prefix(A_SCREEN) {
        Some(id) => id.parse().ok().map(Item::Screen),
        None => kept.parse().ok().map(Item::Person),
    }
}

/// A place, as values of the properties of a style. Empty where there is none.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Styles {
    pub translate: Signal<String>,
    pub width: Signal<String>,
    pub height: Signal<String>,
}

/// Whole pixels, so that letters and edges stay sharp; never more than there are.
fn px(length: f64) -> String {
    format!("{}px", length.floor() as i32)
}
