//! What keys do in a call.

use super::{staging::Staging, toggle::Toggle};
use crate::{
    call::places::Layout,
    i18n::choice_texts,
    platform::{self, Kind},
    session::{Advice, Session},
};
use leptos::{
    ev::{self, KeyboardEvent},
    prelude::*,
};
use std::time::Duration;

/// Letters, pressed together with Alt: single keys are what people speak to their computer with, and
/// what they type.
const KEYS: [(&str, Shortcut); 7] = [
    ("M", Shortcut::Microphone),
    ("V", Shortcut::Camera),
    ("S", Shortcut::Screen),
    ("C", Shortcut::Chat),
    ("P", Shortcut::People),
    ("R", Shortcut::Hand),
    ("L", Shortcut::Layout),
];

/// Its sign is another one beside some keys.
const SPACE: &str = "Space";

/// Who holds it for less has pressed it.
const HELD: Duration = Duration::from_millis(400);

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// Mutes, or unmutes.
    Microphone,
    /// Switches the camera.
    Camera,
    /// Shares the screen, or no longer.
    Screen,
    /// Opens the chat, or closes it.
    Chat,
    /// The people.
    People,
    /// Raises the hand, or lowers it.
    Hand,
    /// Shows everybody equal, or who talks large.
    Layout,
}

/// Listens for keys as long as the caller lives. `open` opens a panel.
pub(super) fn listen(session: Session, staging: Staging, open: impl Fn(Shortcut) + 'static) {
    let held = StoredValue::new(None::<(Duration, bool)>);
    // A press stays only where the person was told to press it: nobody unmutes by accident.
    let release = move || {
        let Some((since, stays)) = held.get_value() else { return };
        held.set_value(None);
        if !stays || platform::elapsed() >= since + HELD {
            session.media.mute();
        }
    };
    let down = window_event_listener(ev::keydown, move |event| {
        // While it is held, macOS does not tell that another key is let go.
        if event.meta_key() {
            release();
        }
        let inside = session.view.with_untracked(|view| view.inside);
        if !inside || !session.shortcuts.get_untracked() || event.repeat() {
            return;
        }
        if event.code() == SPACE {
            if is_alone(&event) && !platform::takes_keys() && session.media.unmute() {
                event.prevent_default();
                let stays = session.advice() == Some(Advice::TalkingWhileMuted);
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
                Shortcut::Hand => session.hand.update(|raised| *raised = !*raised),
                Shortcut::Layout => staging.choose(match staging.layout.get_untracked() {
                    Layout::Grid => Layout::Speaker,
                    Layout::Speaker => Layout::Grid,
                }),
                Shortcut::Chat | Shortcut::People => open(shortcut),
            }
        }
    });
    let up = window_event_listener(ev::keyup, move |event| {
        if event.code() == SPACE {
            release();
        }
    });
    // The key may be let go elsewhere, where nobody would hear of it.
    let away = window_event_listener(ev::blur, move |_| release());
    // What is kept of the seat is that of a muted person.
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
    let found = find(&event.key(), &event.code(), platform::takes_text()).filter(|_| alone);
    found.map(|(_, shortcut)| shortcut)
}

/// By the letter that stands on the key; where Alt makes another sign of it, or the keyboard has
/// other letters, by its place (W3C UI Events Code), unless somebody types that sign.
fn find(key: &str, code: &str, types: bool) -> Option<(&'static str, Shortcut)> {
    let is_letter = key.len() == 1 && key.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let letter = if is_letter { Some(key) } else { code.strip_prefix("Key").filter(|_| !types) };
    KEYS.into_iter()
        .find(|(other, _)| letter.is_some_and(|letter| letter.eq_ignore_ascii_case(other)))
}

/// All of them, and their off switch.
#[component]
pub(super) fn ShortcutList() -> impl IntoView {
    let t = choice_texts();
    let session = expect_context::<Session>();
    let set = Callback::new(move |on| session.set_shortcuts(on));
    let row = |(key, shortcut): (&'static str, Shortcut)| {
        view! {
            <dt><kbd>"Alt"</kbd>" + "<kbd>{key}</kbd></dt>
            <dd>{(t.shortcut)(shortcut)}</dd>
        }
    };
    view! {
        <section class="shortcuts">
            <details>
                <summary>{t.shortcuts}</summary>
                <dl>
                    {KEYS.map(row).collect_view()}
                    <dt><kbd>{t.space}</kbd></dt>
                    <dd>{t.push_to_talk}</dd>
                    <dt><kbd>"Esc"</kbd></dt>
                    <dd>{t.close_panel}</dd>
                </dl>
                <Toggle label=t.use_shortcuts on=session.shortcuts set />
            </details>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortcut_is_the_letter_on_the_key_and_never_a_sign_that_is_typed() {
        let find = |key, code, types| find(key, code, types).map(|(_, shortcut)| shortcut);
        assert_eq!(find("m", "KeyM", true), Some(Shortcut::Microphone));
        assert_eq!(find("m", "Semicolon", false), Some(Shortcut::Microphone), "another layout");
        assert_eq!(find("q", "KeyM", false), None);
        assert_eq!(
            find("\u{b5}", "KeyM", false),
            Some(Shortcut::Microphone),
            "Alt made a sign of it"
        );
        assert_eq!(find("\u{b5}", "KeyM", true), None, "somebody types it");
        assert_eq!(find("ArrowLeft", "ArrowLeft", false), None);
    }
}
