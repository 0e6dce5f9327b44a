//! This person's camera, microphone and speaker: asked for, chosen, switched and replaced.

mod in_call;
mod wishes;

use super::{
    Notice, Notices,
    slot::{Gone, Slot, Source},
};
use crate::{
    call::ear::Overheard,
    platform::{
        self, Device, DeviceKind, Interval, Kind, Meter, PerKind, Problem, Processing, Stream,
        Track,
    },
    reactive::{holding, text},
};
use leptos::prelude::*;
use std::time::Duration;

/// How often the microphone's level is read while it is shown.
const METER_PERIOD: Duration = Duration::from_millis(80);

/// Smaller changes, in percent, are not worth painting.
const METER_STEP: u32 = 4;

const SPEAKER_KEY: &str = "salon.speaker";

/// All devices of this person. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Media {
    microphone: Slot,
    camera: Slot,
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
    overheard: RwSignal<Overheard>,
    notices: Notices,
}

impl Media {
    pub(super) fn new(notices: Notices) -> Self {
        Self {
            microphone: Slot::new(),
            camera: Slot::new(),
            speaker: RwSignal::default(),
            processing: RwSignal::default(),
            blur: RwSignal::new(false),
            devices: RwSignal::default(),
            level: RwSignal::new(0),
            overheard: RwSignal::default(),
            notices,
        }
    }

    fn slot(self, kind: Kind) -> Slot {
        match kind {
            Kind::Microphone => self.microphone,
            Kind::Camera => self.camera,
        }
    }

    pub(super) fn start(self) {
        for kind in Kind::ALL {
            self.slot(kind).chosen.set(platform::load(choice_key(kind)).unwrap_or_default());
        }
        self.speaker.set(platform::load(SPEAKER_KEY).unwrap_or_default());
        self.load_wishes();
        for kind in Kind::ALL {
            if let Some(problem) = platform::barred(kind) {
                self.slot(kind).source.set(Source::Failed(problem));
            }
        }
        platform::spawn_local(self.refresh());
    }

    /// Where a kind of device stands.
    #[must_use]
    pub fn source(self, kind: Kind) -> Source {
        self.slot(kind).source.get()
    }

    /// Why a kind of device cannot be used, if it was asked for.
    #[must_use]
    pub fn problem(self, kind: Kind) -> Option<Problem> {
        self.slot(kind).source.with(|source| match source {
            Source::Failed(problem) => Some(*problem),
            _ => None,
        })
    }

    /// Whether sound or picture goes out.
    #[must_use]
    pub fn is_sending(self, kind: Kind) -> bool {
        let slot = self.slot(kind);
        slot.wanted.get() && slot.source.with(Source::sends)
    }

    /// Whether nothing has been asked of the browser yet.
    #[must_use]
    pub fn is_untouched(self) -> bool {
        Kind::ALL.iter().all(|kind| self.slot(*kind).source.with(|s| matches!(s, Source::Off)))
    }

    /// Whether the browser is being asked right now.
    #[must_use]
    pub fn is_opening(self) -> bool {
        Kind::ALL
            .iter()
            .any(|kind| self.slot(*kind).source.with(|s| matches!(s, Source::Opening { .. })))
    }

    /// The chosen device, or the one in use.
    #[must_use]
    pub fn device_in_use(self, kind: Kind) -> String {
        match self.source(kind) {
            Source::On(track) => track.device_id(),
            _ => self.slot(kind).chosen.get(),
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
        Kind::ALL.into_iter().for_each(|kind| self.slot(kind).wanted.set(true));
        self.capture(Kind::ALL.to_vec());
    }

    /// Asks for what was never asked for and is not switched off.
    pub(super) fn open_unasked(self) {
        let off = |slot: Slot| slot.source.with_untracked(|source| matches!(source, Source::Off));
        let wanted = |kind: &Kind| {
            let slot = self.slot(*kind);
            off(slot) && slot.wanted.get_untracked()
        };
        let kinds: Vec<_> = Kind::ALL.into_iter().filter(wanted).collect();
        self.capture(kinds);
        if off(self.microphone) {
            self.open_muted();
        }
    }

    /// Opens the microphone though it is muted, where nobody is asked for that: so a key that is held
    /// unmutes it, and that somebody talks while muted is noticed.
    fn open_muted(self) {
        let generation = self.microphone.next_generation();
        platform::spawn_local(async move {
            let granted = platform::is_granted(Kind::Microphone).await;
            if granted && self.microphone.is_current(generation) {
                self.capture(vec![Kind::Microphone]);
                // So that it can be unmuted meanwhile.
                self.microphone.source.set(Source::Opening { replacing: true });
            }
        });
    }

    /// Opens again what sent before the page was loaded anew, and counts as sending meanwhile.
    pub(super) fn reopen(self, sent: impl Fn(Kind) -> bool) {
        for kind in Kind::ALL {
            self.slot(kind).wanted.set(sent(kind));
        }
        self.open_unasked();
        for slot in Kind::ALL.map(|kind| self.slot(kind)) {
            if slot.source.with_untracked(|source| matches!(source, Source::Opening { .. })) {
                slot.source.set(Source::Opening { replacing: true });
            }
        }
    }

    /// Asks again for one kind, or for the first time.
    pub fn retry(self, kind: Kind) {
        self.slot(kind).wanted.set(true);
        self.capture(vec![kind]);
    }

    /// What was in use elsewhere may be free when the person comes back to this page. What is said
    /// of it stands until it is.
    pub(super) fn retry_busy(self) {
        let busy = Kind::ALL.into_iter().filter(|kind| self.slot(*kind).is(Problem::Busy));
        self.request(busy.map(|kind| (kind, self.slot(kind).next_generation())).collect());
    }

    /// Devices came or went: reads the list again, takes what was missing and wanted, and offers
    /// what is new.
    pub(super) fn devices_changed(self) {
        platform::spawn_local(async move {
            let Some(before) = self.devices.try_get_untracked() else { return };
            self.refresh().await;
            self.offer_new(&before);
            let found = |kind: &Kind| {
                let slot = self.slot(*kind);
                let listed = |device: &Device| device.kind == DeviceKind::Input(*kind);
                slot.is(Problem::Missing)
                    && slot.wanted.get_untracked()
                    && self.devices.with_untracked(|devices| devices.iter().any(listed))
            };
            if self.devices.try_get_untracked().is_some() {
                self.capture(Kind::ALL.into_iter().filter(found).collect());
            }
        });
    }

    /// Mutes or unmutes the microphone; switches the camera, and its light, off or on.
    pub fn toggle(self, kind: Kind) {
        let slot = self.slot(kind);
        match (kind, slot.source.get_untracked()) {
            // It sends, as far as anybody is told: it comes back as the person wants it then.
            (Kind::Microphone, Source::Opening { replacing: true }) => {
                slot.wanted.update(|wanted| *wanted = !*wanted);
            }
            (Kind::Camera, Source::Opening { replacing: true }) => {
                slot.next_generation();
                slot.wanted.set(false);
                slot.source.set(Source::Off);
            }
            (_, Source::Opening { .. }) => {}
            (Kind::Microphone, Source::On(track)) => {
                let wanted = !slot.wanted.get_untracked();
                track.set_enabled(wanted);
                slot.wanted.set(wanted);
            }
            (Kind::Camera, Source::On(_)) => {
                slot.wanted.set(false);
                slot.source.set(Source::Off);
            }
            (_, Source::Off | Source::Failed(_)) => self.retry(kind),
        }
    }

    /// Unmutes the microphone that is open, and returns whether it was muted.
    pub fn unmute(self) -> bool {
        let slot = self.microphone;
        let open = slot.source.with_untracked(|source| matches!(source, Source::On(_)));
        let muted = open && !slot.wanted.get_untracked();
        if muted {
            self.toggle(Kind::Microphone);
        }
        muted
    }

    /// Mutes the microphone, also one that is being opened or is gone for the moment.
    pub fn mute(self) {
        let slot = self.microphone;
        slot.wanted.set(false);
        if let Source::On(track) = slot.source.get_untracked() {
            track.set_enabled(false);
        }
    }

    /// Switches the camera off, also one that could not be opened, or not yet, until somebody asks
    /// for it.
    pub(super) fn leave_camera_off(self) {
        self.camera.next_generation();
        self.camera.wanted.set(false);
        if !self.camera.is_barred() {
            self.camera.source.set(Source::Off);
        }
    }

    /// Mutes the microphone, or switches the camera off, and returns whether it was on.
    pub(super) fn switch_off(self, kind: Kind) -> bool {
        let sends = untrack(|| self.is_sending(kind));
        match kind {
            _ if !sends => {}
            Kind::Microphone => self.mute(),
            Kind::Camera => self.toggle(kind),
        }
        sends
    }

    /// Uses another device, now and on later visits.
    pub fn choose(self, kind: Kind, id: String) {
        platform::save(choice_key(kind), &id);
        self.slot(kind).chosen.set(id);
        if self.slot(kind).source.with_untracked(|source| !matches!(source, Source::Off)) {
            self.capture(vec![kind]);
        }
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

    /// Reads the list of devices again.
    async fn refresh(self) {
        let devices = platform::devices().await.unwrap_or_default();
        if self.devices.try_get_untracked().is_some_and(|before| before != devices) {
            self.devices.set(devices);
        }
    }

    /// Lets go of all devices, so that their lights go off, and of what would open them again.
    pub(super) fn release(self) {
        for kind in Kind::ALL {
            let slot = self.slot(kind);
            slot.next_generation();
            slot.gone.set_value(None);
            slot.permission.set_value(None);
            if !slot.is_barred() {
                slot.source.set(Source::Off);
            }
        }
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

    fn capture(self, kinds: Vec<Kind>) {
        self.request(kinds.into_iter().map(|kind| (kind, self.slot(kind).begin())).collect());
    }

    fn request(self, requests: Vec<(Kind, u64)>) {
        if requests.is_empty() {
            return;
        }
        platform::spawn_local(async move {
            let mut open = Vec::new();
            for request in requests {
                match platform::barred(request.0) {
                    Some(problem) => self.refuse(&[request], problem),
                    None => open.push(request),
                }
            }
            if !open.is_empty() {
                self.ask_for_present(open).await;
                self.refresh().await;
            }
        });
    }

    /// Leaves out what is known to be missing, so that it does not cost the rest.
    async fn ask_for_present(self, requests: Vec<(Kind, u64)>) {
        let devices = platform::devices().await;
        let present = |kind| match &devices {
            Some(devices) => devices.iter().any(|device| device.kind == DeviceKind::Input(kind)),
            None => true,
        };
        let (there, missing): (Vec<_>, Vec<_>) =
            requests.into_iter().partition(|(kind, _)| present(*kind));
        self.refuse(&missing, Problem::Missing);
        self.ask(&there).await;
    }

    /// One question for all. If they cannot be had together, each is asked for by itself, so that
    /// one that is busy or blocked does not cost the other; a refusal is not asked again.
    async fn ask(self, requests: &[(Kind, u64)]) {
        let current = |(kind, generation): &&(Kind, u64)| self.slot(*kind).is_current(*generation);
        let requests: Vec<_> = requests.iter().filter(current).copied().collect();
        if requests.is_empty() {
            return;
        }
        let choice = |(kind, _): &(Kind, u64)| (*kind, self.slot(*kind).chosen.get_untracked());
        let chosen: Vec<_> = requests.iter().map(choice).collect();
        match platform::capture(&chosen, self.processing.get_untracked()).await {
            Ok(tracks) => {
                for (kind, track) in tracks {
                    if let Some((_, generation)) = requests.iter().find(|(asked, _)| *asked == kind)
                    {
                        self.finish(kind, *generation, Ok(track));
                    }
                }
            }
            Err(problem) if requests.len() > 1 => {
                for request in requests {
                    let refused = matches!(
                        problem,
                        Problem::Denied
                            | Problem::DeniedBySystem
                            | Problem::Dismissed
                            | Problem::Framed
                    );
                    if refused && !platform::is_granted(request.0).await {
                        self.refuse(&[request], problem);
                    } else {
                        Box::pin(self.ask(&[request])).await;
                    }
                }
            }
            Err(problem) => self.refuse(&requests, problem),
        }
    }

    fn refuse(self, requests: &[(Kind, u64)], problem: Problem) {
        for (kind, generation) in requests {
            self.finish(*kind, *generation, Err(problem));
        }
    }

    fn finish(self, kind: Kind, generation: u64, result: Result<Track, Problem>) {
        let slot = self.slot(kind);
        if !slot.is_current(generation) {
            return;
        }
        let gone = slot.gone.get_value();
        slot.gone.set_value(None);
        match result {
            Ok(track) => {
                track.set_enabled(slot.wanted.get_untracked());
                if kind == Kind::Camera && self.blur.get_untracked() {
                    track.set_blur(true);
                }
                let label = track.label();
                if let Some(gone) = gone {
                    self.notices.show(Notice::Replaced { kind, gone, now: label.clone() });
                }
                let gone = Gone { id: track.device_id(), label };
                track.on_ended(move || self.unplugged(kind, generation, gone.clone()));
                slot.muted.set(track.is_muted());
                track.on_muted(move |muted| {
                    if slot.is_current(generation) {
                        slot.muted.set(muted);
                    }
                });
                slot.source.set(Source::On(track));
            }
            Err(problem) => {
                // Other reasons have words of their own.
                if gone.is_some() && problem == Problem::Missing {
                    self.notices.show(Notice::Unplugged(kind));
                }
                slot.source.set(Source::Failed(problem));
                // Both mean that the permission was not given.
                if matches!(problem, Problem::Denied | Problem::Dismissed) {
                    self.heal_when_allowed(kind, generation);
                }
            }
        }
    }

    /// The device in use is gone: the browser's next best takes its place.
    fn unplugged(self, kind: Kind, generation: u64, gone: Gone) {
        let slot = self.slot(kind);
        if slot.is_current(generation) {
            slot.gone.set_value(Some(gone));
            self.capture(vec![kind]);
        }
    }

    /// When the person lifts a block in the browser's settings, the device is opened by itself.
    fn heal_when_allowed(self, kind: Kind, generation: u64) {
        let slot = self.slot(kind);
        platform::spawn_local(async move {
            let allowed = move || {
                if slot.is_current(generation) {
                    self.capture(vec![kind]);
                }
            };
            let watch = platform::watch_permission(kind, allowed).await;
            if slot.is_current(generation) {
                slot.permission.set_value(watch);
            }
        });
    }
}

/// What stands for another device is no device.
fn is_alias(id: &str) -> bool {
    matches!(id, "" | "default" | "communications")
}

fn choice_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Microphone => "salon.microphone",
        Kind::Camera => "salon.camera",
    }
}
