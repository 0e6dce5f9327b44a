//! Closures for Leptos, boxed. It compiles what surrounds a closure once for each type, and every
//! closure is a type of its own: through these they share it, which saves the browser about a
//! kilobyte each.

use leptos::{ev::MouseEvent, prelude::*};
use std::any::Any;

/// A signal of a text.
pub fn boxed_text(value: impl Fn() -> String + Send + Sync + 'static) -> Signal<String> {
    derive(Box::new(value))
}

/// A signal of one of a few fixed texts.
pub fn boxed_str(value: impl Fn() -> &'static str + Send + Sync + 'static) -> Signal<&'static str> {
    derive(Box::new(value))
}

/// A signal of a condition.
pub fn boxed_bool(value: impl Fn() -> bool + Send + Sync + 'static) -> Signal<bool> {
    derive(Box::new(value))
}

fn derive<T: Send + Sync + 'static>(value: Box<dyn Fn() -> T + Send + Sync>) -> Signal<T> {
    Signal::derive(value)
}

/// Runs in a moment, and again whenever something that it reads has changed.
pub fn effect(run: impl FnMut() + 'static) {
    let mut run: Box<dyn FnMut()> = Box::new(run);
    Effect::new(move |_| run());
}

/// Like [`effect`]; what it returns is held until it has run again.
pub fn effect_holding<T: 'static>(mut run: impl FnMut() -> T + 'static) {
    let mut run: Box<dyn FnMut() -> Box<dyn Any>> = Box::new(move || Box::new(run()));
    Effect::new(move |_| run());
}

/// What is done when something is clicked.
pub fn click(act: impl FnMut(MouseEvent) + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(act)
}

/// Like [`click`], but for the second half of a double click, which is not meant for the button that came
/// in the first one's place.
pub fn first_click(mut act: impl FnMut(MouseEvent) + 'static) -> Box<dyn FnMut(MouseEvent)> {
    click(move |event| {
        if event.detail() < 2 {
            act(event);
        }
    })
}
