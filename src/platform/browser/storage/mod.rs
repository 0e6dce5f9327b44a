//! Storage of values and files.

mod files;
mod web_storage;

pub use files::{
    Sink, StoredBytes, drag_has_left, drags_files, dropped_files, pasted_files, picked_files,
    remove_stale_files,
};
pub(super) use files::{folder, names};
pub use web_storage::{can_remember, local_storage, session_storage};
