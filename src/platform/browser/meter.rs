//! How loud a microphone is.

use super::Track;
use send_wrapper::SendWrapper;
use web_sys::{AnalyserNode, AudioContext, MediaStream, MediaStreamAudioSourceNode};

/// Listens to a track without playing it.
pub struct Meter(SendWrapper<Inner>);

struct Inner {
    context: AudioContext,
    source: MediaStreamAudioSourceNode,
    analyser: AnalyserNode,
}

impl Meter {
    /// Starts listening. None where the browser has no Web Audio.
    #[must_use]
    pub fn new(track: &Track) -> Option<Self> {
        let context = AudioContext::new().ok()?;
        let stream = MediaStream::new().ok()?;
        stream.add_track(track.js());
        let source = context.create_media_stream_source(&stream).ok()?;
        let analyser = context.create_analyser().ok()?;
        analyser.set_fft_size(1024);
        source.connect_with_audio_node(&analyser).ok()?;
        Some(Self(SendWrapper::new(Inner { context, source, analyser })))
    }

    /// Loudness of the last moment in percent, on a scale that feels even: -60 dB and below is 0,
    /// full scale is 100.
    #[must_use]
    pub fn level(&self) -> u32 {
        let mut samples = [0.0_f32; 1024];
        self.0.analyser.get_float_time_domain_data(&mut samples);
        let power = samples.iter().map(|sample| f64::from(sample * sample)).sum::<f64>() / 1024.0;
        let decibels = 10.0 * power.max(1e-9).log10();
        ((decibels + 60.0) / 0.6).clamp(0.0, 100.0) as u32
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let _ = self.source.disconnect();
        let _ = self.context.close();
    }
}
