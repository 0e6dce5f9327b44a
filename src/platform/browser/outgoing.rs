//! What one connection sends of microphone, camera and screen, and how much of each.

use super::{
    Screen, Track, externs,
    sections::{Sections, is_stopped, kind_of, sender_of, transceivers},
    sender::{insist, replace_track, set_encoding},
    spawn_local,
};
use crate::{
    platform::{Kind, PerKind},
    protocol::Grade,
};
use js_sys::{Array, Reflect};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{MediaStream, RtcRtpReceiver, RtcRtpTransceiverDirection, RtcRtpTransceiverInit};

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
    senders: RefCell<PerKind<externs::Sender>>,
    sections: RefCell<Sections>,
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
            senders: RefCell::default(),
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
        if self.senders.borrow().get(kind).is_some() {
            self.send(kind);
        } else if self.pc.remote_description().is_some() {
            self.add_missing(false);
        }
    }

    /// Shares a screen, or none any more.
    pub(super) fn set_screen(&self, screen: Option<&Screen>) {
        self.screen.replace(screen.cloned());
        if screen.is_some() {
            self.sections.borrow_mut().forget_stopped_screen();
        }
        if self.pc.remote_description().is_some() {
            self.share_screen();
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
        Kind::ALL.into_iter().for_each(|kind| self.tune(kind));
    }

    /// Sends through the media sections that the other side has offered. One that it has stopped is
    /// replaced when it offers another, and not by this side: it may not want any.
    pub(super) fn adopt_offered(&self) {
        for section in transceivers(&self.pc) {
            if is_stopped(&section) || self.is_of_screen(&section) {
                continue;
            }
            let (kind, sender) = (kind_of(&section.receiver().track()), sender_of(&section));
            if self.senders.borrow().get(kind) == Some(&sender) {
                continue;
            }
            // Through web-sys, what the browser refuses would end more than this.
            let _ = Reflect::set(&section, &"direction".into(), &"sendrecv".into());
            // Missing in older browsers: their tracks then arrive without a stream's name.
            let _ = sender.set_streams(&self.own);
            self.begin(kind, sender);
            self.send(kind);
        }
    }

    /// Sends a kind through a section whose encodings nobody has changed yet.
    fn begin(&self, kind: Kind, sender: externs::Sender) {
        self.senders.borrow_mut().set(kind, Some(sender));
        match kind {
            Kind::Microphone => self.music.set(false),
            Kind::Camera => self.pictureless.set(false),
        }
    }

    /// Whether what a section brings is of a screen.
    pub(super) fn is_of_screen(&self, section: &externs::Transceiver) -> bool {
        self.sections.borrow_mut().is_of_screen(section)
    }

    /// What brings the other person's sound, or picture.
    pub(super) fn receiver(&self, kind: Kind) -> Option<RtcRtpReceiver> {
        self.sections.borrow().own(kind).map(|section| section.receiver())
    }

    /// Adds a media section for each kind that has none, which makes the browser ask for a
    /// negotiation.
    fn add_missing(&self, even_without_track: bool) {
        for kind in Kind::ALL {
            let track = self.track(kind);
            if self.senders.borrow().get(kind).is_some() || (track.is_none() && !even_without_track)
            {
                continue;
            }
            let init = RtcRtpTransceiverInit::new();
            init.set_direction(RtcRtpTransceiverDirection::Sendrecv);
            init.set_streams(&Array::of1(&self.own));
            let transceiver = match &track {
                Some(track) => {
                    self.pc.add_transceiver_with_media_stream_track_and_init(track.js(), &init)
                }
                None => self.pc.add_transceiver_with_str_and_init(kind.track_kind(), &init),
            };
            let section: externs::Transceiver = transceiver.unchecked_into();
            self.begin(kind, sender_of(&section));
            self.sections.borrow_mut().add_own(kind, section);
            self.tune(kind);
        }
    }

    /// What is sent of a kind.
    fn track(&self, kind: Kind) -> Option<Track> {
        self.tracks.borrow().get(kind).filter(|_| self.is_wanted(kind)).cloned()
    }

    /// Sound always; pictures unless none are to be sent.
    fn is_wanted(&self, kind: Kind) -> bool {
        kind == Kind::Microphone || self.limit.get().is_some()
    }

    fn send(&self, kind: Kind) {
        if let Some(sender) = self.senders.borrow().get(kind) {
            replace_track(sender, self.track(kind).as_ref());
        }
        self.tune(kind);
    }

    /// Gives what is sent the rate that it should have: music takes more than a voice. What the
    /// browser would do by itself costs nothing.
    fn tune(&self, kind: Kind) {
        match kind {
            Kind::Microphone => {
                let music = self.track(kind).is_some_and(|track| track.is_music());
                let limit = [("maxBitrate", music.then_some(MUSIC_RATE))];
                if music != self.music.get() && self.encode(kind, true, &limit) {
                    self.music.set(music);
                }
            }
            Kind::Camera => {
                let grade = self.limit.get().unwrap_or_default();
                if grade != Grade::Good || self.track(kind).is_none() != self.pictureless.get() {
                    self.encode_picture(grade);
                }
            }
        }
    }

    /// Sends what is shared of the screen. Sections for it are added the first time, which makes the
    /// browser ask for a negotiation. They get their tracks after it: a picture that does not move
    /// is sent when the track is, and again only after a second.
    pub(super) fn share_screen(&self) {
        self.shares.set(self.shares.get().wrapping_add(1));
        for kind in Kind::ALL {
            let track = self.screen_track(kind);
            if let Some(sender) = self.screen_sender(kind) {
                replace_track(&sender, track.as_ref());
                if let (Kind::Camera, Some(track)) = (kind, &track) {
                    let (shares, share) = (self.shares.clone(), self.shares.get());
                    let is_wanted = move || shares.get() == share;
                    spawn_local(insist(sender, track.js().into(), is_wanted));
                }
            } else if track.is_some() {
                let init = RtcRtpTransceiverInit::new();
                init.set_direction(RtcRtpTransceiverDirection::Sendonly);
                init.set_streams(&Array::of1(&self.of_screen));
                let transceiver =
                    self.pc.add_transceiver_with_str_and_init(kind.track_kind(), &init);
                self.sections.borrow_mut().add_screen(kind, transceiver.unchecked_into());
                if kind == Kind::Camera {
                    self.screenless.set(false);
                }
            }
        }
        let grade = self.limit.get().unwrap_or_default();
        let without = self.screen_track(Kind::Camera).is_none();
        if grade != Grade::Good || without != self.screenless.get() {
            self.encode_screen(grade);
        }
    }

    fn screen_sender(&self, kind: Kind) -> Option<externs::Sender> {
        self.sections.borrow().screen(kind).map(sender_of)
    }

    /// What is sent of the screen.
    fn screen_track(&self, kind: Kind) -> Option<Track> {
        let screen = self.screen.borrow();
        let track = screen.as_ref().and_then(|screen| screen.track(kind));
        track.filter(|_| self.is_wanted(kind)).cloned()
    }

    /// Sends a picture that is small, slow and cheap enough to leave the sound its way, or none.
    pub(super) fn limit_picture(&self, limit: Option<Grade>) {
        let before = self.limit.replace(limit);
        if before.is_some() != limit.is_some() {
            self.send(Kind::Camera);
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
        let pictureless = self.track(Kind::Camera).is_none();
        if self.encode(Kind::Camera, !pictureless, &limit) {
            self.pictureless.set(pictureless);
        }
    }

    fn encode_screen(&self, grade: Grade) {
        if let Some(sender) = self.screen_sender(Kind::Camera) {
            let limit = match grade {
                Grade::Good => [("maxFramerate", None), ("maxBitrate", None)],
                Grade::Weak => WEAK_SCREEN.map(|(name, value)| (name, Some(value))),
                Grade::Poor => POOR_SCREEN.map(|(name, value)| (name, Some(value))),
            };
            let screenless = self.screen_track(Kind::Camera).is_none();
            if set_encoding(&sender, !screenless, &limit) {
                self.screenless.set(screenless);
            }
        }
    }

    /// Changes how a kind is sent (W3C WebRTC, section 5.2.5), if that is agreed on already.
    fn encode(&self, kind: Kind, active: bool, limit: &[(&str, Option<f64>)]) -> bool {
        let senders = self.senders.borrow();
        senders.get(kind).is_some_and(|sender| set_encoding(sender, active, limit))
    }
}
