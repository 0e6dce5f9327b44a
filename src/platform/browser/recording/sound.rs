//! The audio of a recording: the mix of everyone's.

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

/// Timeout for starting a mixer.
const WAKES_WITHIN: Duration = Duration::from_secs(5);

/// The mixer for the audio of recordings. It starts slowly, and never without an audio output.
#[derive(Clone)]
pub struct Mixer(SendWrapper<Rc<AudioMixer>>);

struct AudioMixer {
    context: AudioContext,
    since: Duration,
    /// Resumes it after the system has suspended it, for example for a phone call.
    _restart: Listener,
}

impl Mixer {
    /// Starts a mixer.
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
        Some(Self(SendWrapper::new(Rc::new(AudioMixer {
            context,
            since: elapsed(),
            _restart: restart,
        }))))
    }

    /// Whether it runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.0.context.state() == AudioContextState::Running
    }

    /// Whether it is still starting.
    #[must_use]
    pub fn is_waking(&self) -> bool {
        !self.runs() && elapsed().saturating_sub(self.0.since) < WAKES_WITHIN
    }
}

impl Drop for AudioMixer {
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

/// A track in the mix.
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
        // Without any audio, not even silence, browsers record no video.
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

    /// Adds tracks that the streams have received since, such as those of a new connection.
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
