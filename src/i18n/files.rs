//! Texts about files. Separate from the other texts, because joining does not need them: their code
//! is loaded with the panels.

use crate::{content::FileState, protocol::DisplayName};

/// The texts of one language about files.
#[allow(missing_docs, reason = "the fields are named after what they say")]
pub struct FileTexts {
    pub files: &'static str,
    pub attach: &'static str,
    /// The state of a file of this size from another person, and whether they are present.
    pub receiving: fn(owner: &DisplayName, bool, FileState, size: u64) -> String,
    /// The state of an own file of this size for one recipient who has responded.
    pub sending: fn(to: &DisplayName, FileState, size: u64) -> String,
    /// An own file of this size, and the number of people who have not responded.
    pub own: fn(size: u64, waiting: usize) -> String,
    /// An own file while nobody else is present.
    pub for_nobody: fn(size: u64) -> String,
    /// An own file that can no longer be read.
    pub unreadable: fn(size: u64) -> String,
    pub take: &'static str,
    pub decline: &'static str,
    pub pause: &'static str,
    pub go_on: &'static str,
    pub cancel: &'static str,
    pub save_again: &'static str,
    pub withdraw: &'static str,
    pub dismiss: &'static str,
    /// The action of a button, with the name of the file.
    pub of: fn(action: &str, name: &str) -> String,
}
