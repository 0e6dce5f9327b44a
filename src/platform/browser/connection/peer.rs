//! Peer connections.

use super::{
    Listener, Screen, Stream, Timer, Track,
    channel::DataChannels,
    configuration::configuration,
    events::{connection_state, ice_state, local_candidate},
    externs,
    outgoing::{Outgoing, Receiver},
    prewarmed_connection::new_connection,
    sections::mid_of,
    slots::{self, Slots},
    spawn_local,
    statistics::Readings,
};
use crate::{
    call::{Intent, Path, PeerCommand, PeerConfig, PeerInput, SignalingState, sdp},
    diagnostics::StatsSnapshot,
    platform::{Kind, PerKind, PerSource},
    protocol::{PeerId, Role, SdpType, SessionDescription, TrackInfo, TrackOf, TrackSource, json},
};
use js_sys::JSON;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RtcSdpType, RtcSessionDescriptionInit, RtcTrackEvent};

/// A peer connection. Dropping it closes it; nothing is reported after that.
pub struct PeerConnection {
    shared: Rc<Shared>,
    _listeners: Vec<Listener>,
}

struct Shared {
    pc: externs::Pc,
    handler: Box<dyn Fn(PeerInput)>,
    outgoing: Outgoing,
    /// One stream per track, because an element that waits for its first video frame plays no audio.
    incoming: PerSource<Stream>,
    /// The other side's track map, as determined by the call.
    theirs: RefCell<Vec<TrackInfo>>,
    /// The receivers of its tracks.
    receivers: RefCell<PerSource<externs::Receiver>>,
    channels: RefCell<Option<DataChannels>>,
    /// The slots, if the other side is a forwarding server.
    slots: Option<Rc<Slots>>,
    readings: Readings,
    /// Reads the statistics again.
    again: RefCell<Option<Timer>>,
}

impl PeerConnection {
    /// Opens a connection that sends the given tracks. A caller offers audio and video even without tracks, so that
    /// devices can come and go without a negotiation. A server that forwards is always called: it gets slots, in which
    /// it sends the tracks of many participants.
    pub fn open(
        other: PeerId,
        role: Role,
        config: &PeerConfig,
        tracks: PerKind<Track>,
        screen: Option<Screen>,
        handler: impl Fn(PeerInput) + 'static,
    ) -> Option<Self> {
        let pc: externs::Pc = new_connection(&configuration(config)?)?.unchecked_into();
        let receiver =
            if other == PeerId::SERVER { Receiver::Server } else { Receiver::Participant };
        let outgoing = Outgoing::new(pc.clone(), receiver, tracks, screen)?;
        if role == Role::Caller {
            outgoing.propose();
        }
        let slots = (receiver == Receiver::Server).then(|| Slots::add(&pc));
        let this = Self::new(pc, outgoing, slots, handler)?;
        if role == Role::Caller {
            this.shared.open_channels();
            // The event comes in a task of its own, and not at all once an offer is being made (W3C
            // WebRTC, section 4.7.3).
            (this.shared.handler)(PeerInput::NegotiationNeeded);
        }
        Some(this)
    }

    fn new(
        pc: externs::Pc,
        outgoing: Outgoing,
        slots: Option<Rc<Slots>>,
        handler: impl Fn(PeerInput) + 'static,
    ) -> Option<Self> {
        let shared = Rc::new(Shared {
            outgoing,
            slots,
            incoming: PerSource::of(Stream::empty)?,
            theirs: RefCell::default(),
            receivers: RefCell::default(),
            channels: RefCell::default(),
            readings: Readings::new(pc.clone()),
            again: RefCell::default(),
            handler: Box::new(handler),
            pc,
        });
        let listeners = shared.listen();
        shared.read_again();
        Some(Self { shared, _listeners: listeners })
    }

    /// The received streams.
    #[must_use]
    pub fn streams(&self) -> PerSource<Stream> {
        self.shared.incoming.clone()
    }

    /// The streams of the participants whom the server forwards.
    #[must_use]
    pub fn forwarded_streams(&self) -> Vec<(PeerId, PerSource<Stream>)> {
        self.shared.slots.as_ref().map(|slots| slots.streams()).unwrap_or_default()
    }

    /// Forgets the streams of participants who are not in the call any more.
    pub fn forget_streams(&self, is_inside: &dyn Fn(PeerId) -> bool) {
        self.shared.slots.iter().for_each(|slots| slots.forget(is_inside));
    }

    /// Plays what the server says that its slots carry.
    pub fn assign_slots(&self, video: &[Option<TrackOf>], audio: &[Option<TrackOf>]) {
        self.shared.slots.iter().for_each(|slots| slots.assign(video, audio));
    }

    /// The current audio levels of the received microphones, from 0 to 1: of this participant, or of all whom the
    /// server forwards.
    #[must_use]
    pub fn levels(&self, id: PeerId) -> Vec<(PeerId, f64)> {
        if let Some(slots) = &self.shared.slots {
            return slots.levels();
        }
        let receivers = self.shared.receivers.borrow();
        let level = receivers.get(TrackSource::Microphone).map(slots::level);
        vec![(id, level.unwrap_or_default())]
    }

    /// Reads the statistics, unless that has just been done. They are also read without being asked
    /// for, at the pace that the connection needs.
    pub fn read(&self) {
        self.shared.read();
    }

    /// The last statistics of a participant whom it carries.
    #[must_use]
    pub fn stats(&self, id: PeerId) -> Option<StatsSnapshot> {
        let stats = self.shared.readings.stats()?;
        let Some(slots) = &self.shared.slots else { return Some(stats.of(|_| true)) };
        let mut snapshot = stats.of(|track| slots.is_of(track.mid.as_ref(), id));
        snapshot.candidate_pair.iter_mut().for_each(|pair| pair.path = Path::Server);
        Some(snapshot)
    }

    /// Uses other ICE servers from the next ICE restart on.
    pub fn configure(&self, config: &PeerConfig) {
        if let Some(configuration) = configuration(config) {
            // Fails only on a closed connection.
            let _ = self.shared.pc.set_configuration_with_configuration(&configuration);
        }
    }

    /// Sends a message on the data channel. It is lost if the channel is closed.
    pub fn send_text(&self, text: &str) {
        if let Some(channel) = &*self.shared.channels.borrow() {
            channel.send(text);
        }
    }

    /// Sends a message to the server, or through it to a participant or to everyone.
    pub fn send_envelope(&self, to: PeerId, text: &str) {
        if let Some(channel) = &*self.shared.channels.borrow() {
            channel.send_envelope(to, text);
        }
    }

    /// Sends file contents on their data channel.
    pub fn send_bytes(&self, messages: &[Vec<u8>]) {
        if let Some(channel) = &*self.shared.channels.borrow() {
            channel.send_bytes(messages);
        }
    }

    /// Closes the data channels without a further event.
    pub fn close_channels(&self) {
        self.shared.channels.replace(None);
    }

    /// Replaces the track of this kind.
    pub fn set_track(&self, kind: Kind, track: Option<&Track>) {
        self.shared.outgoing.set_track(kind, track);
    }

    /// Starts or stops sharing a screen.
    pub fn set_screen(&self, screen: Option<&Screen>) {
        self.shared.outgoing.set_screen(screen);
    }

    /// Executes a command of the negotiation, and reports its completion to the handler.
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
                // After the answer has been sent, so as not to delay it.
                if intent == Intent::Answer && shared.signaling() != SignalingState::Closed {
                    shared.outgoing.answered();
                    // Not for a client without channels: adding one would need another offer, which
                    // it may not support.
                    if has_channels && shared.channels.borrow().is_none() {
                        shared.open_channels();
                    }
                }
            }),
            PeerCommand::SetRemote(description) => spawn_local(async move {
                let worked = shared.set_remote(&description).await;
                (shared.handler)(PeerInput::RemoteDone(worked, shared.signaling()));
            }),
            PeerCommand::AddCandidate(candidate) => {
                let candidate = JSON::parse(&json::to_string(&candidate)).unwrap_or(JsValue::NULL);
                if let Ok(promise) = shared.pc.add_candidate(&candidate) {
                    spawn_local(async move {
                        let _ = JsFuture::from(promise).await;
                    });
                }
            }
            PeerCommand::RestartIce => {
                let _ = shared.pc.restart_ice();
            }
            PeerCommand::LimitPicture(limit) => shared.outgoing.limit_picture(limit),
            PeerCommand::Encodings(source, wanted) => shared.outgoing.send_only(source, &wanted),
            // Goes through the server, not through the connection.
            PeerCommand::Send(_) => {}
        }
    }
}

impl Drop for PeerConnection {
    fn drop(&mut self) {
        self.close_channels();
        // A pending operation never settles after this (W3C WebRTC, section 4.4.1.5), and must not
        // keep a device open.
        self.shared.outgoing.release();
        self.shared.again.take();
        self.shared.pc.close();
    }
}

impl Shared {
    /// Opens the data channels.
    fn open_channels(self: &Rc<Self>) {
        let shared = Rc::downgrade(self);
        let channel = DataChannels::open(&self.pc, self.outgoing.receiver, move |input| {
            if let Some(shared) = shared.upgrade() {
                (shared.handler)(input);
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
            self.read_on_trouble(),
            on("track", |shared, event| {
                let event: &RtcTrackEvent = event.dyn_ref()?;
                shared.receive(&event.transceiver().unchecked_into());
                None
            }),
        ]
    }

    /// Plays the track of a section, whose source is in the track map.
    fn receive(&self, section: &externs::Transceiver) -> Option<()> {
        let source = TrackInfo::find(&self.theirs.borrow(), &mid_of(section)?)?;
        let receiver = section.receiver();
        self.incoming.get(source)?.put(&receiver.track());
        self.receivers.borrow_mut().set(source, Some(receiver.unchecked_into()));
        Some(())
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
        let kind = match description.type_() {
            RtcSdpType::Offer => SdpType::Offer,
            RtcSdpType::Pranswer => SdpType::Pranswer,
            RtcSdpType::Answer => SdpType::Answer,
            _ => SdpType::Rollback,
        };
        let tracks = self.outgoing.tracks();
        Some(SessionDescription { kind, sdp: description.sdp(), tracks })
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
        // Before `track` events.
        self.theirs.replace(description.tracks.clone());
        let worked = JsFuture::from(self.pc.set_remote_description(&init)).await.is_ok();
        match description.kind {
            SdpType::Offer if worked => self.outgoing.adopt_offered(&description.tracks),
            SdpType::Answer if worked => self.outgoing.share_screen(),
            _ => {}
        }
        worked
    }

    /// Reads the statistics, unless they are being read or have just been read.
    fn read(self: &Rc<Self>) {
        let shared = self.clone();
        let Some(reading) = self.readings.take() else { return };
        spawn_local(async move {
            let reading = reading.await;
            // A pending operation that never settles also keeps this alive.
            if shared.signaling() == SignalingState::Closed {
                return;
            }
            if let Some(reading) = shared.readings.note(reading) {
                (shared.handler)(PeerInput::Reading(reading));
            }
            shared.read_again();
        });
    }

    /// Reads the statistics again when it is time.
    fn read_again(self: &Rc<Self>) {
        let shared = Rc::downgrade(self);
        let read = move || shared.upgrade().iter().for_each(Self::read);
        self.again.replace(Some(Timer::new(self.readings.period(), read)));
    }

    /// Reads the statistics at once when contact is lost: whether media still arrives decides what the
    /// person sees.
    fn read_on_trouble(self: &Rc<Self>) -> Listener {
        let shared = Rc::downgrade(self);
        Listener::new(&self.pc, "iceconnectionstatechange", move |_| {
            let is_lost = |shared: &&Rc<Self>| shared.pc.ice_connection_state() == "disconnected";
            shared.upgrade().iter().filter(is_lost).for_each(Self::read);
        })
    }
}
