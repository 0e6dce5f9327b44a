//! Recording on this device: the recorder, its worker, and the library of recordings.

mod library;
mod picture;
mod recorder_worker;
mod sound;

pub use library::{can_keep, delete_recording, has_recordings, mark_saved, recordings};
pub use recorder_worker::{FileRecorder, RecorderWorker, can_record, prefetch_recorder};
pub use sound::Mixer;

/// The folder that contains a folder for each recording.
const LIBRARY: &str = "salon-recordings";
/// The name of the manifest of a recording.
const MANIFEST: &str = "note.json";
/// The prefix of the empty files that mark a file as saved.
const SAVED: &str = "saved";

/// The lock that is held while a recording is written.
fn lock(id: &str) -> String {
    format!("salon-recording-{id}")
}
