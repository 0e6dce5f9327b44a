//! Derived values, one type for each kind of result. Leptos compiles the code that shows a value once
//! for each type, and every closure is a type of its own: in these wrappers they share it, which
//! saves the browser about a kilobyte each.

use leptos::{ev::MouseEvent, prelude::*};

/// A text that changes.
pub fn text(value: impl Fn() -> String + Send + Sync + 'static) -> Signal<String> {
    Signal::derive(value)
}

/// One of a few fixed texts.
pub fn word(value: impl Fn() -> &'static str + Send + Sync + 'static) -> Signal<&'static str> {
    Signal::derive(value)
}

/// Something that is so or not.
pub fn flag(value: impl Fn() -> bool + Send + Sync + 'static) -> Signal<bool> {
    Signal::derive(value)
}

/// Whether a press is no second half of a double click, which is not meant for the button that came in
/// the first one's place.
pub fn is_first(event: &MouseEvent) -> bool {
    event.detail() < 2
}
