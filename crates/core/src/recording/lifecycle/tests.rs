//! Sequences of (input, time) with the expected commands, then random sequences.

use super::*;
use proptest::prelude::*;

const STOPPED: Duration = Duration::from_secs(60);

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Handles an input and returns the resulting commands.
fn tell(lifecycle: &mut Lifecycle, input: Input, now: Duration) -> Vec<Command> {
    lifecycle.handle(input, now);
    std::iter::from_fn(|| lifecycle.poll()).collect()
}

fn report(lifecycle: &mut Lifecycle, event: RecorderEvent, now: Duration) -> Vec<Command> {
    tell(lifecycle, Input::Recorder(event), now)
}

const REQUEST: Input = Input::Requested { reachable: true };
const READY: Input = Input::Readiness(ServerState::Answered, MixerState::Running);
const BEGUN: Duration = Duration::from_secs(COUNTDOWN as u64);

/// A recording whose countdown has started.
fn counting() -> Lifecycle {
    let mut lifecycle = Lifecycle::default();
    assert_eq!(tell(&mut lifecycle, REQUEST, secs(0)), [Command::CheckStorage]);
    let stored = tell(&mut lifecycle, Input::StorageChecked(true), secs(0));
    assert_eq!(stored, [Command::Announce]);
    lifecycle
}

/// A recording whose countdown is over.
fn counted() -> Lifecycle {
    let mut lifecycle = counting();
    assert_eq!(tell(&mut lifecycle, Input::Tick, secs(1)), []);
    assert_eq!(tell(&mut lifecycle, Input::Tick, secs(2)), []);
    assert_eq!(tell(&mut lifecycle, Input::Tick, BEGUN), [Command::CheckReadiness]);
    lifecycle
}

/// A recording that has just started.
fn running() -> Lifecycle {
    let mut lifecycle = counted();
    assert_eq!(tell(&mut lifecycle, READY, BEGUN), [Command::Start { since: BEGUN }]);
    lifecycle
}

/// A recording that has written data.
fn writing() -> Lifecycle {
    let mut lifecycle = running();
    assert_eq!(report(&mut lifecycle, RecorderEvent::Written, secs(4)), []);
    lifecycle
}

/// A recording that was stopped in time, with or without data.
fn finishing(written: bool) -> Lifecycle {
    let mut lifecycle = if written { writing() } else { running() };
    let stopped = if written { STOPPED } else { secs(5) };
    assert_eq!(tell(&mut lifecycle, Input::Stop, stopped), [Command::Finish]);
    lifecycle
}

#[test]
fn an_announcement_needs_a_server_that_answers() {
    let round_trip = Some(Duration::from_millis(20));
    assert_eq!(ServerState::new(None, true), ServerState::Unreachable);
    assert_eq!(ServerState::new(None, false), ServerState::Unreachable);
    assert_eq!(ServerState::new(round_trip, false), ServerState::Pending);
    assert_eq!(ServerState::new(round_trip, true), ServerState::Answered);
}

#[test]
fn a_recording_is_announced_and_counted_down_before_it_starts() {
    let mut lifecycle = Lifecycle::default();
    let start = Command::Start { since: BEGUN };
    for (input, now, commands, stage) in [
        (REQUEST, 0, &[Command::CheckStorage][..], Stage::Off),
        (Input::StorageChecked(true), 0, &[Command::Announce], Stage::Counting(3)),
        (READY, 0, &[], Stage::Counting(3)),
        (Input::Tick, 1, &[], Stage::Counting(2)),
        (Input::Tick, 2, &[], Stage::Counting(1)),
        (READY, 2, &[], Stage::Counting(1)),
        (Input::Tick, 3, &[Command::CheckReadiness], Stage::Counting(1)),
        (READY, 3, &[start], Stage::Running { since: BEGUN }),
    ] {
        assert_eq!(tell(&mut lifecycle, input, secs(now)), commands, "{input:?} at {now}");
        assert_eq!(lifecycle.stage(), stage, "{input:?} at {now}");
    }
    assert_eq!(lifecycle.problem(), None);
}

#[test]
fn without_a_server_nothing_is_announced() {
    let mut lifecycle = Lifecycle::default();
    assert_eq!(tell(&mut lifecycle, Input::Requested { reachable: false }, secs(0)), []);
    assert_eq!(lifecycle.problem(), Some(RecordingProblem::Untold));
    assert_eq!(tell(&mut lifecycle, Input::StorageChecked(true), secs(0)), []);
    assert_eq!(tell(&mut lifecycle, REQUEST, secs(1)), [Command::CheckStorage], "it is back");
    assert_eq!(lifecycle.problem(), None);
}

#[test]
fn without_storage_nothing_is_announced() {
    let mut lifecycle = Lifecycle::default();
    assert_eq!(tell(&mut lifecycle, REQUEST, secs(0)), [Command::CheckStorage]);
    assert_eq!(tell(&mut lifecycle, Input::StorageChecked(false), secs(0)), []);
    assert_eq!(lifecycle.stage(), Stage::Off);
    assert_eq!(lifecycle.problem(), Some(RecordingProblem::Forbidden));
}

#[test]
fn storage_is_checked_once() {
    let mut lifecycle = Lifecycle::default();
    assert_eq!(tell(&mut lifecycle, REQUEST, secs(0)), [Command::CheckStorage]);
    assert_eq!(tell(&mut lifecycle, REQUEST, secs(0)), []);
}

#[test]
fn the_countdown_ends_with_a_start_or_a_problem() {
    use MixerState::{Missing, Running, Silent, Waking};
    use ServerState::{Answered, Pending, Unreachable};
    for (server, mixer, problem) in [
        (Unreachable, Running, RecordingProblem::Untold),
        (Unreachable, Waking, RecordingProblem::Untold),
        (Answered, Silent, RecordingProblem::Silent),
        (Answered, Missing, RecordingProblem::Unable),
    ] {
        let mut lifecycle = counted();
        let commands = tell(&mut lifecycle, Input::Readiness(server, mixer), BEGUN);
        assert_eq!(commands, [Command::Notify(problem), Command::Withdraw], "{server:?} {mixer:?}");
        assert_eq!((lifecycle.stage(), lifecycle.problem()), (Stage::Off, Some(problem)));
    }
    for (server, mixer) in
        [(Pending, Running), (Pending, Silent), (Pending, Missing), (Answered, Waking)]
    {
        let mut lifecycle = counted();
        for now in 4..20 {
            let commands = tell(&mut lifecycle, Input::Readiness(server, mixer), secs(now));
            assert_eq!(commands, [], "{server:?} {mixer:?} is waited for");
            assert_eq!(lifecycle.stage(), Stage::Counting(1));
            let commands = tell(&mut lifecycle, Input::Tick, secs(now));
            assert_eq!(commands, [Command::CheckReadiness], "{server:?} {mixer:?} may change");
        }
        let since = secs(20);
        assert_eq!(tell(&mut lifecycle, READY, since), [Command::Start { since }]);
    }
}

#[test]
fn cancelling_or_leaving_before_the_start_records_nothing() {
    for input in [Input::Stop, Input::Left] {
        for mut lifecycle in [counting(), counted()] {
            assert_eq!(tell(&mut lifecycle, input, secs(3)), [Command::Withdraw]);
            assert_eq!((lifecycle.stage(), lifecycle.problem()), (Stage::Off, None));
            assert_eq!(tell(&mut lifecycle, READY, secs(3)), []);
            assert_eq!(tell(&mut lifecycle, Input::Tick, secs(4)), []);
        }
        let mut checking = Lifecycle::default();
        assert_eq!(tell(&mut checking, REQUEST, secs(0)), [Command::CheckStorage]);
        assert_eq!(tell(&mut checking, input, secs(0)), []);
        assert_eq!(tell(&mut checking, Input::StorageChecked(true), secs(0)), []);
        assert_eq!(checking.stage(), Stage::Off);
    }
}

#[test]
fn stopping_or_leaving_ends_a_recording_and_keeps_it() {
    for input in [Input::Stop, Input::Left] {
        let mut lifecycle = writing();
        assert_eq!(tell(&mut lifecycle, input, STOPPED), [Command::Finish]);
        assert_eq!(lifecycle.stage(), Stage::Finishing);
        assert_eq!(tell(&mut lifecycle, input, STOPPED), [], "once");
        let commands = report(&mut lifecycle, RecorderEvent::Finished, STOPPED);
        assert_eq!(commands, [Command::Close { delete: false }]);
        assert_eq!(lifecycle.stage(), Stage::Finishing);
        assert_eq!(tell(&mut lifecycle, REQUEST, STOPPED), [], "it is still closed");
        assert_eq!(tell(&mut lifecycle, Input::Closed, STOPPED), []);
        assert_eq!((lifecycle.stage(), lifecycle.problem()), (Stage::Off, None));
    }
}

#[test]
fn a_recording_without_data_is_deleted() {
    let mut lifecycle = finishing(false);
    let commands = report(&mut lifecycle, RecorderEvent::Finished, secs(5));
    let told = Command::Notify(RecordingProblem::Unable);
    assert_eq!(commands, [told, Command::Close { delete: true }]);
}

#[test]
fn data_that_is_written_after_the_stop_counts() {
    let mut lifecycle = finishing(false);
    assert_eq!(report(&mut lifecycle, RecorderEvent::Written, secs(5)), []);
    let commands = report(&mut lifecycle, RecorderEvent::Finished, secs(5));
    assert_eq!(commands, [Command::Close { delete: false }]);
}

#[test]
fn a_recording_that_cannot_start_reports_a_problem() {
    let mut lifecycle = running();
    let told = Command::Notify(RecordingProblem::Unable);
    let commands = tell(&mut lifecycle, Input::NotStarted, BEGUN);
    assert_eq!(commands, [told, Command::Close { delete: true }]);
    assert_eq!(tell(&mut lifecycle, Input::Closed, BEGUN), []);
    assert_eq!(lifecycle.stage(), Stage::Off);
}

#[test]
fn a_recorder_that_is_not_loaded_is_not_waited_for() {
    let told = Command::Notify(RecordingProblem::NotLoaded);
    for mut lifecycle in [running(), finishing(false)] {
        let commands = report(&mut lifecycle, RecorderEvent::NotLoaded, secs(5));
        assert_eq!(commands, [told, Command::Close { delete: true }]);
        assert_eq!(tell(&mut lifecycle, Input::Closed, secs(5)), []);
        assert_eq!(lifecycle.problem(), Some(RecordingProblem::NotLoaded));
    }
}

#[test]
fn the_reported_problem_depends_on_what_was_written() {
    for (event, written, problem) in [
        (RecorderEvent::Full, true, RecordingProblem::Full),
        (RecorderEvent::Full, false, RecordingProblem::NoSpace),
        (RecorderEvent::NotWritten, true, RecordingProblem::Storage),
        (RecorderEvent::NotWritten, false, RecordingProblem::Unable),
        (RecorderEvent::NotEncoded, true, RecordingProblem::Encoder),
        (RecorderEvent::NotEncoded, false, RecordingProblem::Unable),
    ] {
        let mut lifecycle = if written { writing() } else { running() };
        let commands = report(&mut lifecycle, event, secs(5));
        assert_eq!(commands, [Command::Notify(problem), Command::Finish], "{event:?} {written}");
        assert_eq!(lifecycle.stage(), Stage::Finishing);
        let commands = report(&mut lifecycle, RecorderEvent::Finished, secs(5));
        assert_eq!(commands, [Command::Close { delete: !written }], "{event:?} {written}");
        assert_eq!(lifecycle.problem(), Some(problem));

        let mut lifecycle = finishing(written);
        let commands = report(&mut lifecycle, event, STOPPED);
        assert_eq!(commands, [Command::Notify(problem)], "{event:?} {written} after the stop");
    }
}

#[test]
fn only_the_first_failure_is_reported() {
    let mut lifecycle = writing();
    let commands = report(&mut lifecycle, RecorderEvent::Full, STOPPED);
    assert_eq!(commands, [Command::Notify(RecordingProblem::Full), Command::Finish]);
    for event in [RecorderEvent::NotWritten, RecorderEvent::NotEncoded, RecorderEvent::Full] {
        assert_eq!(report(&mut lifecycle, event, STOPPED), []);
    }
    let commands = tell(&mut lifecycle, Input::Tick, STOPPED + FINISH_WITHIN);
    assert_eq!(commands, [Command::Close { delete: false }]);
    assert_eq!(lifecycle.problem(), Some(RecordingProblem::Full));
}

#[test]
fn a_recording_without_data_in_time_ends() {
    let due = BEGUN + BEGINS_WITHIN;
    for (written, problem) in [(false, RecordingProblem::Unable), (true, RecordingProblem::Encoder)]
    {
        let mut lifecycle = running();
        assert_eq!(tell(&mut lifecycle, Input::Tick, due - millis(1)), [Command::WriteManifest]);
        assert_eq!(tell(&mut lifecycle, Input::Tick, due), [Command::Finish]);
        if written {
            assert_eq!(report(&mut lifecycle, RecorderEvent::Written, due), []);
        }
        let commands = report(&mut lifecycle, RecorderEvent::Finished, due);
        assert_eq!(commands, [Command::Notify(problem), Command::Close { delete: !written }]);
    }
    let mut lifecycle = writing();
    assert_eq!(tell(&mut lifecycle, Input::Tick, due), [Command::WriteManifest], "it goes on");
}

#[test]
fn the_last_data_is_awaited_for_a_limited_time() {
    for (written, stopped, problem) in
        [(true, STOPPED, RecordingProblem::Storage), (false, secs(5), RecordingProblem::Unable)]
    {
        let mut lifecycle = finishing(written);
        let due = stopped + FINISH_WITHIN;
        assert_eq!(tell(&mut lifecycle, Input::Tick, due - millis(1)), []);
        let commands = tell(&mut lifecycle, Input::Tick, due);
        assert_eq!(commands, [Command::Notify(problem), Command::Close { delete: !written }]);
        assert_eq!(report(&mut lifecycle, RecorderEvent::Finished, due), [], "too late");
    }
}

#[test]
fn the_length_is_stored_every_second() {
    let mut lifecycle = writing();
    for now in 4..100 {
        assert_eq!(tell(&mut lifecycle, Input::Tick, secs(now)), [Command::WriteManifest]);
    }
    assert_eq!(tell(&mut lifecycle, Input::Stop, secs(100)), [Command::Finish]);
    assert_eq!(tell(&mut lifecycle, Input::Tick, secs(101)), []);
}

#[test]
fn a_recorder_that_finishes_by_itself_is_still_stopped() {
    let mut lifecycle = writing();
    assert_eq!(report(&mut lifecycle, RecorderEvent::Finished, secs(5)), []);
    assert_eq!(lifecycle.stage(), Stage::Running { since: BEGUN });
}

#[test]
fn a_new_recording_starts_from_a_clean_state() {
    let late = BEGUN + BEGINS_WITHIN;
    let close = |delete| Command::Close { delete };
    for (written, end) in [
        (true, &[close(false)][..]),
        (false, &[Command::Notify(RecordingProblem::Unable), close(true)]),
    ] {
        let mut lifecycle = running();
        assert_eq!(tell(&mut lifecycle, Input::Tick, late), [Command::Finish]);
        assert_eq!(report(&mut lifecycle, RecorderEvent::Written, late), []);
        let told = Command::Notify(RecordingProblem::Encoder);
        let commands = report(&mut lifecycle, RecorderEvent::Finished, late);
        assert_eq!(commands, [told, close(false)], "written, and late");
        assert_eq!(tell(&mut lifecycle, Input::Closed, late), []);

        assert_eq!(lifecycle.problem(), Some(RecordingProblem::Encoder));
        assert_eq!(tell(&mut lifecycle, REQUEST, late), [Command::CheckStorage]);
        assert_eq!(lifecycle.problem(), None);
        tell(&mut lifecycle, Input::StorageChecked(true), late);
        for _ in 0..COUNTDOWN {
            tell(&mut lifecycle, Input::Tick, late);
        }
        assert_eq!(tell(&mut lifecycle, READY, late), [Command::Start { since: late }]);
        if written {
            assert_eq!(report(&mut lifecycle, RecorderEvent::Written, late), []);
        }
        assert_eq!(tell(&mut lifecycle, Input::Stop, late), [Command::Finish]);
        assert_eq!(report(&mut lifecycle, RecorderEvent::Finished, late), end);
    }
}

#[test]
fn the_clock_is_needed_during_countdown_recording_and_end() {
    let mut lifecycle = Lifecycle::default();
    for (input, needed) in [
        (REQUEST, false),
        (Input::StorageChecked(true), true),
        (Input::Stop, false),
        (REQUEST, false),
        (Input::StorageChecked(true), true),
        (Input::Tick, true),
        (Input::Tick, true),
        (Input::Tick, true),
        (READY, true),
        (Input::Stop, true),
        (Input::Recorder(RecorderEvent::Finished), false),
        (Input::Closed, false),
    ] {
        tell(&mut lifecycle, input, secs(0));
        assert_eq!(lifecycle.needs_clock(), needed, "{input:?}");
    }
}

/// The state as an observer of inputs and commands knows it.
#[derive(Debug, Default)]
struct Witness {
    requested: bool,
    announced: bool,
    /// The ticks since the announcement.
    ticks: u32,
    started: bool,
    finished: bool,
    closing: bool,
    written: bool,
    told: Option<RecordingProblem>,
}

impl Witness {
    fn see(&mut self, input: Input) {
        match input {
            Input::Requested { .. } if !self.is_under_way() => {
                *self = Self { requested: true, ..Self::default() };
            }
            Input::Recorder(RecorderEvent::Written) if self.started => self.written = true,
            Input::Tick if self.announced => self.ticks += 1,
            Input::Closed if self.closing => {
                (self.announced, self.started, self.finished, self.closing) =
                    (false, false, false, false);
            }
            _ => {}
        }
    }

    fn is_under_way(&self) -> bool {
        self.announced || self.started
    }

    fn check(&mut self, input: Input, command: Command) {
        match command {
            Command::CheckStorage => {
                assert_eq!(input, REQUEST);
                assert!(!self.is_under_way());
            }
            Command::Announce => {
                assert_eq!(input, Input::StorageChecked(true));
                assert!(self.requested && !self.is_under_way());
                (self.announced, self.ticks) = (true, 0);
            }
            Command::CheckReadiness => assert!(self.announced && !self.started),
            Command::Withdraw => {
                assert!(self.announced && !self.started, "nothing else would be let go of");
                self.announced = false;
            }
            Command::Start { .. } => {
                assert_eq!(input, READY, "the server has answered, and the mixer runs");
                assert!(self.announced && !self.started, "everybody was told, once for each");
                assert!(self.ticks >= u32::from(COUNTDOWN), "nobody is taken by surprise");
                self.started = true;
            }
            Command::WriteManifest => assert!(self.started && !self.finished),
            Command::Finish => {
                assert!(self.started && !self.finished && !self.closing);
                self.finished = true;
            }
            Command::Close { delete } => {
                assert!(self.started && !self.closing, "every start has one end");
                assert_eq!(delete, !self.written, "what was written is kept, and nothing else");
                self.closing = true;
            }
            Command::Notify(problem) => {
                assert!(self.announced, "what was refused at once is shown where it was asked for");
                assert_eq!(self.told.replace(problem), None, "one problem for each recording");
            }
        }
    }

    /// The published stage matches the observed one.
    fn compare(&self, lifecycle: &Lifecycle) {
        match lifecycle.stage() {
            Stage::Off => assert!(!self.is_under_way(), "nothing is held: {self:?}"),
            Stage::Counting(left) => {
                assert!(self.announced && !self.started);
                assert!((1..=COUNTDOWN).contains(&left));
            }
            Stage::Running { .. } => assert!(self.started && !self.finished && !self.closing),
            Stage::Finishing => assert!(self.finished || self.closing),
        }
        if let Some(problem) = self.told {
            assert_eq!(lifecycle.problem(), Some(problem), "it stays until the next recording");
        }
    }
}

fn input() -> impl Strategy<Value = Input> {
    let server = prop_oneof![
        1 => Just(ServerState::Unreachable),
        1 => Just(ServerState::Pending),
        3 => Just(ServerState::Answered),
    ];
    let mixer = prop_oneof![
        1 => Just(MixerState::Missing),
        1 => Just(MixerState::Waking),
        1 => Just(MixerState::Silent),
        3 => Just(MixerState::Running),
    ];
    let event = prop_oneof![
        1 => Just(RecorderEvent::NotLoaded),
        3 => Just(RecorderEvent::Written),
        1 => Just(RecorderEvent::Full),
        1 => Just(RecorderEvent::NotWritten),
        1 => Just(RecorderEvent::NotEncoded),
        2 => Just(RecorderEvent::Finished),
    ];
    prop_oneof![
        4 => any::<bool>().prop_map(|reachable| Input::Requested { reachable }),
        4 => any::<bool>().prop_map(Input::StorageChecked),
        20 => Just(Input::Tick),
        4 => (server, mixer).prop_map(|(server, mixer)| Input::Readiness(server, mixer)),
        4 => event.prop_map(Input::Recorder),
        1 => Just(Input::NotStarted),
        1 => Just(Input::Stop),
        1 => Just(Input::Left),
        2 => Just(Input::Closed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn in_any_order_a_recording_is_announced_first_and_ends_once(
        steps in prop::collection::vec((input(), 0..4_000u64), 0..120),
    ) {
        let (mut lifecycle, mut witness) = (Lifecycle::default(), Witness::default());
        let mut now = Duration::ZERO;
        let mut step = |input, pause| {
            now += millis(pause);
            witness.see(input);
            for command in tell(&mut lifecycle, input, now) {
                witness.check(input, command);
            }
            witness.compare(&lifecycle);
            lifecycle.stage()
        };
        for (input, pause) in steps {
            step(input, pause);
        }
        // At every stage: stopping never takes long, even if nothing responds.
        step(Input::Stop, 0);
        for _ in 0..=FINISH_WITHIN.as_secs() {
            step(Input::Tick, 1_000);
        }
        prop_assert_eq!(step(Input::Closed, 0), Stage::Off);
    }
}
