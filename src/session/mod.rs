//! Runs a [`Call`](crate::call::Call): its commands go to the platform, the platform's events to it,
//! and what the person is to see into signals.

mod call_hints;
mod chat;
mod clock;
mod connectivity;
mod engine;
mod entering;
mod inbox;
mod media;
mod naming;
mod notices;
mod own;
mod playback;
mod preferences;
mod publishing;
mod recording;
mod room_links;
mod start;
mod storage;

use crate::{
    call::{Input, PeerKey, Phase, Tile, View},
    diagnostics::StatsHistory,
    platform::{self, Kind, PerSource, Stream},
    protocol::{
        ErrorCode, Gate, HostAction, IceServer, PeerId, Presence, Quality, Reaction, RoomName,
        RoomState,
    },
};
pub use call_hints::CallHint;
pub use chat::ChatUi;
pub use clock::{Clock, SECONDS_SHOWN};
pub use connectivity::{Barrier, Barriers, Connectivity, Probing};
use engine::CallHandle;
use leptos::prelude::*;
pub use media::{Media, Sharing, Source};
pub use naming::{initials, own_name};
pub use notices::{Notice, Notices};
pub use own::OwnState;
pub use playback::Playback;
pub use preferences::{Preferences, SHORTCUT_KEYS, Shortcut, Volume, find_shortcut};
pub use recording::{
    Labels, Recording, Stage, delete_recording, may_have_recordings, save_recording,
    stored_recordings,
};
pub use room_links::RoomLinks;
use std::time::Duration;
pub use storage::{host_link, invitation_link, keep_host_key, keep_secret, recent_rooms};

/// The person's part in one room, as long as its page is open. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Session {
    /// Which room, and the links to it.
    pub room: RoomLinks,
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
    /// What this person typed and pressed.
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
    /// A session as the server renders it; [`Session::start`] brings it to life in the browser.
    #[must_use]
    pub fn new(room: RoomName, origin: &str, state: RoomState, notices: Notices) -> Self {
        let view = RwSignal::new(View { state, ..View::default() });
        let (call, own) = (CallHandle::default(), OwnState::default());
        Self {
            room: RoomLinks::new(room, origin, notices),
            view,
            clock: Clock::new(call.inputs),
            streams: RwSignal::default(),
            histories: RwSignal::default(),
            connectivity: Connectivity::new(),
            media: Media::new(notices),
            sharing: Sharing::new(notices),
            recording: Recording::new(),
            own,
            preferences: Preferences::new(call.inputs),
            chat: ChatUi::new(view, own.hidden, call, notices),
            playback: Playback::default(),
            notices,
            call,
        }
    }

    /// The phase of the call.
    #[must_use]
    pub fn phase(self) -> Phase {
        self.view.with(|view| view.phase)
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

    /// Whether Join asks a host to be let in.
    #[must_use]
    pub fn knocks(self) -> bool {
        self.view.with(|view| view.state.gate == Some(Gate::WaitingRoom) && !view.has_pass)
    }

    /// Whether the room's passcode is asked for.
    #[must_use]
    pub fn needs_passcode(self) -> bool {
        self.view.with(|view| {
            let asked =
                matches!(view.refusal, Some(ErrorCode::BadPasscode | ErrorCode::PasscodeRequired));
            asked || view.state.gate == Some(Gate::Passcode) && !view.has_pass
        })
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
            name: self.own.name.with(|typed| own_name(typed)),
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
        let (done, failed) = (Notice::ReportCopied, Notice::ReportNotCopied);
        room_links::put_on_clipboard(self.notices, report, done, failed);
    }
}
