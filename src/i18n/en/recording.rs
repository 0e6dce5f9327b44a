//! English texts about recordings.

use super::files::size;
use crate::{
    i18n::{RecordingTexts, stopwatch},
    recording::RecordingProblem,
};

pub(in crate::i18n) static TEXTS: RecordingTexts = RecordingTexts {
    record: "Record",
    hint: "Everyone is notified before it starts. The recording stays on this device.",
    separate: "Also one file per person",
    starts_in: |seconds| format!("Starts in {seconds}"),
    cancel: "Cancel",
    stop: "Stop recording",
    finishing: "Finishing the recording…",
    problem,
    kept: "Recordings on this device",
    recover: "Recover recording",
    row: |length, bytes, torn, saved| {
        let end = match (torn, saved) {
            (_, true) => ", saved. This copy is deleted a week after saving",
            (true, false) => ", interrupted",
            (false, false) => ", not saved yet",
        };
        let length = length.map(|length| format!("{}, ", stopwatch(length))).unwrap_or_default();
        format!("{length}{}{end}", size(bytes))
    },
    save: "Save",
    save_again: "Save again",
    save_person: |name| format!("Save only {name}"),
    delete: "Delete",
    delete_sure: "Press again to delete",
    delete_saved: "Press again if your copy is complete",
    not_saved: "This file cannot be recovered.",
    of: |action, recording| format!("{action}: {recording}"),
};

pub(super) fn problem(problem: RecordingProblem) -> &'static str {
    match problem {
        RecordingProblem::Untold => {
            "The server cannot be reached, so nobody could be notified. Start again when it is back."
        }
        RecordingProblem::Silent => {
            "This device has no working audio output, which recording needs. Connect headphones or a speaker, then start again."
        }
        RecordingProblem::Full => {
            "This device has no space left. The recording up to that point is kept."
        }
        RecordingProblem::NoSpace => "This device has no space left. Nothing was recorded.",
        RecordingProblem::Storage => {
            "The browser could not continue saving. The recording up to that point is kept."
        }
        RecordingProblem::Forbidden => {
            "Recording needs storage, which this window does not allow. Open the call in a window that is not private."
        }
        RecordingProblem::NotLoaded => {
            "The recorder could not be loaded. If Salon was updated, reload the page, then start again. Nothing was recorded."
        }
        RecordingProblem::Unable => "This browser could not start recording. Nothing was recorded.",
        RecordingProblem::Encoder => {
            "The browser could not continue recording. The recording up to that point is kept."
        }
    }
}
