//! Recording on this device.

use super::Stream;
use crate::{
    platform::StoredRecording,
    recording::{Composition, lifecycle::RecorderEvent},
};

/// See the browser's `Mixer`.
#[derive(Clone)]
pub struct Mixer;

impl Mixer {
    pub fn wake() -> Option<Self> {
        None
    }
    pub fn runs(&self) -> bool {
        false
    }
    pub fn is_waking(&self) -> bool {
        false
    }
}

pub async fn prefetch_recorder() -> bool {
    true
}

/// See the browser's `RecorderWorker`.
pub struct RecorderWorker;

impl RecorderWorker {
    pub fn open(_: &str, _: Mixer, _: impl Fn(RecorderEvent) + 'static) -> Option<Self> {
        None
    }
    pub fn format(&self) -> &'static str {
        ""
    }
    pub fn record(&self, _: &str) -> Option<FileRecorder> {
        None
    }
    pub fn write_manifest(&self, _: &str) {}
    pub fn finish(&self) {}
}

/// See the browser's `FileRecorder`.
#[derive(Clone)]
pub struct FileRecorder;

impl FileRecorder {
    pub fn set(&self, _: Composition<Stream>) {}
    pub fn stop(&self) {}
}

pub fn can_record() -> Option<&'static str> {
    None
}
pub async fn recordings() -> Vec<StoredRecording> {
    Vec::new()
}
pub async fn can_keep() -> bool {
    false
}
pub async fn has_recordings() -> bool {
    false
}
pub async fn mark_saved(_: &str, _: &str) {}
pub async fn delete_recording(_: &str) {}
