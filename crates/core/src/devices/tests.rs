//! Actions on a page, the resulting requests to the browser, and the handling of its answers.

use super::{Kind::*, *};
use std::rc::Rc;

mod any_order;

/// A track that releases its device when the last clone is dropped.
type Track = Rc<u32>;

const BUSY: Source<Track> = Source::Failed(Problem::Busy);
const MISSING: Source<Track> = Source::Failed(Problem::Missing);
const DENIED: Source<Track> = Source::Failed(Problem::Denied);
const OPENING: Source<Track> = Source::Opening { replacing: false };
const REPLACING: Source<Track> = Source::Opening { replacing: true };

/// A page in a browser that answers on demand.
struct Page {
    capture: Capture<Track>,
    /// The browser's device list, if it provides one.
    devices: Option<Vec<Device>>,
    /// Why it does not open these kinds.
    problem: fn(&[Kind]) -> Option<Problem>,
    /// The kinds it opens without a prompt.
    granted: Vec<Kind>,
    tracks: u32,
    /// Unanswered commands, oldest first.
    waiting: Vec<Command<Track>>,
    /// The prompts so far.
    questions: Vec<Vec<Kind>>,
    /// The other commands so far.
    done: Vec<Command<Track>>,
}

fn device(kind: Kind, id: &str) -> Device {
    Device { id: id.into(), label: format!("Device {id}"), kind: DeviceKind::Input(kind) }
}

fn gone(id: &str) -> Gone {
    Gone { id: id.into(), label: format!("Device {id}") }
}

/// A page with a microphone and a camera, and all permissions.
fn page() -> Page {
    Page {
        capture: Capture::default(),
        devices: Some(vec![device(Microphone, "m"), device(Camera, "c")]),
        problem: |_| None,
        granted: Vec::new(),
        tracks: 0,
        waiting: Vec::new(),
        questions: Vec::new(),
        done: Vec::new(),
    }
}

/// A page with both kinds open.
fn open_page() -> Page {
    let mut page = page();
    page.does(Input::Open);
    page.done.clear();
    page.questions.clear();
    page
}

impl Page {
    fn handle(&mut self, input: Input<Track>) {
        self.capture.handle(input);
        while let Some(command) = self.capture.poll() {
            match &command {
                Command::List(_) | Command::AskPermission { .. } => self.waiting.push(command),
                Command::Ask { devices, .. } => {
                    self.questions.push(devices.iter().map(|(kind, _)| *kind).collect());
                    self.waiting.push(command);
                }
                _ => self.done.push(command),
            }
        }
    }

    /// Handles an input, and answers all resulting commands.
    fn does(&mut self, input: Input<Track>) {
        self.handle(input);
        while !self.waiting.is_empty() {
            self.answer(0);
        }
    }

    /// Has the browser list the devices, so that only the request for them is pending.
    fn lists(&mut self, input: Input<Track>) {
        self.handle(input);
        self.answer(self.waiting.len() - 1);
    }

    fn answer(&mut self, place: usize) {
        let command = self.waiting.remove(place);
        let answer = self.answer_to(command);
        self.handle(answer);
    }

    fn answer_to(&mut self, command: Command<Track>) -> Input<Track> {
        match command {
            Command::List(listing) => Input::Listed(listing, self.devices.clone()),
            Command::AskPermission { generation, kind } => {
                Input::Permission { generation, granted: self.granted.contains(&kind) }
            }
            Command::Ask { generation, devices } => {
                let kinds: Vec<_> = devices.iter().map(|(kind, _)| *kind).collect();
                let answer = match (self.problem)(&kinds) {
                    Some(problem) => Err(problem),
                    None => Ok(devices.into_iter().map(|device| self.open(device)).collect()),
                };
                Input::Answered { generation, answer }
            }
            other => panic!("{other:?} needs no answer"),
        }
    }

    fn open(&mut self, (kind, id): (Kind, String)) -> Granted<Track> {
        self.tracks += 1;
        let fallback = if kind == Microphone { "m" } else { "c" };
        let id = if id.is_empty() { fallback } else { &id };
        Granted { kind, track: Rc::new(self.tracks), device: gone(id), muted: false }
    }

    fn source(&self, kind: Kind) -> &Source<Track> {
        &self.capture.slot(kind).source
    }

    fn sources(&self) -> [&Source<Track>; 2] {
        Kind::ALL.map(|kind| self.source(kind))
    }

    /// The number of the track in use.
    fn track(&self, kind: Kind) -> Option<u32> {
        match self.source(kind) {
            Source::On(track) => Some(**track),
            _ => None,
        }
    }

    fn is_sending(&self, kind: Kind) -> bool {
        self.capture.slot(kind).is_sending()
    }

    fn generation(&self, kind: Kind) -> Generation {
        self.capture.slot(kind).generation
    }

    /// Whether the track in use is enabled.
    fn is_enabled(&self, kind: Kind) -> bool {
        let of_it = |command: &Command<Track>| match command {
            Command::Enable(track, enabled) if Some(**track) == self.track(kind) => Some(*enabled),
            _ => None,
        };
        self.done.iter().rev().find_map(of_it).unwrap()
    }

    fn end(&mut self, kind: Kind) {
        self.does(Input::Ended(kind, self.generation(kind)));
    }

    /// The notices and offers so far.
    fn notifications(&mut self) -> Vec<Command<Track>> {
        let is_told = |command: &Command<Track>| {
            matches!(
                command,
                Command::Offer(_) | Command::NotifyReplaced { .. } | Command::NotifyUnplugged(_)
            )
        };
        std::mem::take(&mut self.done).into_iter().filter(is_told).collect()
    }
}

#[test]
fn both_kinds_are_requested_in_one_prompt_with_the_chosen_devices() {
    let mut page = page();
    page.handle(Input::RestoreChoice(Camera, "c2".into()));
    page.lists(Input::Open);
    let devices = vec![(Microphone, String::new()), (Camera, "c2".into())];
    assert_eq!(page.waiting, [Command::Ask { generation: 1, devices }]);
    assert_eq!(page.sources(), [&OPENING; 2]);
    assert!(!page.is_sending(Microphone), "nothing came yet");
    page.answer(0);
    assert_eq!([page.track(Microphone), page.track(Camera)], [Some(1), Some(2)]);
    // Devices have names now.
    assert_eq!(page.waiting, [Command::List(Listing::Choice)]);
    page.answer(0);
    assert_eq!(page.capture.devices().len(), 2);
}

#[test]
fn nothing_is_requested_before_it_is_wanted() {
    let mut page = page();
    page.does(Input::RestoreChoice(Camera, "c2".into()));
    page.does(Input::RetryBusy);
    page.does(Input::ProcessingChanged);
    page.does(Input::Choose(Camera, "c".into()));
    page.does(Input::DevicesChanged);
    page.does(Input::LeaveCameraOff);
    page.does(Input::Release);
    assert_eq!(page.questions, Vec::<Vec<Kind>>::new());
    assert_eq!(page.sources(), [&Source::Off; 2]);
}

#[test]
fn a_busy_device_does_not_affect_the_other() {
    let mut page = page();
    page.problem = |kinds| kinds.contains(&Camera).then_some(Problem::Busy);
    page.handle(Input::Open);
    page.answer(0);
    page.answer(0);
    // One after the other, to avoid two prompts at once.
    assert_eq!(page.questions, [vec![Microphone, Camera], vec![Microphone]]);
    page.answer(0);
    page.answer(0);
    assert_eq!(page.questions, [vec![Microphone, Camera], vec![Microphone], vec![Camera]]);
    assert_eq!((page.track(Microphone), page.source(Camera)), (Some(1), &BUSY));
    assert_eq!(page.waiting, [Command::List(Listing::Choice)]);
}

#[test]
fn a_refusal_is_not_repeated() {
    for problem in [Problem::Denied, Problem::DeniedBySystem, Problem::Dismissed, Problem::Framed] {
        let mut page = page();
        page.lists(Input::Open);
        let Some(Command::Ask { generation, .. }) = page.waiting.pop() else { panic!("unasked") };
        page.does(Input::Answered { generation, answer: Err(problem) });
        assert_eq!(page.questions, [vec![Microphone, Camera]]);
        assert_eq!(page.sources(), [&Source::Failed(problem); 2]);
    }
}

#[test]
fn a_refusal_of_one_kind_does_not_affect_the_other() {
    for (refused, other) in [(Microphone, Camera), (Camera, Microphone)] {
        let mut page = page();
        page.problem = match refused {
            Microphone => |kinds| kinds.contains(&Microphone).then_some(Problem::Denied),
            Camera => |kinds| kinds.contains(&Camera).then_some(Problem::Denied),
        };
        page.granted = vec![other];
        page.does(Input::Open);
        assert_eq!(page.questions, [vec![Microphone, Camera], vec![other]]);
        assert_eq!((page.source(refused), page.track(other)), (&DENIED, Some(1)));
    }
}

#[test]
fn missing_kinds_are_not_requested() {
    let mut page = page();
    page.devices = Some(vec![device(Microphone, "m")]);
    page.does(Input::Open);
    assert_eq!(page.questions, [vec![Microphone]]);
    assert_eq!((page.track(Microphone), page.source(Camera)), (Some(1), &MISSING));
}

#[test]
fn without_devices_nothing_is_requested() {
    let mut page = page();
    page.devices = Some(vec![Device { kind: DeviceKind::Speaker, ..device(Camera, "s") }]);
    page.does(Input::Open);
    assert_eq!(page.questions, Vec::<Vec<Kind>>::new());
    assert_eq!(page.sources(), [&MISSING; 2]);
    assert_eq!(page.notifications(), [], "nothing went away");
}

#[test]
fn without_a_device_list_both_kinds_are_requested() {
    let mut page = page();
    page.devices = None;
    page.does(Input::Open);
    assert_eq!(page.questions, [vec![Microphone, Camera]]);
    assert!(page.sources().iter().all(|source| matches!(source, Source::On(_))));
}

#[test]
fn a_kind_missing_from_the_answer_has_failed() {
    let mut page = page();
    page.lists(Input::Open);
    page.waiting.clear();
    let camera = page.open((Camera, String::new()));
    let generation = page.generation(Camera);
    page.handle(Input::Answered { generation, answer: Ok(vec![camera]) });
    assert_eq!(page.source(Microphone), &Source::Failed(Problem::Failed));
    assert_eq!(page.track(Camera), Some(1));
}

#[test]
fn an_answer_to_an_earlier_request_is_ignored_and_its_device_released() {
    let mut page = page();
    page.lists(Input::Retry(Camera));
    page.lists(Input::Choose(Camera, "c2".into()));
    let [early, late] = page.waiting.clone().try_into().unwrap();
    let early = page.answer_to(early);
    let Input::Answered { answer: Ok(tracks), .. } = &early else { panic!("{early:?}") };
    let released = Rc::downgrade(&tracks[0].track);
    page.handle(early);
    assert_eq!(page.source(Camera), &OPENING);
    assert!(released.upgrade().is_none());
    let late = page.answer_to(late);
    page.handle(late);
    assert_eq!(page.track(Camera), Some(2));
}

#[test]
fn a_request_continues_for_kinds_that_still_wait() {
    let mut page = page();
    page.problem = |kinds| (kinds.len() > 1).then_some(Problem::Busy);
    page.lists(Input::Open);
    page.handle(Input::Retry(Microphone));
    // The first request fails: its microphone has been requested again since.
    page.answer(0);
    assert_eq!(page.questions, [vec![Microphone, Camera], vec![Camera]]);
    while !page.waiting.is_empty() {
        page.answer(0);
    }
    assert_eq!(page.questions, [vec![Microphone, Camera], vec![Camera], vec![Microphone]]);
    assert!(page.sources().iter().all(|source| matches!(source, Source::On(_))));
}

#[test]
fn a_cancelled_kind_is_not_requested() {
    let mut page = page();
    page.handle(Input::Open);
    page.handle(Input::Release);
    page.answer(0);
    assert_eq!(page.questions, Vec::<Vec<Kind>>::new());
    assert_eq!(page.waiting, [Command::List(Listing::Choice)]);
}

#[test]
fn a_late_permission_answer_opens_nothing() {
    let mut page = page();
    page.problem = |_| Some(Problem::Denied);
    page.granted = Kind::ALL.to_vec();
    page.lists(Input::Open);
    page.answer(0);
    assert!(matches!(page.waiting[..], [Command::AskPermission { .. }]));
    page.handle(Input::Release);
    page.answer(0);
    assert_eq!(page.questions, [vec![Microphone, Camera]]);
    assert_eq!(page.sources(), [&Source::Off; 2]);
}

#[test]
fn a_device_being_replaced_counts_as_sending() {
    let mut page = open_page();
    let before = match page.source(Microphone) {
        Source::On(track) => Rc::downgrade(track),
        source => panic!("{source:?}"),
    };
    page.done.clear();
    page.handle(Input::Choose(Microphone, "m2".into()));
    assert_eq!(page.source(Microphone), &REPLACING);
    assert!(page.is_sending(Microphone));
    assert!(before.upgrade().is_none(), "some systems open a device only once");
    // Even when it is replaced again in the meantime.
    page.handle(Input::ProcessingChanged);
    assert_eq!(page.source(Microphone), &REPLACING);
}

#[test]
fn a_microphone_toggled_during_replacement_opens_in_the_wanted_state() {
    let mut page = open_page();
    page.lists(Input::ProcessingChanged);
    page.handle(Input::Toggle(Microphone));
    assert!(!page.is_sending(Microphone));
    page.answer(0);
    assert_eq!(page.track(Microphone), Some(3));
    assert!(!page.is_enabled(Microphone));

    page.waiting.clear();
    page.lists(Input::ProcessingChanged);
    page.handle(Input::Toggle(Microphone));
    page.answer(0);
    assert!(page.is_sending(Microphone) && page.is_enabled(Microphone));
}

#[test]
fn a_camera_toggled_during_replacement_turns_off() {
    let mut page = open_page();
    page.lists(Input::Choose(Camera, "c2".into()));
    page.handle(Input::Toggle(Camera));
    assert_eq!(page.source(Camera), &Source::Off);
    page.answer(0);
    assert_eq!(page.source(Camera), &Source::Off, "it would come on by itself");
    assert!(!page.capture.slot(Camera).wanted);
}

#[test]
fn a_device_being_opened_for_the_first_time_cannot_be_toggled() {
    for kind in Kind::ALL {
        let mut page = page();
        page.lists(Input::Open);
        page.handle(Input::Toggle(kind));
        assert_eq!(page.source(kind), &OPENING);
        assert_eq!(page.waiting.len(), 1);
        page.answer(0);
        assert!(page.is_sending(kind));
    }
}

#[test]
fn toggling_mutes_a_microphone_and_releases_a_camera() {
    let mut page = open_page();
    page.handle(Input::Toggle(Microphone));
    assert_eq!(page.done, [Command::Enable(Rc::new(1), false)]);
    assert!(!page.is_sending(Microphone));
    page.handle(Input::Toggle(Microphone));
    assert!(page.is_sending(Microphone) && page.is_enabled(Microphone));
    assert_eq!(page.track(Microphone), Some(1));

    page.handle(Input::Toggle(Camera));
    assert_eq!(page.source(Camera), &Source::Off);
    page.does(Input::Toggle(Camera));
    assert_eq!(page.track(Camera), Some(3));
    assert!(page.is_sending(Camera));
}

#[test]
fn toggling_requests_a_failed_kind_again() {
    let mut page = page();
    page.problem = |_| Some(Problem::Dismissed);
    page.does(Input::Open);
    page.problem = |_| None;
    page.does(Input::Mute);
    page.does(Input::Toggle(Microphone));
    assert_eq!(page.questions, [vec![Microphone, Camera], vec![Microphone]]);
    assert!(page.is_sending(Microphone));
}

#[test]
fn a_microphone_muted_while_opening_opens_muted() {
    let mut page = page();
    page.lists(Input::Open);
    page.handle(Input::Mute);
    assert_eq!(page.source(Microphone), &OPENING);
    page.answer(0);
    assert!(!page.is_sending(Microphone) && !page.is_enabled(Microphone));
    assert!(page.is_enabled(Camera));
    page.handle(Input::Mute);
    assert!(!page.is_enabled(Microphone), "it stays muted");
}

#[test]
fn a_microphone_is_unmuted_only_where_it_is_open() {
    let mut page = page();
    page.does(Input::Mute);
    page.does(Input::Unmute);
    assert!(!page.capture.slot(Microphone).wanted);
    page.does(Input::Open);
    page.does(Input::Mute);
    page.does(Input::Unmute);
    assert!(page.is_sending(Microphone) && page.is_enabled(Microphone));
}

#[test]
fn only_sending_kinds_are_switched_off() {
    for kind in Kind::ALL {
        let mut page = open_page();
        page.does(Input::SwitchOff(kind));
        assert!(!page.is_sending(kind));
        page.does(Input::SwitchOff(kind));
        assert!(!page.is_sending(kind), "it would be switched on");
        assert_eq!(page.questions, Vec::<Vec<Kind>>::new());
    }
}

#[test]
fn a_blocked_kind_fails_at_once() {
    for problem in [Problem::Insecure, Problem::Framed, Problem::Forbidden] {
        let mut page = page();
        page.handle(Input::Block(Microphone, problem));
        page.handle(Input::Block(Camera, problem));
        assert_eq!(page.sources(), [&Source::Failed(problem); 2]);
        page.handle(Input::OpenUnasked);
        page.handle(Input::Retry(Camera));
        page.handle(Input::Open);
        page.handle(Input::LeaveCameraOff);
        page.handle(Input::Release);
        assert_eq!(page.sources(), [&Source::Failed(problem); 2], "nothing changes it");
        assert_eq!((page.waiting, page.done), (vec![], vec![]));
    }
}

#[test]
fn a_blocked_kind_does_not_affect_the_other() {
    let mut page = page();
    page.handle(Input::Block(Microphone, Problem::Forbidden));
    page.does(Input::Open);
    assert_eq!(page.questions, [vec![Camera]]);
    assert_eq!(page.track(Camera), Some(1));
}

#[test]
fn a_granted_permission_opens_the_device() {
    for problem in [(|_| Some(Problem::Denied)) as fn(&[Kind]) -> _, |_| Some(Problem::Dismissed)] {
        let mut page = page();
        page.problem = problem;
        page.does(Input::Open);
        let watches = Kind::ALL.map(|kind| Command::WatchPermission(kind, 1));
        assert_eq!(page.done, watches);
        page.problem = |_| None;
        page.does(Input::Allowed(Camera, 1));
        assert_eq!(page.track(Camera), Some(1));
        assert_eq!(page.source(Microphone), &Source::Failed(problem(&[]).unwrap()));
    }
}

#[test]
fn a_device_whose_permission_is_denied_is_released() {
    let mut page = page();
    page.does(Input::Open);
    page.does(Input::Denied(Microphone, 0));
    assert_eq!(page.track(Microphone), Some(1), "that was another request");
    page.done.clear();
    page.does(Input::Denied(Microphone, 1));
    assert_eq!(page.source(Microphone), &Source::Failed(Problem::Denied));
    assert_eq!(page.done, [Command::WatchPermission(Microphone, 1)]);
    assert_eq!(page.track(Camera), Some(2));
}

#[test]
fn a_permission_granted_late_opens_nothing() {
    let mut page = page();
    page.problem = |_| Some(Problem::Denied);
    page.does(Input::Open);
    page.does(Input::LeaveCameraOff);
    page.does(Input::Release);
    for kind in Kind::ALL {
        page.does(Input::Allowed(kind, 1));
    }
    assert_eq!(page.questions, [vec![Microphone, Camera]]);
    assert_eq!(page.sources(), [&Source::Off; 2]);
}

#[test]
fn permission_is_watched_only_after_a_refusal() {
    for problem in [
        (|_| Some(Problem::DeniedBySystem)) as fn(&[Kind]) -> _,
        |_| Some(Problem::Busy),
        |_| Some(Problem::Missing),
        |_| Some(Problem::Failed),
    ] {
        let mut page = page();
        page.problem = problem;
        page.does(Input::Open);
        assert_eq!(page.sources(), [&Source::Failed(problem(&[]).unwrap()); 2]);
        assert_eq!(page.done, []);
    }
}

#[test]
fn an_unplugged_device_is_replaced_by_the_next_best() {
    let mut page = open_page();
    page.does(Input::Choose(Microphone, "m2".into()));
    page.notifications();
    // The browser selects another one, because this one is gone.
    page.lists(Input::Ended(Microphone, page.generation(Microphone)));
    assert!(page.is_sending(Microphone), "it is about to send again");
    let Some(Command::Ask { generation, .. }) = page.waiting.pop() else { panic!("no question") };
    let other = page.open((Microphone, "m".into()));
    page.handle(Input::Answered { generation, answer: Ok(vec![other]) });
    assert!(page.is_sending(Microphone) && page.is_enabled(Microphone));
    let now = "Device m".to_owned();
    let replaced = Command::NotifyReplaced { kind: Microphone, gone: gone("m2"), now };
    assert_eq!(page.notifications(), [replaced]);
    assert_eq!(page.track(Camera), Some(2), "nothing happened to it");
    // It is reported once.
    page.does(Input::ProcessingChanged);
    assert_eq!(page.notifications(), []);
}

#[test]
fn a_change_by_the_person_is_not_reported_as_a_replacement() {
    let choice = Input::Choose(Camera, "c2".into());
    for acts in [vec![Input::Toggle(Camera), Input::Toggle(Camera)], vec![choice]] {
        let mut page = open_page();
        page.lists(Input::Ended(Camera, page.generation(Camera)));
        for act in acts {
            page.does(act);
        }
        assert!(page.is_sending(Camera));
        assert_eq!(page.notifications(), []);
    }
}

#[test]
fn a_muted_microphone_is_replaced_by_a_muted_one() {
    let mut page = open_page();
    page.does(Input::Mute);
    page.end(Microphone);
    assert_eq!(page.track(Microphone), Some(3));
    assert!(!page.is_enabled(Microphone));
}

#[test]
fn an_unplugged_device_without_replacement_is_reported() {
    let mut page = open_page();
    page.devices = Some(vec![device(Camera, "c")]);
    page.end(Microphone);
    assert_eq!(page.source(Microphone), &MISSING);
    assert_eq!(page.notifications(), [Command::NotifyUnplugged(Microphone)]);
}

#[test]
fn a_withdrawn_permission_is_not_reported_as_unplugged() {
    let mut page = open_page();
    page.problem = |_| Some(Problem::Denied);
    page.end(Microphone);
    page.end(Camera);
    assert_eq!(page.sources(), [&DENIED; 2]);
    assert_eq!(page.notifications(), []);
}

#[test]
fn the_end_of_an_earlier_track_changes_nothing() {
    let mut page = open_page();
    let before = page.generation(Microphone);
    page.does(Input::ProcessingChanged);
    page.questions.clear();
    page.does(Input::Ended(Microphone, before));
    assert_eq!((page.track(Microphone), page.questions.len()), (Some(3), 0));
}

#[test]
fn a_replacement_can_be_undone() {
    let mut page = open_page();
    page.devices.as_mut().unwrap().push(device(Microphone, "m2"));
    page.does(Input::DevicesChanged);
    page.does(Input::Undo(Microphone, gone("m2")));
    assert_eq!(page.capture.slot(Microphone).chosen, "m2");
    assert!(page.done.contains(&Command::KeepChoice(Microphone, "m2".into())));
    assert_eq!((page.track(Microphone), page.questions.len()), (Some(3), 1));
}

#[test]
fn undoing_without_the_old_device_sends_nothing() {
    // The last device is open, and stands for any.
    for id in ["m2", "default", ""] {
        for kind in Kind::ALL {
            let mut page = open_page();
            page.devices.as_mut().unwrap().push(device(kind, if id == "m2" { "m3" } else { id }));
            page.does(Input::DevicesChanged);
            page.does(Input::Undo(kind, gone(id)));
            assert!(!page.is_sending(kind));
            page.does(Input::Undo(kind, gone(id)));
            assert!(!page.is_sending(kind), "it would be switched on");
        }
    }
}

#[test]
fn undoing_or_choosing_after_the_call_opens_nothing() {
    let mut page = open_page();
    page.does(Input::Release);
    page.does(Input::Undo(Microphone, gone("m2")));
    page.does(Input::Undo(Camera, gone("c")));
    page.does(Input::Choose(Microphone, "m2".into()));
    assert_eq!(page.questions, Vec::<Vec<Kind>>::new());
    assert_eq!(page.sources(), [&Source::Off; 2]);
}

#[test]
fn a_busy_device_is_retried_while_its_problem_stays_visible() {
    let mut page = page();
    page.problem = |kinds| kinds.contains(&Camera).then_some(Problem::Busy);
    page.does(Input::Open);
    page.questions.clear();
    page.lists(Input::RetryBusy);
    assert_eq!(page.source(Camera), &BUSY);
    assert_eq!(page.questions, [vec![Camera]], "the microphone is open");
    page.answer(0);
    assert_eq!(page.source(Camera), &BUSY);
    page.problem = |_| None;
    page.does(Input::RetryBusy);
    assert!(page.is_sending(Camera));
}

#[test]
fn a_busy_camera_is_not_retried_when_it_is_unwanted() {
    let mut page = page();
    page.problem = |kinds| kinds.contains(&Camera).then_some(Problem::Busy);
    page.does(Input::Open);
    page.problem = |_| None;
    page.lists(Input::RetryBusy);
    page.handle(Input::LeaveCameraOff);
    assert_eq!(page.source(Camera), &Source::Off);
    page.answer(0);
    page.does(Input::RetryBusy);
    assert_eq!(page.source(Camera), &Source::Off);
}

#[test]
fn an_unwanted_camera_is_not_requested() {
    let mut page = page();
    page.does(Input::LeaveCameraOff);
    page.does(Input::OpenUnasked);
    assert_eq!(page.questions, [vec![Microphone]]);
    // Until they request one.
    page.does(Input::Toggle(Camera));
    assert!(page.is_sending(Camera));
    page.lists(Input::Choose(Camera, "c2".into()));
    page.handle(Input::LeaveCameraOff);
    page.answer(0);
    assert_eq!(page.source(Camera), &Source::Off);
}

#[test]
fn opening_both_unmutes_and_turns_on_the_camera() {
    let mut page = page();
    page.does(Input::Mute);
    page.does(Input::LeaveCameraOff);
    page.does(Input::Open);
    assert!(Kind::ALL.into_iter().all(|kind| page.is_sending(kind) && page.is_enabled(kind)));
}

#[test]
fn joining_sends_nothing_before_the_browser_answers() {
    let mut page = page();
    page.lists(Input::OpenUnasked);
    assert_eq!(page.questions, [vec![Microphone, Camera]]);
    assert_eq!(page.sources(), [&OPENING; 2]);
    page.answer(0);
    assert!(page.is_sending(Microphone) && page.is_sending(Camera));
}

#[test]
fn joining_does_not_repeat_requests() {
    let mut page = page();
    page.problem = |_| Some(Problem::Dismissed);
    page.does(Input::Open);
    page.does(Input::OpenUnasked);
    assert_eq!(page.questions, [vec![Microphone, Camera]]);
}

#[test]
fn a_muted_microphone_is_opened_only_without_a_prompt() {
    let mut page = page();
    page.does(Input::Reopen(vec![]));
    assert_eq!(page.questions, Vec::<Vec<Kind>>::new());
    assert_eq!(page.sources(), [&Source::Off; 2]);

    page.granted = Kind::ALL.to_vec();
    page.handle(Input::OpenUnasked);
    assert_eq!(page.source(Microphone), &Source::Off);
    page.answer(0);
    assert_eq!(page.source(Microphone), &REPLACING);
    assert!(!page.is_sending(Microphone));
    page.answer(0);
    page.answer(0);
    assert_eq!(page.questions, [vec![Microphone]]);
    assert!(!page.is_enabled(Microphone));
    assert_eq!(page.source(Camera), &Source::Off);
}

#[test]
fn a_muted_microphone_can_be_unmuted_while_opening() {
    let mut page = page();
    page.granted = Kind::ALL.to_vec();
    page.handle(Input::Reopen(vec![]));
    page.answer(0);
    page.does(Input::Toggle(Microphone));
    assert!(page.is_sending(Microphone) && page.is_enabled(Microphone));
    assert_eq!(page.questions, [vec![Microphone]]);
}

#[test]
fn a_muted_microphone_requested_twice_is_opened_once() {
    let mut page = page();
    page.granted = Kind::ALL.to_vec();
    page.handle(Input::Reopen(vec![]));
    page.does(Input::Toggle(Microphone));
    assert_eq!(page.questions, [vec![Microphone]]);
    assert!(page.is_sending(Microphone) && page.is_enabled(Microphone));
}

#[test]
fn kinds_that_sent_before_a_reload_count_as_sending_at_once() {
    let mut page = page();
    page.granted = Kind::ALL.to_vec();
    page.handle(Input::Reopen(vec![Camera]));
    assert_eq!(page.source(Camera), &REPLACING);
    assert!(page.is_sending(Camera) && !page.is_sending(Microphone));
    page.does(Input::Retry(Camera));
    assert!(page.is_sending(Camera) && page.is_enabled(Camera));
    assert!(!page.is_sending(Microphone) && !page.is_enabled(Microphone));
}

#[test]
fn release_closes_all_devices() {
    let mut page = open_page();
    let tracks = page.sources().map(|source| match source {
        Source::On(track) => Rc::downgrade(track),
        source => panic!("{source:?}"),
    });
    page.lists(Input::Ended(Camera, page.generation(Camera)));
    let generation = page.generation(Microphone);
    page.handle(Input::Release);
    page.done.clear();
    assert!(tracks.iter().all(|track| track.upgrade().is_none()));
    page.answer(0);
    page.does(Input::Ended(Microphone, generation));
    assert_eq!(page.sources(), [&Source::Off; 2]);
    // An earlier loss does not concern the next call.
    page.does(Input::Open);
    assert_eq!(page.notifications(), []);
}

#[test]
fn a_choice_is_stored_and_replaces_a_device_in_use() {
    let mut page = page();
    page.does(Input::Choose(Camera, "c2".into()));
    assert_eq!(page.done, [Command::KeepChoice(Camera, "c2".into())]);
    assert_eq!(page.questions, Vec::<Vec<Kind>>::new());
    page.does(Input::Open);
    page.lists(Input::Choose(Camera, "c3".into()));
    let devices = vec![(Camera, "c3".into())];
    assert_eq!(page.waiting, [Command::Ask { generation: page.generation(Camera), devices }]);
    // A working device in place of a failing one.
    page.problem = |_| Some(Problem::Busy);
    page.answer(0);
    assert_eq!(page.source(Camera), &BUSY);
    page.problem = |_| None;
    page.does(Input::Choose(Camera, "c2".into()));
    assert!(page.is_sending(Camera));
}

#[test]
fn a_new_device_is_offered_for_a_kind_in_use() {
    let mut page = open_page();
    let new = device(Camera, "c2");
    page.devices.as_mut().unwrap().push(new.clone());
    page.does(Input::DevicesChanged);
    assert_eq!(page.notifications(), [Command::Offer(new)]);
    assert_eq!(page.capture.devices().len(), 3);
    page.does(Input::DevicesChanged);
    assert_eq!(page.notifications(), [], "it is offered once");

    page.devices.as_mut().unwrap().push(device(Camera, "default"));
    page.does(Input::DevicesChanged);
    assert_eq!(page.notifications(), [], "what stands for another is none");

    page.does(Input::Toggle(Camera));
    page.devices.as_mut().unwrap().push(device(Camera, "c3"));
    page.does(Input::DevicesChanged);
    assert_eq!(page.notifications(), [], "nobody uses a camera");
}

#[test]
fn a_device_that_gains_a_label_is_not_new() {
    let mut page = page();
    page.devices = Some(vec![device(Microphone, ""), device(Camera, "")]);
    page.does(Input::Open);
    page.devices = Some(vec![device(Microphone, "m"), device(Camera, "c")]);
    page.does(Input::DevicesChanged);
    assert_eq!(page.notifications(), []);
    assert_eq!(page.capture.devices().len(), 2);
}

#[test]
fn new_devices_are_compared_with_the_list_before() {
    let mut page = open_page();
    page.handle(Input::DevicesChanged);
    page.devices.as_mut().unwrap().push(device(Camera, "c2"));
    // Another list is read in the meantime.
    page.handle(Input::Listed(Listing::Choice, page.devices.clone()));
    page.answer(0);
    assert_eq!(page.notifications(), [Command::Offer(device(Camera, "c2"))]);
}

#[test]
fn a_missing_device_is_opened_when_it_is_connected() {
    let mut page = page();
    page.devices = Some(vec![]);
    page.does(Input::Open);
    page.does(Input::Mute);
    page.devices = Some(vec![device(Microphone, "")]);
    page.lists(Input::DevicesChanged);
    assert_eq!(page.waiting, [], "they are muted, and a camera is still missing");
    page.devices.as_mut().unwrap().push(device(Camera, ""));
    page.does(Input::DevicesChanged);
    assert_eq!(page.questions, [vec![Camera]]);
    assert!(page.is_sending(Camera));
    page.does(Input::DevicesChanged);
    assert_eq!(page.questions, [vec![Camera]]);
}

#[test]
fn changed_processing_reopens_the_microphone() {
    let mut page = open_page();
    page.does(Input::ProcessingChanged);
    assert_eq!(page.questions, [vec![Microphone]]);
    assert_eq!((page.track(Microphone), page.track(Camera)), (Some(3), Some(2)));
    // The device being opened keeps its previous settings.
    page.lists(Input::ProcessingChanged);
    page.does(Input::ProcessingChanged);
    assert_eq!(page.questions, [[Microphone]; 3]);
    page.problem = |_| Some(Problem::Busy);
    page.does(Input::ProcessingChanged);
    page.does(Input::ProcessingChanged);
    assert_eq!(page.questions, [[Microphone]; 4]);
}

#[test]
fn the_system_mute_of_the_device_in_use_is_known() {
    let mut page = open_page();
    let before = page.generation(Microphone);
    page.handle(Input::Muted(Microphone, before, true));
    assert!(page.capture.slot(Microphone).muted && !page.capture.slot(Camera).muted);
    page.does(Input::ProcessingChanged);
    assert!(!page.capture.slot(Microphone).muted, "another one is in use");
    page.handle(Input::Muted(Microphone, before, true));
    assert!(!page.capture.slot(Microphone).muted);
    page.handle(Input::Muted(Microphone, page.generation(Microphone), true));
    page.handle(Input::Muted(Microphone, page.generation(Microphone), false));
    assert!(!page.capture.slot(Microphone).muted);
}

#[test]
fn every_track_in_use_is_followed() {
    let mut page = page();
    page.does(Input::Retry(Camera));
    let (generation, track) = (page.generation(Camera), Rc::new(1));
    let follow = Command::Follow { kind: Camera, generation, track: track.clone() };
    assert_eq!(page.done, [Command::Enable(track, true), follow]);
}
