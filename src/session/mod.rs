//! Runs a [`Call`](crate::call::Call): executes its commands on the platform, feeds it the platform's
//! events, and publishes its view as UI signals.

mod call_hints;
mod chat;
mod clock;
mod connectivity;
mod engine;
mod entering;
mod host_link;
mod inbox;
mod media;
mod naming;
mod notices;
mod own;
mod playback;
mod preferences;
mod publishing;
mod recording;
mod start;

use crate::{
    admission::{AdmissionView, Phase},
    call::{Input, PeerKey, Tile, View},
    diagnostics::StatsHistory,
    i18n::call_texts,
    lobby::{Lobby, Request},
    notices::Notices,
    platform::{self, Kind, PerSource, Stream},
    protocol::{HostAction, IceServer, PeerId, Presence, Quality, Reaction, WantedVideo},
};
pub use call_hints::CallHint;
pub use chat::ChatUi;
pub use clock::{Clock, SECONDS_SHOWN};
pub use connectivity::{Barrier, Barriers, Connectivity, Probing};
use engine::CallHandle;
use leptos::prelude::*;
pub use media::{Media, Sharing, Source};
pub use naming::initials;
pub use notices::Notice;
pub use own::OwnState;
pub use playback::Playback;
pub use preferences::{Preferences, SHORTCUT_KEYS, Shortcut, Volume, find_shortcut};
pub use recording::{
    Labels, Recording, Stage, delete_recording, may_have_recordings, save_recording,
    stored_recordings,
};
use std::time::Duration;

/// The person's part in one room, as long as its page is open. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Session {
    /// The half of the page that was there before.
    pub lobby: Lobby,
    /// What the call says; changes only when something that is shown changed.
    pub view: RwSignal<View>,
    /// The time.
    pub clock: Clock,
    /// What each other person sends.
    pub streams: RwSignal<Vec<(PeerKey, PerSource<Stream>)>>,
    /// What the connection to each other person has carried lately.
    pub histories: RwSignal<Vec<(PeerId, StatsHistory)>>,
    /// The ways to the server and to others.
    pub connectivity: Connectivity,
    /// This person's devices.
    pub media: Media,
    /// What this person shares of their screen.
    pub sharing: Sharing,
    /// What this person records.
    pub recording: Recording,
    /// What this person does.
    pub own: OwnState,
    /// What this person has chosen.
    pub preferences: Preferences,
    /// Messages and files.
    pub chat: ChatUi,
    /// The sound of the others.
    pub playback: Playback,
    /// Short messages to the person.
    pub notices: Notices,
    call: CallHandle,
}

impl Session {
    /// Makes a session for the page of a room, provides it to what `owner` owns, and starts it: then it
    /// does what the lobby is asked for. Runs in the browser only.
    pub fn open(lobby: Lobby, owner: &Owner) {
        owner.with(|| {
            let session = Self::new(lobby);
            provide_context(session);
            session.start();
            // What the lobby promised meanwhile is only true if it is asked for.
            lobby.view.set(session.view.with_untracked(|view| view.admission.clone()));
            lobby.connect(move |request| session.handle(request));
        });
    }

    fn new(lobby: Lobby) -> Self {
        let notices = lobby.notices;
        let state = lobby.view.with_untracked(|view| view.state.clone());
        let admission = AdmissionView { state, ..AdmissionView::default() };
        let view = RwSignal::new(View { admission, ..View::default() });
        let (call, own) = (CallHandle::default(), OwnState::default());
        Self {
            lobby,
            view,
            clock: Clock::new(lobby, call.inputs),
            streams: RwSignal::default(),
            histories: RwSignal::default(),
            connectivity: Connectivity::new(lobby.connects),
            media: Media::new(notices),
            sharing: Sharing::new(notices),
            recording: Recording::new(),
            own,
            preferences: Preferences::new(lobby.hides_address, call.inputs),
            chat: ChatUi::new(view, own.hidden, call, notices),
            playback: Playback::default(),
            notices,
            call,
        }
    }

    /// The phase of the call.
    #[must_use]
    pub fn phase(self) -> Phase {
        self.view.with(|view| view.admission.phase)
    }

    /// One other person, while they are in the call.
    #[must_use]
    pub fn tile(self, id: PeerId) -> Option<Tile> {
        self.view.with(|view| view.tiles.iter().find(|tile| tile.key.id == id).cloned())
    }

    /// The most important hint for the person, if there is one.
    #[must_use]
    pub fn call_hint(self) -> Option<CallHint> {
        let devices = self.media.state();
        self.view.with(|view| CallHint::of(view, devices))
    }

    /// Does what the person asks for in the lobby.
    fn handle(self, request: Request) {
        match request {
            Request::Join => self.join(),
            Request::StopWaiting => self.leave(),
            Request::OpenDevices => self.media.open(),
            Request::HideAddress(hide) => self.preferences.hide_address(hide),
        }
    }

    /// How long the person has been in the call.
    #[must_use]
    pub fn time_inside(self) -> Duration {
        match self.phase() {
            Phase::InCall { since } => self.clock.since(since),
            Phase::Left { after } => after,
            _ => Duration::ZERO,
        }
    }

    /// Tells what is shown, so that a server which forwards the call sends that.
    pub fn show(self, videos: Vec<WantedVideo>) {
        self.call.send(Input::Show(videos));
    }

    /// How loud everybody else is at this moment, from 0 to 1.
    #[must_use]
    pub fn levels(self) -> Vec<(PeerId, f64)> {
        self.call.ask(|engine| engine.levels()).unwrap_or_default()
    }

    /// How long the server took for its last answer, while it can be reached.
    #[must_use]
    pub fn server_round_trip(self) -> Option<Duration> {
        self.call.ask(|engine| engine.server_round_trip()).flatten()
    }

    /// The servers that connections are made with, and this person's credentials for them.
    #[must_use]
    pub fn ice_servers(self) -> Vec<IceServer> {
        self.call.ask(|engine| engine.ice_servers()).unwrap_or_default()
    }

    /// What the others are told of this person.
    fn presence(self) -> Presence {
        Presence {
            name: self.lobby.own_name(),
            mic: self.media.is_sending(Kind::Microphone),
            camera: self.media.is_sending(Kind::Camera),
            background: self.own.hidden.get() && platform::is_handheld(),
            screen: self.sharing.is_on(),
            hand: self.own.hand.get().then_some(0),
            quality: self.preferences.quality.get(),
            recording: self.recording.is_announced(),
        }
    }

    /// Does something as a host.
    pub fn act(self, action: HostAction) {
        self.call.send(Input::Host(action));
    }

    /// Reconnects to the server now.
    pub fn reconnect_now(self) {
        self.call.send(Input::ReconnectNow);
    }

    /// The first frame of another participant's video is on the screen.
    pub fn first_frame_shown(self) {
        self.call.send(Input::FirstFrame);
    }

    /// Sends a reaction to everyone in the room.
    pub fn send_reaction(self, reaction: Reaction) {
        self.call.send(Input::SendReaction(reaction));
    }

    /// Sets how much is spent on pictures, now and on later visits.
    pub fn set_quality(self, quality: Quality) {
        self.preferences.set_quality(quality);
        if quality == Quality::AudioOnly {
            self.media.leave_camera_off();
            self.sharing.stop();
        }
    }

    /// Puts a report on the clipboard.
    pub fn copy_report(self, report: String) {
        let t = call_texts();
        self.notices.copy(report, t.report_copied, t.report_not_copied);
    }
}
