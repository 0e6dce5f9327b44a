//! Runs a [`Call`]: its commands go to the platform, the platform's events to it, and what the
//! person is to see into signals.

mod advice;
mod barrier;
mod content;
mod engine;
mod files;
mod inbox;
mod links;
mod log;
mod media;
mod naming;
mod notices;
mod pass;
mod probing;
mod recording;
mod seat;
mod sharing;
mod wishes;

use crate::{
    call::{Input, PeerKey, Phase, Tile, View},
    diagnostics::StatsHistory,
    platform::{self, Incoming, Kind, Local, PageEvent, Stream, Timer},
    protocol::{
        ErrorCode, Gate, HostAction, IceServer, MediaKind, PeerId, Presence, Quality, RoomName,
        RoomState,
    },
    reactive::{effect, holding},
};
pub use advice::Advice;
pub use barrier::{Barrier, Barriers};
use engine::{Engine, Order, Running};
use leptos::prelude::*;
pub use media::{Media, Source};
pub use naming::{initials, own_name};
pub use notices::{Notice, Notices};
pub use pass::{host_link, invitation_link, keep_host_key, keep_secret};
pub use probing::Probing;
pub use recording::{Recording, Stage, delete, kept, may_have_recordings, save};
use seat::KeptSeat;
pub use sharing::Sharing;
use std::{rc::Rc, time::Duration};
pub use wishes::Volume;

const NAME_KEY: &str = "salon.name";
const HIDDEN_KEY: &str = "salon.hide-address";
const RECENT_KEY: &str = "salon.recent";
const RECENT_ROOMS: usize = 5;

/// How long drawing waits for the first words to a person, at most.
const HEAD_START: Duration = Duration::from_millis(150);
/// How long it waits for more of what people say to each other: to draw is what a flood costs.
const FLOW: Duration = Duration::from_millis(50);

/// Delay after joining before the microphone meter and the wake lock start. Each blocks the main thread for
/// about 100 ms.
const SETTLED: Duration = Duration::from_secs(2);

/// By so much the page's clock may be off.
const DRIFT: Duration = Duration::from_secs(1);

/// After a longer break between two ticks of the clock, the device has slept.
const ASLEEP: Duration = Duration::from_secs(10);

/// The person's part in one room, as long as its page is open. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Session {
    /// Which room.
    pub room: StoredValue<RoomName>,
    /// The link that others open to come here.
    pub link: StoredValue<String>,
    /// What the call says; changes only when something that is shown changed.
    pub view: RwSignal<View>,
    /// When the list of people outside was received.
    pub state_at: RwSignal<Duration>,
    /// Time since the page was opened, once a second.
    pub now: RwSignal<Duration>,
    /// What each other person sends.
    pub streams: RwSignal<Vec<(PeerKey, Incoming<Stream>)>>,
    /// What the connection to each other person has carried lately.
    pub histories: RwSignal<Vec<(PeerId, StatsHistory)>>,
    /// Whether somebody looks at it.
    pub measuring: RwSignal<bool>,
    /// This person's devices.
    pub media: Media,
    /// Whether this browser connects to others at all, as far as is known.
    pub connects: RwSignal<bool>,
    /// What this person shares of their screen.
    pub sharing: Sharing,
    /// Whether they have raised a hand.
    pub hand: RwSignal<bool>,
    /// How much they want to spend on pictures.
    pub quality: RwSignal<Quality>,
    /// Whether keys do what buttons do.
    pub shortcuts: RwSignal<bool>,
    /// How loud they want to hear others, where not as these are.
    volumes: RwSignal<Vec<(PeerId, Volume)>>,
    /// What this person records.
    pub recording: Recording,
    /// Whether the page is looked at no longer.
    hidden: RwSignal<bool>,
    /// Whether this person's address is hidden; `None` before that is known.
    pub hides_address: RwSignal<Option<bool>>,
    /// When the page's own clock began, by the calendar.
    epoch: StoredValue<Duration>,
    /// When the clock ticked last, by the calendar: that goes on while the device sleeps.
    ticked: RwSignal<Option<Duration>>,
    /// Whether the person is a host who is none any more when the page is loaded again.
    pub host_for_now: RwSignal<bool>,
    /// What lies between this page and the server's socket.
    pub barriers: Barriers,
    /// The name this person gave themselves, as typed.
    pub name: RwSignal<String>,
    /// The passcode, as typed.
    pub passcode: RwSignal<String>,
    /// Whether the browser wants a gesture before it plays sound.
    pub sound_blocked: RwSignal<bool>,
    /// Counts the gestures that were given for it.
    pub sound_gestures: RwSignal<u32>,
    /// Whether the person has been in the call for a moment, so that nothing is urgent any more.
    pub settled: RwSignal<bool>,
    /// Whether the chat is open.
    pub reading: RwSignal<bool>,
    /// How many messages and files of others were seen.
    read: RwSignal<(usize, usize)>,
    /// How many messages were not when the page was loaded again.
    unseen: RwSignal<usize>,
    /// What this person is about to write.
    pub draft: StoredValue<String>,
    /// The number of the last file that this person gave.
    last_file: StoredValue<u64>,
    /// Short messages to the person.
    pub notices: Notices,
    /// Runs while drawing waits for more urgent things.
    drawing: StoredValue<Option<Timer>>,
    engine: StoredValue<Option<Local<Rc<Running>>>>,
}

impl Session {
    /// A session as the server renders it; [`Session::start`] brings it to life in the browser.
    #[must_use]
    pub fn new(room: RoomName, origin: &str, state: RoomState, notices: Notices) -> Self {
        let link = format!("{origin}/room/{room}");
        let view = View { state, ..View::default() };
        Self {
            room: StoredValue::new(room),
            link: StoredValue::new(link),
            view: RwSignal::new(view),
            state_at: RwSignal::new(Duration::ZERO),
            now: RwSignal::new(Duration::ZERO),
            streams: RwSignal::default(),
            histories: RwSignal::default(),
            measuring: RwSignal::new(false),
            media: Media::new(notices),
            connects: RwSignal::new(true),
            sharing: Sharing::new(notices),
            hand: RwSignal::new(false),
            quality: RwSignal::default(),
            shortcuts: RwSignal::new(true),
            volumes: RwSignal::default(),
            recording: Recording::new(),
            hidden: RwSignal::new(false),
            hides_address: RwSignal::default(),
            epoch: StoredValue::new(Duration::ZERO),
            ticked: RwSignal::new(None),
            host_for_now: RwSignal::new(false),
            barriers: Barriers::default(),
            name: RwSignal::default(),
            passcode: RwSignal::default(),
            sound_blocked: RwSignal::new(false),
            sound_gestures: RwSignal::new(0),
            settled: RwSignal::new(false),
            reading: RwSignal::new(false),
            read: RwSignal::default(),
            unseen: RwSignal::new(0),
            draft: StoredValue::default(),
            last_file: StoredValue::new(0),
            notices,
            drawing: StoredValue::new(None),
            engine: StoredValue::new(None),
        }
    }

    /// Connects to the server and begins to listen to the page. Runs in the browser only.
    pub fn start(self) {
        self.name.set(platform::load(NAME_KEY).unwrap_or_default());
        let now = platform::elapsed();
        self.state_at.set(now);
        self.now.set(now);
        self.engine.set_value(Some(Local::new(Rc::new(Running::new(self)))));
        self.set_hiding(platform::load(HIDDEN_KEY).is_some_and(|kept| !kept.is_empty()));
        self.media.start();
        self.sharing.start();
        self.load_wishes();
        self.recording.start();
        platform::prepare_connection(move |worked| {
            let _ = self.connects.try_set(worked);
        });
        effect(move || self.tracks_changed());
        effect(move || {
            let screen = self.sharing.screen();
            self.order(move |engine| engine.set_screen(screen));
        });
        effect(move || self.send(Input::SetPresence(self.presence())));
        pass::take(&self.room.get_value());
        self.set_epoch(now);
        self.show_pass();
        holding(move || platform::watch_fragment(move || self.take_pass()));
        self.send(Input::Watch(self.room.get_value()));
        match KeptSeat::load(&self.room.get_value()) {
            Some(seat) => self.come_back(&seat),
            None => log::save(&self.room.get_value(), &[]),
        }
        self.notices.on_accept(move |notice| self.media.accept(notice));
        self.watch_over_call();
        self.watch_over_reading();
        on_cleanup(move || self.engine.set_value(None));
    }

    /// A link to this room was opened in this tab, which has it open already.
    fn take_pass(self) {
        if pass::take(&self.room.get_value()) {
            self.show_pass();
        }
    }

    fn show_pass(self) {
        let (pass, spare_key) = pass::kept(&self.room.get_value());
        self.host_for_now.set(pass.host.is_some() && !platform::can_remember());
        self.send(Input::SetPass(pass, spare_key));
    }

    /// Presses Join. Devices that were never asked for are asked for now, while the call begins. Where no
    /// connection can be made, nothing could be said or shown inside, nor written.
    pub fn join(self) {
        if !self.connects.get_untracked() {
            return;
        }
        self.send(Input::SetPresence(untrack(|| self.presence())));
        let passcode = self.passcode.get_untracked();
        self.send(Input::SetPasscode((!passcode.is_empty()).then_some(passcode)));
        self.send(Input::Join);
        self.media.open_unasked();
        platform::save(NAME_KEY, own_name(&self.name.get_untracked()).as_str());
        remember_room(&self.room.get_value());
    }

    /// Keeps this person's address from the others, or lets them have it, now and on later visits.
    pub fn hide_address(self, hide: bool) {
        platform::save(HIDDEN_KEY, if hide { "yes" } else { "" });
        self.set_hiding(hide);
    }

    fn set_hiding(self, hide: bool) {
        self.hides_address.set(Some(hide));
        self.send(Input::Hide(hide));
    }

    /// While the person is in the call: listens to their microphone and keeps the screen on.
    fn watch_over_call(self) {
        let inside = Memo::new(move |_| matches!(self.view.get().phase, Phase::InCall { .. }));
        let settled = self.settled;
        holding(move || {
            settled.set(false);
            inside.get().then(|| Timer::new(SETTLED, move || settled.set(true)))
        });
        holding(move || settled.get().then(|| self.media.overhear(self.ticked)));
        effect(move || {
            if settled.get() {
                platform::spawn_local(platform::remove_stale_files());
            }
        });
        effect(move || {
            let shares = self.sharing.is_on() || self.sharing.is_asking();
            if shares && !self.view.with(|view| view.inside) {
                self.sharing.stop();
            }
        });
        holding(move || {
            let seen = settled.get() && !self.hidden.get();
            seen.then(platform::keep_awake)
        });
    }

    /// One other person, while they are in the call.
    #[must_use]
    pub fn tile(self, id: PeerId) -> Option<Tile> {
        self.view.with(|view| view.tiles.iter().find(|tile| tile.key.id == id).cloned())
    }

    /// What the person should know now.
    #[must_use]
    pub fn advice(self) -> Option<Advice> {
        let devices = self.media.state();
        self.view.with(|view| Advice::of(view, devices))
    }

    /// Tries at once to reach the server.
    pub fn hurry(self) {
        self.send(Input::Hurry);
    }

    /// Comes back to the seat that this tab had a moment ago: after a reload at once, and else when
    /// Join is pressed.
    fn come_back(self, seat: &KeptSeat) {
        self.send(Input::Return(seat.token.clone(), seat.since));
        self.send(Input::Recall(log::load(&self.room.get_value())));
        self.recall_unseen();
        if platform::was_reloaded() && self.connects.get_untracked() {
            self.media.reopen(|kind| seat.sent(kind));
            self.hand.set(seat.hand);
            self.send(Input::SetPresence(untrack(|| self.presence())));
            self.send(Input::Join);
        }
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
                matches!(view.refusal, Some(ErrorCode::BadPasscode | ErrorCode::PasscodeNeeded));
            asked || view.state.gate == Some(Gate::Passcode) && !view.has_pass
        })
    }

    /// Does something as a host.
    pub fn act(self, action: HostAction) {
        self.send(Input::Host(action));
    }

    /// Switches off what a host wants off. The person can switch it on again.
    fn muted_by_host(self, what: MediaKind) {
        let kind = match what {
            MediaKind::Mic => Kind::Microphone,
            MediaKind::Camera => Kind::Camera,
        };
        // Not within the call's own turn, which is not over yet.
        platform::spawn_local(async move {
            if self.media.switch_off(kind) {
                self.notices.show(Notice::MutedByHost(kind));
            }
        });
    }

    /// How loud everybody else is at this moment, from 0 to 1.
    #[must_use]
    pub fn levels(self) -> Vec<(PeerId, f64)> {
        self.ask(|engine| engine.levels()).unwrap_or_default()
    }

    /// Stops waiting in front of a full room; the preview stays.
    pub fn stop_waiting(self) {
        self.send(Input::Leave);
    }

    /// Leaves the call.
    pub fn leave(self) {
        self.send(Input::Leave);
    }

    /// A picture of somebody else is on the screen.
    pub fn seen(self) {
        self.send(Input::Seen);
    }

    /// Gives the browser the gesture that it wants before it plays sound.
    pub fn unblock_sound(self) {
        self.sound_blocked.set(false);
        self.sound_gestures.update(|count| *count += 1);
    }

    /// How long the person has been in the call.
    #[must_use]
    pub fn time_inside(self) -> Duration {
        match self.view.with(|view| view.phase) {
            Phase::InCall { since } => {
                (self.epoch.get_value() + self.now.get()).saturating_sub(since)
            }
            Phase::Left { after } => after,
            _ => Duration::ZERO,
        }
    }

    fn presence(self) -> Presence {
        Presence {
            name: self.name.with(|typed| own_name(typed)),
            mic: self.media.is_sending(Kind::Microphone),
            camera: self.media.is_sending(Kind::Camera),
            background: self.hidden.get() && platform::is_handheld(),
            screen: self.sharing.is_on(),
            hand: self.hand.get().then_some(0),
            quality: self.quality.get(),
            recording: self.recording.is_announced(),
        }
    }

    fn tracks_changed(self) {
        let tracks = self.media.tracks();
        self.order(move |engine| engine.set_tracks(tracks));
    }

    fn tick(self) {
        let now = platform::elapsed();
        self.now.set(now);
        self.order(move |engine| engine.tick(now));
        // Nobody sees what comes in between.
        if self.measuring.get_untracked() || now.as_secs().is_multiple_of(2) {
            self.note_statistics();
        }
        self.set_epoch(now);
        if let Some(view) = self.ask(Engine::view_of_files).flatten() {
            self.publish(view);
        }
        let today = platform::wall_clock();
        let before = self.ticked.get_untracked();
        self.ticked.set(Some(today));
        if before.is_some_and(|before| today > before + ASLEEP) {
            self.send(Input::NetworkChanged);
        }
    }

    fn note_statistics(self) {
        let snapshots = self.ask(|engine| engine.snapshots()).unwrap_or_default();
        if snapshots.is_empty() {
            return;
        }
        self.histories.update(|histories| {
            let is_there = |id| self.view.with_untracked(|view| view.has(id));
            histories.retain(|(id, _)| is_there(*id));
            for (PeerKey { id, generation }, snapshot) in snapshots {
                match histories.iter_mut().find(|(other, _)| *other == id) {
                    Some((_, history)) => history.note(generation, snapshot),
                    None => {
                        let mut history = StatsHistory::default();
                        history.note(generation, snapshot);
                        histories.push((id, history));
                    }
                }
            }
        });
    }

    /// How long the server took for its last answer, while it can be reached.
    #[must_use]
    pub fn server_round_trip(self) -> Option<Duration> {
        self.ask(|engine| engine.server_round_trip()).flatten()
    }

    /// The servers that connections are made with, and this person's credentials for them.
    #[must_use]
    pub fn ice_servers(self) -> Vec<IceServer> {
        self.ask(|engine| engine.ice_servers()).unwrap_or_default()
    }

    /// The page's own clock stands while the device sleeps.
    fn set_epoch(self, now: Duration) {
        let epoch = platform::wall_clock().saturating_sub(now);
        if epoch.abs_diff(self.epoch.get_value()) > DRIFT {
            self.epoch.set_value(epoch);
            self.send(Input::Epoch(epoch));
        }
    }

    fn page_event(self, event: PageEvent) {
        match event {
            PageEvent::Awake => {
                self.hidden.set(false);
                self.send(Input::Awake);
                self.media.retry_busy();
            }
            PageEvent::Hidden => {
                self.hidden.set(true);
                self.order(Engine::keep_seat);
            }
            PageEvent::NetworkChanged => self.send(Input::NetworkChanged),
            PageEvent::DevicesChanged => self.media.devices_changed(),
            PageEvent::Unloading => {
                self.order(Engine::hang_up);
            }
        }
    }

    /// What the engine knows; nothing while it is busy.
    fn ask<T>(self, question: impl FnOnce(&mut Engine) -> T) -> Option<T> {
        let running = self.engine.try_get_value().flatten()?;
        let mut engine = running.engine.try_borrow_mut().ok()?;
        Some(question(&mut engine))
    }

    /// Has the engine do something with what it owns.
    fn order(self, act: impl FnOnce(&mut Engine) + 'static) {
        self.hand_in(Order::Act(Box::new(act)));
    }

    /// Hands an input to the call and shows what comes of it.
    fn send(self, input: Input) {
        self.hand_in(Order::Handle(input));
    }

    fn hand_in(self, order: Order) {
        if let Some(running) = self.engine.try_get_value().flatten() {
            running.orders.put(order, |order| match order {
                Order::Handle(input) => self.handle(&running, input),
                Order::Act(act) => act(&mut running.engine.borrow_mut()),
            });
        }
    }

    fn handle(self, running: &Running, input: Input) {
        let (now, is_word) = (platform::elapsed(), input.is_word());
        let view = running.engine.borrow_mut().handle(input, now);
        if is_word {
            return self.draw_within(FLOW);
        }
        let Some(view) = view else { return };
        if self.view.with_untracked(|shown| shown.can_wait_for(&view)) {
            self.draw_within(HEAD_START);
        } else {
            self.publish(view);
        }
    }

    /// Shows in a moment what there is to be seen then.
    fn draw_within(self, wait: Duration) {
        if self.drawing.with_value(Option::is_none) {
            let publish = move || {
                if let Some(view) = self.ask(|engine| engine.view()) {
                    self.publish(view);
                }
            };
            self.drawing.set_value(Some(Timer::new(wait, publish)));
        }
    }

    fn publish(self, view: View) {
        self.drawing.set_value(None);
        if self.view.with_untracked(|before| *before == view) {
            return;
        }
        let before = self.view.get_untracked();
        let now = platform::elapsed();
        self.notices.compare(&before, &view);
        if before.chat.messages != view.chat.messages {
            log::save(&self.room.get_value(), &view.chat.messages);
            self.tell_of_words(&before.chat, &view.chat);
        }
        self.tell_of_files(&before, &view);
        if before.state != view.state {
            self.state_at.set(now);
        }
        self.now.set(now);
        if matches!(view.phase, Phase::Left { .. }) {
            self.media.release();
            self.hand.set(false);
            self.unseen.set(0);
            self.draft.set_value(String::new());
        }
        self.view.set(view);
    }
}

/// The rooms that were joined last on this device, newest first.
#[must_use]
pub fn recent_rooms() -> Vec<RoomName> {
    let text = platform::load(RECENT_KEY).unwrap_or_default();
    text.split_whitespace().filter_map(|name| name.parse().ok()).take(RECENT_ROOMS).collect()
}

fn remember_room(room: &RoomName) {
    let others = recent_rooms().into_iter().filter(|other| other != room);
    let rooms = std::iter::once(room.clone()).chain(others).take(RECENT_ROOMS);
    let names: Vec<_> = rooms.map(|room| room.to_string()).collect();
    platform::save(RECENT_KEY, &names.join(" "));
}
