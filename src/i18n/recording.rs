//! The texts about recordings, which are loaded with the panels.

use crate::recording::RecordingProblem;
use std::time::Duration;

#[allow(missing_docs, reason = "the fields are named after what they say")]
pub struct RecordingTexts {
    pub record: &'static str,
    pub hint: &'static str,
    pub separate: &'static str,
    pub starts_in: fn(seconds: u8) -> String,
    pub cancel: &'static str,
    pub stop: &'static str,
    pub finishing: &'static str,
    pub problem: fn(RecordingProblem) -> &'static str,
    pub kept: &'static str,
    pub recover: &'static str,
    /// `torn`: the recording was interrupted.
    pub row: fn(length: Option<Duration>, size: u64, torn: bool, saved: bool) -> String,
    pub save: &'static str,
    pub save_again: &'static str,
    pub save_person: fn(name: &str) -> String,
    pub delete: &'static str,
    pub delete_sure: &'static str,
    pub delete_saved: &'static str,
    pub not_saved: &'static str,
    /// The action of a button, with the recording it applies to.
    pub of: fn(action: &str, recording: &str) -> String,
}
