//! Capture from both kinds of devices.

use super::{
    Command, Device, DeviceKind, Generation, Gone, Granted, Input, Kind, Listing, Problem, Slot,
    Source, request::Request,
};
use std::collections::VecDeque;

/// The microphone and the camera of one person. `T` is a track as the browser provides it.
#[derive(Debug)]
pub struct Capture<T> {
    microphone: Slot<T>,
    camera: Slot<T>,
    /// All available devices, as last listed.
    devices: Vec<Device>,
    /// Unanswered requests, including abandoned ones.
    pub(super) requests: Vec<Request>,
    generations: Generation,
    commands: VecDeque<Command<T>>,
}

impl<T> Default for Capture<T> {
    fn default() -> Self {
        Self {
            microphone: Slot::default(),
            camera: Slot::default(),
            devices: Vec::new(),
            requests: Vec::new(),
            generations: 0,
            commands: VecDeque::new(),
        }
    }
}

impl<T: Clone> Capture<T> {
    /// Handles an event.
    pub fn handle(&mut self, input: Input<T>) {
        match input {
            Input::Block(kind, problem) => self.block(kind, problem),
            Input::RestoreChoice(kind, id) => self.slot_mut(kind).chosen = id,
            Input::Open => {
                Kind::ALL.into_iter().for_each(|kind| self.slot_mut(kind).wanted = true);
                self.open_kinds(Kind::ALL, false);
            }
            Input::OpenUnasked => self.open_unasked(false),
            Input::Reopen(sent) => {
                for kind in Kind::ALL {
                    self.slot_mut(kind).wanted = sent.contains(&kind);
                }
                self.open_unasked(true);
            }
            Input::Retry(kind) => self.retry(kind),
            Input::RetryBusy => self.retry_busy(),
            Input::Toggle(kind) => self.toggle(kind),
            Input::Mute => self.want_microphone(false),
            Input::Unmute if self.microphone.is_on() => self.want_microphone(true),
            Input::Unmute => {}
            Input::SwitchOff(kind) => self.switch_off(kind),
            Input::LeaveCameraOff => self.leave_camera_off(),
            Input::Choose(kind, id) => self.choose(kind, id),
            Input::Undo(kind, gone) => self.undo(kind, gone),
            Input::ProcessingChanged => self.reopen_microphone(),
            Input::Release => self.release(),
            Input::DevicesChanged => {
                let before = self.devices.clone();
                self.run(Command::List(Listing::Change { before }));
            }
            Input::Listed(Listing::Request(generation), devices) => {
                self.listed(generation, devices.as_deref());
            }
            Input::Listed(Listing::Choice, devices) => self.devices = devices.unwrap_or_default(),
            Input::Listed(Listing::Change { before }, devices) => {
                self.devices = devices.unwrap_or_default();
                self.offer_new(&before);
                self.open_found();
            }
            Input::Permission { generation, granted } => self.permission(generation, granted),
            Input::Answered { generation, answer } => self.answered(generation, answer),
            Input::Allowed(kind, generation) => {
                if self.is_current(kind, generation) {
                    self.open_kinds([kind], false);
                }
            }
            Input::Denied(kind, generation) => {
                self.finish(kind, generation, Err(Problem::Denied));
            }
            Input::Ended(kind, generation) => self.ended(kind, generation),
            Input::Muted(kind, generation, muted) => {
                if self.is_current(kind, generation) {
                    self.slot_mut(kind).muted = muted;
                }
            }
        }
    }

    /// The next command, until there is none.
    pub fn poll(&mut self) -> Option<Command<T>> {
        self.commands.pop_front()
    }

    /// One kind of device.
    pub fn slot(&self, kind: Kind) -> &Slot<T> {
        match kind {
            Kind::Microphone => &self.microphone,
            Kind::Camera => &self.camera,
        }
    }

    /// All available devices. Labels and ids are empty until permission is granted.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Whether this is the last request for the kind.
    pub fn is_current(&self, kind: Kind, generation: Generation) -> bool {
        self.slot(kind).generation == generation
    }

    pub(super) fn slot_mut(&mut self, kind: Kind) -> &mut Slot<T> {
        match kind {
            Kind::Microphone => &mut self.microphone,
            Kind::Camera => &mut self.camera,
        }
    }

    pub(super) fn run(&mut self, command: Command<T>) {
        self.commands.push_back(command);
    }

    pub(super) fn next_generation(&mut self) -> Generation {
        self.generations += 1;
        self.generations
    }

    fn block(&mut self, kind: Kind, problem: Problem) {
        let slot = self.slot_mut(kind);
        slot.blocked = Some(problem);
        slot.source = Source::Failed(problem);
    }

    fn open_unasked(&mut self, replacing: bool) {
        let unasked = |kind: &Kind| self.slot(*kind).is_off() && self.slot(*kind).wanted;
        let unasked: Vec<_> = Kind::ALL.into_iter().filter(unasked).collect();
        self.open_kinds(unasked, replacing);
        if self.microphone.is_off() {
            self.open_muted();
        }
    }

    fn retry(&mut self, kind: Kind) {
        self.slot_mut(kind).wanted = true;
        self.open_kinds([kind], false);
    }

    fn toggle(&mut self, kind: Kind) {
        let slot = self.slot(kind);
        match (kind, &slot.source) {
            // Others are told that a device being replaced is still sending: the new one opens in
            // the state that the person wants by then.
            (Kind::Microphone, source) if source.sends() => self.want_microphone(!slot.wanted),
            (Kind::Camera, source) if source.sends() => self.leave_camera_off(),
            (_, Source::Off | Source::Failed(_)) => self.retry(kind),
            _ => {}
        }
    }

    fn want_microphone(&mut self, wanted: bool) {
        self.microphone.wanted = wanted;
        if let Source::On(track) = &self.microphone.source {
            let track = track.clone();
            self.run(Command::Enable(track, wanted));
        }
    }

    fn switch_off(&mut self, kind: Kind) {
        if self.slot(kind).is_sending() {
            self.toggle(kind);
        }
    }

    fn leave_camera_off(&mut self) {
        let generation = self.next_generation();
        self.camera.wanted = false;
        self.camera.close(generation);
    }

    fn choose(&mut self, kind: Kind, id: String) {
        self.run(Command::KeepChoice(kind, id.clone()));
        let slot = self.slot_mut(kind);
        slot.chosen = id;
        slot.gone = None;
        if !self.slot(kind).is_off() {
            self.open_kinds([kind], false);
        }
    }

    fn undo(&mut self, kind: Kind, gone: Gone) {
        let is_back = !is_alias(&gone.id) && self.devices.iter().any(|device| device.id == gone.id);
        match is_back {
            true => self.choose(kind, gone.id),
            false => self.switch_off(kind),
        }
    }

    /// Browsers apply audio processing reliably only when they open the microphone.
    fn reopen_microphone(&mut self) {
        if matches!(self.microphone.source, Source::On(_) | Source::Opening { .. }) {
            self.open_kinds([Kind::Microphone], false);
        }
    }

    fn release(&mut self) {
        let generation = self.next_generation();
        for kind in Kind::ALL {
            self.slot_mut(kind).close(generation);
        }
    }

    /// Replaces a lost device by the browser's next best.
    fn ended(&mut self, kind: Kind, generation: Generation) {
        if self.is_current(kind, generation) {
            let slot = self.slot_mut(kind);
            slot.gone = slot.in_use.take();
            self.open_kinds([kind], false);
        }
    }

    /// Offers a new device of a kind in use.
    fn offer_new(&mut self, before: &[Device]) {
        let is_new = |device: &&Device| {
            let DeviceKind::Input(kind) = device.kind else { return false };
            let known = before.iter().any(|other| other.id == device.id);
            self.slot(kind).is_on() && !known && !is_alias(&device.id)
        };
        // Without permission, devices have no names.
        if before.iter().any(|device| !device.id.is_empty())
            && let Some(device) = self.devices.iter().find(is_new)
        {
            let offer = Command::Offer(device.clone());
            self.run(offer);
        }
    }

    /// Opens a missing device that is wanted and has been connected.
    fn open_found(&mut self) {
        let found = |kind: &Kind| {
            let slot = self.slot(*kind);
            slot.failed_with(Problem::Missing)
                && slot.wanted
                && self.devices.iter().any(|device| device.is_of(*kind))
        };
        let found: Vec<_> = Kind::ALL.into_iter().filter(found).collect();
        self.open_kinds(found, false);
    }

    /// The result of a request for one kind.
    pub(super) fn finish(
        &mut self,
        kind: Kind,
        generation: Generation,
        result: Result<Granted<T>, Problem>,
    ) {
        if !self.is_current(kind, generation) {
            return;
        }
        let slot = self.slot_mut(kind);
        let gone = slot.gone.take();
        match result {
            Ok(Granted { track, device, muted, .. }) => {
                let (now, wanted) = (device.label.clone(), slot.wanted);
                (slot.in_use, slot.muted) = (Some(device), muted);
                slot.source = Source::On(track.clone());
                self.run(Command::Enable(track.clone(), wanted));
                self.run(Command::Follow { kind, generation, track });
                if let Some(gone) = gone {
                    self.run(Command::NotifyReplaced { kind, gone, now });
                }
            }
            Err(problem) => {
                slot.source = Source::Failed(problem);
                // Other problems have their own texts.
                if gone.is_some() && problem == Problem::Missing {
                    self.run(Command::NotifyUnplugged(kind));
                }
                // Both mean that permission was not granted.
                if matches!(problem, Problem::Denied | Problem::Dismissed) {
                    self.run(Command::WatchPermission(kind, generation));
                }
            }
        }
    }
}

/// Aliases such as the default device do not count as devices.
fn is_alias(id: &str) -> bool {
    matches!(id, "" | "default" | "communications")
}
