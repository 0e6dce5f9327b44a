//! English, about recordings.

use super::files::size;
use crate::{
    i18n::{RecordingTexts, stopwatch},
    recording::RecordingProblem,
};

pub(in crate::i18n) static TEXTS: RecordingTexts = RecordingTexts {
    record: "Record",
    hint: "Everybody is told before it begins. The recording stays on this device.",
    separate: "One file for each person, too",
    starts_in: |seconds| format!("Begins in {seconds}"),
    cancel: "Cancel",
    stop: "Stop recording",
    finishing: "The recording is being finished",
    problem,
    kept: "Recordings on this device",
    recover: "Recover recording",
    row: |length, bytes, torn, saved| {
        let end = match (torn, saved) {
            (_, true) => ", saved; removed here a week after that",
            (true, false) => ", was interrupted",
            (false, false) => ", not saved yet",
        };
        let length = length.map(|length| format!("{}, ", stopwatch(length))).unwrap_or_default();
        format!("{length}{}{end}", size(bytes))
    },
    save: "Save",
    save_again: "Save again",
    save_person: |name| format!("Save {name} alone"),
    delete: "Delete",
    delete_sure: "Press again to delete",
    delete_saved: "Press again if your copy is whole",
    not_saved: "Nothing can be made of this file.",
    of: |action, recording| format!("{action}: {recording}"),
};

pub(super) fn problem(problem: RecordingProblem) -> &'static str {
    match problem {
        RecordingProblem::Untold => {
            "Nobody could be told, because the server cannot be reached: no recording until it is back."
        }
        RecordingProblem::Silent => {
            "The browser could not mix the sound. It needs something that plays it: check headphones or speaker, and begin again."
        }
        RecordingProblem::Full => {
            "This device has no space left. What was recorded until then is kept."
        }
        RecordingProblem::NoSpace => "This device has no space left: nothing was recorded.",
        RecordingProblem::Storage => {
            "The browser could not go on writing. What was recorded until then is kept."
        }
        RecordingProblem::Forbidden => {
            "This window may store nothing, so that nothing can be recorded here. Open the call in one that is not private."
        }
        RecordingProblem::Unable => "This browser could not begin to record: nothing was recorded.",
        RecordingProblem::Encoder => {
            "The browser could not go on recording. What was recorded until then is kept."
        }
    }
}
