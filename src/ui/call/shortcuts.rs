//! Keyboard shortcuts in a call.

use crate::{
    layout::Layout,
    platform::{self, Kind},
    session::{CallHint, Session, Shortcut, find_shortcut},
    ui::stage::layout_state::LayoutState,
};
use leptos::{
    ev::{self, KeyboardEvent},
    prelude::*,
};
use std::time::Duration;

/// `KeyboardEvent.code` of the space bar: its `key` differs together with modifiers.
const SPACE: &str = "Space";

/// A shorter press counts as a tap.
const HELD: Duration = Duration::from_millis(400);

/// Listens for keys as long as the caller lives. `open` opens a panel.
pub(super) fn listen(
    session: Session,
    layout_state: LayoutState,
    open: impl Fn(Shortcut) + 'static,
) {
    let held = StoredValue::new(None::<(Duration, bool)>);
    // A tap takes effect only where the person was told to press the key, so that nobody unmutes by
    // accident.
    let release = move || {
        let Some((since, stays)) = held.get_value() else { return };
        held.set_value(None);
        if !stays || platform::elapsed() >= since + HELD {
            session.media.mute();
        }
    };
    let down = window_event_listener(ev::keydown, move |event| {
        // While it is held, macOS does not report that another key was released.
        if event.meta_key() {
            release();
        }
        let inside = session.view.with_untracked(|view| view.admission.inside);
        if !inside || !session.preferences.shortcuts.get_untracked() || event.repeat() {
            return;
        }
        if event.code() == SPACE {
            if is_alone(&event) && !platform::takes_keys() && session.media.unmute() {
                event.prevent_default();
                let stays = session.call_hint() == Some(CallHint::TalkingWhileMuted);
                held.set_value(Some((platform::elapsed(), stays)));
            }
        } else if let Some(shortcut) = shortcut(&event) {
            event.prevent_default();
            match shortcut {
                Shortcut::Microphone => session.media.toggle(Kind::Microphone),
                Shortcut::Camera => session.media.toggle(Kind::Camera),
                Shortcut::Screen if session.sharing.possible.get_untracked() => {
                    session.sharing.toggle();
                }
                Shortcut::Screen => {}
                Shortcut::Hand => session.own.hand.update(|raised| *raised = !*raised),
                Shortcut::Layout => {
                    layout_state.choose(match layout_state.layout.get_untracked() {
                        Layout::Grid => Layout::Speaker,
                        Layout::Speaker => Layout::Grid,
                    });
                }
                Shortcut::Chat | Shortcut::People => open(shortcut),
            }
        }
    });
    let up = window_event_listener(ev::keyup, move |event| {
        if event.code() == SPACE {
            release();
        }
    });
    // The key may be released outside of the page, which reports nothing.
    let away = window_event_listener(ev::blur, move |_| release());
    // The saved session is that of a muted person.
    let gone = window_event_listener(ev::pagehide, move |_| release());
    on_cleanup(move || {
        release();
        [down, up, away, gone].into_iter().for_each(WindowListenerHandle::remove);
    });
}

fn is_alone(event: &KeyboardEvent) -> bool {
    !(event.alt_key() || event.ctrl_key() || event.meta_key() || event.shift_key())
}

fn shortcut(event: &KeyboardEvent) -> Option<Shortcut> {
    let alone = event.alt_key() && !(event.ctrl_key() || event.meta_key() || event.shift_key());
    let found =
        find_shortcut(&event.key(), &event.code(), platform::takes_text()).filter(|_| alone);
    found.map(|(_, shortcut)| shortcut)
}
