//! The life cycle of a recording: when it is announced, starts and ends, and why it fails.
//!
//! Instead of a `poll_timeout` it asks for a clock while [`Lifecycle::needs_clock`]: the countdown
//! counts ticks, so that each number is visible for a second even after the page was suspended.

#[cfg(test)]
mod tests;

use super::RecordingProblem;
use std::{collections::VecDeque, time::Duration};

/// Seconds from the announcement to the start.
const COUNTDOWN: u8 = 3;
/// A recording that has written no data after this time has failed.
const BEGINS_WITHIN: Duration = Duration::from_secs(10);
/// How long to wait for the last data after a recording was stopped.
const FINISH_WITHIN: Duration = Duration::from_secs(10);

/// The stage of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// No recording.
    #[default]
    Off,
    /// The others have been notified, and it starts in this many seconds.
    Counting(u8),
    /// Recording.
    Running {
        /// Since when.
        since: Duration,
    },
    /// Recording has stopped; the rest is being written.
    Finishing,
}

/// Whether the server knows about the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// The server is unreachable.
    Unreachable,
    /// It was notified and has not answered yet: it is slow or unreachable, which will soon be
    /// clear.
    Pending,
    /// It has answered all requests.
    Answered,
}

impl ServerState {
    /// Derived from the server's response time, which is unknown while it is unreachable, and from
    /// whether it has answered all requests.
    #[must_use]
    pub fn new(round_trip: Option<Duration>, has_answered: bool) -> Self {
        match (round_trip, has_answered) {
            (None, _) => Self::Unreachable,
            (Some(_), false) => Self::Pending,
            (Some(_), true) => Self::Answered,
        }
    }
}

/// The state of the audio mixer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MixerState {
    /// The browser could not make one.
    Missing,
    /// It is not running yet.
    Waking,
    /// It is running.
    Running,
    /// It did not start in time: this device has no audio output.
    Silent,
}

/// What the recorder reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecorderEvent {
    /// The recorder's script could not be loaded; no event follows.
    NotLoaded,
    /// The first audio and video data has been written.
    Written,
    /// The device is out of space. Written data is kept.
    Full,
    /// Writing failed.
    NotWritten,
    /// The browser could not continue encoding audio or video.
    NotEncoded,
    /// Everything has been written; no event follows.
    Finished,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The person wants to record.
    Requested {
        /// Whether the server can be reached.
        reachable: bool,
    },
    /// The person stops or cancels the recording.
    Stop,
    /// The person has left the call.
    Left,
    /// The answer to [`Command::CheckStorage`]: whether the browser provides storage.
    StorageChecked(bool),
    /// The answer to [`Command::CheckReadiness`].
    Readiness(ServerState, MixerState),
    /// [`Command::Start`] failed.
    NotStarted,
    /// The recorder reports something.
    Recorder(RecorderEvent),
    /// [`Command::Close`] has been executed.
    Closed,
    /// The clock ticked: a second has passed.
    Tick,
}

/// An action for the shell. Each [`Command::Announce`] is followed by one [`Command::Withdraw`], or
/// by one [`Command::Start`] and one [`Command::Close`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Check whether the browser provides storage.
    CheckStorage,
    /// Announce the recording to everyone, request an answer from the server after that, and start
    /// the mixer.
    Announce,
    /// Report the state of the server and the mixer.
    CheckReadiness,
    /// Release the mixer: there will be no recording.
    Withdraw,
    /// Start recording.
    Start {
        /// The time at which it begins.
        since: Duration,
    },
    /// Update the length in the manifest.
    WriteManifest,
    /// Stop recording, and write the remaining data.
    Finish,
    /// Release the recorder.
    Close {
        /// Whether to delete the recording, because it contains no data.
        delete: bool,
    },
    /// Tell the person why there is no recording, or why it ended.
    Notify(RecordingProblem),
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Off,
    /// Waits for [`Input::StorageChecked`].
    Checking,
    /// Everyone has been notified. At zero, the server and the mixer are checked once a second.
    Counting(u8),
    Running {
        since: Duration,
    },
    Finishing {
        until: Duration,
    },
    /// Waits for [`Input::Closed`].
    Closing,
}

/// One person's recordings, one after the other.
#[derive(Debug, Default)]
pub struct Lifecycle {
    state: State,
    /// Whether data was written, and whether that took too long.
    written: bool,
    late: bool,
    problem: Option<RecordingProblem>,
    commands: VecDeque<Command>,
}

impl Lifecycle {
    /// Handles an event at `now`, a time since some fixed start. Events that do not fit the stage
    /// are ignored.
    pub fn handle(&mut self, input: Input, now: Duration) {
        match (self.state, input) {
            (State::Off, Input::Requested { reachable }) => self.request(reachable),
            (State::Checking, Input::StorageChecked(stores)) => self.announce(stores),
            (State::Counting(left), Input::Tick) => self.count_down(left),
            (State::Counting(0), Input::Readiness(server, mixer)) => {
                self.begin(server, mixer, now);
            }
            (State::Running { since }, Input::Tick) => self.look_for_data(since, now),
            (State::Running { .. }, Input::NotStarted) => {
                self.close(Some(RecordingProblem::Unable));
            }
            (State::Running { .. } | State::Finishing { .. }, Input::Recorder(event)) => {
                self.on_recorder_event(event, now);
            }
            (State::Finishing { until }, Input::Tick) if now >= until => {
                self.close(Some(RecordingProblem::Storage));
            }
            (State::Closing, Input::Closed) => self.state = State::Off,
            (_, Input::Stop | Input::Left) => self.stop(now),
            _ => {}
        }
    }

    /// The next command, until there is none.
    pub fn poll(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// Whether the shell should send [`Input::Tick`] once a second.
    #[must_use]
    pub fn needs_clock(&self) -> bool {
        matches!(self.state, State::Counting(_) | State::Running { .. } | State::Finishing { .. })
    }

    /// The current stage.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self.state {
            State::Off | State::Checking => Stage::Off,
            State::Counting(left) => Stage::Counting(left.max(1)),
            State::Running { since } => Stage::Running { since },
            State::Finishing { .. } | State::Closing => Stage::Finishing,
        }
    }

    /// Why there is no recording, or why the last one ended.
    #[must_use]
    pub fn problem(&self) -> Option<RecordingProblem> {
        self.problem
    }

    fn request(&mut self, reachable: bool) {
        self.problem = (!reachable).then_some(RecordingProblem::Untold);
        if reachable {
            self.state = State::Checking;
            self.commands.push_back(Command::CheckStorage);
        }
    }

    fn announce(&mut self, stores: bool) {
        if stores {
            self.state = State::Counting(COUNTDOWN);
            self.commands.push_back(Command::Announce);
        } else {
            self.state = State::Off;
            self.problem = Some(RecordingProblem::Forbidden);
        }
    }

    fn count_down(&mut self, left: u8) {
        let left = left.saturating_sub(1);
        self.state = State::Counting(left);
        if left == 0 {
            self.commands.push_back(Command::CheckReadiness);
        }
    }

    fn begin(&mut self, server: ServerState, mixer: MixerState, now: Duration) {
        let problem = match (server, mixer) {
            (ServerState::Unreachable, _) => RecordingProblem::Untold,
            (ServerState::Pending, _) | (_, MixerState::Waking) => return,
            (ServerState::Answered, MixerState::Missing) => RecordingProblem::Unable,
            (ServerState::Answered, MixerState::Silent) => RecordingProblem::Silent,
            (ServerState::Answered, MixerState::Running) => {
                (self.written, self.late) = (false, false);
                self.state = State::Running { since: now };
                return self.commands.push_back(Command::Start { since: now });
            }
        };
        self.fail(problem, now);
    }

    fn look_for_data(&mut self, since: Duration, now: Duration) {
        if !self.written && now >= since + BEGINS_WITHIN {
            self.late = true;
            self.stop(now);
        } else {
            self.commands.push_back(Command::WriteManifest);
        }
    }

    fn on_recorder_event(&mut self, event: RecorderEvent, now: Duration) {
        let lost = |problem| if self.written { problem } else { RecordingProblem::Unable };
        match event {
            RecorderEvent::NotLoaded => {
                self.notify(RecordingProblem::NotLoaded);
                self.close(None);
            }
            RecorderEvent::Written => self.written = true,
            RecorderEvent::Full if self.written => self.fail(RecordingProblem::Full, now),
            RecorderEvent::Full => self.fail(RecordingProblem::NoSpace, now),
            RecorderEvent::NotWritten => self.fail(lost(RecordingProblem::Storage), now),
            RecorderEvent::NotEncoded => self.fail(lost(RecordingProblem::Encoder), now),
            RecorderEvent::Finished if matches!(self.state, State::Finishing { .. }) => {
                self.close(None);
            }
            RecorderEvent::Finished => {}
        }
    }

    /// Ends or cancels the recording, and reports why.
    fn fail(&mut self, problem: RecordingProblem, now: Duration) {
        self.notify(problem);
        self.stop(now);
    }

    /// Reports the reason, unless one was reported before: a failure may cause others.
    fn notify(&mut self, problem: RecordingProblem) {
        if self.problem.is_none() {
            self.problem = Some(problem);
            self.commands.push_back(Command::Notify(problem));
        }
    }

    fn stop(&mut self, now: Duration) {
        match self.state {
            State::Checking => self.state = State::Off,
            State::Counting(_) => {
                self.state = State::Off;
                self.commands.push_back(Command::Withdraw);
            }
            State::Running { .. } => {
                self.state = State::Finishing { until: now + FINISH_WITHIN };
                self.commands.push_back(Command::Finish);
            }
            State::Off | State::Finishing { .. } | State::Closing => {}
        }
    }

    /// No more data will be written. Reports the problem, if any.
    fn close(&mut self, problem: Option<RecordingProblem>) {
        let unable = (!self.written).then_some(RecordingProblem::Unable);
        let late = self.late.then_some(RecordingProblem::Encoder);
        if let Some(problem) = unable.or(late).or(problem) {
            self.notify(problem);
        }
        self.state = State::Closing;
        self.commands.push_back(Command::Close { delete: !self.written });
    }
}
