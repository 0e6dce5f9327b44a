//! This person's camera, microphone and speaker: asked for, chosen, switched and replaced.

use super::{Notice, Notices};
use crate::platform::{
    self, Device, DeviceKind, Interval, Kind, Local, Meter, PerKind, Problem, Stream, Track,
};
use leptos::prelude::*;
use std::{any::Any, time::Duration};

/// How often the microphone's level is read while it is shown.
const METER_PERIOD: Duration = Duration::from_millis(80);

/// Where one kind of device stands.
#[derive(Clone, Default)]
pub enum Source {
    /// Not asked for, or released.
    #[default]
    Off,
    /// The browser was asked and has not answered.
    Opening,
    /// Open.
    On(Track),
    /// Cannot be used.
    Failed(Problem),
}

/// One kind of device.
#[derive(Clone, Copy)]
struct Slot {
    source: RwSignal<Source>,
    /// Whether the person wants it on: for the microphone "not muted".
    wanted: RwSignal<bool>,
    /// The id of the device that the person chose on this machine; empty for the system's choice.
    chosen: RwSignal<String>,
    /// Tells an answer of the browser from the answers to earlier requests.
    generation: StoredValue<u64>,
}

impl Slot {
    fn new() -> Self {
        Self {
            source: RwSignal::default(),
            wanted: RwSignal::new(true),
            chosen: RwSignal::default(),
            generation: StoredValue::new(0),
        }
    }

    fn begin(self) -> u64 {
        self.generation.update_value(|generation| *generation += 1);
        self.source.set(Source::Opening);
        self.generation.get_value()
    }
}

/// All devices of this person. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Media {
    microphone: Slot,
    camera: Slot,
    /// The id of the speaker; empty for the system's choice.
    pub speaker: RwSignal<String>,
    /// What is there to choose from.
    pub devices: RwSignal<Vec<Device>>,
    /// Loudness of the microphone in percent while [`Media::show_level`] is in use.
    pub level: RwSignal<u32>,
    asked: StoredValue<bool>,
    watches: StoredValue<Vec<Local<Box<dyn Any>>>>,
    notices: Notices,
}

impl Media {
    pub(super) fn new(notices: Notices) -> Self {
        Self {
            microphone: Slot::new(),
            camera: Slot::new(),
            speaker: RwSignal::default(),
            devices: RwSignal::default(),
            level: RwSignal::new(0),
            asked: StoredValue::new(false),
            watches: StoredValue::default(),
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
        self.speaker.set(platform::load("salon.speaker").unwrap_or_default());
        if !platform::has_devices() {
            for kind in Kind::ALL {
                self.slot(kind).source.set(Source::Failed(Problem::Insecure));
            }
            self.asked.set_value(true);
        }
        self.refresh();
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
        slot.wanted.get() && slot.source.with(|source| matches!(source, Source::On(_)))
    }

    /// Whether nothing has been asked of the browser yet.
    #[must_use]
    pub fn is_untouched(self) -> bool {
        Kind::ALL.iter().all(|kind| self.slot(*kind).source.with(|s| matches!(s, Source::Off)))
    }

    /// Whether the browser is being asked right now.
    #[must_use]
    pub fn is_opening(self) -> bool {
        Kind::ALL.iter().any(|kind| self.slot(*kind).source.with(|s| matches!(s, Source::Opening)))
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
        self.asked.set_value(true);
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
        if !kinds.is_empty() {
            self.asked.set_value(true);
            self.capture(kinds);
        }
    }

    /// Asks again for one kind, or for the first time.
    pub fn retry(self, kind: Kind) {
        self.slot(kind).wanted.set(true);
        self.capture(vec![kind]);
    }

    /// What was in use elsewhere may be free when the person comes back to this page.
    pub(super) fn retry_busy(self) {
        let busy = |kind: &Kind| {
            let source = self.slot(*kind).source;
            source.with_untracked(|source| matches!(source, Source::Failed(Problem::Busy)))
        };
        let kinds: Vec<_> = Kind::ALL.into_iter().filter(busy).collect();
        if !kinds.is_empty() {
            self.capture(kinds);
        }
    }

    /// Mutes or unmutes the microphone; switches the camera, and its light, off or on.
    pub fn toggle(self, kind: Kind) {
        let slot = self.slot(kind);
        match (kind, slot.source.get_untracked()) {
            (_, Source::Opening) => {}
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

    /// Uses another device, now and on later visits.
    pub fn choose(self, kind: Kind, id: String) {
        platform::save(choice_key(kind), &id);
        self.slot(kind).chosen.set(id);
        if self.slot(kind).source.with_untracked(|source| !matches!(source, Source::Off)) {
            self.capture(vec![kind]);
        }
    }

    /// Plays the others on another device, now and on later visits.
    pub fn choose_speaker(self, id: String) {
        platform::save("salon.speaker", &id);
        self.speaker.set(id);
    }

    /// Reads the list of devices again.
    pub(super) fn refresh(self) {
        platform::spawn_local(async move {
            let devices = platform::devices().await;
            if self.devices.try_get_untracked().is_some_and(|before| before != devices) {
                self.devices.set(devices);
            }
        });
    }

    /// Lets go of all devices, so that their lights go off.
    pub(super) fn release(self) {
        for kind in Kind::ALL {
            let slot = self.slot(kind);
            slot.generation.update_value(|generation| *generation += 1);
            if slot.source.with_untracked(|source| !matches!(source, Source::Failed(_))) {
                slot.source.set(Source::Off);
            }
        }
    }

    /// Keeps [`Media::level`] up to date while the calling component is shown.
    pub fn show_level(self) {
        Effect::new(move |_| {
            let meter = match self.source(Kind::Microphone) {
                Source::On(track) => Meter::new(&track),
                _ => None,
            };
            self.level.set(0);
            meter.map(|meter| {
                Interval::new(METER_PERIOD, move || {
                    let _ = self.level.try_set(meter.level());
                })
            })
        });
    }

    fn capture(self, kinds: Vec<Kind>) {
        let generations: Vec<_> = kinds.iter().map(|kind| self.slot(*kind).begin()).collect();
        platform::spawn_local(async move {
            let present = |devices: &[Device], kind| {
                devices.iter().any(|device| device.kind == DeviceKind::Input(kind))
            };
            let devices = platform::devices().await;
            let requests = kinds.iter().copied().zip(generations);
            let (there, missing): (Vec<_>, Vec<_>) =
                requests.partition(|(kind, _)| present(&devices, *kind));
            for (kind, generation) in missing {
                self.finish(kind, generation, Err(Problem::Missing));
            }
            self.ask(&there).await;
            self.refresh();
        });
    }

    /// One question for all. If they cannot be had together, each is asked for by itself, so that
    /// a busy camera does not cost the microphone; a refusal is not asked again.
    async fn ask(self, requests: &[(Kind, u64)]) {
        let Some(chosen) = self.choices(requests) else { return };
        if chosen.is_empty() {
            return;
        }
        match platform::capture(&chosen).await {
            Ok(tracks) => {
                for (kind, track) in tracks {
                    let request = requests.iter().find(|(asked, _)| *asked == kind);
                    if let Some((_, generation)) = request {
                        self.finish(kind, *generation, Ok(track));
                    }
                }
            }
            Err(Problem::Busy | Problem::Missing | Problem::Failed) if requests.len() > 1 => {
                for request in requests {
                    Box::pin(self.ask(&[*request])).await;
                }
            }
            Err(problem) => {
                for (kind, generation) in requests {
                    self.finish(*kind, *generation, Err(problem));
                }
            }
        }
    }

    /// None if the session ended meanwhile.
    fn choices(self, requests: &[(Kind, u64)]) -> Option<Vec<(Kind, String)>> {
        let choice =
            |(kind, _): &(Kind, u64)| Some((*kind, self.slot(*kind).chosen.try_get_untracked()?));
        requests.iter().map(choice).collect()
    }

    fn finish(self, kind: Kind, generation: u64, result: Result<Track, Problem>) {
        let slot = self.slot(kind);
        if slot.generation.try_get_value() != Some(generation) {
            return;
        }
        match result {
            Ok(track) => {
                track.set_enabled(slot.wanted.get_untracked());
                let label = track.label();
                track.on_ended(move || self.unplugged(kind, generation, label.clone()));
                slot.source.set(Source::On(track));
            }
            Err(problem) => {
                slot.source.set(Source::Failed(problem));
                self.heal_when_allowed(kind);
            }
        }
    }

    /// The device in use is gone: the browser's next best takes its place.
    fn unplugged(self, kind: Kind, generation: u64, gone: String) {
        let slot = self.slot(kind);
        if slot.generation.try_get_value() != Some(generation) {
            return;
        }
        let wanted = slot.wanted.get_untracked();
        self.capture(vec![kind]);
        Effect::new(move |told: Option<bool>| {
            let source = slot.source.get();
            if told == Some(true) {
                return true;
            }
            match source {
                Source::On(track) => {
                    track.set_enabled(wanted);
                    self.notices.show(Notice::Replaced { gone: gone.clone(), now: track.label() });
                    true
                }
                Source::Failed(_) => {
                    self.notices.show(Notice::Unplugged(kind));
                    true
                }
                Source::Off | Source::Opening => false,
            }
        });
    }

    /// When the person lifts a block in the browser's settings, the device is opened by itself.
    fn heal_when_allowed(self, kind: Kind) {
        platform::spawn_local(async move {
            let allowed = move || {
                if let Some(Source::Failed(_)) = self.slot(kind).source.try_get_untracked() {
                    self.capture(vec![kind]);
                }
            };
            if let Some(watch) = platform::watch_permission(kind, allowed).await {
                let _ = self.watches.try_update_value(|watches| watches.push(watch));
            }
        });
    }
}

fn choice_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Microphone => "salon.microphone",
        Kind::Camera => "salon.camera",
    }
}
