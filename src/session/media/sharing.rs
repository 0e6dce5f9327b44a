//! What this person shares of their screen.

use crate::{
    notices::Notices,
    platform::{self, Problem, Screen},
    session::Notice,
};
use leptos::prelude::*;

/// The screen that this person shares, if any. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Sharing {
    /// Whether this browser can share at all.
    pub possible: RwSignal<bool>,
    screen: RwSignal<Option<Screen>>,
    /// Whether the browser asks what to share.
    asking: RwSignal<bool>,
    attempt: StoredValue<Attempt>,
    notices: Notices,
}

/// Which question the browser was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Attempt {
    /// Counts what was shared, and stopped: answers to earlier questions come too late.
    turn: u32,
    /// Counts the questions: a picker may be lost behind a window, or never appear.
    number: u32,
}

impl Attempt {
    /// Asks, perhaps once more.
    fn ask(&mut self) -> Self {
        self.number += 1;
        *self
    }

    /// Makes all questions so far void.
    fn end(&mut self) {
        self.turn += 1;
    }

    /// Whether the answer to `asked` counts: that of the picker that is answered first.
    fn wants(self, asked: Self) -> bool {
        self.turn == asked.turn
    }

    /// Whether no picker is left when `asked` has failed.
    fn fails_with(self, asked: Self) -> bool {
        self == asked
    }
}

impl Sharing {
    pub(in crate::session) fn new(notices: Notices) -> Self {
        Self {
            possible: RwSignal::new(false),
            screen: RwSignal::new(None),
            asking: RwSignal::new(false),
            attempt: StoredValue::default(),
            notices,
        }
    }

    pub(in crate::session) fn start(self) {
        self.possible.set(platform::can_share_screen() && !platform::is_handheld());
    }

    /// Whether something is shared.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.screen.with(Option::is_some)
    }

    /// Whether the browser asks what to share.
    #[must_use]
    pub fn is_asking(self) -> bool {
        self.asking.get()
    }

    pub(in crate::session) fn screen(self) -> Option<Screen> {
        self.screen.get()
    }

    /// Asks what to share, also once more, or stops sharing.
    pub fn toggle(self) {
        if self.screen.with_untracked(Option::is_some) {
            return self.stop();
        }
        let Some(asked) = self.attempt.try_update_value(Attempt::ask) else { return };
        self.asking.set(true);
        platform::spawn_local(async move {
            let captured = platform::capture_screen().await;
            let Some(attempt) = self.attempt.try_get_value() else { return };
            match captured {
                Ok(screen) if attempt.wants(asked) => self.show(screen),
                Err(problem) if attempt.fails_with(asked) => self.fail(problem),
                Ok(_) | Err(_) => {}
            }
        });
    }

    fn show(self, screen: Screen) {
        self.stop();
        // The browser has a button of its own that ends it.
        screen.picture.on_ended(move || self.stop());
        let _ = self.screen.try_set(Some(screen));
    }

    fn fail(self, problem: Problem) {
        let _ = self.asking.try_set(false);
        // A person who dismissed the picker need not be told.
        if problem != Problem::Dismissed {
            self.notices.show(&Notice::NotShared(problem));
        }
    }

    /// Stops sharing, or asking.
    pub fn stop(self) {
        self.attempt.try_update_value(Attempt::end);
        let _ = self.asking.try_set(false);
        let _ = self.screen.try_set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_picker_that_is_answered_first_counts() {
        let mut attempt = Attempt::default();
        let (lost, again) = (attempt.ask(), attempt.ask());
        assert!(attempt.wants(lost) && attempt.wants(again));
        assert!(!attempt.fails_with(lost), "the other one is still open");
        assert!(attempt.fails_with(again));
        attempt.end();
        assert!(!attempt.wants(lost) && !attempt.wants(again));
        assert!(!attempt.fails_with(again), "nobody waits for it");
        let next = attempt.ask();
        assert!(attempt.wants(next));
    }
}
