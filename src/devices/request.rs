//! What is asked of the browser, and in which order: one question for all. If they cannot be had
//! together, each is asked for by itself, so that one that is busy or blocked does not cost the
//! other; a refusal is not asked again.

use super::{Capture, Command, Device, Generation, Granted, Kind, Listing, Problem, Source};
use std::collections::VecDeque;

/// What was asked for at one moment. It goes on step by step, each after the answer to the last.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) generation: Generation,
    step: Step,
    /// The kinds that this step is about.
    pub(super) kinds: Vec<Kind>,
    /// What comes after that, one by one.
    pub(super) rest: VecDeque<Kind>,
    /// Somebody said no to all of them at once, which may be meant for one.
    refused: Option<Problem>,
}

/// Which answer a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Which devices there are.
    List,
    /// What the browser opens.
    Ask,
    /// Whether the permission is given in spite of the refusal.
    Permission,
    /// Whether the microphone, which nobody wants on, can be opened without a question.
    PermissionOfMuted,
}

impl Request {
    fn new(generation: Generation, step: Step, kinds: Vec<Kind>) -> Self {
        Self { generation, step, kinds, rest: VecDeque::new(), refused: None }
    }
}

impl<T: Clone> Capture<T> {
    /// Opens these kinds, in place of what they are now. `replacing`: they count as sending
    /// meanwhile, as those do that send already.
    pub(super) fn open_kinds(&mut self, kinds: impl IntoIterator<Item = Kind>, replacing: bool) {
        let generation = self.next_generation();
        let mut open = Vec::new();
        for kind in kinds {
            let slot = self.slot_mut(kind);
            slot.generation = generation;
            if let Some(problem) = slot.barred {
                self.finish(kind, generation, Err(problem));
                continue;
            }
            slot.source = Source::Opening { replacing: replacing || slot.source.sends() };
            open.push(kind);
        }
        self.request(generation, open);
    }

    /// Asks again for what another program had. What is said of it stands until it is free.
    pub(super) fn retry_busy(&mut self) {
        let generation = self.next_generation();
        let busy = |kind: &Kind| self.slot(*kind).failed_with(Problem::Busy);
        let busy: Vec<_> = Kind::ALL.into_iter().filter(busy).collect();
        busy.iter().for_each(|kind| self.slot_mut(*kind).generation = generation);
        self.request(generation, busy);
    }

    /// Opens the microphone though it is muted, where nobody is asked for that: so a key that is held
    /// unmutes it, and that somebody talks while muted is noticed.
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

    /// Leaves out what is known to be missing.
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

    /// Asks for what could not be had together with others.
    fn go_on(&mut self, mut request: Request) {
        let Some(kind) = request.rest.pop_front() else {
            // Devices have names once one was opened.
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
            // Counts as sending, so that it can be unmuted meanwhile.
            self.open_kinds([Kind::Microphone], true);
        }
    }

    fn refuse(&mut self, request: &Request, problem: Problem) {
        for kind in &request.kinds {
            self.finish(*kind, request.generation, Err(problem));
        }
    }
}
