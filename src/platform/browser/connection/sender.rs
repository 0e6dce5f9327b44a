//! RTP senders.

use super::{
    Track,
    externs::{Sender, Stats},
    spawn_local,
    timer::sleep,
};
use js_sys::{Array, Object, Promise, Reflect};
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Time to wait for the first frame of a source.
const FIRST_FRAME: Duration = Duration::from_millis(150);
/// Number of attempts: after them, the next frame of a still picture is due.
const RETRIES: usize = 5;

/// Sets the encodings of a sender (W3C WebRTC, section 5.2.5); returns whether they are negotiated already.
/// `parameters_of` says whether an encoding is active, and its limits. Video without a track has to be inactive,
/// because Firefox keeps sending its last frame.
pub(super) fn set_encodings<'a, L: AsRef<[(&'a str, Option<f64>)]>>(
    sender: &Sender,
    parameters_of: impl Fn(usize) -> (bool, L),
) -> bool {
    let Ok(parameters) = sender.parameters() else { return false };
    let encodings = Reflect::get(&parameters, &"encodings".into()).unwrap_or_default();
    let encodings = Array::from(&encodings);
    if encodings.length() == 0 {
        return false;
    }
    for (number, encoding) in encodings.iter().enumerate() {
        let encoding: Object = encoding.unchecked_into();
        let (active, limit) = parameters_of(number);
        let _ = Reflect::set(&encoding, &"active".into(), &active.into());
        for (name, value) in limit.as_ref() {
            let name: JsValue = (*name).into();
            let _ = match value {
                Some(value) => Reflect::set(&encoding, &name, &(*value).into()),
                None => Reflect::delete_property(&encoding, &name),
            };
        }
    }
    if let Ok(promise) = sender.set_parameters(&parameters) {
        spawn_local(async move {
            let _ = JsFuture::from(promise).await;
        });
    }
    true
}

/// Replaces the track of a sender.
pub(super) fn replace_track(sender: &Sender, track: Option<&Track>) {
    spawn_local(replace(sender, &track.map_or(JsValue::NULL, |track| track.js().into())));
}

fn replace(sender: &Sender, track: &JsValue) -> impl Future<Output = ()> + use<> {
    let replaced = sender.replace_track(track);
    async move {
        if let Ok(replaced) = replaced {
            let _ = JsFuture::from(Promise::resolve(&replaced)).await;
        }
    }
}

/// Replaces a track with itself until its first frame arrives, as long as it is wanted. A still picture,
/// such as a page at rest, has a frame when its capture starts, and then one per second; Chromium
/// sometimes omits the first.
pub(super) async fn retry_first_frame(
    sender: Sender,
    track: JsValue,
    is_wanted: impl Fn() -> bool,
) {
    // The count may include frames of the previous track.
    let before = frame_count(&sender).await.unwrap_or_default();
    for _ in 0..RETRIES {
        sleep(FIRST_FRAME).await;
        match frame_count(&sender).await {
            Some(now) if now.total_cmp(&before).is_eq() => {}
            Some(_) => return,
            None => continue,
        }
        for track in [&JsValue::NULL, &track] {
            if !is_wanted() {
                return;
            }
            replace(&sender, track).await;
        }
    }
}

/// Number of frames from the source, if the browser reports it.
async fn frame_count(sender: &Sender) -> Option<f64> {
    let stats: Stats = JsFuture::from(sender.get_stats()).await.ok()?.unchecked_into();
    let mut frame_count = None;
    stats.for_each(&mut |stat| {
        if stat.kind_of_stat() == "media-source" {
            frame_count = stat.number("frames");
        }
    });
    frame_count
}
