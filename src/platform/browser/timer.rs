//! Timers that stop when they are dropped.

use js_sys::{Function, Object, Promise, Reflect};
use send_wrapper::SendWrapper;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::window;

/// The longest wait for the browser to be idle.
const IDLE_WITHIN: Duration = Duration::from_millis(100);

/// Milliseconds, rounded up: a timer that fires early would have to run twice.
pub(super) fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
}

/// A timer that fires once.
pub struct Timer(SendWrapper<(i32, Closure<dyn FnMut()>)>);

impl Timer {
    /// Runs `action` after `delay`, unless the timer is dropped before.
    pub fn new(delay: Duration, action: impl FnOnce() + 'static) -> Self {
        let closure = Closure::once(action);
        let start = |window: web_sys::Window| {
            let callback = closure.as_ref().unchecked_ref();
            window.set_timeout_with_callback_and_timeout_and_arguments_0(callback, millis(delay))
        };
        let id = window().and_then(|window| start(window).ok()).unwrap_or_default();
        Self(SendWrapper::new((id, closure)))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(window) = window() {
            window.clear_timeout_with_handle(self.0.0);
        }
    }
}

/// A timer that fires periodically.
pub struct Interval(SendWrapper<(i32, Closure<dyn FnMut()>)>);

impl Interval {
    /// Runs `action` every `period` until the interval is dropped.
    pub fn new(period: Duration, action: impl FnMut() + 'static) -> Self {
        let closure = Closure::<dyn FnMut()>::new(action);
        let start = |window: web_sys::Window| {
            let callback = closure.as_ref().unchecked_ref();
            window.set_interval_with_callback_and_timeout_and_arguments_0(callback, millis(period))
        };
        let id = window().and_then(|window| start(window).ok()).unwrap_or_default();
        Self(SendWrapper::new((id, closure)))
    }
}

impl Drop for Interval {
    fn drop(&mut self) {
        if let Some(window) = window() {
            window.clear_interval_with_handle(self.0.0);
        }
    }
}

/// An action in the next frame, before it is painted. On a hidden page that is the first one after it
/// is visible again.
pub struct NextFrame(SendWrapper<(i32, Closure<dyn FnMut()>)>);

impl NextFrame {
    /// Runs `action` in the next frame, unless this is dropped before.
    pub fn new(action: impl FnOnce() + 'static) -> Self {
        let closure = Closure::once(action);
        let start = |window: web_sys::Window| {
            window.request_animation_frame(closure.as_ref().unchecked_ref())
        };
        let id = window().and_then(|window| start(window).ok()).unwrap_or_default();
        Self(SendWrapper::new((id, closure)))
    }
}

impl Drop for NextFrame {
    fn drop(&mut self) {
        if let Some(window) = window() {
            let _ = window.cancel_animation_frame(self.0.0);
        }
    }
}

/// Resolves when the browser has nothing urgent to do, or after a moment.
pub async fn idle() {
    let ask = |resolve: &Function| {
        let window = window()?;
        let ask = Reflect::get(&window, &"requestIdleCallback".into()).ok()?;
        let (ask, options): (Function, _) = (ask.dyn_into().ok()?, Object::new());
        Reflect::set(&options, &"timeout".into(), &millis(IDLE_WITHIN).into()).ok()?;
        ask.call2(&window, resolve, &options).ok()
    };
    let mut is_asked = false;
    let promise = Promise::new(&mut |resolve, _| is_asked = ask(&resolve).is_some());
    match is_asked {
        true => drop(JsFuture::from(promise).await),
        // Safari does not tell.
        false => sleep(IDLE_WITHIN).await,
    }
}

/// Resolves after a delay.
pub(super) async fn sleep(duration: Duration) {
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = window() {
            let delay = millis(duration);
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, delay);
        }
    });
    let _ = JsFuture::from(promise).await;
}
