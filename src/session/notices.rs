//! What a person is told of the call while it goes on.

use crate::{
    call::{Tile, View},
    content::FileState,
    devices::Gone,
    i18n::call_texts,
    notices::Notices,
    platform::{Device, Kind, Problem},
    protocol::{ChatText, DisplayName, ErrorCode, FileName},
    recording::RecordingProblem,
};

/// Number of participants from which nobody is told who joins and leaves: notices would never end.
const CROWD: usize = 12;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A participant joined; their name may be empty.
    Joined(String),
    /// A participant left; their name may be empty.
    Left(String),
    /// A chat message of a participant.
    Message(DisplayName, ChatText),
    /// A participant offers a file.
    FileOffered(DisplayName, FileName),
    /// The transfer of a file is complete, or over.
    FileEnded(FileName, FileState),
    /// More files than can be offered at a time; the others are not.
    TooManyFiles,
    /// No file can be offered, because the server forwards the call.
    FilesUnavailable,
    /// These folders are not offered.
    FoldersRefused(Vec<FileName>),
    /// A participant raised a hand; their name may be empty.
    HandRaised(String),
    /// A participant is about to record the call.
    RecordingStarting(DisplayName),
    /// A participant stopped recording.
    RecordingStopped(DisplayName),
    /// Why this person's recording ended, or did not start.
    RecordingFailed(RecordingProblem),
    /// A device was unplugged, and another replaces it. Can be undone.
    DeviceReplaced {
        /// The device that was unplugged.
        gone: Gone,
        /// The device that is used now.
        now: String,
    },
    /// A device was plugged in that could replace the one in use.
    DeviceOffered(Device),
    /// A host's action was refused, or the secret of a link is no longer valid.
    Refused(ErrorCode),
    /// A host has switched something off.
    MutedByHost(Kind),
    /// The screen could not be shared.
    NotShared(Problem),
    /// A device was unplugged, and there is no other.
    DeviceUnplugged(Kind),
}

impl Notice {
    /// Whether it helps to open the room in a tab of its own.
    fn opens_tab(&self) -> bool {
        matches!(self, Self::NotShared(Problem::Framed))
    }
}

impl Notices {
    /// Shows a notice in place of the one before.
    pub(super) fn show(self, notice: &Notice) {
        let text = (call_texts().notice)(notice);
        match notice.opens_tab() {
            true => self.offer_tab(text),
            false => self.say(text),
        }
    }

    /// Announces who begins to record, and who stops. People who join recording have a mark.
    fn announce_recording(self, before: &View, after: &View) {
        let is_recording = |tile: &&Tile| tile.presence.recording;
        let changed = |from: &View, to: &View| {
            let was = |tile: &&Tile| {
                let same = |other: &&Tile| other.key.id == tile.key.id && !is_recording(other);
                from.tiles.iter().any(|other| same(&other))
            };
            let found = to.tiles.iter().filter(is_recording).find(was);
            found.map(|tile| tile.presence.name.clone())
        };
        if let Some(name) = changed(before, after) {
            self.show(&Notice::RecordingStarting(name));
        } else if let Some(name) = changed(after, before) {
            self.show(&Notice::RecordingStopped(name));
        }
    }

    /// Announces who joined or left while this person was in the call.
    pub(super) fn compare(self, before: &View, after: &View) {
        let inside = |view: &View| view.admission.is_in_call();
        if inside(after) && !inside(before) {
            // Behind a gate, the person could not know earlier.
            let recorder = after.tiles.iter().find(|tile| tile.presence.recording);
            recorder
                .into_iter()
                .for_each(|tile| self.show(&Notice::RecordingStarting(tile.presence.name.clone())));
        }
        if !inside(before) || !inside(after) {
            return;
        }
        let missing = |from: &View, other: &View| {
            let known = |id| {
                other.tiles.iter().any(|tile| tile.key.id == id)
                    || other.admission.state.people.iter().any(|person| person.id == id)
            };
            let tile = from.tiles.iter().find(|tile| !known(tile.key.id));
            tile.map(|tile| tile.presence.name.as_str().to_owned())
        };
        let is_crowd = before.tiles.len().max(after.tiles.len()) >= CROWD;
        let missing = |from, other| missing(from, other).filter(|_| !is_crowd);
        if let Some(name) = missing(after, before) {
            self.show(&Notice::Joined(name));
        } else if let Some(name) = missing(before, after) {
            self.show(&Notice::Left(name));
        } else if let Some(name) = raised(before, after) {
            self.show(&Notice::HandRaised(name));
        }
        self.announce_recording(before, after);
    }
}

/// The name of a participant who has just raised a hand.
fn raised(before: &View, after: &View) -> Option<String> {
    let lowered = |tile: &&Tile| {
        let before = before.tiles.iter().find(|before| before.key.id == tile.key.id);
        before.is_some_and(|before| before.presence.hand.is_none())
    };
    let raised = after.tiles.iter().filter(|tile| tile.presence.hand.is_some()).find(lowered)?;
    Some(raised.presence.name.as_str().to_owned())
}
