//! Sharing the screen.

use super::{
    capture::name_of,
    permission::{feature_problem, is_policy, media_devices},
    track::{CONTENT_HINT, Track},
};
use crate::{
    platform::{
        Problem,
        browser::{elapsed, externs},
    },
    protocol::TrackSource,
};
use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, MediaDevices, MediaStream, MediaStreamTrack};

/// The feature that the permissions policy may forbid.
const DISPLAY_CAPTURE: &str = "display-capture";

/// The constraints of the capture; what to share is chosen in the browser's dialog. Text has to stay
/// readable. The call itself must not be shared, so system audio is offered only where the browser can
/// exclude its own (W3C Screen Capture, section 5.4).
const SCREEN: &str = r#"{
    "video":{"frameRate":{"ideal":15,"max":30}},
    "audio":{"restrictOwnAudio":true,"suppressLocalAudioPlayback":false,
        "echoCancellation":false,"noiseSuppression":false,"autoGainControl":false},
    "systemAudio":"exclude","selfBrowserSurface":"exclude","surfaceSwitching":"include"
}"#;

/// A shared screen. Sharing ends when the last clone is dropped.
#[derive(Clone)]
pub struct Screen {
    /// The picture.
    pub picture: Track,
    /// Its sound, where the browser offers it.
    pub sound: Option<Track>,
}

impl Screen {
    /// Its track of this source.
    #[must_use]
    pub fn track(&self, source: TrackSource) -> Option<&Track> {
        match source {
            TrackSource::Screen => Some(&self.picture),
            TrackSource::ScreenAudio => self.sound.as_ref(),
            TrackSource::Microphone | TrackSource::Camera => None,
        }
    }
}

/// Whether this browser can share a screen. Phones cannot.
#[must_use]
pub fn can_share_screen() -> bool {
    let has = |devices: MediaDevices| Reflect::has(&devices, &"getDisplayMedia".into());
    media_devices().ok().and_then(|devices| has(devices).ok()).unwrap_or_default()
}

/// Asks the person what to share.
///
/// # Errors
/// Why nothing is shared; [`Problem::Dismissed`] if the person cancelled.
pub async fn capture_screen() -> Result<Screen, Problem> {
    if let Some(problem) = feature_problem(DISPLAY_CAPTURE) {
        return Err(problem);
    }
    let asked = elapsed();
    let devices: externs::Capturer = media_devices()?.unchecked_into();
    let options = JSON::parse(SCREEN).unwrap_or(JsValue::UNDEFINED);
    if supports(&devices, "restrictOwnAudio") {
        let _ = Reflect::set(&options, &"systemAudio".into(), &"include".into());
    }
    let captured = async { JsFuture::from(devices.display_media(&options)?).await };
    let stream: MediaStream = match captured.await {
        Ok(stream) => stream.unchecked_into(),
        Err(error) => {
            return Err(match name_of(&error).as_str() {
                "NotAllowedError" if is_policy(DISPLAY_CAPTURE, asked) => Problem::Framed,
                "NotAllowedError" => {
                    let message = error.dyn_ref().map(DomException::message).unwrap_or_default();
                    let by_system = message.contains("system");
                    if by_system { Problem::DeniedBySystem } else { Problem::Dismissed }
                }
                "NotFoundError" => Problem::Missing,
                "NotReadableError" | "AbortError" => Problem::Busy,
                _ => Problem::Failed,
            });
        }
    };
    let track = |tracks: Array| {
        let track = tracks.iter().next().map(JsCast::unchecked_into::<MediaStreamTrack>);
        track.map(Track::new)
    };
    let picture = track(stream.get_video_tracks()).ok_or(Problem::Failed)?;
    // Sharp text matters more than smooth motion.
    let _ = Reflect::set(picture.js(), &CONTENT_HINT.into(), &"detail".into());
    Ok(Screen { picture, sound: track(stream.get_audio_tracks()) })
}

fn supports(devices: &externs::Capturer, constraint: &str) -> bool {
    let value = Reflect::get(&devices.supported(), &constraint.into());
    value.is_ok_and(|value| value.is_truthy())
}
