//! This person's camera, microphone, screen and speaker: carries out the commands of [`Capture`], and
//! shows its state.

mod in_call;
mod processing;
mod sharing;

use super::Notice;
use crate::{
    devices::{self, Capture, Command, Generation, Gone, Granted, Input, Listing, MicWarning},
    notices::Notices,
    platform::{
        self, Device, DeviceKind, Interval, Kind, Local, Meter, PerKind, Problem, Processing,
        Stream, Track, local_storage,
    },
    reactive::{boxed_text, effect_holding},
};
use leptos::prelude::*;
pub use sharing::Sharing;
use std::{any::Any, iter, time::Duration};

/// The interval at which the shown level of the microphone is read: smooth to the eye.
const METER_PERIOD: Duration = Duration::from_millis(80);

/// The step of the shown level in percent: smaller changes are not worth a repaint.
const METER_STEP: u32 = 4;

const SPEAKER_KEY: &str = "salon.speaker";

/// The state of one kind of device.
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
    /// Wait for permissions to be granted.
    permissions: StoredValue<PerKind<Local<Box<dyn Any>>>>,
    /// The id of the speaker; empty for the system's choice.
    pub speaker: RwSignal<String>,
    /// Processing of the microphone's sound.
    pub processing: RwSignal<Processing>,
    /// Whether the background is blurred, where the camera can.
    pub blur: RwSignal<bool>,
    /// The devices to choose from.
    pub devices: RwSignal<Vec<Device>>,
    /// Loudness of the microphone in percent while [`Media::show_level`] is in use.
    pub level: RwSignal<u32>,
    mic_warning: RwSignal<MicWarning>,
    /// Whether the microphone has to be listened to often, see [`devices::MicActivity::is_undecided`].
    mic_undecided: RwSignal<bool>,
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
            mic_undecided: RwSignal::new(false),
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
            let chosen = local_storage::get(choice_key(kind)).unwrap_or_default();
            self.feed(Input::RestoreChoice(kind, chosen));
            if let Some(problem) = platform::device_problem(kind) {
                self.feed(Input::Block(kind, problem));
            }
        }
        self.speaker.set(local_storage::get(SPEAKER_KEY).unwrap_or_default());
        self.load_processing();
        self.run(Command::List(Listing::Choice));
    }

    /// Hands an input to the capture, carries out its commands, and shows its state. Does nothing once the
    /// page is gone.
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
                let watch = platform::watch_grant(kind, allowed).await;
                self.keep_watch(kind, generation, watch);
            }),
            Command::Enable(track, enabled) => track.set_enabled(enabled),
            Command::Follow { kind, generation, track } => {
                if kind == Kind::Camera && self.blur.get_untracked() {
                    track.set_blur(true);
                }
                track.on_ended(move || self.feed(Input::Ended(kind, generation)));
                track.on_muted(move |muted| self.feed(Input::Muted(kind, generation, muted)));
                platform::spawn_local(async move {
                    let denied = move || self.feed(Input::Denied(kind, generation));
                    let watch = platform::watch_denial(kind, denied).await;
                    self.keep_watch(kind, generation, watch);
                });
            }
            Command::KeepChoice(kind, id) => local_storage::set(choice_key(kind), &id),
            Command::Offer(device) => self.offer_device(device),
            Command::NotifyReplaced { kind, gone, now } => self.tell_replaced(kind, gone, now),
            Command::NotifyUnplugged(kind) => self.notices.show(&Notice::DeviceUnplugged(kind)),
        }
    }

    /// Keeps the watch over the permission for a kind of device, unless it was requested again.
    fn keep_watch(self, kind: Kind, generation: Generation, watch: Option<Local<Box<dyn Any>>>) {
        let is_current = |capture: &Capture<Track>| capture.is_current(kind, generation);
        if self.capture.try_with_value(is_current) == Some(true) {
            self.permissions.update_value(|watches| watches.set(kind, watch));
        }
    }

    /// Shows what has changed, and nothing else, as each change of a track is sent.
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

    /// Hands in an input, and returns whether it starts or stops the sending of this kind.
    fn switches(self, kind: Kind, input: Input<Track>) -> bool {
        let sends = || self.capture.try_with_value(|capture| capture.slot(kind).is_sending());
        let before = sends();
        self.feed(input);
        sends() != before
    }

    /// The state of a kind of device.
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

    /// Whether the browser has not been asked for any device yet.
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

    /// Asks for devices that were never asked for and are not switched off.
    pub(super) fn open_unasked(self) {
        self.feed(Input::OpenUnasked);
    }

    /// Reopens what was sent before a reload, and counts it as sending meanwhile.
    pub(super) fn reopen(self, sent: impl Fn(Kind) -> bool) {
        self.feed(Input::Reopen(Kind::ALL.into_iter().filter(|kind| sent(*kind)).collect()));
    }

    /// Asks again for one kind, or for the first time.
    pub fn retry(self, kind: Kind) {
        self.feed(Input::Retry(kind));
    }

    /// Retries devices that another program used, as the person comes back to this page.
    pub(super) fn retry_busy(self) {
        self.feed(Input::RetryBusy);
    }

    /// Takes devices that were missing, and offers new ones, after devices were plugged in or unplugged.
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

    /// Switches the camera off until the person asks for it, also one that failed or is being opened.
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

    /// Releases all devices, so that their lights go off, and what would reopen them.
    pub(super) fn release(self) {
        self.feed(Input::Release);
        self.permissions.set_value(PerKind::default());
    }

    /// The id of the speaker that is there: a chosen one that is gone plays nothing in some browsers.
    #[must_use]
    pub fn speaker_in_use(self) -> Signal<String> {
        boxed_text(move || {
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
        local_storage::set(SPEAKER_KEY, &id);
        self.speaker.set(id);
    }

    /// Keeps [`Media::level`] up to date while the calling component is shown, and is in use.
    pub fn show_level(self, in_use: Signal<bool>) {
        effect_holding(move || {
            let meter = match self.source(Kind::Microphone) {
                Source::On(track) => Meter::new(&track),
                _ => None,
            };
            self.level.set(0);
            meter.map(|meter| {
                Interval::new(METER_PERIOD, move || {
                    if in_use.try_get_untracked() != Some(true) {
                        return;
                    }
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
