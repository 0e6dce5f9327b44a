//! The inputs and commands of a capture.

use super::{Device, Generation, Gone, Kind, Problem};

/// An action of the person, or an event from the browser.
#[derive(Clone, Debug)]
pub enum Input<T> {
    /// This page cannot request this kind at all.
    Block(Kind, Problem),
    /// The device selected on an earlier visit.
    RestoreChoice(Kind, String),
    /// Open both kinds.
    Open,
    /// Open the kinds that were never requested and are not turned off.
    OpenUnasked,
    /// The page was reloaded: open what was sending before, and report it as sending in the
    /// meantime; the rest is not wanted.
    Reopen(Vec<Kind>),
    /// Request one kind, again or for the first time.
    Retry(Kind),
    /// The page is visible again. A device that was busy may be free by now.
    RetryBusy,
    /// Mute or unmute the microphone; turn the camera, and its light, off or on.
    Toggle(Kind),
    /// Mute the microphone, even if it is being opened or currently lost.
    Mute,
    /// Unmute the microphone, if it is open.
    Unmute,
    /// Mute the microphone or turn off the camera, if it sends.
    SwitchOff(Kind),
    /// Keep the camera off, even one that could not be opened yet, until the person requests it.
    LeaveCameraOff,
    /// Use another device, for now and later visits.
    Choose(Kind, String),
    /// Undo the replacement of a device. If the old one has not come back, nothing is sent.
    Undo(Kind, Gone),
    /// The settings of audio processing have changed.
    ProcessingChanged,
    /// Release all devices, and cancel everything that would open them again.
    Release,
    /// Devices were connected or disconnected.
    DevicesChanged,
    /// The answer to [`Command::List`]: all devices, if the browser lists them.
    Listed(Listing, Option<Vec<Device>>),
    /// The answer to [`Command::AskPermission`].
    Permission {
        /// The request it belongs to.
        generation: Generation,
        /// Whether the permission is known to be granted.
        granted: bool,
    },
    /// The answer to [`Command::Ask`].
    Answered {
        /// The request it belongs to.
        generation: Generation,
        /// The opened devices, or the problem.
        answer: Result<Vec<Granted<T>>, Problem>,
    },
    /// The permission that [`Command::WatchPermission`] waits for was granted.
    Allowed(Kind, Generation),
    /// The permission for the device in use was denied. Browsers that miss this while a device is being
    /// opened go on capturing.
    Denied(Kind, Generation),
    /// The device in use was disconnected.
    Ended(Kind, Generation),
    /// The system, or a key on the device, has muted it or unmuted it.
    Muted(Kind, Generation, bool),
}

/// A device that the browser has opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted<T> {
    /// The kind it sends.
    pub kind: Kind,
    /// Its track.
    pub track: T,
    /// Its identity, for when it is lost.
    pub device: Gone,
    /// Whether the system is muting it.
    pub muted: bool,
}

/// The purpose of a device list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// For this request, which skips missing kinds.
    Request(Generation),
    /// For the person to choose from.
    Choice,
    /// Because devices came or went.
    Change {
        /// The devices before.
        before: Vec<Device>,
    },
}

/// An action for the shell, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<T> {
    /// List the devices, and answer with [`Input::Listed`].
    List(Listing),
    /// Request these kinds from the browser in one prompt, and answer with [`Input::Answered`].
    Ask {
        /// The request it belongs to.
        generation: Generation,
        /// Each kind with the id of its device; empty for the system default.
        devices: Vec<(Kind, String)>,
    },
    /// Query the permission without a prompt, and answer with [`Input::Permission`].
    AskPermission {
        /// The request it belongs to.
        generation: Generation,
        /// The kind.
        kind: Kind,
    },
    /// Watch until the permission is granted, and answer with [`Input::Allowed`].
    WatchPermission(Kind, Generation),
    /// Enable the track, or have it send silence.
    Enable(T, bool),
    /// Observe this track, now in use, and report with [`Input::Ended`] and [`Input::Muted`].
    Follow {
        /// The kind it sends.
        kind: Kind,
        /// The request that opened it.
        generation: Generation,
        /// The track.
        track: T,
    },
    /// Store the id of the selected device for later visits.
    KeepChoice(Kind, String),
    /// Offer a new device.
    Offer(Device),
    /// Notify the person that a device replaced another, which can be undone.
    NotifyReplaced {
        /// Its kind.
        kind: Kind,
        /// The lost device.
        gone: Gone,
        /// The name of the new device.
        now: String,
    },
    /// Notify the person that a device was disconnected and there is no other.
    NotifyUnplugged(Kind),
}
