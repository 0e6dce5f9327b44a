//! Sends something to the server to find out how fast that goes.

use super::{Timer, elapsed, spawn_local};
use crate::{
    call::probe::Upload,
    protocol::{SPEED_PATH, limits::SPEED_BYTES},
};
use js_sys::Uint8Array;
use send_wrapper::SendWrapper;
use std::{rc::Rc, time::Duration};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, RequestInit, Response, window};

/// What is sent first: on a slow line it says enough.
const LITTLE: usize = SPEED_BYTES / 8;
/// A line that took longer for it gets no more to do.
const SLOW: Duration = Duration::from_millis(500);
/// So long each may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// A test of how fast this page can send. It is given up when it is dropped.
pub struct UploadTrial(SendWrapper<(AbortController, Rc<()>)>);

impl UploadTrial {
    /// Begins one.
    pub fn start(handler: impl FnOnce(Upload) + 'static) -> Option<Self> {
        let (controller, wanted) = (AbortController::new().ok()?, Rc::new(()));
        let (trial, is_wanted) = (controller.clone(), Rc::downgrade(&wanted));
        spawn_local(async move {
            let found = match measure(&trial).await {
                Some(rate) => Upload::AtLeast(rate),
                None if trial.signal().aborted() => Upload::TooSlow,
                None => Upload::Failed,
            };
            if is_wanted.upgrade().is_some() {
                handler(found);
            }
        });
        Some(Self(SendWrapper::new((controller, wanted))))
    }
}

impl Drop for UploadTrial {
    fn drop(&mut self) {
        self.0.0.abort();
    }
}

async fn measure(trial: &AbortController) -> Option<f64> {
    let patience = |trial: &AbortController| {
        let trial = trial.clone();
        Timer::new(PATIENCE, move || trial.abort())
    };
    let rate = |bytes: usize, time: Duration| bytes as f64 * 8.0 / time.as_secs_f64().max(0.001);
    let first = patience(trial);
    let time = send(LITTLE, &trial.signal()).await?;
    drop(first);
    if time > SLOW {
        return Some(rate(LITTLE, time));
    }
    let _second = patience(trial);
    Some(rate(SPEED_BYTES, send(SPEED_BYTES, &trial.signal()).await?))
}

/// How long the server took to say that all has arrived.
async fn send(bytes: usize, signal: &AbortSignal) -> Option<Duration> {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_signal(Some(signal));
    init.set_body(&Uint8Array::new_with_length(u32::try_from(bytes).ok()?));
    let since = elapsed();
    let answer = window()?.fetch_with_str_and_init(SPEED_PATH, &init);
    let answer: Response = JsFuture::from(answer).await.ok()?.dyn_into().ok()?;
    answer.ok().then(|| elapsed().saturating_sub(since))
}
