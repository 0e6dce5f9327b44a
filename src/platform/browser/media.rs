//! Cameras and microphones.

use super::{
    Listener, elapsed, externs,
    page::{allows, is_framed},
    spawn_local,
};
use crate::{
    platform::{Device, DeviceKind, Kind, Problem, Processing},
    protocol::TrackSource,
};
use js_sys::{Array, Function, JSON, Object, Reflect};
use send_wrapper::SendWrapper;
use std::{cell::RefCell, rc::Rc, time::Duration};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, MediaDeviceInfo, MediaDeviceKind, MediaDevices, MediaStream,
    MediaStreamConstraints, MediaStreamTrack, MediaTrackConstraints, PermissionState,
    PermissionStatus, window,
};

/// What a track is, for the encoder (W3C MediaStreamTrack Content Hints).
const CONTENT_HINT: &str = "contentHint";
const MUSIC: &str = "music";
const BLUR: &str = "backgroundBlur";
/// What a page is allowed to do, by its policy.
const DISPLAY_CAPTURE: &str = "display-capture";

/// Sooner than anybody answers a question.
const AT_ONCE: Duration = Duration::from_millis(300);

/// A captured track. The device is released when the last clone is dropped.
#[derive(Clone)]
pub struct Track(SendWrapper<Rc<Captured>>);

struct Captured {
    track: MediaStreamTrack,
    listeners: RefCell<Vec<Listener>>,
}

impl Drop for Captured {
    fn drop(&mut self) {
        self.track.stop();
    }
}

impl PartialEq for Track {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
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

impl Track {
    fn new(track: MediaStreamTrack) -> Self {
        Self(SendWrapper::new(Rc::new(Captured { track, listeners: RefCell::default() })))
    }

    pub(super) fn js(&self) -> &MediaStreamTrack {
        &self.0.track
    }

    /// Whether the track sends, or silence and blackness in its place.
    pub fn set_enabled(&self, enabled: bool) {
        self.0.track.set_enabled(enabled);
    }

    /// What the system calls the device.
    #[must_use]
    pub fn label(&self) -> String {
        self.0.track.label()
    }

    /// The device, as in [`Device::id`].
    #[must_use]
    pub fn device_id(&self) -> String {
        let settings = self.0.track.get_settings();
        Reflect::get(&settings, &"deviceId".into())
            .ok()
            .and_then(|id| id.as_string())
            .unwrap_or_default()
    }

    /// Whether it is sound that was captured as music.
    #[must_use]
    pub fn is_music(&self) -> bool {
        let hint = Reflect::get(self.js(), &CONTENT_HINT.into()).ok();
        hint.and_then(|hint| hint.as_string()).is_some_and(|hint| hint == MUSIC)
    }

    /// Whether the camera can blur what is behind the person, and can do without (W3C Media Capture
    /// Extensions, section 8).
    #[must_use]
    pub fn can_blur(&self) -> bool {
        let choices = || {
            let capabilities: Function =
                Reflect::get(self.js(), &"getCapabilities".into()).ok()?.dyn_into().ok()?;
            let capabilities = capabilities.call0(self.js()).ok()?;
            Reflect::get(&capabilities, &BLUR.into()).ok()?.dyn_into::<Array>().ok()
        };
        choices().is_some_and(|choices| choices.length() == 2)
    }

    /// Blurs what is behind the person, or no longer, where the camera can.
    pub fn set_blur(&self, blur: bool) {
        if !self.can_blur() {
            return;
        }
        let constraints = MediaTrackConstraints::new();
        let _ = Reflect::set(&constraints, &BLUR.into(), &blur.into());
        if let Ok(promise) = self.js().apply_constraints_with_constraints(&constraints) {
            spawn_local(async move {
                let _ = JsFuture::from(promise).await;
            });
        }
    }

    /// Calls `handler` when the device goes away.
    pub fn on_ended(&self, handler: impl FnMut() + 'static) {
        let mut handler = handler;
        let listener = Listener::new(&self.0.track, "ended", move |_| handler());
        self.0.listeners.borrow_mut().push(listener);
    }

    /// Whether the system gives nothing of the device at this moment.
    #[must_use]
    pub fn is_muted(&self) -> bool {
        self.0.track.muted()
    }

    /// Calls `handler` when the system stops giving anything of the device, and when it does again.
    pub fn on_muted(&self, handler: impl Fn(bool) + 'static) {
        let handler = Rc::new(handler);
        for (name, muted) in [("mute", true), ("unmute", false)] {
            let handler = handler.clone();
            let listener = Listener::new(&self.0.track, name, move |_| handler(muted));
            self.0.listeners.borrow_mut().push(listener);
        }
    }
}

/// Absent on pages that are neither https nor localhost.
fn media_devices() -> Result<MediaDevices, Problem> {
    let devices = window().and_then(|window| window.navigator().media_devices().ok());
    devices.filter(|devices| devices.is_object()).ok_or(Problem::Insecure)
}

/// Why the page cannot even ask for a kind of device, if so.
#[must_use]
pub fn barred(kind: Kind) -> Option<Problem> {
    barred_from(kind.permission())
}

/// Why the page cannot use a feature (W3C Permissions Policy), if that is known before it tries.
fn barred_from(feature: &str) -> Option<Problem> {
    let is_secure = window().and_then(|window| window.location().protocol().ok())? == "https:";
    match media_devices().err() {
        // A page around this one that is not secure makes this one so, too.
        Some(Problem::Insecure) if is_secure && is_framed() => Some(Problem::Framed),
        None if allows(feature) == Some(false) => Some(forbidden()),
        problem => problem,
    }
}

fn forbidden() -> Problem {
    if is_framed() { Problem::Framed } else { Problem::Forbidden }
}

/// Whether a refusal since `asked` was the policy's of a page around this one, in browsers that do not
/// tell: nobody has closed a question so fast.
fn is_policy(feature: &str, asked: Duration) -> bool {
    allows(feature).is_none() && is_framed() && elapsed().saturating_sub(asked) < AT_ONCE
}

/// What a person shares of their screen. It ends when the last clone is dropped.
#[derive(Clone)]
pub struct Screen {
    /// The picture.
    pub picture: Track,
    /// What is heard there, where the browser offers it.
    pub sound: Option<Track>,
}

/// What to share is the person's choice, in the browser's own dialog. Text has to stay readable; the
/// call itself is not to be heard in what is shared, so that the sound of the whole machine is offered
/// only by browsers that can leave their own out of it (W3C Screen Capture, section 5.4).
const SCREEN: &str = r#"{
    "video":{"frameRate":{"ideal":15,"max":30}},
    "audio":{"restrictOwnAudio":true,"suppressLocalAudioPlayback":false,
        "echoCancellation":false,"noiseSuppression":false,"autoGainControl":false},
    "systemAudio":"exclude","selfBrowserSurface":"exclude","surfaceSwitching":"include"
}"#;

/// Whether this browser can share a screen. Phones cannot.
#[must_use]
pub fn can_share_screen() -> bool {
    let has = |devices: MediaDevices| Reflect::has(&devices, &"getDisplayMedia".into());
    media_devices().ok().and_then(|devices| has(devices).ok()).unwrap_or_default()
}

fn supports(devices: &externs::Capturer, constraint: &str) -> bool {
    let value = Reflect::get(&devices.supported(), &constraint.into());
    value.is_ok_and(|value| value.is_truthy())
}

/// Asks what to share.
///
/// # Errors
/// Why nothing is shared; [`Problem::Dismissed`] where the person does not want to.
pub async fn capture_screen() -> Result<Screen, Problem> {
    if let Some(problem) = barred_from(DISPLAY_CAPTURE) {
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
    // Sharp letters matter more than smooth movement.
    let _ = Reflect::set(picture.js(), &CONTENT_HINT.into(), &"detail".into());
    Ok(Screen { picture, sound: track(stream.get_audio_tracks()) })
}

/// The devices there are, or none if the browser does not tell. Labels and ids are empty until
/// permission was given.
pub async fn devices() -> Option<Vec<Device>> {
    let list = JsFuture::from(media_devices().ok()?.enumerate_devices().ok()?).await.ok()?;
    let list = Array::from(&list);
    let infos = list.iter().filter_map(|info| info.dyn_into::<MediaDeviceInfo>().ok());
    Some(infos.map(device).collect())
}

/// Whether the browser's permission for this kind is known to be given.
pub async fn is_granted(kind: Kind) -> bool {
    let status = permission(kind).await;
    status.is_some_and(|status| status.state() == PermissionState::Granted)
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

/// What to ask of a device: the one with this id, or with an empty id the browser's own choice.
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
        // Anything short of `exact` is taken as a hint that browsers may pass over.
        let exact = Object::new();
        let _ = Reflect::set(&exact, &"exact".into(), &id.into());
        let _ = Reflect::set(&wish, &"deviceId".into(), &exact);
    }
    wish
}

/// Asks for devices of the given kinds, each with the id of the preferred one or an empty string.
/// The browser asks the person once for all of them. Where a preferred device is not there any
/// more, the browser's own choice takes its place.
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

/// The `name` of an error. `OverconstrainedError` is no `DOMException` in every browser.
fn name_of(error: &JsValue) -> String {
    let name = Reflect::get(error, &"name".into()).ok();
    name.and_then(|name| name.as_string()).unwrap_or_default()
}

/// What an error of `getUserMedia` means (W3C Media Capture, section 10.2).
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

async fn permission(kind: Kind) -> Option<PermissionStatus> {
    let descriptor = Object::new();
    Reflect::set(&descriptor, &"name".into(), &kind.permission().into()).ok()?;
    let promise = window()?.navigator().permissions().ok()?.query(&descriptor).ok()?;
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

/// Calls `handler` whenever the browser's permission for this kind becomes "granted", until the
/// returned value is dropped, and at once if it is by now. None where the browser does not tell.
pub async fn watch_permission(
    kind: Kind,
    handler: impl Fn() + 'static,
) -> Option<SendWrapper<Box<dyn std::any::Any>>> {
    let status = permission(kind).await?;
    let seen = status.clone();
    let tell = move || {
        if seen.state() == PermissionState::Granted {
            handler();
        }
    };
    tell();
    let listener = Listener::new(&status, "change", move |_| tell());
    Some(SendWrapper::new(Box::new(listener)))
}
