//! This person's camera, microphone and speaker: carries out what [`Capture`] wants, and shows where it
//! stands.

mod in_call;
mod wishes;

use super::{Notice, Notices};
use crate::{
    devices::{self, Capture, Command, Gone, Granted, Input, Listing, MicWarning},
    platform::{
        self, Device, DeviceKind, Interval, Kind, Local, Meter, PerKind, Problem, Processing,
        Stream, Track,
    },
    reactive::{holding, text},
};
use leptos::prelude::*;
use std::{any::Any, iter, time::Duration};

/// How often the microphone's level is read while it is shown.
const METER_PERIOD: Duration = Duration::from_millis(80);

/// Smaller changes, in percent, are not worth painting.
const METER_STEP: u32 = 4;

const SPEAKER_KEY: &str = "salon.speaker";

/// Where one kind of device stands.
pub type Source = devices::Source<Track>;

/// What is shown of one kind of device; see [`devices::Slot`].
#[derive(Clone, Copy)]
struct Shown {
    source: RwSignal<Source>,
    wanted: RwSignal<bool>,
    chosen: RwSignal<String>,
    muted: RwSignal<bool>,
}

impl Shown {
    fn new() -> Self {
        Self {
            source: RwSignal::default(),
            wanted: RwSignal::new(true),
            chosen: RwSignal::default(),
            muted: RwSignal::new(false),
        }
    }
}

/// All devices of this person. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Media {
    capture: StoredValue<Capture<Track>>,
    microphone: Shown,
    camera: Shown,
    /// Listens for permissions to be given.
    permissions: StoredValue<PerKind<Local<Box<dyn Any>>>>,
    /// The id of the speaker; empty for the system's choice.
    pub speaker: RwSignal<String>,
    /// What the browser does to the sound of the microphone.
    pub processing: RwSignal<Processing>,
    /// Whether what is behind the person is blurred, where the camera can.
    pub blur: RwSignal<bool>,
    /// What is there to choose from.
    pub devices: RwSignal<Vec<Device>>,
    /// Loudness of the microphone in percent while [`Media::show_level`] is in use.
    pub level: RwSignal<u32>,
    mic_warning: RwSignal<MicWarning>,
    notices: Notices,
}

impl Media {
    pub(super) fn new(notices: Notices) -> Self {
        Self {
            capture: StoredValue::default(),
            microphone: Shown::new(),
            camera: Shown::new(),
            permissions: StoredValue::default(),
            speaker: RwSignal::default(),
            processing: RwSignal::default(),
            blur: RwSignal::new(false),
            devices: RwSignal::default(),
            level: RwSignal::new(0),
            mic_warning: RwSignal::default(),
            notices,
        }
    }

    fn shown(self, kind: Kind) -> Shown {
        match kind {
            Kind::Microphone => self.microphone,
            Kind::Camera => self.camera,
        }
    }

    pub(super) fn start(self) {
        for kind in Kind::ALL {
            let chosen = platform::load(choice_key(kind)).unwrap_or_default();
            self.feed(Input::Recall(kind, chosen));
            if let Some(problem) = platform::barred(kind) {
                self.feed(Input::Bar(kind, problem));
            }
        }
        self.speaker.set(platform::load(SPEAKER_KEY).unwrap_or_default());
        self.load_wishes();
        self.run(Command::List(Listing::Choice));
    }

    /// Hands an input to the capture, carries out what follows from it, and shows what comes of it.
    /// Nothing happens once the page is gone.
    fn feed(self, input: Input<Track>) {
        let handle = |capture: &mut Capture<Track>| {
            capture.handle(input);
            iter::from_fn(|| capture.poll()).collect::<Vec<_>>()
        };
        let Some(commands) = self.capture.try_update_value(handle) else { return };
        commands.into_iter().for_each(|command| self.run(command));
        self.publish();
    }

    fn run(self, command: Command<Track>) {
        match command {
            Command::List(listing) => platform::spawn_local(async move {
                let devices = platform::devices().await;
                self.feed(Input::Listed(listing, devices));
            }),
            Command::Ask { generation, devices } => {
                let processing = self.processing.get_untracked();
                platform::spawn_local(async move {
                    let captured = platform::capture(&devices, processing).await;
                    let granted = |tracks: Vec<_>| tracks.into_iter().map(granted).collect();
                    self.feed(Input::Answered { generation, answer: captured.map(granted) });
                });
            }
            Command::AskPermission { generation, kind } => platform::spawn_local(async move {
                let granted = platform::is_granted(kind).await;
                self.feed(Input::Permission { generation, granted });
            }),
            Command::WatchPermission(kind, generation) => platform::spawn_local(async move {
                let allowed = move || self.feed(Input::Allowed(kind, generation));
                let watch = platform::watch_permission(kind, allowed).await;
                let is_current =
                    self.capture.try_with_value(|capture| capture.is_current(kind, generation));
                if is_current == Some(true) {
                    self.permissions.update_value(|watches| watches.set(kind, watch));
                }
            }),
            Command::Enable(track, enabled) => track.set_enabled(enabled),
            Command::Follow { kind, generation, track } => {
                if kind == Kind::Camera && self.blur.get_untracked() {
                    track.set_blur(true);
                }
                track.on_ended(move || self.feed(Input::Ended(kind, generation)));
                track.on_muted(move |muted| self.feed(Input::Muted(kind, generation, muted)));
            }
            Command::KeepChoice(kind, id) => platform::save(choice_key(kind), &id),
            Command::Offer(device) => self.notices.show(Notice::Offered(device)),
            Command::TellReplaced { kind, gone, now } => {
                self.notices.show(Notice::Replaced { kind, gone, now });
            }
            Command::TellUnplugged(kind) => self.notices.show(Notice::Unplugged(kind)),
        }
    }

    /// Shows what has changed, and nothing else: an unchanged track must not be sent again.
    fn publish(self) {
        self.capture.with_value(|capture| {
            for kind in Kind::ALL {
                let (slot, shown) = (capture.slot(kind), self.shown(kind));
                show(shown.source, &slot.source);
                show(shown.wanted, &slot.wanted);
                show(shown.chosen, &slot.chosen);
                show(shown.muted, &slot.muted);
            }
            show(self.devices, &capture.devices().to_vec());
        });
    }

    /// Hands in an input, and returns whether it makes this kind send, or no longer.
    fn switches(self, kind: Kind, input: Input<Track>) -> bool {
        let sends = || self.capture.try_with_value(|capture| capture.slot(kind).is_sending());
        let before = sends();
        self.feed(input);
        sends() != before
    }

    /// Where a kind of device stands.
    #[must_use]
    pub fn source(self, kind: Kind) -> Source {
        self.shown(kind).source.get()
    }

    /// Why a kind of device cannot be used, if it was asked for.
    #[must_use]
    pub fn problem(self, kind: Kind) -> Option<Problem> {
        self.shown(kind).source.with(|source| match source {
            Source::Failed(problem) => Some(*problem),
            _ => None,
        })
    }

    /// Whether sound or picture goes out.
    #[must_use]
    pub fn is_sending(self, kind: Kind) -> bool {
        let shown = self.shown(kind);
        shown.wanted.get() && shown.source.with(Source::sends)
    }

    /// Whether nothing has been asked of the browser yet.
    #[must_use]
    pub fn is_untouched(self) -> bool {
        Kind::ALL.iter().all(|kind| self.shown(*kind).source.with(|s| matches!(s, Source::Off)))
    }

    /// Whether the browser is being asked right now.
    #[must_use]
    pub fn is_opening(self) -> bool {
        Kind::ALL
            .iter()
            .any(|kind| self.shown(*kind).source.with(|s| matches!(s, Source::Opening { .. })))
    }

    /// The chosen device, or the one in use.
    #[must_use]
    pub fn device_in_use(self, kind: Kind) -> String {
        match self.source(kind) {
            Source::On(track) => track.device_id(),
            _ => self.shown(kind).chosen.get(),
        }
    }

    /// The picture of this person's own camera.
    #[must_use]
    pub fn own_picture(self) -> Option<Stream> {
        match self.source(Kind::Camera) {
            Source::On(track) => Stream::of(&track),
            _ => None,
        }
    }

    pub(super) fn tracks(self) -> PerKind<Track> {
        let mut tracks = PerKind::default();
        for kind in Kind::ALL {
            if let Source::On(track) = self.source(kind) {
                tracks.set(kind, Some(track));
            }
        }
        tracks
    }

    /// Asks for camera and microphone, in one question where both are there.
    pub fn open(self) {
        self.feed(Input::Open);
    }

    /// Asks for what was never asked for and is not switched off.
    pub(super) fn open_unasked(self) {
        self.feed(Input::OpenUnasked);
    }

    /// Reopens what was sending before the page was reloaded, and reports it as sending meanwhile.
    pub(super) fn reopen(self, sent: impl Fn(Kind) -> bool) {
        self.feed(Input::Reopen(Kind::ALL.into_iter().filter(|kind| sent(*kind)).collect()));
    }

    /// Asks again for one kind, or for the first time.
    pub fn retry(self, kind: Kind) {
        self.feed(Input::Retry(kind));
    }

    /// What was in use elsewhere may be free when the person comes back to this page.
    pub(super) fn retry_busy(self) {
        self.feed(Input::RetryBusy);
    }

    /// Devices came or went: takes what was missing and wanted, and offers what is new.
    pub(super) fn devices_changed(self) {
        self.feed(Input::DevicesChanged);
    }

    /// Mutes or unmutes the microphone; switches the camera, and its light, off or on.
    pub fn toggle(self, kind: Kind) {
        self.feed(Input::Toggle(kind));
    }

    /// Unmutes the microphone that is open, and returns whether it was muted.
    pub fn unmute(self) -> bool {
        self.switches(Kind::Microphone, Input::Unmute)
    }

    /// Mutes the microphone, also one that is being opened or is gone for the moment.
    pub fn mute(self) {
        self.feed(Input::Mute);
    }

    /// Switches the camera off, also one that could not be opened, or not yet, until somebody asks
    /// for it.
    pub(super) fn leave_camera_off(self) {
        self.feed(Input::LeaveCameraOff);
    }

    /// Mutes the microphone, or switches the camera off, and returns whether it was on.
    pub(super) fn switch_off(self, kind: Kind) -> bool {
        self.switches(kind, Input::SwitchOff(kind))
    }

    /// Uses another device, now and on later visits.
    pub fn choose(self, kind: Kind, id: String) {
        self.feed(Input::Choose(kind, id));
    }

    /// Lets go of all devices, so that their lights go off, and of what would open them again.
    pub(super) fn release(self) {
        self.feed(Input::Release);
        self.permissions.set_value(PerKind::default());
    }

    /// The id of the speaker that is there: a chosen one that is gone plays nothing in some browsers.
    #[must_use]
    pub fn speaker_in_use(self) -> Signal<String> {
        text(move || {
            let chosen = self.speaker.get();
            let is_there = self.devices.with(|devices| {
                let is_speaker = |device: &&Device| device.kind == DeviceKind::Speaker;
                let mut speakers = devices.iter().filter(is_speaker).peekable();
                speakers.peek().is_none() || speakers.any(|speaker| speaker.id == chosen)
            });
            if is_there { chosen } else { String::new() }
        })
    }

    /// Plays the others on another device, now and on later visits.
    pub fn choose_speaker(self, id: String) {
        platform::save(SPEAKER_KEY, &id);
        self.speaker.set(id);
    }

    /// Keeps [`Media::level`] up to date while the calling component is shown.
    pub fn show_level(self) {
        holding(move || {
            let meter = match self.source(Kind::Microphone) {
                Source::On(track) => Meter::new(&track),
                _ => None,
            };
            self.level.set(0);
            meter.map(|meter| {
                Interval::new(METER_PERIOD, move || {
                    let level = meter.level().unwrap_or_default().next_multiple_of(METER_STEP);
                    if self.level.try_get_untracked().is_some_and(|shown| shown != level) {
                        self.level.set(level);
                    }
                })
            })
        });
    }
}

fn granted((kind, track): (Kind, Track)) -> Granted<Track> {
    let device = Gone { id: track.device_id(), label: track.label() };
    Granted { kind, device, muted: track.is_muted(), track }
}

fn show<T: Clone + PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: &T) {
    if signal.with_untracked(|shown| shown != value) {
        signal.set(value.clone());
    }
}

fn choice_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Microphone => "salon.microphone",
        Kind::Camera => "salon.camera",
    }
}
