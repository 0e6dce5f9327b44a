//! The slots of the connection to a forwarding server: sections that receive, in turn, tracks of many participants.

use super::{
    Stream, Timer, externs,
    sections::{mid_of, prefer_vp8},
};
use crate::{
    platform::PerSource,
    protocol::{Mid, PeerId, TrackOf, TrackSource},
};
use js_sys::Reflect;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::{Rc, Weak},
    time::Duration,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{RtcRtpTransceiverDirection, RtcRtpTransceiverInit};

/// Number of sections for audio: the voices that a server forwards, and the audio of a screen.
const AUDIO: usize = 4;
/// Number of sections for video.
const VIDEO: usize = 9;
/// How soon the owner of a slot is looked at again.
const LOOK: Duration = Duration::from_millis(50);

struct Slot {
    section: externs::Transceiver,
    /// Whose track the server says that it carries.
    announced: Option<TrackOf>,
    /// Whose track is played from it.
    played: Option<TrackOf>,
}

/// The slots of a connection, and the streams of the participants whose tracks they carry.
pub(super) struct Slots {
    video: RefCell<Vec<Slot>>,
    audio: RefCell<Vec<Slot>>,
    streams: RefCell<BTreeMap<PeerId, PerSource<Stream>>>,
    /// Runs while a slot is announced, and nothing of its owner has come.
    look: RefCell<Option<Timer>>,
    this: Weak<Self>,
}

impl Slots {
    /// Adds the sections to a connection.
    pub(super) fn add(pc: &externs::Pc) -> Rc<Self> {
        let add = |kind: &str| {
            let init = RtcRtpTransceiverInit::new();
            init.set_direction(RtcRtpTransceiverDirection::Recvonly);
            let section: externs::Transceiver =
                pc.add_transceiver_with_str_and_init(kind, &init).unchecked_into();
            Slot { section, announced: None, played: None }
        };
        let audio = (0..AUDIO).map(|_| add("audio")).collect();
        let video: Vec<Slot> = (0..VIDEO).map(|_| add("video")).collect();
        video.iter().for_each(|slot| prefer_vp8(&slot.section));
        Rc::new_cyclic(|this| Self {
            video: RefCell::new(video),
            audio: RefCell::new(audio),
            streams: RefCell::default(),
            look: RefCell::default(),
            this: this.clone(),
        })
    }

    /// Plays what the server says that the slots carry, as soon as it comes.
    pub(super) fn assign(&self, video: &[Option<TrackOf>], audio: &[Option<TrackOf>]) {
        for (slots, owners) in [(&self.video, video), (&self.audio, audio)] {
            let owners = owners.iter().copied().chain(std::iter::repeat(None));
            for (slot, owner) in slots.borrow_mut().iter_mut().zip(owners) {
                slot.announced = owner;
                owner.iter().for_each(|owner| self.add_streams(owner.of));
            }
        }
        self.play();
    }

    /// Forgets the streams of those who are not in the call any more.
    pub(super) fn forget(&self, is_inside: &dyn Fn(PeerId) -> bool) {
        self.streams.borrow_mut().retain(|id, _| is_inside(*id));
    }

    /// The streams of the participants who have been in a slot.
    pub(super) fn streams(&self) -> Vec<(PeerId, PerSource<Stream>)> {
        self.streams.borrow().iter().map(|(id, streams)| (*id, streams.clone())).collect()
    }

    /// The audio level of each participant whose microphone is in a slot, from 0 to 1.
    pub(super) fn levels(&self) -> Vec<(PeerId, f64)> {
        let audio = self.audio.borrow();
        let level = |slot: &Slot| {
            let owner = slot.played.filter(|owner| owner.source == TrackSource::Microphone)?;
            Some((owner.of, level(&slot.section.receiver().unchecked_into())))
        };
        audio.iter().filter_map(level).collect()
    }

    /// Whether a section carries a track of this participant.
    pub(super) fn is_of(&self, mid: Option<&Mid>, id: PeerId) -> bool {
        let (video, audio) = (self.video.borrow(), self.audio.borrow());
        let mut theirs = video
            .iter()
            .chain(audio.iter())
            .filter(|slot| slot.played.is_some_and(|owner| owner.of == id));
        mid.is_some() && theirs.any(|slot| mid_of(&slot.section).as_ref() == mid)
    }

    /// Plays each track that has come, and stops those whose slot has another owner.
    fn play(&self) {
        for slot in self.audio.borrow_mut().iter_mut() {
            self.take_over(slot);
        }
        let mut is_waiting = false;
        for slot in self.video.borrow_mut().iter_mut() {
            // The message may come before the last packets of the owner before.
            match slot.announced {
                Some(owner) if slot.played != Some(owner) && !has_come(slot, owner) => {
                    is_waiting = true;
                    self.stop(slot);
                }
                _ => self.take_over(slot),
            }
        }
        let this = self.this.clone();
        let look = move || this.upgrade().iter().for_each(|slots| slots.play());
        self.look.replace(is_waiting.then(|| Timer::new(LOOK, look)));
    }

    fn take_over(&self, slot: &mut Slot) {
        if slot.played == slot.announced {
            return;
        }
        self.stop(slot);
        slot.played = slot.announced;
        if let Some(TrackOf { of, source }) = slot.played {
            let streams = self.streams.borrow();
            let stream = streams.get(&of).and_then(|streams| streams.get(source));
            stream.iter().for_each(|stream| stream.put(&slot.section.receiver().track()));
        }
    }

    fn add_streams(&self, of: PeerId) {
        let mut streams = self.streams.borrow_mut();
        if !streams.contains_key(&of)
            && let Some(new) = PerSource::of(Stream::empty)
        {
            streams.insert(of, new);
        }
    }

    fn stop(&self, slot: &mut Slot) {
        let Some(TrackOf { of, source }) = slot.played.take() else { return };
        let streams = self.streams.borrow();
        let stream = streams.get(&of).and_then(|streams| streams.get(source));
        stream.iter().for_each(|stream| stream.remove(&slot.section.receiver().track()));
    }
}

/// Whether the last frame of a slot is of this owner, by its contributing sources (W3C WebRTC, section 5.3).
fn has_come(slot: &Slot, owner: TrackOf) -> bool {
    let receiver: externs::Receiver = slot.section.receiver().unchecked_into();
    let Ok(sources) = receiver.contributing_sources() else { return false };
    let number = |source: &JsValue, name: &str| Reflect::get(source, &name.into()).ok()?.as_f64();
    let [id, kind] = owner.contributing_sources();
    let mut latest = f64::NEG_INFINITY;
    let mut last = Vec::new();
    for source in sources.iter() {
        let Some((at, source)) = number(&source, "timestamp").zip(number(&source, "source")) else {
            continue;
        };
        if at > latest {
            latest = at;
            last.clear();
        }
        if at >= latest {
            last.push(source as u32);
        }
    }
    last.contains(&id) && last.contains(&kind)
}

/// The current audio level of a received track, from 0 to 1 (W3C WebRTC, section 5.3).
pub(super) fn level(receiver: &externs::Receiver) -> f64 {
    let level = || {
        let source = receiver.synchronization_sources().ok()?.get(0);
        Reflect::get(&source, &"audioLevel".into()).ok()?.as_f64()
    };
    level().unwrap_or_default()
}
