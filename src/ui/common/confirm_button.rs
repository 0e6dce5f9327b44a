//! Confirmation of actions that cannot be undone.

use crate::{platform::Timer, reactive::first_click};
use leptos::{ev::MouseEvent, prelude::*};
use std::time::Duration;

/// Time within which the second press must follow the first.
const WITHIN: Duration = Duration::from_secs(4);

/// A button that needs a second press.
#[derive(Clone, Copy)]
pub(in crate::ui) struct ConfirmButton {
    pressed: RwSignal<bool>,
    timer: StoredValue<Option<Timer>>,
}

impl ConfirmButton {
    pub(in crate::ui) fn new() -> Self {
        Self { pressed: RwSignal::new(false), timer: StoredValue::new(None) }
    }

    /// Whether the next press is the second one.
    pub(in crate::ui) fn is_next(self) -> bool {
        self.pressed.get()
    }

    /// Handler for clicks that runs its action on the second one.
    pub(in crate::ui) fn second(
        self,
        mut act: impl FnMut() + 'static,
    ) -> Box<dyn FnMut(MouseEvent)> {
        first_click(move |_| {
            if self.pressed.get_untracked() {
                self.pressed.set(false);
                self.timer.set_value(None);
                return act();
            }
            self.pressed.set(true);
            let over = move || {
                let _ = self.pressed.try_set(false);
            };
            self.timer.set_value(Some(Timer::new(WITHIN, over)));
        })
    }
}
