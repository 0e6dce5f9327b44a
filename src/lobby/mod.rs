//! The half of a room's page that is loaded first. It shows the room from outside and takes what the
//! person types and presses. The other half, the call, is loaded after it
//! ([`CallPart`](crate::pages::CallPart)) and does what was asked for. This module names nothing of
//! the call: what it names is part of the first download.

mod requests;
mod room_links;

use crate::{
    admission::{AdmissionView, Phase},
    notices::Notices,
    platform::{self, Local, characters},
    protocol::{DisplayName, RoomName, RoomState},
    storage::{SavedSeat, saved_name},
};
use leptos::prelude::*;
pub use requests::Request;
use requests::Waiting;
pub use room_links::RoomLinks;
use std::{rc::Rc, time::Duration};

/// What takes requests. What does is not named here.
type Handler = Rc<dyn Fn(Request)>;

/// What the lobby of one room shows and remembers. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Lobby {
    /// Which room, and the links to it.
    pub room: RoomLinks,
    /// What is known of the room, and how far the person is on the way in. Set by the call.
    pub view: RwSignal<AdmissionView>,
    /// Time since the page was opened; once a second while there is a call.
    pub now: RwSignal<Duration>,
    /// When the list of people in `view` was received.
    pub state_at: RwSignal<Duration>,
    /// The person's name, as typed.
    pub name: RwSignal<String>,
    /// The passcode, as typed.
    pub passcode: RwSignal<String>,
    /// Whether camera and microphone were asked for.
    pub devices_asked: RwSignal<bool>,
    /// Whether this person's address is hidden from the others; nothing before that is known.
    pub hides_address: RwSignal<Option<bool>>,
    /// Whether the person is a host only until the page is reloaded.
    pub host_for_now: RwSignal<bool>,
    /// Whether this browser connects to others at all, as far as is known.
    pub connects: RwSignal<bool>,
    /// Whether the call is loaded, and takes requests.
    pub has_call: RwSignal<bool>,
    /// Short messages to the person.
    pub notices: Notices,
    call: StoredValue<Option<Local<Handler>>>,
    waiting: StoredValue<Waiting>,
}

impl Lobby {
    /// A lobby as the server renders it.
    #[must_use]
    pub fn new(room: RoomName, origin: &str, state: RoomState, notices: Notices) -> Self {
        Self {
            room: RoomLinks::new(room, origin, notices),
            view: RwSignal::new(AdmissionView { state, ..AdmissionView::default() }),
            now: RwSignal::default(),
            state_at: RwSignal::default(),
            name: RwSignal::default(),
            passcode: RwSignal::default(),
            devices_asked: RwSignal::default(),
            hides_address: RwSignal::default(),
            host_for_now: RwSignal::default(),
            connects: RwSignal::new(true),
            has_call: RwSignal::default(),
            notices,
            call: StoredValue::default(),
            waiting: StoredValue::default(),
        }
    }

    /// Reads what earlier visits have left. A person whose page is reloaded during a call goes back to
    /// their seat: they do not see the lobby until the call is loaded. Runs in the browser only.
    pub fn start(self) {
        let now = platform::elapsed();
        self.now.set(now);
        self.state_at.set(now);
        self.name.set(saved_name());
        if platform::was_reloaded() && SavedSeat::load(&self.room.name.get_value()).is_some() {
            self.view.update(|view| (view.phase, view.inside) = (Phase::Joining, true));
        }
    }

    /// The person's name, as the others see it.
    #[must_use]
    pub fn own_name(self) -> DisplayName {
        self.name.with(|typed| DisplayName::from(typed.as_str()).shortened(characters))
    }

    /// Asks the call for something: at once, or as soon as it is loaded, which is shown meanwhile.
    pub fn ask(self, request: Request) {
        if let Some(call) = self.call.get_value() {
            return call(request);
        }
        match request {
            Request::Join => self.view.update(|view| view.phase = Phase::Joining),
            Request::OpenDevices => self.devices_asked.set(true),
            // Neither is offered before the call is loaded.
            Request::StopWaiting | Request::HideAddress(_) => return,
        }
        self.waiting.update_value(|waiting| waiting.add(request));
    }

    /// Sets what takes requests, and hands over those that waited.
    pub fn connect(self, call: impl Fn(Request) + 'static) {
        let call: Handler = Rc::new(call);
        self.call.set_value(Some(Local::new(call.clone())));
        self.has_call.set(true);
        let waiting = self.waiting.try_update_value(Waiting::take).unwrap_or_default();
        waiting.into_iter().for_each(|request| call(request));
    }
}
