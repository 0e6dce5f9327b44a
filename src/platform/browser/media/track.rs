//! A captured track.

use crate::platform::browser::{Listener, spawn_local};
use js_sys::{Array, Function, Reflect};
use send_wrapper::SendWrapper;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaStreamTrack, MediaStreamTrackState, MediaTrackConstraints};

/// The member with the content hint for the encoder (W3C MediaStreamTrack Content Hints).
pub(super) const CONTENT_HINT: &str = "contentHint";
/// The content hint of music.
pub(super) const MUSIC: &str = "music";
/// The constraint that blurs the background.
const BLUR: &str = "backgroundBlur";

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

impl Track {
    pub(super) fn new(track: MediaStreamTrack) -> Self {
        Self(SendWrapper::new(Rc::new(Captured { track, listeners: RefCell::default() })))
    }

    pub(in crate::platform::browser) fn js(&self) -> &MediaStreamTrack {
        &self.0.track
    }

    /// Enables or disables the track; a disabled one sends silence or black frames.
    pub fn set_enabled(&self, enabled: bool) {
        self.0.track.set_enabled(enabled);
    }

    /// The system's name of the device.
    #[must_use]
    pub fn label(&self) -> String {
        self.0.track.label()
    }

    /// The device, as in [`crate::platform::Device::id`].
    #[must_use]
    pub fn device_id(&self) -> String {
        let settings = self.0.track.get_settings();
        Reflect::get(&settings, &"deviceId".into())
            .ok()
            .and_then(|id| id.as_string())
            .unwrap_or_default()
    }

    /// The height of the picture in pixels, if the browser knows it.
    #[must_use]
    pub fn height(&self) -> Option<u32> {
        let height = Reflect::get(&self.0.track.get_settings(), &"height".into()).ok()?;
        height.as_f64().map(|height| height as u32)
    }

    /// Whether the track was captured as music.
    #[must_use]
    pub fn is_music(&self) -> bool {
        let hint = Reflect::get(self.js(), &CONTENT_HINT.into()).ok();
        hint.and_then(|hint| hint.as_string()).is_some_and(|hint| hint == MUSIC)
    }

    /// Whether the camera has a background blur that can be switched (W3C Media Capture Extensions, section
    /// 8).
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

    /// Turns the background blur on or off, if the camera has it.
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

    /// Calls `handler` when the device is removed or its permission withdrawn. If that happened while it
    /// was being opened, the browser has fired `ended` already: then it is called soon.
    pub fn on_ended(&self, handler: impl Fn() + 'static) {
        let handler = Rc::new(handler);
        if self.0.track.ready_state() == MediaStreamTrackState::Ended {
            let handler = handler.clone();
            spawn_local(async move { handler() });
        }
        let listener = Listener::new(&self.0.track, "ended", move |_| handler());
        self.0.listeners.borrow_mut().push(listener);
    }

    /// Whether the system mutes the device.
    #[must_use]
    pub fn is_muted(&self) -> bool {
        self.0.track.muted()
    }

    /// Calls `handler` whenever the system mutes or unmutes the device.
    pub fn on_muted(&self, handler: impl Fn(bool) + 'static) {
        let handler = Rc::new(handler);
        for (name, muted) in [("mute", true), ("unmute", false)] {
            let handler = handler.clone();
            let listener = Listener::new(&self.0.track, name, move |_| handler(muted));
            self.0.listeners.borrow_mut().push(listener);
        }
    }
}
