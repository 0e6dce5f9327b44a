//! The self-view.

use super::{
    layout_state::LayoutState,
    person_tile::{Initials, NamePlate},
    reaction::ShownReaction,
};
use crate::{
    i18n::call_texts,
    layout::{Item, SelfViewPosition},
    platform,
    protocol::{DisplayName, Presence},
    reactive::{boxed_bool, boxed_str, boxed_text, effect},
    session::Session,
    ui::common::playback::Video,
};
use leptos::{
    ev::{KeyboardEvent, PointerEvent},
    html,
    prelude::*,
};

const CORNER_KEY: &str = "salon.corner";

/// The person's own video, mirrored. With one other participant it floats above theirs and can be
/// moved.
#[component]
pub fn SelfTile() -> impl IntoView {
    let session = expect_context::<Session>();
    let t = call_texts();
    let presence = Signal::derive(move || {
        let presence = session.view.with(|view| view.presence.clone());
        match presence.name.is_empty() {
            true => Presence { name: DisplayName::from(t.you), ..presence },
            false => presence,
        }
    });
    let picture = Signal::derive(move || session.media.own_picture());
    let layout_state = expect_context::<LayoutState>();
    let movable: Signal<bool> = layout_state.floats().into();
    let place = layout_state.place(Item::Own);
    let floating = Floating::new(movable);
    let article = NodeRef::<html::Article>::new();
    let grab = move |event: PointerEvent| {
        if let (true, Some(article)) = (floating.grab(&event), article.get_untracked()) {
            platform::capture_pointer(&article, event.pointer_id());
        }
    };
    view! {
        <article
            class="tile self"
            class:no-picture=boxed_bool(move || !presence.get().camera)
            class:movable=movable
            data-tile="self"
            data-corner=boxed_str(move || floating.corner.get().name())
            style:translate=boxed_text(move || if movable.get() { floating.offset() } else { place.translate.get() })
            style:width=place.width
            style:height=place.height
            hidden=layout_state.hides_self
            tabindex=boxed_str(move || if movable.get() { "0" } else { "-1" })
            aria-label=boxed_str(move || if movable.get() { t.move_picture } else { t.you })
            node_ref=article
            on:pointerdown=grab
            on:pointermove=move |event| floating.drag(&event)
            on:pointerup=move |event| floating.drop(&event)
            on:lostpointercapture=move |_| floating.drag.set(None)
            on:keydown=move |event| floating.press(&event)
        >
            <Initials presence />
            <div class="mirror"><Video stream=picture /></div>
            <ShownReaction reaction=Signal::derive(move || session.view.with(|view| view.reaction)) />
            <NamePlate presence />
        </article>
    }
}

/// A point on the page, in CSS pixels from its top left.
type Point = (f64, f64);

/// The position of the self-view, and of a drag in progress.
#[derive(Clone, Copy)]
struct Floating {
    /// Among several others it is a tile like theirs.
    movable: Signal<bool>,
    corner: RwSignal<SelfViewPosition>,
    drag: RwSignal<Option<(Point, Point)>>,
}

impl Floating {
    fn new(movable: Signal<bool>) -> Self {
        let corner = RwSignal::new(SelfViewPosition::default());
        effect(move || {
            corner.set(SelfViewPosition::from_name(
                &platform::local_storage::get(CORNER_KEY).unwrap_or_default(),
            ));
        });
        Self { movable, corner, drag: RwSignal::new(None) }
    }

    fn offset(self) -> String {
        let drag = self.drag.get().filter(|_| self.movable.get());
        let ((from_x, from_y), (x, y)) = drag.unwrap_or_default();
        format!("{}px {}px", (x - from_x) as i32, (y - from_y) as i32)
    }

    /// Returns whether a drag starts: with one finger, or the main button.
    fn grab(self, event: &PointerEvent) -> bool {
        let grabs = self.movable.get_untracked() && event.is_primary() && event.button() == 0;
        if grabs {
            self.drag.set(Some((point(event), point(event))));
        }
        grabs
    }

    fn drag(self, event: &PointerEvent) {
        if let Some((from, _)) = self.drag.get_untracked() {
            self.drag.set(Some((from, point(event))));
        }
    }

    fn drop(self, event: &PointerEvent) {
        if let Some((from, _)) = self.drag.get_untracked() {
            self.drag.set(None);
            if from != point(event) && self.movable.get_untracked() {
                self.put(SelfViewPosition::nearest(point(event), platform::page_size()));
            }
        }
    }

    fn press(self, event: &KeyboardEvent) {
        let corner = self.corner.get_untracked().towards(&event.key());
        if let Some(corner) = corner.filter(|_| self.movable.get_untracked()) {
            event.prevent_default();
            self.put(corner);
        }
    }

    fn put(self, corner: SelfViewPosition) {
        self.corner.set(corner);
        platform::local_storage::set(CORNER_KEY, corner.name());
    }
}

fn point(event: &PointerEvent) -> Point {
    (f64::from(event.client_x()), f64::from(event.client_y()))
}
