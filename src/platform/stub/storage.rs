//! Storage of values and files.

use crate::{platform::Brought, recording::Piece};

/// See the browser's `StoredBytes`.
#[derive(Clone)]
pub struct StoredBytes;

impl StoredBytes {
    pub fn name(&self) -> String {
        String::new()
    }
    pub fn size(&self) -> u64 {
        0
    }
    pub async fn read(&self, _: u64, _: usize) -> Option<Vec<u8>> {
        None
    }
    pub async fn sum(&self) -> Option<String> {
        None
    }
    pub fn save(&self, _: &str) {}
    pub fn assemble(&self, _: Vec<Piece>, _: &str) -> Option<Self> {
        None
    }
}

/// See the browser's `Sink`.
#[derive(Clone)]
pub struct Sink;

impl Sink {
    pub async fn create() -> Self {
        Self
    }
    pub async fn write(&self, _: &[u8]) -> bool {
        false
    }
    pub async fn finish(&self) -> Option<StoredBytes> {
        None
    }
    pub async fn remove(&self) {}
}

/// See the browser's `local_storage`.
pub mod local_storage {
    pub fn get(_: &str) -> Option<String> {
        None
    }
    pub fn set(_: &str, _: &str) {}
}

/// See the browser's `session_storage`.
pub mod session_storage {
    pub fn get(_: &str) -> Option<String> {
        None
    }
    pub fn set(_: &str, _: Option<&str>) {}
}

pub fn picked_files<T>(_: &T) -> Vec<StoredBytes> {
    Vec::new()
}
pub fn dropped_files<T>(_: &T) -> Brought {
    Brought::default()
}
pub fn pasted_files<T>(_: &T) -> Brought {
    Brought::default()
}
pub fn drag_has_left<T>(_: &T) -> bool {
    false
}
pub fn drags_files<T>(_: &T) -> bool {
    false
}
pub async fn remove_stale_files() {}
pub fn can_remember() -> bool {
    true
}
