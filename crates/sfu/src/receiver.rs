//! One receiver: what they want, what they get, and their slots.

use crate::{
    budget::{Budget, Layer, Wish},
    packet::{Packet, Rewritten, Source, Spatial},
    room::{Output, Slot, Want},
    slot::{AudioSlot, VideoSlot},
};
use salon_core::protocol::PeerId;
use std::time::Duration;

/// The bandwidth before there is an estimate, in bits per second.
const FIRST_BANDWIDTH: u64 = 600_000;

/// A receiver.
#[derive(Debug)]
pub(crate) struct Receiver {
    /// What they want to see, in the order of the ranks.
    pub(crate) wants: Vec<Want>,
    /// Bits per second for video.
    pub(crate) bandwidth: u64,
    budget: Budget,
    video: Vec<VideoSlot>,
    audio: Vec<AudioSlot>,
    paused: Vec<Source>,
}

/// What a decision has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) slots: bool,
    pub(crate) paused: bool,
}

impl Receiver {
    /// `first` is random: where sequence numbers begin.
    pub(crate) fn new(video: usize, audio: usize, first: u16) -> Self {
        Self {
            wants: Vec::new(),
            bandwidth: FIRST_BANDWIDTH,
            budget: Budget::default(),
            video: (0..video).map(|_| VideoSlot::new(first)).collect(),
            audio: (0..audio).map(|_| AudioSlot::new(first)).collect(),
            paused: Vec::new(),
        }
    }

    /// Number of slots for video.
    pub(crate) fn video_slots(&self) -> usize {
        self.video.len()
    }

    /// Decides which layers of what is wanted are forwarded, and in which slots.
    pub(crate) fn decide(&mut self, wishes: &[Wish], now: Duration) -> Change {
        self.budget.update(self.bandwidth, wishes, now);
        let before: Vec<_> = self.in_video().collect();
        let given: Vec<(Source, Layer)> = self.given().collect();
        self.fill(&given);
        let is_paused =
            |wish: &&Wish| !wish.steps.is_empty() && self.budget.given(wish.source).is_none();
        let paused: Vec<Source> = wishes.iter().filter(is_paused).map(|wish| wish.source).collect();
        let paused_before = std::mem::replace(&mut self.paused, paused);
        Change { slots: !self.in_video().eq(before), paused: paused_before != self.paused }
    }

    /// Puts sources into slots. One that has a slot keeps it.
    fn fill(&mut self, given: &[(Source, Layer)]) {
        let layer_of = |source: Source| given.iter().find(|(other, _)| *other == source).copied();
        for slot in &mut self.video {
            let kept = slot.wanted().and_then(|(source, _)| layer_of(source));
            slot.want(kept);
        }
        for (source, layer) in given {
            let has_slot =
                |slot: &VideoSlot| slot.wanted().is_some_and(|(other, _)| other == *source);
            if self.video.iter().any(has_slot) {
                continue;
            }
            if let Some(free) = self.video.iter_mut().find(|slot| slot.wanted().is_none()) {
                free.want(Some((*source, *layer)));
            }
        }
    }

    /// Puts these into the slots for audio, as far as there are enough. Returns whether something has changed.
    pub(crate) fn assign_audio(&mut self, sources: impl Iterator<Item = Source> + Clone) -> bool {
        let sources = sources.take(self.audio.len());
        let mut has_changed = false;
        for slot in &mut self.audio {
            if slot
                .current()
                .is_some_and(|current| !sources.clone().any(|source| source == current))
            {
                slot.want(None);
                has_changed = true;
            }
        }
        for source in sources {
            if self.audio.iter().any(|slot| slot.current() == Some(source)) {
                continue;
            }
            if let Some(free) = self.audio.iter_mut().find(|slot| slot.current().is_none()) {
                free.want(Some(source));
                has_changed = true;
            }
        }
        has_changed
    }

    /// Decides about a packet for a slot.
    pub(crate) fn packet(
        &mut self,
        slot: Slot,
        packet: &Packet,
        now: Duration,
    ) -> Option<Rewritten> {
        match slot {
            Slot::Video(slot) => self.video.get_mut(slot)?.packet(packet, now),
            Slot::Audio(slot) => self.audio.get_mut(slot)?.packet(packet, now),
        }
    }

    /// What is to be forwarded.
    pub(crate) fn given(&self) -> impl Iterator<Item = (Source, Layer)> {
        self.budget.all_given()
    }

    /// The same, and what is forwarded until that comes.
    pub(crate) fn in_use(&self) -> impl Iterator<Item = (Source, Layer)> {
        self.given().chain(self.video.iter().filter_map(VideoSlot::current))
    }

    /// The encodings whose keyframes are needed to go on.
    pub(crate) fn waits_for(&self) -> impl Iterator<Item = (Source, Spatial)> {
        self.video.iter().flat_map(VideoSlot::waits_for)
    }

    /// The encoding in a slot for video.
    pub(crate) fn encoding(&self, slot: usize) -> Option<(Source, Spatial)> {
        self.video.get(slot)?.encoding()
    }

    /// What is in the slots.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (Source, Slot)> {
        let filled = |slot: fn(usize) -> Slot| {
            move |(place, source): (usize, Option<Source>)| Some((source?, slot(place)))
        };
        let video = self.in_video().enumerate().filter_map(filled(Slot::Video));
        video.chain(self.in_audio().enumerate().filter_map(filled(Slot::Audio)))
    }

    /// The state of the slots.
    pub(crate) fn slots(&self, seat: PeerId) -> Output {
        Output::Slots { seat, video: self.in_video().collect(), audio: self.in_audio().collect() }
    }

    /// What does not fit into the bandwidth.
    pub(crate) fn paused(&self) -> Vec<Source> {
        self.paused.clone()
    }

    fn in_video(&self) -> impl Iterator<Item = Option<Source>> {
        self.video.iter().map(|slot| slot.wanted().map(|(source, _)| source))
    }

    fn in_audio(&self) -> impl Iterator<Item = Option<Source>> {
        self.audio.iter().map(AudioSlot::current)
    }
}
