//! This person's microphone and camera: requests to the browser, and the handling of its answers.
//! Pure: no browser, clock or signals.
//!
//! Contract: call [`Capture::handle`] with an input, then drain [`Capture::poll`].

mod capture;
mod input;
mod mic_activity;
mod request;
mod slot;
#[cfg(test)]
mod tests;
mod types;

pub use capture::Capture;
pub use input::{Command, Granted, Input, Listing};
pub use mic_activity::{MicActivity, MicWarning};
pub use slot::{Gone, Slot, Source};
pub use types::{Device, DeviceKind, Kind, PerKind, Problem};

/// Distinguishes a request from earlier ones for the same kind. Answers to those are ignored.
pub type Generation = u64;
