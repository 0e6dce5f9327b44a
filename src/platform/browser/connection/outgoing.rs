//! The outgoing tracks of a connection, and their encodings.

use super::{
    Screen, Track, externs,
    sections::{is_stopped, mid_of, prefer_vp8, sender_of, transceivers},
    sender::{replace_track, retry_first_frame, set_encodings},
    simulcast::{ENCODINGS, Encoding, encoding},
    spawn_local,
};
use crate::{
    platform::{Kind, PerKind, PerSource},
    protocol::{Grade, TrackInfo, TrackSource},
};
use js_sys::{Array, JSON, Reflect};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{MediaStream, RtcRtpTransceiverDirection, RtcRtpTransceiverInit};

/// Encoding parameters of the camera over a weak connection (W3C WebRTC, section 5.2.5): divisor of
/// width and height, frames per second, bits per second.
const WEAK_CAMERA: [(&str, f64); 3] =
    [("scaleResolutionDownBy", 2.0), ("maxFramerate", 20.0), ("maxBitrate", 400_000.0)];
/// The same for a screen, whose text has to stay sharp: fewer frames only.
const WEAK_SCREEN: [(&str, f64); 2] = [("maxFramerate", 5.0), ("maxBitrate", 600_000.0)];
const POOR_SCREEN: [(&str, f64); 2] = [("maxFramerate", 2.0), ("maxBitrate", 200_000.0)];
/// Bits per second: Opus is transparent at this rate.
const MUSIC_RATE: f64 = 128_000.0;
const POOR_CAMERA: [(&str, f64); 3] =
    [("scaleResolutionDownBy", 4.0), ("maxFramerate", 10.0), ("maxBitrate", 120_000.0)];

/// The other side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receiver {
    /// One participant, who sends over the same sections.
    Participant,
    /// A server that forwards.
    Server,
}

/// The outgoing tracks of a connection, with their media sections.
pub(super) struct Outgoing {
    pc: externs::Pc,
    pub(super) receiver: Receiver,
    /// Which encodings of the camera and of the screen the server wants; empty for all.
    wanted: RefCell<PerSource<Vec<bool>>>,
    /// The stream of microphone and camera (RFC 8830).
    own: MediaStream,
    tracks: RefCell<PerKind<Track>>,
    /// The section of each source. Those of the screen are created when it is shared for the first time,
    /// and then stay.
    sections: RefCell<PerSource<externs::Transceiver>>,
    /// The stream of the screen's tracks.
    of_screen: MediaStream,
    screen: RefCell<Option<Screen>>,
    /// Incremented on each change of the screen's tracks, to cancel retries of earlier ones.
    shares: Rc<Cell<u32>>,
    /// The maximum quality of sent video; `None` sends no video.
    limit: Cell<Option<Grade>>,
    /// Whether the microphone is encoded as music.
    music: Cell<bool>,
    /// Whether the camera's encoding is inactive.
    camera_inactive: Cell<bool>,
    /// Whether the screen's encoding is inactive.
    screen_inactive: Cell<bool>,
}

impl Outgoing {
    pub(super) fn new(
        pc: externs::Pc,
        receiver: Receiver,
        tracks: PerKind<Track>,
        screen: Option<Screen>,
    ) -> Option<Self> {
        Some(Self {
            pc,
            receiver,
            wanted: RefCell::default(),
            own: MediaStream::new().ok()?,
            tracks: RefCell::new(tracks),
            sections: RefCell::default(),
            of_screen: MediaStream::new().ok()?,
            screen: RefCell::new(screen),
            shares: Rc::default(),
            limit: Cell::new(Some(Grade::Good)),
            music: Cell::new(false),
            camera_inactive: Cell::new(false),
            screen_inactive: Cell::new(false),
        })
    }

    /// Replaces the track of this kind.
    pub(super) fn set_track(&self, kind: Kind, track: Option<&Track>) {
        self.tracks.borrow_mut().set(kind, track.cloned());
        if self.section(kind.source()).is_some() {
            self.send(kind.source());
        } else if self.pc.remote_description().is_some() {
            self.add_missing(false);
        }
    }

    /// Starts or stops sharing a screen.
    pub(super) fn set_screen(&self, screen: Option<&Screen>) {
        self.screen.replace(screen.cloned());
        if screen.is_some() {
            self.forget_stopped_screen();
        }
        if self.pc.remote_description().is_some() {
            self.share_screen();
        }
    }

    /// Forgets sections of the screen that the other side has stopped, so that new ones are added.
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

    /// Adds sections for audio and video in both directions, with or without tracks.
    pub(super) fn propose(&self) {
        self.add_missing(true);
        self.share_screen();
    }

    /// Called when an offer was answered: the adopted sections have encodings from now on.
    pub(super) fn answered(&self) {
        self.add_missing(false);
        self.share_screen();
        TrackSource::OF_PERSON.into_iter().for_each(|source| self.tune(source));
    }

    /// Sends microphone and camera through the sections that the other side offered for them. A section
    /// that it has stopped is not replaced by this side, because it may not want one.
    pub(super) fn adopt_offered(&self, theirs: &[TrackInfo]) {
        for section in transceivers(&self.pc) {
            let source = mid_of(&section).and_then(|mid| TrackInfo::find(theirs, &mid));
            let Some(source) = source.filter(|source| !source.is_of_screen()) else { continue };
            let has_section = self.section(source).is_some_and(|known| !is_stopped(&known));
            if has_section || is_stopped(&section) || self.is_in_use(&section) {
                continue;
            }
            let sender = sender_of(&section);
            // The setter of web-sys would throw where the browser refuses.
            let _ = Reflect::set(&section, &"direction".into(), &"sendrecv".into());
            // Missing in older browsers, whose tracks then arrive without a stream.
            let _ = sender.set_streams(&self.own);
            self.begin(source, section);
            self.send(source);
        }
    }

    /// The track map of the negotiated sections.
    pub(super) fn tracks(&self) -> Vec<TrackInfo> {
        let track = |source| {
            let section = self.section(source).filter(|section| !is_stopped(section))?;
            Some(TrackInfo { mid: mid_of(&section)?, source })
        };
        TrackSource::ALL.into_iter().filter_map(track).collect()
    }

    /// The section of a source.
    fn section(&self, source: TrackSource) -> Option<externs::Transceiver> {
        self.sections.borrow().get(source).cloned()
    }

    /// Whether a section already has a source.
    fn is_in_use(&self, section: &externs::Transceiver) -> bool {
        TrackSource::ALL.into_iter().any(|source| self.section(source).as_ref() == Some(section))
    }

    fn sender(&self, source: TrackSource) -> Option<externs::Sender> {
        self.section(source).as_ref().map(sender_of)
    }

    /// Assigns a new section to a source.
    fn begin(&self, source: TrackSource, section: externs::Transceiver) {
        if self.receiver == Receiver::Server && !source.is_audio() {
            prefer_vp8(&section);
        }
        self.sections.borrow_mut().set(source, Some(section));
        match source {
            TrackSource::Microphone => self.music.set(false),
            TrackSource::Camera => self.camera_inactive.set(false),
            TrackSource::Screen => self.screen_inactive.set(false),
            TrackSource::ScreenAudio => {}
        }
    }

    /// Adds a section for each of microphone and camera that has none. The browser then fires
    /// `negotiationneeded`.
    fn add_missing(&self, even_without_track: bool) {
        for source in TrackSource::OF_PERSON {
            let track = self.track(source);
            if self.section(source).is_some() || (track.is_none() && !even_without_track) {
                continue;
            }
            let init = RtcRtpTransceiverInit::new();
            init.set_direction(match self.receiver {
                Receiver::Participant => RtcRtpTransceiverDirection::Sendrecv,
                Receiver::Server => RtcRtpTransceiverDirection::Sendonly,
            });
            init.set_streams(&Array::of1(&self.own));
            let is_simulcast = self.receiver == Receiver::Server && source == TrackSource::Camera;
            if is_simulcast {
                let encodings = JSON::parse(ENCODINGS).unwrap_or_default();
                let _ = Reflect::set(&init, &"sendEncodings".into(), &encodings);
            }
            let transceiver = match &track {
                Some(track) => {
                    self.pc.add_transceiver_with_media_stream_track_and_init(track.js(), &init)
                }
                None => self.pc.add_transceiver_with_str_and_init(source.track_kind(), &init),
            };
            self.begin(source, transceiver.unchecked_into());
            if is_simulcast {
                self.encode_camera(self.limit.get().unwrap_or_default());
            }
            self.tune(source);
        }
    }

    /// Sends only these encodings of a source.
    pub(super) fn send_only(&self, source: TrackSource, wanted: &[bool]) {
        self.wanted.borrow_mut().set(source, Some(wanted.to_vec()));
        let grade = self.limit.get().unwrap_or_default();
        match source {
            TrackSource::Camera => self.encode_camera(grade),
            TrackSource::Screen => self.encode_screen(grade),
            TrackSource::Microphone | TrackSource::ScreenAudio => {}
        }
    }

    /// The track to send of a source, unless video is turned off.
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

    /// Sets the encoding of a source, where it differs from the browser's default.
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
                if grade != Grade::Good
                    || self.track(source).is_none() != self.camera_inactive.get()
                {
                    self.encode_camera(grade);
                }
            }
            TrackSource::Screen | TrackSource::ScreenAudio => {}
        }
    }

    /// Sends the tracks of the screen. Missing sections are added first, and get their tracks after the
    /// negotiation: a still picture has a frame when its track is added, and the next only after a
    /// second.
    pub(super) fn share_screen(&self) {
        self.shares.set(self.shares.get().wrapping_add(1));
        for source in TrackSource::OF_SCREEN {
            let track = self.track(source);
            if let Some(sender) = self.sender(source) {
                replace_track(&sender, track.as_ref());
                if let (TrackSource::Screen, Some(track)) = (source, &track) {
                    let (shares, share) = (self.shares.clone(), self.shares.get());
                    let is_wanted = move || shares.get() == share;
                    spawn_local(retry_first_frame(sender, track.js().into(), is_wanted));
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
        if grade != Grade::Good || without != self.screen_inactive.get() {
            self.encode_screen(grade);
        }
    }

    /// Limits video so that audio has enough bandwidth; `None` sends no video.
    pub(super) fn limit_picture(&self, limit: Option<Grade>) {
        let before = self.limit.replace(limit);
        if before.is_some() != limit.is_some() {
            self.send(TrackSource::Camera);
            if self.pc.remote_description().is_some() {
                self.share_screen();
            }
        } else if let Some(grade) = limit {
            self.encode_camera(grade);
            self.encode_screen(grade);
        }
    }

    fn encode_camera(&self, grade: Grade) {
        let limit = match grade {
            Grade::Good => {
                [("scaleResolutionDownBy", Some(1.0)), ("maxFramerate", None), ("maxBitrate", None)]
            }
            Grade::Weak => WEAK_CAMERA.map(|(name, value)| (name, Some(value))),
            Grade::Poor => POOR_CAMERA.map(|(name, value)| (name, Some(value))),
        };
        let track = self.track(TrackSource::Camera);
        let camera_inactive = track.is_none();
        let is_done = match self.receiver {
            Receiver::Participant => self.encode(TrackSource::Camera, !camera_inactive, &limit),
            Receiver::Server => self.encode_simulcast(track.as_ref()),
        };
        if is_done {
            self.camera_inactive.set(camera_inactive);
        }
    }

    /// Sets the encodings of the camera for a server, which chooses one for each receiver. The browser divides the
    /// bandwidth among them.
    fn encode_simulcast(&self, track: Option<&Track>) -> bool {
        let Some(sender) = self.sender(TrackSource::Camera) else { return false };
        let wanted = self.wanted.borrow();
        let wanted = wanted.get(TrackSource::Camera).map(Vec::as_slice).unwrap_or_default();
        let height = track.and_then(Track::height);
        set_encodings(&sender, |number| {
            let Encoding { limit, is_used } = encoding(number, height);
            (track.is_some() && is_used && wanted.get(number).copied().unwrap_or(true), limit)
        })
    }

    fn encode_screen(&self, grade: Grade) {
        let limit = match grade {
            Grade::Good => [("maxFramerate", None), ("maxBitrate", None)],
            Grade::Weak => WEAK_SCREEN.map(|(name, value)| (name, Some(value))),
            Grade::Poor => POOR_SCREEN.map(|(name, value)| (name, Some(value))),
        };
        let screen_inactive = self.track(TrackSource::Screen).is_none();
        if self.encode(TrackSource::Screen, !screen_inactive, &limit) {
            self.screen_inactive.set(screen_inactive);
        }
    }

    /// Sets the encoding of a source (W3C WebRTC, section 5.2.5); returns whether it is negotiated already.
    fn encode(&self, source: TrackSource, active: bool, limit: &[(&str, Option<f64>)]) -> bool {
        let is_wanted =
            self.wanted.borrow().get(source).is_none_or(|wanted| wanted.contains(&true));
        let sender = self.sender(source);
        sender.is_some_and(|sender| set_encodings(&sender, |_| (active && is_wanted, limit)))
    }
}
