//! Streams and the elements that play them.

use super::Track;
use crate::platform::browser::externs;
use js_sys::Reflect;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, prelude::*};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, Element, HtmlMediaElement, HtmlVideoElement, MediaStream, MediaStreamTrack,
    window,
};

/// Tracks that are played together.
#[derive(Clone)]
pub struct Stream(pub(in crate::platform::browser) SendWrapper<MediaStream>);

impl Stream {
    /// A stream of one local track.
    #[must_use]
    pub fn of(track: &Track) -> Option<Self> {
        let stream = Self::empty()?;
        stream.js().add_track(track.js());
        Some(stream)
    }

    pub(in crate::platform::browser) fn empty() -> Option<Self> {
        MediaStream::new().ok().map(|stream| Self(SendWrapper::new(stream)))
    }

    pub(in crate::platform::browser) fn js(&self) -> &MediaStream {
        &self.0
    }

    /// Replaces the tracks of the stream by a remote one.
    pub(in crate::platform::browser) fn put(&self, track: &MediaStreamTrack) {
        for old in self.0.get_tracks().iter().map(JsCast::unchecked_into::<MediaStreamTrack>) {
            if old.id() != track.id() {
                self.0.remove_track(&old);
            }
        }
        self.0.add_track(track);
    }

    /// Removes a remote track.
    pub(in crate::platform::browser) fn remove(&self, track: &MediaStreamTrack) {
        self.0.remove_track(track);
    }
}

/// An element that plays streams.
pub struct Player(externs::Player);

impl Player {
    /// The player of an element.
    #[must_use]
    pub fn of(element: &impl AsRef<HtmlMediaElement>) -> Self {
        Self(element.as_ref().clone().unchecked_into())
    }

    /// Plays a stream: muted, or on the speaker with this id (empty: the system's choice). Returns false if
    /// the browser requires a gesture first.
    pub async fn play(&self, stream: &Stream, speaker: Option<&str>) -> bool {
        let player = &self.0;
        player.set_muted(speaker.is_none());
        if player.src_object().as_ref() != Some(stream.js()) {
            player.set_src_object(Some(stream.js()));
        }
        let sink = Reflect::get(player, &"sinkId".into()).ok().and_then(|id| id.as_string());
        if let (Some(sink), Some(speaker)) = (sink, speaker)
            && sink != speaker
            && let Ok(promise) = player.set_sink_id(speaker)
        {
            let _ = JsFuture::from(promise).await;
        }
        let Ok(promise) = player.play() else { return true };
        let error = JsFuture::from(promise).await.err();
        let blocked = error.and_then(|error| error.dyn_into::<DomException>().ok());
        blocked.is_none_or(|error| error.name() != "NotAllowedError")
    }

    /// Sets the volume: from 0, silent, to 1, as it arrives.
    pub fn set_volume(&self, volume: f64) {
        self.0.set_volume(volume.clamp(0.0, 1.0));
    }

    /// Stops playing and releases the stream.
    pub fn pause(&self) {
        self.0.set_src_object(None);
    }
}

/// Width and height of an element's inside, in CSS pixels.
#[must_use]
pub fn size(element: &Element) -> (f64, f64) {
    let rect = element.get_bounding_client_rect();
    (rect.width(), rect.height())
}

/// Width and height of a video in pixels; 0 before its first frame.
#[must_use]
pub fn picture_size(video: &HtmlVideoElement) -> (f64, f64) {
    (video.video_width().into(), video.video_height().into())
}

struct SizeWatch {
    observer: externs::ResizeObserver,
    _closure: Closure<dyn FnMut()>,
}

impl Drop for SizeWatch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Calls `handler` now and whenever the element's size changes, until the result is dropped.
pub fn watch_size(
    element: &Element,
    handler: impl FnMut() + 'static,
) -> Option<SendWrapper<Box<dyn std::any::Any>>> {
    let closure = Closure::<dyn FnMut()>::new(handler);
    let observer = externs::ResizeObserver::new(closure.as_ref().unchecked_ref()).ok()?;
    observer.observe(element);
    Some(SendWrapper::new(Box::new(SizeWatch { observer, _closure: closure })))
}

/// Whether pages can set the volume: on some handhelds, only the device's keys can.
#[must_use]
pub fn can_set_volume() -> bool {
    let element = || {
        let element = window()?.document()?.create_element("audio").ok()?;
        element.dyn_into::<HtmlMediaElement>().ok()
    };
    element().is_some_and(|element| {
        element.set_volume(0.5);
        element.volume() < 1.0
    })
}

/// Whether the page can play sound on a device other than the system's choice.
#[must_use]
pub fn can_choose_speaker() -> bool {
    let prototype = || {
        let class = Reflect::get(&js_sys::global(), &"HTMLMediaElement".into()).ok()?;
        Reflect::get(&class, &"prototype".into()).ok()
    };
    prototype()
        .is_some_and(|prototype| Reflect::has(&prototype, &"setSinkId".into()).unwrap_or_default())
}
