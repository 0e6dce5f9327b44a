//! Files dropped on the page or pasted into it.

use crate::platform::{self, Brought};
use leptos::{ev, prelude::*};

/// Passes dropped and pasted files to `offer`, for as long as the caller lives and while the call is
/// shown. Returns whether something is being dragged over the page.
pub(super) fn take_files(
    shown: Signal<bool>,
    offer: impl Fn(Brought) + Copy + 'static,
) -> RwSignal<bool> {
    let dragging = RwSignal::new(false);
    // Anywhere on the page: otherwise the browser would open them and leave the call.
    let drag = window_event_listener(ev::dragover, move |event| {
        if platform::drags_files(&event) {
            event.prevent_default();
            dragging.set(shown.get_untracked());
        }
    });
    let drop = window_event_listener(ev::drop, move |event| {
        if platform::drags_files(&event) {
            event.prevent_default();
            if dragging.get_untracked() {
                offer(platform::dropped_files(&event));
            }
        }
        dragging.set(false);
    });
    let away = window_event_listener(ev::dragleave, move |event| {
        if platform::drag_has_left(&event) {
            dragging.set(false);
        }
    });
    let paste = window_event_listener(ev::paste, move |event| {
        let brought = platform::pasted_files(&event);
        if shown.get_untracked() && !brought.is_empty() {
            event.prevent_default();
            offer(brought);
        }
    });
    on_cleanup(move || {
        [drag, drop, away, paste].into_iter().for_each(WindowListenerHandle::remove);
    });
    dragging
}
