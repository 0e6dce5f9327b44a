//! The order of requests to the browser: one prompt for all kinds. If they cannot be opened
//! together, each is requested separately, so that a busy or blocked one does not affect the other;
//! a refusal is not repeated.

use super::{Capture, Command, Device, Generation, Granted, Kind, Listing, Problem, Source};
use std::collections::VecDeque;

/// The requests made at one moment. Each step follows the answer to the last.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) generation: Generation,
    step: Step,
    /// The kinds in this step.
    pub(super) kinds: Vec<Kind>,
    /// The kinds to request after that, one by one.
    pub(super) rest: VecDeque<Kind>,
    /// All kinds were refused at once, although only one may have been meant.
    refused: Option<Problem>,
}

/// The answer that a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The list of devices.
    List,
    /// The opened devices.
    Ask,
    /// Whether the permission is granted despite the refusal.
    Permission,
    /// Whether the microphone, which is muted, can be opened without a prompt.
    PermissionOfMuted,
}

impl Request {
    fn new(generation: Generation, step: Step, kinds: Vec<Kind>) -> Self {
        Self { generation, step, kinds, rest: VecDeque::new(), refused: None }
    }
}

impl<T: Clone> Capture<T> {
    /// Opens these kinds, replacing their current state. `replacing`: they are reported as sending
    /// in the meantime, as are those already sending.
    pub(super) fn open_kinds(&mut self, kinds: impl IntoIterator<Item = Kind>, replacing: bool) {
        let generation = self.next_generation();
        let mut open = Vec::new();
        for kind in kinds {
            let slot = self.slot_mut(kind);
            slot.generation = generation;
            if let Some(problem) = slot.blocked {
                self.finish(kind, generation, Err(problem));
                continue;
            }
            slot.source = Source::Opening { replacing: replacing || slot.source.sends() };
            open.push(kind);
        }
        self.request(generation, open);
    }

    /// Retries devices that were busy. The problem stays visible until one is free.
    pub(super) fn retry_busy(&mut self) {
        let generation = self.next_generation();
        let busy = |kind: &Kind| self.slot(*kind).failed_with(Problem::Busy);
        let busy: Vec<_> = Kind::ALL.into_iter().filter(busy).collect();
        busy.iter().for_each(|kind| self.slot_mut(*kind).generation = generation);
        self.request(generation, busy);
    }

    /// Opens a muted microphone if that needs no prompt: then holding a key unmutes it, and talking
    /// while muted is detected.
    pub(super) fn open_muted(&mut self) {
        let (generation, kind) = (self.next_generation(), Kind::Microphone);
        self.slot_mut(kind).generation = generation;
        self.wait(Request::new(generation, Step::PermissionOfMuted, vec![kind]));
        self.run(Command::AskPermission { generation, kind });
    }

    fn request(&mut self, generation: Generation, kinds: Vec<Kind>) {
        if !kinds.is_empty() {
            self.run(Command::List(Listing::Request(generation)));
            self.wait(Request::new(generation, Step::List, kinds));
        }
    }

    fn wait(&mut self, request: Request) {
        self.requests.push(request);
    }

    /// The request that waits for this answer.
    fn resume(&mut self, generation: Generation, step: Step) -> Option<Request> {
        let waits = |request: &Request| request.generation == generation && request.step == step;
        let place = self.requests.iter().position(waits)?;
        Some(self.requests.swap_remove(place))
    }

    /// Skips kinds that are known to be missing.
    pub(super) fn listed(&mut self, generation: Generation, devices: Option<&[Device]>) {
        let Some(mut request) = self.resume(generation, Step::List) else { return };
        let is_there =
            |kind| devices.is_none_or(|devices| devices.iter().any(|device| device.is_of(kind)));
        for kind in request.kinds.extract_if(.., |kind| !is_there(*kind)) {
            self.finish(kind, generation, Err(Problem::Missing));
        }
        self.ask(request);
    }

    fn ask(&mut self, mut request: Request) {
        let generation = request.generation;
        request.kinds.retain(|kind| self.is_current(*kind, generation));
        if request.kinds.is_empty() {
            return self.go_on(request);
        }
        let device = |kind: &Kind| (*kind, self.slot(*kind).chosen.clone());
        let devices = request.kinds.iter().map(device).collect();
        self.run(Command::Ask { generation, devices });
        self.wait(Request { step: Step::Ask, ..request });
    }

    pub(super) fn answered(
        &mut self,
        generation: Generation,
        answer: Result<Vec<Granted<T>>, Problem>,
    ) {
        let Some(mut request) = self.resume(generation, Step::Ask) else { return };
        match answer {
            Ok(mut granted) => {
                for kind in &request.kinds {
                    let one = granted.extract_if(.., |granted| granted.kind == *kind).next();
                    self.finish(*kind, generation, one.ok_or(Problem::Failed));
                }
            }
            Err(problem) if request.kinds.len() > 1 => {
                request.refused = Some(problem).filter(|problem| problem.is_refusal());
                request.rest = request.kinds.into();
                request.kinds = Vec::new();
            }
            Err(problem) => self.refuse(&request, problem),
        }
        self.go_on(request);
    }

    /// Requests the kinds that could not be opened together.
    fn go_on(&mut self, mut request: Request) {
        let Some(kind) = request.rest.pop_front() else {
            // Devices have names once one has been opened.
            return self.run(Command::List(Listing::Choice));
        };
        let generation = request.generation;
        request.kinds = vec![kind];
        if request.refused.is_some() {
            self.run(Command::AskPermission { generation, kind });
            self.wait(Request { step: Step::Permission, ..request });
        } else {
            self.ask(request);
        }
    }

    pub(super) fn permission(&mut self, generation: Generation, granted: bool) {
        if let Some(request) = self.resume(generation, Step::Permission) {
            match request.refused.filter(|_| !granted) {
                None => self.ask(request),
                Some(problem) => {
                    self.refuse(&request, problem);
                    self.go_on(request);
                }
            }
        } else if self.resume(generation, Step::PermissionOfMuted).is_some()
            && granted
            && self.is_current(Kind::Microphone, generation)
        {
            // Reported as sending, so that it can be unmuted in the meantime.
            self.open_kinds([Kind::Microphone], true);
        }
    }

    fn refuse(&mut self, request: &Request, problem: Problem) {
        for kind in &request.kinds {
            self.finish(*kind, request.generation, Err(problem));
        }
    }
}
