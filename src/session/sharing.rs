//! What this person shares of their screen.

use super::{Notice, Notices};
use crate::platform::{self, Problem, Screen};
use leptos::prelude::*;

/// Nothing, or something that others see beside the person. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Sharing {
    /// Whether this browser can share at all.
    pub possible: RwSignal<bool>,
    screen: RwSignal<Option<Screen>>,
    /// Whether the browser asks what to share.
    asking: StoredValue<bool>,
    notices: Notices,
}

impl Sharing {
    pub(super) fn new(notices: Notices) -> Self {
        Self {
            possible: RwSignal::new(false),
            screen: RwSignal::new(None),
            asking: StoredValue::new(false),
            notices,
        }
    }

    pub(super) fn start(self) {
        self.possible.set(platform::can_share_screen() && !platform::is_handheld());
    }

    /// Whether something is shared.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.screen.with(Option::is_some)
    }

    pub(super) fn screen(self) -> Option<Screen> {
        self.screen.get()
    }

    /// Asks what to share, or stops sharing.
    pub fn toggle(self) {
        if self.screen.with_untracked(Option::is_some) {
            return self.stop();
        }
        if self.asking.get_value() {
            return;
        }
        self.asking.set_value(true);
        platform::spawn_local(async move {
            let captured = platform::capture_screen().await;
            let _ = self.asking.try_set_value(false);
            match captured {
                Ok(screen) => {
                    // The browser has a button of its own that ends it.
                    screen.picture.on_ended(move || self.stop());
                    let _ = self.screen.try_set(Some(screen));
                }
                // They have changed their mind, which they know.
                Err(Problem::Dismissed) => {}
                Err(problem) => self.notices.show(Notice::NotShared(problem)),
            }
        });
    }

    /// Stops sharing.
    pub fn stop(self) {
        let _ = self.screen.try_set(None);
    }
}
