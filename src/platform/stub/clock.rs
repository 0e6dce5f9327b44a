//! Clocks, and random numbers.

use std::time::Duration;

/// See the browser's `Timer`.
pub struct Timer;

impl Timer {
    pub fn new(_: Duration, _: impl FnOnce() + 'static) -> Self {
        Self
    }
}

/// See the browser's `Interval`.
pub struct Interval;

impl Interval {
    pub fn new(_: Duration, _: impl FnMut() + 'static) -> Self {
        Self
    }
}

/// See the browser's `NextFrame`.
pub struct NextFrame;

impl NextFrame {
    pub fn new(_: impl FnOnce() + 'static) -> Self {
        Self
    }
}

pub async fn idle() {}
pub fn elapsed() -> Duration {
    Duration::ZERO
}
pub fn wall_clock() -> Duration {
    Duration::ZERO
}
pub fn clock_time(_: Duration) -> String {
    String::new()
}
pub fn calendar_time(_: Duration) -> String {
    String::new()
}
pub fn random_fraction() -> f32 {
    0.0
}
