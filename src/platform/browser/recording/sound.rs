//! The sound of a recording: everybody's, mixed.

use crate::platform::browser::Stream;
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use web_sys::{
    AudioContext, MediaStream, MediaStreamAudioDestinationNode, MediaStreamAudioSourceNode,
    MediaStreamTrack,
};

pub(super) struct Sound {
    context: AudioContext,
    mixed: MediaStreamAudioDestinationNode,
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

impl Sound {
    pub(super) fn new(context: &AudioContext) -> Option<Self> {
        Some(Self {
            context: context.clone(),
            mixed: context.create_media_stream_destination().ok()?,
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
