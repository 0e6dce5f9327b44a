//! One room: who publishes what, who wants what, and what follows for each packet.

use crate::{
    budget::Wish,
    packet::{Packet, Rewritten, Source, Spatial},
    published::Published,
    receiver::Receiver,
    speakers::Speakers,
};
use salon_core::protocol::{PeerId, Rank, TrackSource};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// The audio level of a microphone that does not say it (RFC 6464): that of quiet speech, in -dBov.
const UNKNOWN_LEVEL: u8 = 40;
/// How often budgets are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// What a receiver wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// Whose.
    pub source: Source,
    /// How important it is.
    pub rank: Rank,
    /// The height of its tile in device pixels.
    pub height: u16,
}

/// An outgoing stream of a receiver, numbered by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// Video.
    Video(usize),
    /// Audio.
    Audio(usize),
}

/// An input.
#[derive(Clone, Debug)]
pub enum Input {
    /// A receiver is there.
    Joined {
        /// Their seat.
        seat: PeerId,
        /// Number of slots for video.
        video: usize,
        /// Number of slots for audio.
        audio: usize,
        /// Random: where sequence numbers begin.
        first: u16,
    },
    /// Somebody has left, with everything that they publish.
    Left(PeerId),
    /// A track is published, a camera in this number of encodings, at most three, the others in one.
    Published(Source, u8),
    /// A track is not published any more, or it is muted.
    Unpublished(Source),
    /// A packet has come; with its audio level, if it is of a microphone (RFC 6464).
    Packet(Packet, Option<u8>),
    /// Everything that a receiver wants to see.
    Wants(PeerId, Vec<Want>),
    /// How many bits per second of video can be sent to a receiver.
    Bandwidth(PeerId, u64),
    /// A receiver has lost a picture, and asks for a keyframe.
    KeyframeNeeded(PeerId, usize),
    /// The time of [`Room::poll_timeout`] is reached.
    Tick,
}

/// An output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the packet of the last input to a receiver.
    Forward {
        /// The receiver.
        seat: PeerId,
        /// In this slot.
        slot: Slot,
        /// With these values.
        rewritten: Rewritten,
    },
    /// Ask a publisher for a keyframe of an encoding.
    AskForKeyframe(Source, Spatial),
    /// What is in the slots of a receiver: the whole state.
    Slots {
        /// The receiver.
        seat: PeerId,
        /// By the number of the slot.
        video: Vec<Option<Source>>,
        /// By the number of the slot.
        audio: Vec<Option<Source>>,
    },
    /// Which encodings of a source somebody wants: the whole state, by encoding. The publisher stops the others.
    Demand(Source, Vec<bool>),
    /// What a receiver wants, and does not get because of its bandwidth: the whole state.
    Paused(PeerId, Vec<Source>),
    /// The active speaker has changed.
    ActiveSpeaker(PeerId),
}

/// A room whose media is forwarded.
#[derive(Debug, Default)]
pub struct Room {
    now: Duration,
    published: BTreeMap<Source, Published>,
    receivers: BTreeMap<PeerId, Receiver>,
    /// The receivers that have a slot for each source.
    routes: BTreeMap<Source, Vec<(PeerId, Slot)>>,
    speakers: Speakers,
    active_speaker: Option<PeerId>,
    next_look: Option<Duration>,
    outputs: VecDeque<Output>,
}

impl Room {
    /// Handles an input at `now`, a time since some fixed start that never runs backwards.
    pub fn handle(&mut self, input: Input, now: Duration) {
        self.now = now;
        match input {
            Input::Packet(packet, level) => return self.packet(&packet, level),
            Input::Joined { seat, video, audio, first } => {
                self.receivers.insert(seat, Receiver::new(video, audio, first));
                self.next_look.get_or_insert(now + LOOK);
                self.assign_audio();
                self.route();
            }
            Input::Left(seat) => self.leave(seat),
            Input::Published(source, encodings) => self.publish(source, encodings),
            Input::Unpublished(source) => {
                self.withdraw(source);
                self.decide_about(&[source]);
            }
            Input::Wants(seat, wants) => self.want(seat, wants),
            Input::Bandwidth(seat, bits) => {
                if let Some(receiver) = self.receivers.get_mut(&seat) {
                    receiver.bandwidth = bits;
                }
            }
            Input::KeyframeNeeded(seat, slot) => {
                let receiver = self.receivers.get(&seat);
                if let Some((source, spatial)) =
                    receiver.and_then(|receiver| receiver.encoding(slot))
                {
                    self.want_keyframe(source, spatial);
                }
                return;
            }
            Input::Tick => {}
        }
        self.look();
    }

    /// What to do next because of the inputs so far.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to handle [`Input::Tick`] at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.next_look
    }

    fn leave(&mut self, seat: PeerId) {
        self.receivers.remove(&seat);
        let theirs: Vec<Source> =
            self.published.keys().filter(|source| source.seat == seat).copied().collect();
        theirs.iter().for_each(|source| self.withdraw(*source));
        self.decide_about(&theirs);
        if self.receivers.is_empty() {
            self.next_look = None;
        }
    }

    fn publish(&mut self, source: Source, encodings: u8) {
        let encodings = if source.track == TrackSource::Camera { encodings } else { 1 };
        self.published.entry(source).or_insert_with(|| Published::new(encodings));
        if source.track == TrackSource::Microphone {
            self.speakers.add(source.seat, self.now);
        }
        self.decide_about(&[source]);
    }

    fn withdraw(&mut self, source: Source) {
        self.published.remove(&source);
        if source.track == TrackSource::Microphone {
            self.speakers.remove(source.seat);
        }
    }

    fn want(&mut self, seat: PeerId, mut wants: Vec<Want>) {
        let Some(receiver) = self.receivers.get_mut(&seat) else { return };
        // Nobody sees themselves through the server.
        wants.retain(|want| want.source.seat != seat);
        wants.sort_by_key(|want| want.rank);
        let mut sources = BTreeSet::new();
        wants.retain(|want| sources.insert(want.source));
        receiver.wants = wants;
        self.decide(&[seat]);
    }

    fn packet(&mut self, packet: &Packet, level: Option<u8>) {
        let published = self.published.get_mut(&packet.source);
        if !published.is_some_and(|published| published.count(packet, self.now)) {
            return;
        }
        if packet.source.track == TrackSource::Microphone {
            let level = level.unwrap_or(UNKNOWN_LEVEL);
            self.hear(packet.source.seat, level);
        }
        let Some(routes) = self.routes.get(&packet.source) else { return };
        for &(seat, slot) in routes {
            let Some(receiver) = self.receivers.get_mut(&seat) else { continue };
            if let Some(rewritten) = receiver.packet(slot, packet, self.now) {
                self.outputs.push_back(Output::Forward { seat, slot, rewritten });
            }
        }
    }

    fn hear(&mut self, seat: PeerId, level: u8) {
        let was_forwarded = self.speakers.is_forwarded(seat);
        self.speakers.hear(seat, level, self.now);
        if self.speakers.is_forwarded(seat) != was_forwarded {
            self.assign_audio();
            self.route();
        }
        let speaker = self.speakers.active_speaker();
        if speaker != self.active_speaker {
            self.active_speaker = speaker;
            self.assign_audio();
            self.route();
            self.outputs.extend(speaker.map(Output::ActiveSpeaker));
        }
    }

    /// Looks at all budgets from time to time.
    fn look(&mut self) {
        if self.next_look.is_some_and(|look| look <= self.now) {
            self.next_look = Some(self.now + LOOK);
            let now = self.now;
            self.published.values_mut().for_each(|published| published.measure(now));
            let seats: Vec<PeerId> = self.receivers.keys().copied().collect();
            self.decide(&seats);
            // Those that did not come are asked for again.
            let sources: Vec<Source> = self.published.keys().copied().collect();
            sources.into_iter().for_each(|source| self.ask_for_keyframes(source));
        }
    }

    /// Follows a change of what is published.
    fn decide_about(&mut self, sources: &[Source]) {
        self.assign_audio();
        let wants =
            |receiver: &Receiver| receiver.wants.iter().any(|want| sources.contains(&want.source));
        let who = self.receivers.iter().filter(|(_, receiver)| wants(receiver));
        let seats: Vec<PeerId> = who.map(|(seat, _)| *seat).collect();
        self.decide(&seats);
    }

    /// Decides what these receivers get, and what follows from it.
    fn decide(&mut self, seats: &[PeerId]) {
        seats.iter().for_each(|seat| self.allocate(*seat));
        self.route();
        self.demand();
    }

    /// Tells publishers which encodings somebody gets.
    fn demand(&mut self) {
        let now = self.now;
        for (source, layer) in self.receivers.values().flat_map(Receiver::in_use) {
            if let Some(published) = self.published.get_mut(&source) {
                published.give(layer, now);
            }
        }
        let videos = self.published.iter_mut().filter(|(source, _)| !source.track.is_audio());
        for (source, published) in videos {
            if let Some(demand) = published.demand(now) {
                self.outputs.push_back(Output::Demand(*source, demand));
            }
        }
    }

    /// Decides which layers a receiver gets.
    fn allocate(&mut self, seat: PeerId) {
        let Some(receiver) = self.receivers.get_mut(&seat) else { return };
        let wishes: Vec<Wish> = receiver
            .wants
            .iter()
            .filter_map(|want| {
                let steps = self.published.get(&want.source)?.steps(want.height);
                Some(Wish { source: want.source, rank: want.rank, steps })
            })
            .take(receiver.video_slots())
            .collect();
        let change = receiver.decide(&wishes, self.now);
        if change.slots {
            self.outputs.push_back(receiver.slots(seat));
        }
        if change.paused {
            self.outputs.push_back(Output::Paused(seat, receiver.paused()));
        }
        let waits_for: Vec<_> = receiver.waits_for().collect();
        waits_for.into_iter().for_each(|(source, spatial)| self.want_keyframe(source, spatial));
    }

    fn want_keyframe(&mut self, source: Source, spatial: Spatial) {
        if let Some(published) = self.published.get_mut(&source) {
            published.want_keyframe(spatial);
        }
        self.ask_for_keyframes(source);
    }

    fn ask_for_keyframes(&mut self, source: Source) {
        let due =
            self.published.get_mut(&source).map(|published| published.keyframes_due(self.now));
        let asks = due
            .unwrap_or_default()
            .into_iter()
            .map(|spatial| Output::AskForKeyframe(source, spatial));
        self.outputs.extend(asks);
    }

    /// Gives each receiver the voices that are forwarded, and the audio of screens.
    fn assign_audio(&mut self) {
        let is_audible = |source: &&Source| match source.track {
            TrackSource::Microphone => self.speakers.is_forwarded(source.seat),
            TrackSource::ScreenAudio => true,
            TrackSource::Camera | TrackSource::Screen => false,
        };
        let mut audible: Vec<Source> = self.published.keys().filter(is_audible).copied().collect();
        // A receiver with fewer slots hears the active speaker.
        let is_screen = |source: &Source| source.track == TrackSource::ScreenAudio;
        audible.sort_by_key(|source| (is_screen(source), Some(source.seat) != self.active_speaker));
        for (seat, receiver) in &mut self.receivers {
            let others = audible.iter().filter(|source| source.seat != *seat).copied();
            if receiver.assign_audio(others) {
                self.outputs.push_back(receiver.slots(*seat));
            }
        }
    }

    /// Brings the routes up to date.
    fn route(&mut self) {
        self.routes.clear();
        for (seat, receiver) in &self.receivers {
            for (source, slot) in receiver.filled() {
                self.routes.entry(source).or_default().push((*seat, slot));
            }
        }
    }
}
