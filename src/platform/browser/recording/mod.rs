//! Recording on this device: the studio where it is made, and the library where it is kept.

mod library;
mod picture;
mod sound;
mod studio;

pub use library::{can_keep, delete_recording, has_recordings, mark_saved, recordings};
pub use sound::Mixer;
pub use studio::{Leaving, Studio, Take, ask_before_leaving, can_record};

/// The folder of all recordings, and where each has one of its own.
const SHELF: &str = "salon-recordings";
/// What is kept of a recording beside its files.
const NOTE: &str = "note.json";
/// Is there once the person has saved it.
const SAVED: &str = "saved";

/// What is held while a recording is written.
fn lock(id: &str) -> String {
    format!("salon-recording-{id}")
}
