//! The screen wake lock.

use super::{allows, navigator_has};
use crate::platform::browser::{externs, spawn_local};
use send_wrapper::SendWrapper;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// Keeps the screen on until dropped. The browser releases it when the page is hidden.
pub struct WakeLock(SendWrapper<Rc<RefCell<Option<HeldLock>>>>);

struct HeldLock(externs::WakeLock);

impl Drop for HeldLock {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}

/// Keeps the screen on, where the browser supports it (W3C Screen Wake Lock).
#[must_use]
pub fn keep_awake() -> WakeLock {
    let awake = WakeLock(SendWrapper::new(Rc::default()));
    let slot = Rc::downgrade(&awake.0);
    let request = || externs::request_wake_lock("screen").ok();
    // Browsers log requests that the permissions policy forbids.
    let may = navigator_has("wakeLock") && allows("screen-wake-lock") != Some(false);
    if let Some(promise) = may.then(request).flatten() {
        spawn_local(async move {
            let lock = JsFuture::from(promise).await.ok();
            let lock = lock.map(|lock| HeldLock(lock.unchecked_into()));
            if let Some(slot) = slot.upgrade() {
                slot.replace(lock);
            }
        });
    }
    awake
}
