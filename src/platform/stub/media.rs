//! Devices, tracks, and the elements that play them.

use super::Watch;
use crate::{
    platform::{Device, Kind, Problem, Processing},
    protocol::TrackSource,
};

/// See the browser's `Track`.
#[derive(Clone, PartialEq)]
pub struct Track;

impl Track {
    pub fn set_enabled(&self, _: bool) {}
    pub fn label(&self) -> String {
        String::new()
    }
    pub fn device_id(&self) -> String {
        String::new()
    }
    pub fn on_ended(&self, _: impl Fn() + 'static) {}
    pub fn is_muted(&self) -> bool {
        false
    }
    pub fn on_muted(&self, _: impl Fn(bool) + 'static) {}
    pub fn can_blur(&self) -> bool {
        false
    }
    pub fn set_blur(&self, _: bool) {}
}

/// See the browser's `Screen`.
#[derive(Clone)]
pub struct Screen {
    /// The picture.
    pub picture: Track,
}

impl Screen {
    pub fn track(&self, _: TrackSource) -> Option<&Track> {
        None
    }
}

/// See the browser's `Stream`.
#[derive(Clone)]
pub struct Stream;

impl Stream {
    pub fn of(_: &Track) -> Option<Self> {
        None
    }
}

/// See the browser's `Player`.
pub struct Player;

impl Player {
    pub fn of<T>(_: &T) -> Self {
        Self
    }
    pub async fn play(&self, _: &Stream, _: Option<&str>) -> bool {
        true
    }
    pub fn pause(&self) {}
    pub fn set_volume(&self, _: f64) {}
}

/// See the browser's `Meter`.
pub struct Meter;

impl Meter {
    pub fn new(_: &Track) -> Option<Self> {
        None
    }
    pub fn of_muted(_: &Track) -> Option<Self> {
        None
    }
    pub fn level(&self) -> Option<u32> {
        None
    }
    pub fn has_signal(&self) -> bool {
        false
    }
    pub fn run(&self) -> bool {
        false
    }
}

pub async fn capture(_: &[(Kind, String)], _: Processing) -> Result<Vec<(Kind, Track)>, Problem> {
    Err(Problem::Failed)
}
pub async fn devices() -> Option<Vec<Device>> {
    None
}
pub async fn is_granted(_: Kind) -> bool {
    false
}
pub fn device_problem(_: Kind) -> Option<Problem> {
    None
}
pub async fn watch_grant(_: Kind, _: impl Fn() + 'static) -> Watch {
    None
}
pub async fn watch_denial(_: Kind, _: impl Fn() + 'static) -> Watch {
    None
}
pub fn can_share_screen() -> bool {
    false
}
pub async fn capture_screen() -> Result<Screen, Problem> {
    Err(Problem::Failed)
}
pub fn can_set_volume() -> bool {
    true
}
pub fn can_choose_speaker() -> bool {
    false
}
pub fn size<T>(_: &T) -> (f64, f64) {
    (0.0, 0.0)
}
pub fn picture_size<T>(_: &T) -> (f64, f64) {
    (0.0, 0.0)
}
pub fn watch_size<T>(_: &T, _: impl FnMut() + 'static) -> Watch {
    None
}
