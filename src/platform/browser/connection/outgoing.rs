//! What one connection sends of microphone, camera and screen, and how much of each.

use super::{
    Screen, Track, externs,
    sections::{is_stopped, mid_of, sender_of, transceivers},
    sender::{insist, replace_track, set_encoding},
    spawn_local,
};
use crate::{
    platform::{Kind, PerKind, PerSource},
    protocol::{Grade, TrackInfo, TrackSource},
};
use js_sys::{Array, Reflect};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{MediaStream, RtcRtpTransceiverDirection, RtcRtpTransceiverInit};

/// What is sent of the picture over a weak connection, and over a poor one (W3C WebRTC, section
/// 5.2.5): a divisor of its sides, frames and bits per second.
const WEAK_PICTURE: [(&str, f64); 3] =
    [("scaleResolutionDownBy", 2.0), ("maxFramerate", 20.0), ("maxBitrate", 400_000.0)];
/// The same of a screen, whose letters have to stay sharp: fewer frames only.
const WEAK_SCREEN: [(&str, f64); 2] = [("maxFramerate", 5.0), ("maxBitrate", 600_000.0)];
const POOR_SCREEN: [(&str, f64); 2] = [("maxFramerate", 2.0), ("maxBitrate", 200_000.0)];
/// Bits per second: enough for Opus not to be heard.
const MUSIC_RATE: f64 = 128_000.0;
const POOR_PICTURE: [(&str, f64); 3] =
    [("scaleResolutionDownBy", 4.0), ("maxFramerate", 10.0), ("maxBitrate", 120_000.0)];

/// The sections of a connection through which this person is heard and seen, and their screen is.
pub(super) struct Outgoing {
    pc: externs::Pc,
    /// Names the local tracks as belonging together (RFC 8830).
    own: MediaStream,
    tracks: RefCell<PerKind<Track>>,
    /// Through which section each source is sent. Those of a screen are made when something is shared
    /// for the first time; they stay.
    sections: RefCell<PerSource<externs::Transceiver>>,
    /// Names the tracks of the screen as belonging together.
    of_screen: MediaStream,
    screen: RefCell<Option<Screen>>,
    /// How often what is sent of the screen was decided.
    shares: Rc<Cell<u32>>,
    /// How good a picture is sent at most, if any is.
    limit: Cell<Option<Grade>>,
    /// Whether the sound that is sent is music.
    music: Cell<bool>,
    /// Whether no picture is sent, as far as the browser was told.
    pictureless: Cell<bool>,
    /// Whether no screen is.
    screenless: Cell<bool>,
}

impl Outgoing {
    pub(super) fn new(
        pc: externs::Pc,
        tracks: PerKind<Track>,
        screen: Option<Screen>,
    ) -> Option<Self> {
        Some(Self {
            pc,
            own: MediaStream::new().ok()?,
            tracks: RefCell::new(tracks),
            sections: RefCell::default(),
            of_screen: MediaStream::new().ok()?,
            screen: RefCell::new(screen),
            shares: Rc::default(),
            limit: Cell::new(Some(Grade::Good)),
            music: Cell::new(false),
            pictureless: Cell::new(false),
            screenless: Cell::new(false),
        })
    }

    /// Sends another track of this kind, or none.
    pub(super) fn set_track(&self, kind: Kind, track: Option<&Track>) {
        self.tracks.borrow_mut().set(kind, track.cloned());
        if self.section(kind.source()).is_some() {
            self.send(kind.source());
        } else if self.pc.remote_description().is_some() {
            self.add_missing(false);
        }
    }

    /// Shares a screen, or none any more.
    pub(super) fn set_screen(&self, screen: Option<&Screen>) {
        self.screen.replace(screen.cloned());
        if screen.is_some() {
            self.forget_stopped_screen();
        }
        if self.pc.remote_description().is_some() {
            self.share_screen();
        }
    }

    /// The next screen gets a new section where the other side has stopped the old one.
    fn forget_stopped_screen(&self) {
        for source in TrackSource::OF_SCREEN {
            if self.section(source).as_ref().is_some_and(is_stopped) {
                self.sections.borrow_mut().set(source, None);
            }
        }
    }

    /// Releases the devices, which a pending operation would otherwise keep open.
    pub(super) fn release(&self) {
        self.tracks.take();
        self.screen.take();
    }

    /// Proposes sound and picture in both directions, with or without tracks.
    pub(super) fn propose(&self) {
        self.add_missing(true);
        self.share_screen();
    }

    /// What was offered to this side has encodings from now on.
    pub(super) fn answered(&self) {
        self.add_missing(false);
        self.share_screen();
        TrackSource::OF_PERSON.into_iter().for_each(|source| self.tune(source));
    }

    /// Sends microphone and camera through the sections by which the other side does. One that it has
    /// stopped is replaced when it offers another, and not by this side: it may not want any.
    pub(super) fn adopt_offered(&self, theirs: &[TrackInfo]) {
        for section in transceivers(&self.pc) {
            let source = mid_of(&section).and_then(|mid| TrackInfo::find(theirs, &mid));
            let Some(source) = source.filter(|source| !source.is_of_screen()) else { continue };
            let is_served = self.section(source).is_some_and(|known| !is_stopped(&known));
            if is_served || is_stopped(&section) || self.is_in_use(&section) {
                continue;
            }
            let sender = sender_of(&section);
            // Through web-sys, what the browser refuses would end more than this.
            let _ = Reflect::set(&section, &"direction".into(), &"sendrecv".into());
            // Missing in older browsers: their tracks then arrive without a stream's name.
            let _ = sender.set_streams(&self.own);
            self.begin(source, section);
            self.send(source);
        }
    }

    /// What goes through which section, as far as they are agreed on.
    pub(super) fn tracks(&self) -> Vec<TrackInfo> {
        let track = |source| {
            let section = self.section(source).filter(|section| !is_stopped(section))?;
            Some(TrackInfo { mid: mid_of(&section)?, source })
        };
        TrackSource::ALL.into_iter().filter_map(track).collect()
    }

    /// The section through which a source is sent.
    fn section(&self, source: TrackSource) -> Option<externs::Transceiver> {
        self.sections.borrow().get(source).cloned()
    }

    /// Whether something is sent through a section already.
    fn is_in_use(&self, section: &externs::Transceiver) -> bool {
        TrackSource::ALL.into_iter().any(|source| self.section(source).as_ref() == Some(section))
    }

    fn sender(&self, source: TrackSource) -> Option<externs::Sender> {
        self.section(source).as_ref().map(sender_of)
    }

    /// Sends a source through a section whose encodings are unchanged.
    fn begin(&self, source: TrackSource, section: externs::Transceiver) {
        self.sections.borrow_mut().set(source, Some(section));
        match source {
            TrackSource::Microphone => self.music.set(false),
            TrackSource::Camera => self.pictureless.set(false),
            TrackSource::Screen => self.screenless.set(false),
            TrackSource::ScreenAudio => {}
        }
    }

    /// Adds a media section for each kind that has none, which makes the browser ask for a
    /// negotiation.
    fn add_missing(&self, even_without_track: bool) {
        for source in TrackSource::OF_PERSON {
            let track = self.track(source);
            if self.section(source).is_some() || (track.is_none() && !even_without_track) {
                continue;
            }
            let init = RtcRtpTransceiverInit::new();
            init.set_direction(RtcRtpTransceiverDirection::Sendrecv);
            init.set_streams(&Array::of1(&self.own));
            let transceiver = match &track {
                Some(track) => {
                    self.pc.add_transceiver_with_media_stream_track_and_init(track.js(), &init)
                }
                None => self.pc.add_transceiver_with_str_and_init(source.track_kind(), &init),
            };
            self.begin(source, transceiver.unchecked_into());
            self.tune(source);
        }
    }

    /// What is sent of a source: sound always, pictures unless none are to be sent.
    fn track(&self, source: TrackSource) -> Option<Track> {
        if !source.is_audio() && self.limit.get().is_none() {
            return None;
        }
        let screen = self.screen.borrow();
        match Kind::of(source) {
            Some(kind) => self.tracks.borrow().get(kind).cloned(),
            None => screen.as_ref().and_then(|screen| screen.track(source)).cloned(),
        }
    }

    fn send(&self, source: TrackSource) {
        if let Some(sender) = self.sender(source) {
            replace_track(&sender, self.track(source).as_ref());
        }
        self.tune(source);
    }

    /// Gives what is sent the rate that it should have: music takes more than a voice. What the
    /// browser would do by itself costs nothing.
    fn tune(&self, source: TrackSource) {
        match source {
            TrackSource::Microphone => {
                let music = self.track(source).is_some_and(|track| track.is_music());
                let limit = [("maxBitrate", music.then_some(MUSIC_RATE))];
                if music != self.music.get() && self.encode(source, true, &limit) {
                    self.music.set(music);
                }
            }
            TrackSource::Camera => {
                let grade = self.limit.get().unwrap_or_default();
                if grade != Grade::Good || self.track(source).is_none() != self.pictureless.get() {
                    self.encode_picture(grade);
                }
            }
            TrackSource::Screen | TrackSource::ScreenAudio => {}
        }
    }

    /// Sends what is shared of the screen. Sections for it are added the first time, which makes the
    /// browser ask for a negotiation. They get their tracks after it: a picture that does not move
    /// is sent when the track is, and again only after a second.
    pub(super) fn share_screen(&self) {
        self.shares.set(self.shares.get().wrapping_add(1));
        for source in TrackSource::OF_SCREEN {
            let track = self.track(source);
            if let Some(sender) = self.sender(source) {
                replace_track(&sender, track.as_ref());
                if let (TrackSource::Screen, Some(track)) = (source, &track) {
                    let (shares, share) = (self.shares.clone(), self.shares.get());
                    let is_wanted = move || shares.get() == share;
                    spawn_local(insist(sender, track.js().into(), is_wanted));
                }
            } else if track.is_some() {
                let init = RtcRtpTransceiverInit::new();
                init.set_direction(RtcRtpTransceiverDirection::Sendonly);
                init.set_streams(&Array::of1(&self.of_screen));
                let transceiver =
                    self.pc.add_transceiver_with_str_and_init(source.track_kind(), &init);
                self.begin(source, transceiver.unchecked_into());
            }
        }
        let grade = self.limit.get().unwrap_or_default();
        let without = self.track(TrackSource::Screen).is_none();
        if grade != Grade::Good || without != self.screenless.get() {
            self.encode_screen(grade);
        }
    }

    /// Sends a picture that is small, slow and cheap enough to leave the sound its way, or none.
    pub(super) fn limit_picture(&self, limit: Option<Grade>) {
        let before = self.limit.replace(limit);
        if before.is_some() != limit.is_some() {
            self.send(TrackSource::Camera);
            if self.pc.remote_description().is_some() {
                self.share_screen();
            }
        } else if let Some(grade) = limit {
            self.encode_picture(grade);
            self.encode_screen(grade);
        }
    }

    fn encode_picture(&self, grade: Grade) {
        let limit = match grade {
            Grade::Good => {
                [("scaleResolutionDownBy", Some(1.0)), ("maxFramerate", None), ("maxBitrate", None)]
            }
            Grade::Weak => WEAK_PICTURE.map(|(name, value)| (name, Some(value))),
            Grade::Poor => POOR_PICTURE.map(|(name, value)| (name, Some(value))),
        };
        let pictureless = self.track(TrackSource::Camera).is_none();
        if self.encode(TrackSource::Camera, !pictureless, &limit) {
            self.pictureless.set(pictureless);
        }
    }

    fn encode_screen(&self, grade: Grade) {
        let limit = match grade {
            Grade::Good => [("maxFramerate", None), ("maxBitrate", None)],
            Grade::Weak => WEAK_SCREEN.map(|(name, value)| (name, Some(value))),
            Grade::Poor => POOR_SCREEN.map(|(name, value)| (name, Some(value))),
        };
        let screenless = self.track(TrackSource::Screen).is_none();
        if self.encode(TrackSource::Screen, !screenless, &limit) {
            self.screenless.set(screenless);
        }
    }

    /// Changes how a source is sent (W3C WebRTC, section 5.2.5), if that is agreed on already.
    fn encode(&self, source: TrackSource, active: bool, limit: &[(&str, Option<f64>)]) -> bool {
        self.sender(source).is_some_and(|sender| set_encoding(&sender, active, limit))
    }
}
