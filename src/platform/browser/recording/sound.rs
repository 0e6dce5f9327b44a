//! The sound of a recording: everybody's, mixed.

use crate::platform::{
    browser::{Listener, Stream},
    elapsed,
};
use send_wrapper::SendWrapper;
use std::{cell::RefCell, rc::Rc, time::Duration};
use wasm_bindgen::JsCast;
use web_sys::{
    AudioContext, AudioContextState, ConstantSourceNode, MediaStream,
    MediaStreamAudioDestinationNode, MediaStreamAudioSourceNode, MediaStreamTrack,
};

/// Time within which a mixer has to start.
const WAKES_WITHIN: Duration = Duration::from_secs(5);

/// What mixes the sound of recordings. It wakes slowly, and never where nothing can play sound.
#[derive(Clone)]
pub struct Mixer(SendWrapper<Rc<Desk>>);

struct Desk {
    context: AudioContext,
    since: Duration,
    /// Systems stop it for a telephone call, for one.
    _restart: Listener,
}

impl Mixer {
    /// Wakes one.
    #[must_use]
    pub fn wake() -> Option<Self> {
        let context = AudioContext::new().ok()?;
        let stopped = context.clone();
        let restart = Listener::new(&context, "statechange", move |_| {
            let state = stopped.state();
            if !matches!(state, AudioContextState::Running | AudioContextState::Closed) {
                let _ = stopped.resume();
            }
        });
        let _ = context.resume();
        Some(Self(SendWrapper::new(Rc::new(Desk { context, since: elapsed(), _restart: restart }))))
    }

    /// Whether it runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.0.context.state() == AudioContextState::Running
    }

    /// Whether it may run in a moment.
    #[must_use]
    pub fn is_waking(&self) -> bool {
        !self.runs() && elapsed().saturating_sub(self.0.since) < WAKES_WITHIN
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.context.close();
    }
}

pub(super) struct Sound {
    context: AudioContext,
    mixed: MediaStreamAudioDestinationNode,
    silence: ConstantSourceNode,
    wanted: RefCell<Vec<Stream>>,
    sources: RefCell<Vec<Source>>,
}

/// One track, as long as it is heard.
struct Source {
    track: MediaStreamTrack,
    node: MediaStreamAudioSourceNode,
}

impl Drop for Source {
    fn drop(&mut self) {
        let _ = self.node.disconnect();
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        let _ = self.silence.stop();
    }
}

impl Sound {
    pub(super) fn new(mixer: &Mixer) -> Option<Self> {
        let context = mixer.0.context.clone();
        let mixed = context.create_media_stream_destination().ok()?;
        // Without any sound, not even silence, nothing of the picture is written either.
        let silence = context.create_constant_source().ok()?;
        silence.offset().set_value(0.0);
        silence.connect_with_audio_node(&mixed).ok()?;
        silence.start().ok()?;
        Some(Self {
            context,
            mixed,
            silence,
            wanted: RefCell::default(),
            sources: RefCell::default(),
        })
    }

    pub(super) fn stream(&self) -> MediaStream {
        self.mixed.stream()
    }

    pub(super) fn set(&self, sounds: Vec<Stream>) {
        self.wanted.replace(sounds);
        self.follow();
    }

    /// Takes up the tracks that the streams have now: a connection brings them when it is made.
    pub(super) fn follow(&self) {
        let wanted = self.wanted.borrow();
        let tracks = wanted.iter().flat_map(|stream| stream.js().get_audio_tracks().iter().next());
        let tracks: Vec<MediaStreamTrack> = tracks.map(JsCast::unchecked_into).collect();
        let mut sources = self.sources.borrow_mut();
        sources.retain(|source| tracks.contains(&source.track));
        for track in tracks {
            if sources.iter().all(|source| source.track != track) {
                sources.extend(self.listen_to(track));
            }
        }
    }

    fn listen_to(&self, track: MediaStreamTrack) -> Option<Source> {
        let stream = MediaStream::new().ok()?;
        stream.add_track(&track);
        let node = self.context.create_media_stream_source(&stream).ok()?;
        node.connect_with_audio_node(&self.mixed).ok()?;
        Some(Source { track, node })
    }
}
