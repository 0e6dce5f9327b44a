//! What a capture takes in, and what it wants done.

use super::{Device, Generation, Gone, Kind, Problem};

/// Something the person did, or that their browser reports.
#[derive(Clone, Debug)]
pub enum Input<T> {
    /// This page cannot even ask for this kind.
    Bar(Kind, Problem),
    /// What the person chose on an earlier visit.
    Recall(Kind, String),
    /// Both are to be opened.
    Open,
    /// What was never asked for and is not switched off is to be opened.
    OpenUnasked,
    /// The page was reloaded. What sent before is to be opened again, and counts as sending
    /// meanwhile; the rest is not wanted.
    Reopen(Vec<Kind>),
    /// One kind is asked for again, or for the first time.
    Retry(Kind),
    /// The page is looked at again. What was in use elsewhere may be free by now.
    RetryBusy,
    /// The microphone is to be muted or unmuted; the camera, and its light, to go off or on.
    Toggle(Kind),
    /// The microphone is to be muted, also one that is being opened or is gone for the moment.
    Mute,
    /// The microphone is to be unmuted, if it is open.
    Unmute,
    /// The microphone is to be muted, or the camera to go off, if it sends.
    SwitchOff(Kind),
    /// The camera is to be off, also one that could not be opened, or not yet, until somebody asks
    /// for it.
    LeaveCameraOff,
    /// Another device is to be used, now and on later visits.
    Choose(Kind, String),
    /// That one device took the place of another is to be undone. If that one has not come back,
    /// nothing is sent in its place.
    Undo(Kind, Gone),
    /// The browser is to do other things to the sound of the microphone.
    ProcessingChanged,
    /// All devices are to be let go of, with what would open them again.
    Release,
    /// Devices came or went.
    DevicesChanged,
    /// The answer to [`Command::List`]: all devices there are, if the browser tells.
    Listed(Listing, Option<Vec<Device>>),
    /// The answer to [`Command::AskPermission`].
    Permission {
        /// Of which request.
        generation: Generation,
        /// Whether the permission is known to be given.
        granted: bool,
    },
    /// The answer to [`Command::Ask`].
    Answered {
        /// Of which request.
        generation: Generation,
        /// What was opened, or why nothing was.
        answer: Result<Vec<Granted<T>>, Problem>,
    },
    /// The permission that [`Command::WatchPermission`] waits for was given.
    Allowed(Kind, Generation),
    /// The device in use went away.
    Ended(Kind, Generation),
    /// The system, or a key of the device, gives nothing of it any more, or does again.
    Muted(Kind, Generation, bool),
}

/// A device that the browser has opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted<T> {
    /// What it sends.
    pub kind: Kind,
    /// What comes from it.
    pub track: T,
    /// Which it is, for when it is gone.
    pub device: Gone,
    /// Whether the system gives nothing of it at this moment.
    pub muted: bool,
}

/// What devices are listed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// For this request, so that what is missing does not cost the rest.
    Request(Generation),
    /// For the person to choose from.
    Choice,
    /// Because devices came or went.
    Change {
        /// What was there before.
        before: Vec<Device>,
    },
}

/// Something to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<T> {
    /// List the devices, and answer with [`Input::Listed`].
    List(Listing),
    /// Ask the browser for these kinds in one question, and answer with [`Input::Answered`].
    Ask {
        /// For which request.
        generation: Generation,
        /// Each kind with the id of its device; empty for the system's choice.
        devices: Vec<(Kind, String)>,
    },
    /// See whether the permission is given, without a question, and answer with
    /// [`Input::Permission`].
    AskPermission {
        /// For which request.
        generation: Generation,
        /// For which kind.
        kind: Kind,
    },
    /// Watch until the permission is given, and answer with [`Input::Allowed`].
    WatchPermission(Kind, Generation),
    /// Have this track send, or silence in its place.
    Enable(T, bool),
    /// This track is in use from now on: tell with [`Input::Ended`] and [`Input::Muted`] what
    /// becomes of it.
    Follow {
        /// What it sends.
        kind: Kind,
        /// For which request it was opened.
        generation: Generation,
        /// Which.
        track: T,
    },
    /// Keep the id of the chosen device for later visits.
    KeepChoice(Kind, String),
    /// Offer a device that came.
    Offer(Device),
    /// Tell that a device took the place of another, which can be undone.
    TellReplaced {
        /// Its kind.
        kind: Kind,
        /// What went away.
        gone: Gone,
        /// What is used now.
        now: String,
    },
    /// Tell that a device went away and there is no other.
    TellUnplugged(Kind),
}
