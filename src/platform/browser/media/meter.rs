//! The level of a microphone.

use super::Track;
use crate::platform::browser::externs::{USER_ACTIVATION, UserActivation};
use send_wrapper::SendWrapper;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    AnalyserNode, AudioContext, AudioContextState, MediaStream, MediaStreamAudioSourceNode,
    MediaStreamTrack,
};

/// Samples per measurement: few, for a level that follows the voice, or enough to cover the 200 ms
/// between two measurements.
const SHORT: u32 = 1024;
const LONG: u32 = 8192;

/// Listens to a track without playing it.
pub struct Meter(SendWrapper<Inner>);

struct Inner {
    _copy: Option<Copy>,
    context: AudioContext,
    source: MediaStreamAudioSourceNode,
    analyser: AnalyserNode,
    /// Room for the samples of a measurement.
    samples: RefCell<Vec<f32>>,
}

impl Meter {
    /// Starts listening; `None` if the browser has no Web Audio.
    #[must_use]
    pub fn new(track: &Track) -> Option<Self> {
        Self::listen(track.js(), None, SHORT)
    }

    /// Starts listening, even while the track is muted.
    #[must_use]
    pub fn of_muted(track: &Track) -> Option<Self> {
        // The browser's `clone`: another track from the same device.
        let copy = MediaStreamTrack::clone(track.js());
        copy.set_enabled(true);
        let copy = Copy(copy);
        let track: JsValue = (&copy.0).into();
        Self::listen(track.unchecked_ref(), Some(copy), LONG)
    }

    fn listen(track: &MediaStreamTrack, copy: Option<Copy>, window: u32) -> Option<Self> {
        let context = AudioContext::new().ok()?;
        let stream = MediaStream::new().ok()?;
        stream.add_track(track);
        let source = context.create_media_stream_source(&stream).ok()?;
        let analyser = context.create_analyser().ok()?;
        analyser.set_fft_size(window);
        source.connect_with_audio_node(&analyser).ok()?;
        let samples = RefCell::new(vec![0.0; window as usize]);
        Some(Self(SendWrapper::new(Inner { _copy: copy, context, source, analyser, samples })))
    }

    /// The current level in percent on a logarithmic scale: 0 at -60 dB and below, 100 at full scale. `None`
    /// for digital silence.
    #[must_use]
    pub fn level(&self) -> Option<u32> {
        let mut samples = self.0.samples.borrow_mut();
        self.0.analyser.get_float_time_domain_data(&mut samples);
        if samples.iter().all(|sample| *sample == 0.0) {
            return None;
        }
        let sum: f64 = samples.iter().map(|sample| f64::from(sample * sample)).sum();
        let power = sum / samples.len() as f64;
        let decibels = 10.0 * power.max(1e-9).log10();
        Some(((decibels + 60.0) / 0.6).clamp(0.0, 100.0) as u32)
    }

    /// Whether there is anything but digital silence: a few samples tell, unless they are silent.
    #[must_use]
    pub fn has_signal(&self) -> bool {
        let mut samples = self.0.samples.borrow_mut();
        let few = samples.len().min(SHORT as usize);
        [few, samples.len()].into_iter().any(|count| {
            let Some(samples) = samples.get_mut(..count) else { return false };
            self.0.analyser.get_float_time_domain_data(samples);
            samples.iter().any(|sample| *sample != 0.0)
        })
    }

    /// Resumes measuring, and returns whether it runs. Browsers may require a gesture first, for example
    /// after a reload.
    #[must_use]
    pub fn run(&self) -> bool {
        let runs = self.0.context.state() == AudioContextState::Running;
        if !runs && has_had_gesture() {
            let _ = self.0.context.resume();
        }
        runs
    }
}

fn has_had_gesture() -> bool {
    USER_ACTIVATION.with(|user| user.as_ref().is_some_and(UserActivation::has_been_active))
}

/// A copy of a track, which is live even while the original is muted.
struct Copy(MediaStreamTrack);

impl Drop for Copy {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let _ = self.source.disconnect();
        let _ = self.context.close();
    }
}
