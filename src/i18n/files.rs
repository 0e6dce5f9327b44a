//! What is said of files. Apart from the other texts, because nobody needs it to join: the code that
//! writes it comes with the panels.

use crate::{content::FileState, protocol::DisplayName};

/// The texts of one language about files.
#[allow(missing_docs, reason = "the fields are named after what they say")]
pub struct FileTexts {
    pub files: &'static str,
    pub attach: &'static str,
    /// What became of somebody's file of this size, and whether they are there.
    pub taken: fn(owner: &DisplayName, bool, FileState, size: u64) -> String,
    /// What became of an own file of this size with one other person who has answered.
    pub given: fn(to: &DisplayName, FileState, size: u64) -> String,
    /// An own file of this size, and how many have not answered.
    pub own: fn(size: u64, waiting: usize) -> String,
    /// One that nobody is there to take.
    pub for_nobody: fn(size: u64) -> String,
    /// One that cannot be read any more.
    pub unreadable: fn(size: u64) -> String,
    pub take: &'static str,
    pub decline: &'static str,
    pub pause: &'static str,
    pub go_on: &'static str,
    pub cancel: &'static str,
    pub save_again: &'static str,
    pub withdraw: &'static str,
    pub dismiss: &'static str,
    /// What a button does, with the name of the file.
    pub of: fn(action: &str, name: &str) -> String,
}
