//! Cameras and microphones.

use super::{
    permission::{is_policy, media_devices, permission},
    track::{CONTENT_HINT, MUSIC, Track},
};
use crate::platform::{Device, DeviceKind, Kind, Problem, Processing, browser::elapsed};
use js_sys::{Array, JSON, Object, Reflect};
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, MediaDeviceInfo, MediaDeviceKind, MediaStream, MediaStreamConstraints,
    MediaStreamTrack, PermissionState,
};

/// The available devices; none if the browser does not list them. Labels and ids are empty until
/// permission is granted.
pub async fn devices() -> Option<Vec<Device>> {
    let list = JsFuture::from(media_devices().ok()?.enumerate_devices().ok()?).await.ok()?;
    let list = Array::from(&list);
    let infos = list.iter().filter_map(|info| info.dyn_into::<MediaDeviceInfo>().ok());
    Some(infos.map(device).collect())
}

#[allow(clippy::needless_pass_by_value, reason = "used with map over owned values")]
fn device(info: MediaDeviceInfo) -> Device {
    let kind = match info.kind() {
        MediaDeviceKind::Audioinput => DeviceKind::Input(Kind::Microphone),
        MediaDeviceKind::Videoinput => DeviceKind::Input(Kind::Camera),
        _ => DeviceKind::Speaker,
    };
    Device { id: info.device_id(), label: info.label(), kind }
}

/// Requests devices of the given kinds, each with the id of the preferred one or an empty string. The
/// browser asks the person once for all of them, and chooses another device if a preferred one is gone.
///
/// # Errors
/// Why none of them can be used.
pub async fn capture(
    wanted: &[(Kind, String)],
    processing: Processing,
) -> Result<Vec<(Kind, Track)>, Problem> {
    let asked = elapsed();
    let stream = match user_media(wanted, processing).await {
        Err(error) if name_of(&error) == "OverconstrainedError" => {
            let any: Vec<_> = wanted.iter().map(|(kind, _)| (*kind, String::new())).collect();
            user_media(&any, processing).await
        }
        result => result,
    };
    let stream: MediaStream = match stream {
        Ok(stream) => stream.unchecked_into(),
        Err(error) => return Err(problem(&error, wanted, asked).await),
    };
    let tracks = stream.get_tracks();
    let tracks = tracks.iter().map(JsCast::unchecked_into::<MediaStreamTrack>);
    let kind = |track: &MediaStreamTrack| match track.kind() == "audio" {
        true => Kind::Microphone,
        false => Kind::Camera,
    };
    let captured = |track: MediaStreamTrack| {
        let kind = kind(&track);
        if kind == Kind::Microphone && processing.music {
            let _ = Reflect::set(&track, &CONTENT_HINT.into(), &MUSIC.into());
        }
        (kind, Track::new(track))
    };
    Ok(tracks.map(captured).collect())
}

/// The constraints for a device: the one with this id, or the browser's choice if it is empty.
fn constraint(kind: Kind, id: &str, processing: Processing) -> JsValue {
    let Processing { echo, noise, gain, music } = processing;
    let [echo, noise, gain] = [echo, noise, gain].map(|on| on && !music);
    let wish = match kind {
        Kind::Microphone => format!(
            r#"{{"echoCancellation":{echo},"noiseSuppression":{noise},"autoGainControl":{gain}}}"#
        ),
        Kind::Camera => {
            r#"{"width":{"ideal":1280},"height":{"ideal":720},"frameRate":{"ideal":30},"facingMode":"user"}"#
                .to_owned()
        }
    };
    let wish = JSON::parse(&wish).unwrap_or(JsValue::TRUE);
    if !id.is_empty() {
        // Without `exact`, browsers may ignore it.
        let exact = Object::new();
        let _ = Reflect::set(&exact, &"exact".into(), &id.into());
        let _ = Reflect::set(&wish, &"deviceId".into(), &exact);
    }
    wish
}

async fn user_media(wanted: &[(Kind, String)], processing: Processing) -> Result<JsValue, JsValue> {
    let constraints = MediaStreamConstraints::new();
    for (kind, id) in wanted {
        let _ = Reflect::set(
            &constraints,
            &kind.source().track_kind().into(),
            &constraint(*kind, id, processing),
        );
    }
    let devices = media_devices().map_err(|_| JsValue::NULL)?;
    JsFuture::from(devices.get_user_media_with_constraints(&constraints)?).await
}

/// The `name` of an error. `OverconstrainedError` is not a `DOMException` in every browser.
pub(super) fn name_of(error: &JsValue) -> String {
    let name = Reflect::get(error, &"name".into()).ok();
    name.and_then(|name| name.as_string()).unwrap_or_default()
}

/// The problem for an error of `getUserMedia` (W3C Media Capture, section 10.2).
async fn problem(error: &JsValue, wanted: &[(Kind, String)], asked: Duration) -> Problem {
    let by_policy = |(kind, _): &(Kind, String)| is_policy(kind.permission(), asked);
    match name_of(error).as_str() {
        "NotAllowedError" if wanted.iter().any(by_policy) => Problem::Framed,
        "NotAllowedError" => {
            let message = error.dyn_ref().map(DomException::message).unwrap_or_default();
            if message.contains("system") {
                return Problem::DeniedBySystem;
            }
            let mut states = Vec::new();
            for (kind, _) in wanted {
                states.push(permission(*kind).await.map(|status| status.state()));
            }
            if message.contains("dismissed") || states.contains(&Some(PermissionState::Prompt)) {
                Problem::Dismissed
            } else if states.iter().all(|state| *state == Some(PermissionState::Granted)) {
                Problem::DeniedBySystem
            } else {
                Problem::Denied
            }
        }
        "NotFoundError" | "OverconstrainedError" => Problem::Missing,
        "NotReadableError" | "AbortError" => Problem::Busy,
        "SecurityError" => Problem::Insecure,
        _ => Problem::Failed,
    }
}
