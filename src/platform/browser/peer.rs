//! Peer connections.

use super::{
    DataChannels, Interval, Listener, Screen, Stream, Timer, Track, elapsed, externs,
    sender::{insist, replace_track, set_encoding},
    snapshot, spawn_local,
    statistics::{self, Known, Report},
};
use crate::{
    call::{
        ConnectionState, IceConnectionState, Intent, PeerCommand, PeerConfig, PeerInput, Reading,
        SignalingState, sdp, statistics::Snapshot,
    },
    platform::{Incoming, Kind, PerKind},
    protocol::{Grade, IceCandidate, Role, SdpType, SessionDescription},
};
use js_sys::{Array, JSON, Reflect};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    MediaStream, MediaStreamTrack, RtcConfiguration, RtcPeerConnection, RtcPeerConnectionIceEvent,
    RtcRtpReceiver, RtcRtpTransceiver, RtcRtpTransceiverDirection, RtcRtpTransceiverInit,
    RtcSdpType, RtcSessionDescriptionInit, RtcTrackEvent,
};

/// How long the page must have had nothing to connect before the next spare is made.
const QUIET: Duration = Duration::from_millis(500);

/// How often the statistics are read.
const READ_EVERY: Duration = Duration::from_millis(500);
/// And while what is expected comes, for to read them is most of what an idle call costs.
const READ_EVERY_WHILE_WELL: Duration = Duration::from_millis(900);

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

thread_local! {
    /// A connection made in advance: browsers take tens of milliseconds for it, which would
    /// otherwise pass between Join and the first picture.
    static SPARE: RefCell<Spare> = const { RefCell::new(Spare { pc: None, timer: None }) };
}

struct Spare {
    pc: Option<RtcPeerConnection>,
    timer: Option<Timer>,
}

/// Makes a connection in a quiet moment, for [`PeerConnection::open`] to use.
pub fn prepare_connection() {
    let make = || {
        let pc = RtcPeerConnection::new().ok();
        SPARE.with(|spare| spare.replace(Spare { pc, timer: None }));
    };
    SPARE.with_borrow_mut(|spare| {
        if spare.pc.is_none() {
            spare.timer = Some(Timer::new(QUIET, make));
        }
    });
}

fn new_connection(configuration: &RtcConfiguration) -> Option<RtcPeerConnection> {
    let spare = SPARE.with_borrow_mut(|spare| spare.pc.take());
    prepare_connection();
    if let Some(pc) = spare {
        if pc.set_configuration_with_configuration(configuration).is_ok() {
            return Some(pc);
        }
        pc.close();
    }
    RtcPeerConnection::new_with_configuration(configuration).ok()
}

pub(super) fn configuration(config: &PeerConfig) -> Option<RtcConfiguration> {
    let servers = serde_json::to_string(&config.ice_servers).ok()?;
    let policy = if config.hidden { "relay" } else { "all" };
    let text = format!(r#"{{"iceServers":{servers},"iceTransportPolicy":"{policy}"}}"#);
    Some(JSON::parse(&text).ok()?.unchecked_into())
}

/// A connection to one person. Dropping it closes it; nothing is reported after that.
pub struct PeerConnection {
    shared: Rc<Shared>,
    _listeners: Vec<Listener>,
    _readings: Interval,
}

struct Shared {
    pc: externs::Pc,
    handler: Box<dyn Fn(PeerInput)>,
    /// Names the local tracks as belonging together (RFC 8830).
    outgoing: MediaStream,
    /// Apart, because an element that waits for a first picture plays no sound meanwhile.
    incoming: Incoming<Stream>,
    tracks: RefCell<PerKind<Track>>,
    senders: RefCell<PerKind<externs::Sender>>,
    /// Names the tracks of the screen as belonging together.
    outgoing_screen: MediaStream,
    screen: RefCell<Option<Screen>>,
    /// Made when something is shared for the first time; they stay.
    screen_senders: RefCell<PerKind<externs::Sender>>,
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
    channels: RefCell<Option<DataChannels>>,
    /// The last report, what was read from it, and when it came.
    report: RefCell<Option<(Report, Reading, Duration)>>,
    /// Whether there was more in it than in the one before.
    well: Cell<bool>,
}

impl PeerConnection {
    /// Makes a connection that sends the given tracks. A caller proposes sound and picture in both
    /// directions even without tracks, so that devices can come and go without negotiating again.
    pub fn open(
        role: Role,
        config: &PeerConfig,
        tracks: PerKind<Track>,
        screen: Option<Screen>,
        handler: impl Fn(PeerInput) + 'static,
    ) -> Option<Self> {
        let pc = new_connection(&configuration(config)?)?;
        let shared = Rc::new(Shared {
            pc: pc.unchecked_into(),
            handler: Box::new(handler),
            outgoing: MediaStream::new().ok()?,
            incoming: Incoming {
                own: PerKind::new(Stream::empty()?, Stream::empty()?),
                screen: PerKind::new(Stream::empty()?, Stream::empty()?),
            },
            tracks: RefCell::new(tracks),
            senders: RefCell::default(),
            outgoing_screen: MediaStream::new().ok()?,
            screen: RefCell::new(screen),
            screen_senders: RefCell::default(),
            shares: Rc::default(),
            limit: Cell::new(Some(Grade::Good)),
            music: Cell::new(false),
            pictureless: Cell::new(false),
            screenless: Cell::new(false),
            channels: RefCell::default(),
            report: RefCell::default(),
            well: Cell::new(false),
        });
        let listeners = shared.listen();
        if role == Role::Caller {
            shared.open_channels();
            shared.add_missing(true);
            shared.share_screen();
        }
        let readings = Interval::new(READ_EVERY, {
            let shared = shared.clone();
            move || spawn_local(shared.clone().report_reading())
        });
        Some(Self { shared, _listeners: listeners, _readings: readings })
    }

    /// What the other person sends.
    #[must_use]
    pub fn streams(&self) -> Incoming<Stream> {
        self.shared.incoming.clone()
    }

    /// How loud they are at this moment, from 0 to 1 (W3C WebRTC, section 5.3).
    #[must_use]
    pub fn level(&self) -> f64 {
        let receivers = self.shared.pc.get_receivers();
        let level = || {
            let receivers = receivers.iter().map(JsCast::unchecked_into::<RtcRtpReceiver>);
            let receiver = receivers.into_iter().find(|one| one.track().kind() == "audio")?;
            let receiver: externs::Receiver = receiver.unchecked_into();
            let source = receiver.synchronization_sources().ok()?.get(0);
            Reflect::get(&source, &"audioLevel".into()).ok()?.as_f64()
        };
        level().unwrap_or_default()
    }

    /// What the browser said last of the connection.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        let report = self.shared.report.borrow();
        report.as_ref().map(|(report, reading, at)| snapshot::take(report, reading.path, *at))
    }

    /// Uses other servers from the next restart of ICE on.
    pub fn configure(&self, config: &PeerConfig) {
        if let Some(configuration) = configuration(config) {
            // Only a connection that is closed refuses it.
            let _ = self.shared.pc.set_configuration_with_configuration(&configuration);
        }
    }

    /// Says something on the data channel. What cannot be sent any more is lost with it.
    pub fn talk(&self, text: &str) {
        if let Some(channel) = &*self.shared.channels.borrow() {
            channel.send(text);
        }
    }

    /// Sends bytes on the data channel for them.
    pub fn pour(&self, messages: &[Vec<u8>]) {
        if let Some(channel) = &*self.shared.channels.borrow() {
            channel.pour(messages);
        }
    }

    /// Closes the data channels without a further event.
    pub fn close_channels(&self) {
        self.shared.channels.replace(None);
    }

    /// Sends another track of this kind, or none.
    pub fn set_track(&self, kind: Kind, track: Option<&Track>) {
        self.shared.tracks.borrow_mut().set(kind, track.cloned());
        if self.shared.senders.borrow().get(kind).is_some() {
            self.shared.send(kind);
        } else if self.shared.pc.remote_description().is_some() {
            self.shared.add_missing(false);
        }
    }

    /// Shares a screen, or none any more.
    pub fn set_screen(&self, screen: Option<&Screen>) {
        self.shared.screen.replace(screen.cloned());
        if self.shared.pc.remote_description().is_some() {
            self.shared.share_screen();
        }
    }

    /// Carries out a command of the negotiation and reports its end to the handler.
    pub fn run(&self, command: PeerCommand) {
        let shared = self.shared.clone();
        match command {
            PeerCommand::SetLocal(intent) => spawn_local(async move {
                let description = shared.set_local(intent).await;
                let has_channels = description
                    .as_ref()
                    .is_some_and(|description| sdp::has_channels(&description.sdp));
                let done = PeerInput::LocalDone(intent, description, shared.signaling());
                (shared.handler)(done);
                // Now that the answer, for which somebody waits, is on its way. A client that knows
                // nothing of channels is not asked for one: that would take another offer, which it
                // may not understand.
                if intent == Intent::Answer && has_channels && shared.channels.borrow().is_none() {
                    shared.open_channels();
                }
            }),
            PeerCommand::SetRemote(description) => spawn_local(async move {
                let worked = shared.set_remote(&description).await;
                (shared.handler)(PeerInput::RemoteDone(worked, shared.signaling()));
            }),
            PeerCommand::AddCandidate(candidate) => {
                let text = serde_json::to_string(&candidate).unwrap_or_default();
                let candidate = JSON::parse(&text).unwrap_or(JsValue::NULL);
                if let Ok(promise) = shared.pc.add_candidate(&candidate) {
                    spawn_local(async move {
                        let _ = JsFuture::from(promise).await;
                    });
                }
            }
            PeerCommand::RestartIce => {
                let _ = shared.pc.restart_ice();
            }
            PeerCommand::LimitPicture(limit) => shared.limit_picture(limit),
            // Goes through the server, not through the connection.
            PeerCommand::Send(_) => {}
        }
    }
}

impl Drop for PeerConnection {
    fn drop(&mut self) {
        self.close_channels();
        // Whoever still waits for an operation waits for ever (W3C WebRTC, section 4.4.1.5), and must
        // not keep a device open with it.
        self.shared.tracks.take();
        self.shared.screen.take();
        self.shared.pc.close();
    }
}

impl Shared {
    /// Opens the channels on which people talk past the server.
    fn open_channels(self: &Rc<Self>) {
        let shared = Rc::downgrade(self);
        let channel = DataChannels::open(&self.pc, move |input| {
            if let Some(shared) = shared.upgrade() {
                (shared.handler)(PeerInput::Channel(input));
            }
        });
        self.channels.replace(Some(channel));
    }

    fn listen(self: &Rc<Self>) -> Vec<Listener> {
        let on = |event, read: fn(&Self, &web_sys::Event) -> Option<PeerInput>| {
            let shared = Rc::downgrade(self);
            Listener::new(&self.pc, event, move |event| {
                let Some(shared) = shared.upgrade() else { return };
                if let Some(input) = read(&shared, &event) {
                    (shared.handler)(input);
                }
            })
        };
        vec![
            on("negotiationneeded", |_, _| Some(PeerInput::NegotiationNeeded)),
            on("icecandidate", |_, event| local_candidate(event)),
            on("connectionstatechange", |shared, _| {
                Some(PeerInput::Connection(connection_state(&shared.pc.connection_state())))
            }),
            on("iceconnectionstatechange", |shared, _| {
                Some(PeerInput::IceConnection(ice_state(&shared.pc.ice_connection_state())))
            }),
            on("track", |shared, event| {
                let event: &RtcTrackEvent = event.dyn_ref()?;
                let track = event.track();
                let incoming = match shared.is_of_screen(&event.transceiver()) {
                    true => &shared.incoming.screen,
                    false => &shared.incoming.own,
                };
                incoming.get(kind_of(&track))?.put(&track);
                None
            }),
        ]
    }

    fn signaling(&self) -> SignalingState {
        match self.pc.signaling_state().as_str() {
            "stable" => SignalingState::Stable,
            "have-local-offer" => SignalingState::HaveLocalOffer,
            "have-remote-offer" => SignalingState::HaveRemoteOffer,
            "closed" => SignalingState::Closed,
            _ => SignalingState::Provisional,
        }
    }

    async fn set_local(&self, intent: Intent) -> Option<SessionDescription> {
        let promise = match intent {
            Intent::Offer | Intent::Answer => self.pc.set_local(),
            Intent::Rollback => {
                let rollback = RtcSessionDescriptionInit::new(RtcSdpType::Rollback);
                match self.signaling() {
                    SignalingState::HaveRemoteOffer => {
                        Ok(self.pc.set_remote_description(&rollback))
                    }
                    _ => self.pc.set_local_to(&rollback),
                }
            }
        };
        JsFuture::from(promise.ok()?).await.ok()?;
        let description = self.pc.local_description()?;
        if intent == Intent::Answer {
            self.add_missing(false);
            self.share_screen();
            // What was offered to this side has encodings from now on.
            Kind::ALL.into_iter().for_each(|kind| self.tune(kind));
        }
        let kind = match description.type_() {
            RtcSdpType::Offer => SdpType::Offer,
            RtcSdpType::Pranswer => SdpType::Pranswer,
            RtcSdpType::Answer => SdpType::Answer,
            _ => SdpType::Rollback,
        };
        Some(SessionDescription { kind, sdp: description.sdp() })
    }

    async fn set_remote(&self, description: &SessionDescription) -> bool {
        let kind = match description.kind {
            SdpType::Offer => RtcSdpType::Offer,
            SdpType::Pranswer => RtcSdpType::Pranswer,
            SdpType::Answer => RtcSdpType::Answer,
            SdpType::Rollback => RtcSdpType::Rollback,
        };
        let init = RtcSessionDescriptionInit::new(kind);
        init.set_sdp(&sdp::accept(&description.sdp));
        let worked = JsFuture::from(self.pc.set_remote_description(&init)).await.is_ok();
        match description.kind {
            SdpType::Offer if worked => self.adopt_offered(),
            SdpType::Answer if worked => self.share_screen(),
            _ => {}
        }
        worked
    }

    /// Sends through the media sections that the other side has offered.
    fn adopt_offered(&self) {
        for transceiver in self.transceivers() {
            let kind = kind_of(&transceiver.receiver().track());
            if self.senders.borrow().get(kind).is_some() {
                continue;
            }
            transceiver.set_direction(RtcRtpTransceiverDirection::Sendrecv);
            let sender: externs::Sender = transceiver.sender().unchecked_into();
            // Missing in older browsers: their tracks then arrive without a stream's name.
            let _ = sender.set_streams(&self.outgoing);
            self.senders.borrow_mut().set(kind, Some(sender));
            self.send(kind);
        }
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
            init.set_streams(&Array::of1(&self.outgoing));
            let transceiver = match &track {
                Some(track) => {
                    self.pc.add_transceiver_with_media_stream_track_and_init(track.js(), &init)
                }
                None => self.pc.add_transceiver_with_str_and_init(kind.track_kind(), &init),
            };
            let sender = transceiver.sender().unchecked_into();
            self.senders.borrow_mut().set(kind, Some(sender));
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
    fn share_screen(&self) {
        self.shares.set(self.shares.get().wrapping_add(1));
        for kind in Kind::ALL {
            let track = self.screen_track(kind);
            let mut senders = self.screen_senders.borrow_mut();
            if let Some(sender) = senders.get(kind) {
                replace_track(sender, track.as_ref());
                if let (Kind::Camera, Some(track)) = (kind, &track) {
                    let (shares, share) = (self.shares.clone(), self.shares.get());
                    let is_wanted = move || shares.get() == share;
                    spawn_local(insist(sender.clone(), track.js().into(), is_wanted));
                }
            } else if track.is_some() {
                let init = RtcRtpTransceiverInit::new();
                init.set_direction(RtcRtpTransceiverDirection::Sendonly);
                init.set_streams(&Array::of1(&self.outgoing_screen));
                let transceiver =
                    self.pc.add_transceiver_with_str_and_init(kind.track_kind(), &init);
                senders.set(kind, Some(transceiver.sender().unchecked_into()));
            }
        }
        let grade = self.limit.get().unwrap_or_default();
        let without = self.screen_track(Kind::Camera).is_none();
        if grade != Grade::Good || without != self.screenless.get() {
            self.encode_screen(grade);
        }
    }

    /// What is sent of the screen.
    fn screen_track(&self, kind: Kind) -> Option<Track> {
        let screen = self.screen.borrow();
        let track = screen.as_ref().and_then(|screen| screen.track(kind));
        track.filter(|_| self.is_wanted(kind)).cloned()
    }

    /// Whether what a section brings is of a screen: the first of each kind is for camera and
    /// microphone.
    fn is_of_screen(&self, transceiver: &RtcRtpTransceiver) -> bool {
        let kind = kind_of(&transceiver.receiver().track());
        let same = |other: &RtcRtpTransceiver| kind_of(&other.receiver().track()) == kind;
        self.transceivers().into_iter().find(same).is_some_and(|first| first != *transceiver)
    }

    async fn report_reading(self: Rc<Self>) {
        let read_at = self.report.borrow().as_ref().map(|(_, _, at)| *at);
        let is_early = read_at.is_some_and(|at| elapsed() < at + READ_EVERY_WHILE_WELL);
        if is_early && self.well.get() {
            return;
        }
        let Ok(promise) = self.pc.stats() else { return };
        if let Ok(stats) = JsFuture::from(promise).await {
            let known = self.known_stats();
            let report = Report::new(stats.unchecked_into(), known);
            let reading = statistics::read(&report);
            let before = self.report.replace(Some((report, reading, elapsed())));
            self.well.set(before.is_some_and(|(_, before, _)| reading.heard > before.heard));
            (self.handler)(PeerInput::Reading(reading));
        }
    }

    /// What a report was made of, as long as there is no more to be expected in the next one: while all
    /// that can come has its statistics, and for a few seconds.
    fn known_stats(&self) -> Option<Known> {
        let report = self.report.borrow();
        let known = report.as_ref().map(|(report, ..)| report.known()).filter(|_| self.well.get());
        let receivers = self.pc.get_receivers().length() as usize;
        known.filter(|known| known.is_good(receivers, elapsed()))
    }

    /// Sends a picture that is small, slow and cheap enough to leave the sound its way, or none.
    fn limit_picture(&self, limit: Option<Grade>) {
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
        if let Some(sender) = self.screen_senders.borrow().get(Kind::Camera) {
            let limit = match grade {
                Grade::Good => [("maxFramerate", None), ("maxBitrate", None)],
                Grade::Weak => WEAK_SCREEN.map(|(name, value)| (name, Some(value))),
                Grade::Poor => POOR_SCREEN.map(|(name, value)| (name, Some(value))),
            };
            let screenless = self.screen_track(Kind::Camera).is_none();
            if set_encoding(sender, !screenless, &limit) {
                self.screenless.set(screenless);
            }
        }
    }

    /// Changes how a kind is sent (W3C WebRTC, section 5.2.5), if that is agreed on already.
    fn encode(&self, kind: Kind, active: bool, limit: &[(&str, Option<f64>)]) -> bool {
        let senders = self.senders.borrow();
        senders.get(kind).is_some_and(|sender| set_encoding(sender, active, limit))
    }

    fn transceivers(&self) -> Vec<RtcRtpTransceiver> {
        let list = self.pc.transceivers().unwrap_or_default();
        list.iter().map(JsCast::unchecked_into).collect()
    }
}

fn kind_of(track: &MediaStreamTrack) -> Kind {
    match track.kind() == "audio" {
        true => Kind::Microphone,
        false => Kind::Camera,
    }
}

/// An empty candidate ends one generation and null ends them all; only the latter is passed on.
fn local_candidate(event: &web_sys::Event) -> Option<PeerInput> {
    let event: &RtcPeerConnectionIceEvent = event.dyn_ref()?;
    let Some(candidate) = event.candidate() else { return Some(PeerInput::LocalCandidate(None)) };
    if candidate.candidate().is_empty() {
        return None;
    }
    let fragment = Reflect::get(&candidate, &"usernameFragment".into()).ok();
    Some(PeerInput::LocalCandidate(Some(IceCandidate {
        candidate: candidate.candidate(),
        sdp_mid: candidate.sdp_mid(),
        sdp_m_line_index: candidate.sdp_m_line_index(),
        username_fragment: fragment.and_then(|fragment| fragment.as_string()),
    })))
}

fn connection_state(state: &str) -> ConnectionState {
    match state {
        "connecting" => ConnectionState::Connecting,
        "connected" => ConnectionState::Connected,
        "disconnected" => ConnectionState::Disconnected,
        "failed" => ConnectionState::Failed,
        "closed" => ConnectionState::Closed,
        _ => ConnectionState::New,
    }
}

fn ice_state(state: &str) -> IceConnectionState {
    match state {
        "checking" => IceConnectionState::Checking,
        "connected" => IceConnectionState::Connected,
        "completed" => IceConnectionState::Completed,
        "disconnected" => IceConnectionState::Disconnected,
        "failed" => IceConnectionState::Failed,
        "closed" => IceConnectionState::Closed,
        _ => IceConnectionState::New,
    }
}
