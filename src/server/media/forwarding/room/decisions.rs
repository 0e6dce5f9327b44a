//! What the core of a room has decided.

use super::Room;
use crate::{
    protocol::{ControlMessage, PeerId, TrackOf},
    server::media::forwarding::{content::Content, wants::default_wants},
};
use salon_sfu::{Input, Output, Source};
use std::time::Instant;

impl Room {
    /// Does what the core says. `of` is the packet that its last input was about.
    pub(super) fn execute(&mut self, output: Output, of: Option<(Source, &Content)>, now: Instant) {
        match output {
            Output::Forward { seat, slot, rewritten } => {
                let participant = self.participants.get_mut(&seat);
                if let Some((participant, (source, content))) = participant.zip(of)
                    && participant.leg.forward(slot, track(source), &rewritten, content, now)
                {
                    self.touched.insert(seat);
                    self.metrics.forwarded(content.bytes());
                }
            }
            Output::AskForKeyframe(source, spatial) => {
                if let Some(participant) = self.participants.get_mut(&source.seat) {
                    participant.leg.ask_for_keyframe(source.track, spatial);
                    self.touched.insert(source.seat);
                    self.metrics.asked_for_keyframe();
                }
            }
            Output::Slots { seat, video, audio } => {
                let (video, audio) = (tracks(video), tracks(audio));
                self.tell(seat, &ControlMessage::Slots { video, audio });
            }
            Output::Demand(Source { seat, track: source }, encodings) => {
                self.tell(seat, &ControlMessage::Demand { source, encodings });
            }
            Output::Paused(seat, sources) => {
                let videos = sources.into_iter().map(track).collect();
                self.tell(seat, &ControlMessage::Paused { videos });
            }
            Output::ActiveSpeaker(of) => self.speaks(of),
        }
    }

    fn speaks(&mut self, of: PeerId) {
        self.active_speaker = Some(of);
        self.is_restless = true;
        let seats: Vec<PeerId> = self.participants.keys().copied().collect();
        seats.into_iter().for_each(|seat| self.tell(seat, &ControlMessage::ActiveSpeaker { of }));
    }

    /// Decides for those who do not say what they want to see.
    pub(super) fn assume_wants(&mut self, now: Instant) {
        let mut published = Vec::new();
        for (seat, participant) in &self.participants {
            published.extend(participant.published().map(|track| Source { seat: *seat, track }));
        }
        let mut inputs = Vec::new();
        for (seat, participant) in &mut self.participants {
            let wants = default_wants(*seat, &published, self.active_speaker);
            if participant.assume(&wants, now) {
                inputs.push(Input::Wants(*seat, wants));
            }
        }
        inputs.into_iter().for_each(|input| self.core(input, None, now));
    }
}

fn track(source: Source) -> TrackOf {
    TrackOf { of: source.seat, source: source.track }
}

fn tracks(sources: Vec<Option<Source>>) -> Vec<Option<TrackOf>> {
    sources.into_iter().map(|source| source.map(track)).collect()
}
