//! Carries out the commands of a recording's life cycle, and tells it what happens.

use super::{Handler, Labels, Recording, delete_recording, recorder::Recorder};
use crate::{
    call,
    platform::{self, Interval, Local, Mixer},
    reactive::effect,
    recording::{
        Stage,
        lifecycle::{Command, Input, Lifecycle, MixerState, ServerState},
    },
    session::{Notice, Session, inbox::Inbox},
};
use leptos::prelude::*;
use std::{cell::RefCell, rc::Rc, time::Duration};

const SECOND: Duration = Duration::from_secs(1);

impl Session {
    /// Announces a recording to everybody, and begins it after the countdown, unless that is stopped.
    pub fn record(self, labels: Labels) {
        let recording = self.recording;
        if recording.driver.with_value(Option::is_none) {
            let Some(page) = recording.page.get_value() else { return };
            recording.driver.set_value(Some(Local::new(drive(self, labels, &page))));
        }
        let reachable = self.server_round_trip().is_some();
        recording.handle(Input::Requested { reachable });
    }
}

impl Recording {
    /// Ends the recording, or the countdown to it.
    pub fn stop(self) {
        self.handle(Input::Stop);
    }

    /// Hands an input to the life cycle.
    fn handle(self, input: Input) {
        // The caller may be an effect, which must not depend on what is read here.
        untrack(|| {
            if let Some(handle) = self.driver.try_get_value().flatten() {
                handle(input);
            }
        });
    }
}

/// Starts the driver, and returns what takes its inputs while the page is there.
fn drive(session: Session, labels: Labels, page: &Owner) -> Handler {
    let running = Rc::new(Running::new(session, labels));
    let weak = Rc::downgrade(&running);
    let recording = session.recording;
    page.with(|| {
        effect(move || {
            if !session.view.with(|view| view.admission.inside) {
                recording.handle(Input::Left);
            }
        });
        effect(move || {
            let runs = matches!(recording.stage.get(), Stage::Running { .. });
            if let Some(running) = weak.upgrade().filter(|_| runs) {
                running.put(Driver::update_layout);
            }
        });
    });
    Rc::new(move |input| running.put(move |driver| driver.handle(input)))
}

/// The driver, and the work that waits until it is free.
struct Running {
    driver: RefCell<Driver>,
    work: Inbox<Work>,
}

type Work = Box<dyn FnOnce(&mut Driver)>;

impl Running {
    fn new(session: Session, labels: Labels) -> Self {
        Self { driver: RefCell::new(Driver::new(session, labels)), work: Inbox::default() }
    }

    fn put(&self, work: impl FnOnce(&mut Driver) + 'static) {
        self.work.put(Box::new(work), |work| work(&mut self.driver.borrow_mut()));
    }
}

struct Driver {
    session: Session,
    labels: Labels,
    lifecycle: Lifecycle,
    clock: Option<Interval>,
    /// The mixer during the countdown; after that, the recorder has it.
    mixer: Option<Mixer>,
    recorder: Option<Recorder>,
    /// The id of the last recording on this device.
    id: Option<String>,
}

impl Driver {
    fn new(session: Session, labels: Labels) -> Self {
        let lifecycle = Lifecycle::default();
        Self { session, labels, lifecycle, clock: None, mixer: None, recorder: None, id: None }
    }

    fn handle(&mut self, input: Input) {
        self.lifecycle.handle(input, platform::elapsed());
        self.publish();
        while let Some(command) = self.lifecycle.poll() {
            self.run(command);
        }
        if self.clock.is_some() != self.lifecycle.needs_clock() {
            let recording = self.session.recording;
            let start = || Interval::new(SECOND, move || recording.handle(Input::Tick));
            self.clock = self.lifecycle.needs_clock().then(start);
        }
    }

    /// Shows the stage, from which this person's presence is read as well.
    fn publish(&self) {
        let Recording { stage, problem, .. } = self.session.recording;
        if stage.get_untracked() != self.lifecycle.stage() {
            stage.set(self.lifecycle.stage());
        }
        if problem.get_untracked() != self.lifecycle.problem() {
            problem.set(self.lifecycle.problem());
        }
    }

    fn run(&mut self, command: Command) {
        let Session { recording, notices, .. } = self.session;
        match command {
            Command::CheckStorage => platform::spawn_local(async move {
                recording.handle(Input::StorageChecked(platform::can_keep().await));
            }),
            Command::Announce => {
                self.session.call.send(call::Input::SetPresence(self.session.presence()));
                self.session.call.send(call::Input::CheckServer);
                self.mixer = Mixer::wake();
            }
            Command::CheckReadiness => {
                recording.handle(Input::Readiness(self.server(), self.mixer()));
            }
            Command::Withdraw => self.mixer = None,
            Command::Start { since } => {
                let report = move |event| recording.handle(Input::Recorder(event));
                let mixer = self.mixer.take();
                let id = self.id.insert(new_id());
                let start =
                    |mixer| Recorder::prepare(self.session, self.labels, id, mixer, since, report);
                self.recorder = mixer.and_then(start);
                if self.recorder.is_none() {
                    recording.handle(Input::NotStarted);
                }
            }
            Command::WriteManifest => self.with_recorder(Recorder::write_manifest),
            Command::Finish => self.with_recorder(Recorder::finish),
            Command::Close { delete } => self.close(delete),
            Command::Notify(problem) => notices.show(&Notice::RecordingFailed(problem)),
        }
    }

    fn with_recorder(&mut self, act: impl FnOnce(&mut Recorder)) {
        if let Some(recorder) = &mut self.recorder {
            act(recorder);
        }
    }

    fn update_layout(&mut self) {
        self.with_recorder(Recorder::update_layout);
    }

    fn server(&self) -> ServerState {
        let answers = self.session.call.ask(|engine| engine.server_answers()).unwrap_or_default();
        ServerState::new(self.session.server_round_trip(), answers)
    }

    fn mixer(&self) -> MixerState {
        match &self.mixer {
            None => MixerState::Missing,
            Some(mixer) if mixer.is_waking() => MixerState::Waking,
            Some(mixer) if mixer.runs() => MixerState::Running,
            Some(_) => MixerState::Silent,
        }
    }

    fn close(&mut self, needs_deletion: bool) {
        let recording = self.session.recording;
        let (recorder, id) = (self.recorder.take(), self.id.take());
        platform::spawn_local(async move {
            // Later, as the caller may be part of the recorder.
            drop(recorder);
            if let Some(id) = id.filter(|_| needs_deletion) {
                delete_recording(&id).await;
            }
            recording.handle(Input::Closed);
            let _ = recording.changes.try_update(|count| *count += 1);
        });
    }
}

/// A unique id, which begins with the time.
fn new_id() -> String {
    let began = platform::wall_clock().as_millis();
    format!("{began}-{:08x}", (platform::random_fraction() * 1e9) as u32)
}
