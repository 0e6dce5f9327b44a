//! The upload rate, measured with requests to the server.

use super::http::response;
use crate::{
    diagnostics::UploadResult,
    platform::browser::{INSTANT, Timer, elapsed, spawn_local},
    protocol::{SPEED_PATH, limits::SPEED_BYTES},
};
use js_sys::Uint8Array;
use send_wrapper::SendWrapper;
use std::{rc::Rc, time::Duration};
use web_sys::{AbortController, RequestInit, window};

/// Maximum number of requests.
const PIECES: u32 = 8;
/// Time after which no further request is sent: enough for a steady rate.
const ENOUGH: Duration = Duration::from_secs(2);
/// Timeout of a request, after which the result is [`UploadResult::TooSlow`].
const PATIENCE: Duration = Duration::from_secs(8);

/// A measurement of the upload rate. Dropping it aborts it.
pub struct UploadTrial(SendWrapper<(AbortController, Rc<()>)>);

impl UploadTrial {
    /// Starts a measurement.
    pub fn start(handler: impl FnOnce(UploadResult) + 'static) -> Option<Self> {
        let (controller, wanted) = (AbortController::new().ok()?, Rc::new(()));
        let (trial, is_wanted) = (controller.clone(), Rc::downgrade(&wanted));
        spawn_local(async move {
            let found = match measure(&trial).await {
                Some(rate) => UploadResult::About(rate),
                None if trial.signal().aborted() => UploadResult::TooSlow,
                None => UploadResult::Failed,
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
    let begun = elapsed();
    // The round trip, on a connection that is already open.
    send(0, trial).await?;
    let mut answer = send(0, trial).await?;
    let (mut bytes, mut time) = (0, Duration::ZERO);
    for _ in 0..PIECES {
        let took = send(SPEED_BYTES, trial).await?;
        answer = answer.min(took);
        bytes += SPEED_BYTES;
        time += took.saturating_sub(answer);
        if elapsed().saturating_sub(begun) > ENOUGH {
            break;
        }
    }
    Some(bytes as f64 * 8.0 / time.max(INSTANT).as_secs_f64())
}

/// Time until the server has answered a request of this size.
async fn send(bytes: usize, trial: &AbortController) -> Option<Duration> {
    let _patience = Timer::new(PATIENCE, {
        let trial = trial.clone();
        move || trial.abort()
    });
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_signal(Some(&trial.signal()));
    init.set_body(&Uint8Array::new_with_length(u32::try_from(bytes).ok()?));
    let since = elapsed();
    let answer = response(window()?.fetch_with_str_and_init(SPEED_PATH, &init)).await?;
    answer.ok().then(|| elapsed().saturating_sub(since))
}
