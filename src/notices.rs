//! Short messages to the person: shown for a while, and read out by screen readers.

use crate::platform::{self, Timer};
use leptos::prelude::*;
use std::time::Duration;

/// The time for which a notice is shown: enough to read a line.
const SHOWN: Duration = Duration::from_secs(5);
/// The time for which a notice with a button is shown: enough to decide.
const OFFERED: Duration = Duration::from_secs(15);

/// A text, and the end of its time. Empty while there is none.
#[derive(Clone, Copy, Default)]
struct Place {
    text: RwSignal<String>,
    timer: StoredValue<Option<Timer>>,
}

impl Place {
    fn show(self, text: String, time: Duration) {
        self.text.set(text);
        let end = move || {
            let _ = self.text.try_set(String::new());
        };
        self.timer.set_value(Some(Timer::new(time, end)));
    }

    fn clear(self) {
        self.text.set(String::new());
    }
}

/// The notices on the screen: the last event, and beside it the last offer, which events do not
/// replace. Cheap to copy.
#[derive(Clone, Copy, Default)]
pub struct Notices {
    event: Place,
    offer: Place,
    /// The label of the offer's button; without one, the room can be opened in a tab.
    label: RwSignal<Option<&'static str>>,
    action: StoredValue<Option<Callback<()>>>,
}

impl Notices {
    /// What happened last; empty if that was a while ago.
    #[must_use]
    pub fn event(self) -> String {
        self.event.text.get()
    }

    /// What is offered; empty if nothing is.
    #[must_use]
    pub fn offered(self) -> String {
        self.offer.text.get()
    }

    /// The label of the button that accepts the offer; without one, it helps to open the room in a tab of
    /// its own.
    #[must_use]
    pub fn label(self) -> Option<&'static str> {
        self.label.get()
    }

    /// Says what happened, in place of what was said before.
    pub fn say(self, text: String) {
        self.event.show(text, SHOWN);
    }

    /// Hides what was said, if it is still shown.
    pub fn retract(self, text: &str) {
        if self.event.text.with_untracked(|shown| shown == text) {
            self.event.clear();
        }
    }

    /// Offers to do something.
    pub fn offer(self, text: String, label: &'static str, action: Callback<()>) {
        self.label.set(Some(label));
        self.action.set_value(Some(action));
        self.offer.show(text, OFFERED);
    }

    /// Offers to open the room in a tab of its own.
    pub fn offer_tab(self, text: String) {
        self.label.set(None);
        self.action.set_value(None);
        self.offer.show(text, OFFERED);
    }

    /// Does what is offered.
    pub fn accept(self) {
        self.offer.clear();
        if let Some(action) = self.action.get_value() {
            action.run(());
        }
    }

    /// Puts a text on the clipboard, and tells the person whether that worked.
    pub fn copy(self, text: String, done: &'static str, failed: &'static str) {
        platform::spawn_local(async move {
            let copied = platform::copy(&text).await;
            self.say(if copied { done } else { failed }.to_owned());
        });
    }
}
