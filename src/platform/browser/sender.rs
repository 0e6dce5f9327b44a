//! What a connection sends.

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

/// How long a picture may take to come from where it is made.
const FIRST_PICTURE: Duration = Duration::from_millis(150);
/// How often it is asked for: after that it comes by itself, once a second.
const ASKS: usize = 5;

/// Changes how a track is sent (W3C WebRTC, section 5.2.5), if that is agreed on already. Without a
/// track, a picture has to be inactive, too: Firefox goes on sending the last one it had.
pub(super) fn set_encoding(sender: &Sender, active: bool, limit: &[(&str, Option<f64>)]) -> bool {
    let Ok(parameters) = sender.parameters() else { return false };
    let encodings = Reflect::get(&parameters, &"encodings".into()).unwrap_or_default();
    let encodings = Array::from(&encodings);
    if encodings.length() == 0 {
        return false;
    }
    for encoding in encodings.iter() {
        let encoding: Object = encoding.unchecked_into();
        let _ = Reflect::set(&encoding, &"active".into(), &active.into());
        for (name, value) in limit {
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

/// Sends another track, or none.
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

/// Requests a frame until one has arrived, while the track is still the current one. A still page
/// delivers a frame when capture starts, and then once a second; Chromium sometimes omits the
/// first.
pub(super) async fn insist(sender: Sender, track: JsValue, is_wanted: impl Fn() -> bool) {
    // Of what was sent before, pictures may have been counted.
    let before = pictures(&sender).await.unwrap_or_default();
    for _ in 0..ASKS {
        sleep(FIRST_PICTURE).await;
        match pictures(&sender).await {
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

/// How many pictures have come from where they are made, if the browser tells.
async fn pictures(sender: &Sender) -> Option<f64> {
    let stats: Stats = JsFuture::from(sender.get_stats()).await.ok()?.unchecked_into();
    let mut pictures = None;
    stats.for_each(&mut |stat| {
        if stat.kind_of_stat() == "media-source" {
            pictures = stat.number("frames");
        }
    });
    pictures
}
