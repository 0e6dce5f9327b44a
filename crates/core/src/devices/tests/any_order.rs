//! Random sequences leave no device open by mistake.

use super::*;
use proptest::prelude::*;

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

/// An action of the person or the page, or an event of a device.
fn act() -> impl Strategy<Value = Input<Track>> {
    let id = || prop::sample::select(vec!["", "default", "m", "c", "x"]).prop_map(String::from);
    prop_oneof![
        Just(Input::Open),
        Just(Input::OpenUnasked),
        kind().prop_map(Input::Retry),
        Just(Input::RetryBusy),
        kind().prop_map(Input::Toggle),
        kind().prop_map(Input::Toggle),
        Just(Input::Mute),
        Just(Input::Unmute),
        kind().prop_map(Input::SwitchOff),
        Just(Input::LeaveCameraOff),
        (kind(), id()).prop_map(|(kind, id)| Input::Choose(kind, id)),
        (kind(), id()).prop_map(|(kind, id)| Input::Undo(kind, gone(&id))),
        Just(Input::ProcessingChanged),
        Just(Input::Release),
        Just(Input::DevicesChanged),
        kind().prop_map(|kind| Input::Block(kind, Problem::Forbidden)),
        (kind(), 0..40u64).prop_map(|(kind, number)| Input::Allowed(kind, number)),
        (kind(), 0..40u64).prop_map(|(kind, number)| Input::Ended(kind, number)),
        (kind(), 0..40u64, any::<bool>()).prop_map(|(kind, n, muted)| Input::Muted(kind, n, muted)),
    ]
}

/// The browser's answer to a request.
type Verdict = fn(&[Kind]) -> Option<Problem>;

#[derive(Clone, Debug)]
enum Step {
    Act(Input<Track>),
    /// The browser answers a pending command.
    Answer {
        place: prop::sample::Index,
        verdict: Verdict,
        granted: Vec<Kind>,
        devices: Option<Vec<Device>>,
    },
    /// It repeats an earlier answer.
    Repeat(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let verdict = prop::sample::select(vec![
        (|_| None) as Verdict,
        |_| Some(Problem::Denied),
        |_| Some(Problem::Dismissed),
        |_| Some(Problem::Framed),
        |kinds| (kinds.len() > 1).then_some(Problem::Busy),
        |kinds| (kinds.len() > 1).then_some(Problem::Denied),
        |kinds| kinds.contains(&Camera).then_some(Problem::Busy),
        |kinds| kinds.contains(&Microphone).then_some(Problem::Missing),
    ]);
    let kinds = || prop::sample::subsequence(Kind::ALL.to_vec(), 0..=2);
    let devices = prop::option::of(
        kinds()
            .prop_map(|kinds| kinds.into_iter().map(|kind| device(kind, "x")).collect::<Vec<_>>()),
    );
    prop_oneof![
        4 => act().prop_map(Step::Act),
        6 => (any::<prop::sample::Index>(), verdict, kinds(), devices).prop_map(
            |(place, verdict, granted, devices)| Step::Answer { place, verdict, granted, devices }
        ),
        1 => any::<prop::sample::Index>().prop_map(Step::Repeat),
    ]
}

/// The request that an answer belongs to.
fn request_of(answer: &Input<Track>) -> Option<Generation> {
    match answer {
        Input::Listed(Listing::Request(generation), _)
        | Input::Permission { generation, .. }
        | Input::Answered { generation, .. } => Some(*generation),
        _ => None,
    }
}

impl Page {
    /// The visible state.
    fn seen(&self) -> Vec<(Source<Track>, bool, String, bool)> {
        let seen = |kind| {
            let Slot { source, wanted, chosen, muted, .. } = self.capture.slot(kind).clone();
            (source, wanted, chosen, muted)
        };
        Kind::ALL.map(seen).to_vec()
    }

    /// Handles an answer. An answer that is no longer expected changes nothing.
    fn give(&mut self, answer: Input<Track>) {
        let request = request_of(&answer);
        let is_current = |kind: &Kind| Some(self.generation(*kind)) == request;
        let is_late = request.is_some() && !Kind::ALL.iter().any(is_current);
        let before = self.seen();
        self.handle(answer);
        assert!(!is_late || self.seen() == before);
    }

    /// Repeats an answer, which changes nothing.
    fn repeat(&mut self, answer: Input<Track>) {
        let Some(generation) = request_of(&answer) else { return };
        if self.capture.requests.iter().any(|request| request.generation == generation) {
            return;
        }
        let all = |page: &Self| (page.seen(), page.waiting.clone(), page.done.clone());
        let before = all(self);
        self.handle(answer);
        assert_eq!(all(self), before);
    }

    /// Number of expected answers for this kind.
    fn outstanding(&self, kind: Kind) -> usize {
        let generation = self.generation(kind);
        let concerns = |request: &&crate::devices::request::Request| {
            request.generation == generation
                && (request.kinds.contains(&kind) || request.rest.contains(&kind))
        };
        self.capture.requests.iter().filter(concerns).count()
    }

    fn check(&self) {
        for kind in Kind::ALL {
            let outstanding = self.outstanding(kind);
            assert!(outstanding <= 1, "{kind:?} is asked for {outstanding} times");
            if matches!(self.source(kind), Source::Opening { .. }) {
                assert_eq!(outstanding, 1, "{kind:?} is opened by nobody");
            }
            if let Source::On(_) = self.source(kind) {
                assert_eq!(self.is_enabled(kind), self.capture.slot(kind).wanted);
            }
        }
        // Every expected answer was requested from the browser.
        let waits = |command: &&Command<Track>| {
            !matches!(command, Command::List(Listing::Choice | Listing::Change { .. }))
        };
        assert_eq!(self.capture.requests.len(), self.waiting.iter().filter(waits).count());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_order_of_inputs_leaves_no_request_open(steps in prop::collection::vec(step(), 0..80)) {
        let mut page = page();
        let mut said: Vec<Input<Track>> = Vec::new();
        for step in steps {
            match step {
                Step::Act(input) => page.handle(input),
                Step::Answer { place, verdict, granted, devices } if !page.waiting.is_empty() => {
                    (page.problem, page.granted, page.devices) = (verdict, granted, devices);
                    let command = page.waiting.remove(place.index(page.waiting.len()));
                    let answer = page.answer_to(command);
                    said.push(answer.clone());
                    page.give(answer);
                }
                Step::Repeat(place) if !said.is_empty() => {
                    page.repeat(place.get(&said).clone());
                }
                Step::Answer { .. } | Step::Repeat(_) => {}
            }
            page.check();
        }
        // After all answers nothing is being opened, and after leaving nothing is open.
        while !page.waiting.is_empty() {
            page.answer(0);
            page.check();
        }
        let is_opening = |source: &&Source<Track>| matches!(source, Source::Opening { .. });
        prop_assert_eq!(page.sources().into_iter().find(is_opening), None);
        prop_assert!(page.capture.requests.is_empty());
        page.does(Input::Release);
        prop_assert!(!page.sources().iter().any(|source| source.sends()));
    }
}
