//! Boxed closures for Leptos. Leptos compiles the code around a closure once per type, and every
//! closure has its own type: boxing them shares that code, which saves about a kilobyte per closure
//! in the browser.

use leptos::{ev::MouseEvent, prelude::*};
use std::any::Any;

/// A dynamic text.
pub fn boxed_text(value: impl Fn() -> String + Send + Sync + 'static) -> Signal<String> {
    derive(Box::new(value))
}

/// A signal of one of a few fixed texts.
pub fn boxed_str(value: impl Fn() -> &'static str + Send + Sync + 'static) -> Signal<&'static str> {
    derive(Box::new(value))
}

/// A dynamic condition.
pub fn boxed_bool(value: impl Fn() -> bool + Send + Sync + 'static) -> Signal<bool> {
    derive(Box::new(value))
}

fn derive<T: Send + Sync + 'static>(value: Box<dyn Fn() -> T + Send + Sync>) -> Signal<T> {
    Signal::derive(value)
}

/// Runs soon, and again whenever a value that it reads has changed.
pub fn effect(run: impl FnMut() + 'static) {
    let mut run: Box<dyn FnMut()> = Box::new(run);
    Effect::new(move |_| run());
}

/// Like [`effect`]; holds the return value until the next run.
pub fn holding<T: 'static>(mut run: impl FnMut() -> T + 'static) {
    let mut run: Box<dyn FnMut() -> Box<dyn Any>> = Box::new(move || Box::new(run()));
    Effect::new(move |_| run());
}

/// A click handler.
pub fn click(act: impl FnMut(MouseEvent) + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(act)
}

/// Like [`click`], but ignores the second half of a double click, which was not meant for the
/// button that replaced the first one.
pub fn first_click(mut act: impl FnMut(MouseEvent) + 'static) -> Box<dyn FnMut(MouseEvent)> {
    click(move |event| {
        if event.detail() < 2 {
            act(event);
        }
    })
}
