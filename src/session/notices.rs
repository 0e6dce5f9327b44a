//! Short messages to the person: shown for a while, and read out by screen readers.

use crate::{
    call::{Phase, Tile, View},
    content::FileState,
    devices::Gone,
    platform::{Device, Kind, Problem, Timer},
    protocol::{ChatText, DisplayName, ErrorCode, FileName},
    recording::RecordingProblem,
};
use leptos::prelude::*;
use std::time::Duration;

/// The time for which a notice is shown: enough to read a line.
const SHOWN: Duration = Duration::from_secs(5);
/// The time for which a notice with a button is shown: enough to decide.
const OFFERED: Duration = Duration::from_secs(15);

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
    /// The link is on the clipboard.
    LinkCopied,
    /// The browser did not allow it.
    LinkNotCopied,
    /// A new host link is on the clipboard.
    HostLinkRenewed,
    /// There is a new host link, and the browser did not allow the copy.
    HostLinkNotCopied,
    /// A report is on the clipboard.
    ReportCopied,
    /// The browser did not allow it.
    ReportNotCopied,
    /// A device was unplugged, and another replaces it. Can be undone.
    DeviceReplaced {
        /// Its kind.
        kind: Kind,
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
    /// Whether the person can do something about it.
    #[must_use]
    pub fn offers(&self) -> bool {
        match self {
            Self::DeviceReplaced { gone, now, .. } => gone.label != *now,
            Self::DeviceOffered(_) => true,
            _ => self.opens_tab(),
        }
    }

    /// Whether it helps to open the room in a tab of its own.
    #[must_use]
    pub fn opens_tab(&self) -> bool {
        matches!(self, Self::NotShared(Problem::Framed))
    }

    /// Whether the open chat says the same.
    fn is_in_chat(&self) -> bool {
        matches!(self, Self::Message(..) | Self::FileOffered(..) | Self::FileEnded(..))
    }
}

/// A notice and the end of its time.
#[derive(Clone, Copy, Default)]
struct Place {
    notice: RwSignal<Option<Notice>>,
    timer: StoredValue<Option<Timer>>,
}

impl Place {
    fn show(self, notice: Notice, time: Duration) {
        self.notice.set(Some(notice));
        let end = move || {
            let _ = self.notice.try_set(None);
        };
        self.timer.set_value(Some(Timer::new(time, end)));
    }
}

/// The notices on the screen: the last event, and beside it the last offer, which events do not
/// replace. Cheap to copy.
#[derive(Clone, Copy, Default)]
pub struct Notices {
    event: Place,
    offer: Place,
    action: StoredValue<Option<Callback<Notice>>>,
}

impl Notices {
    /// What happened last.
    #[must_use]
    pub fn event(self) -> Option<Notice> {
        self.event.notice.get()
    }

    /// What is offered.
    #[must_use]
    pub fn offer(self) -> Option<Notice> {
        self.offer.notice.get()
    }

    /// Shows a notice in place of the one before.
    pub fn show(self, notice: Notice) {
        match notice.offers() {
            true => self.offer.show(notice, OFFERED),
            false => self.event.show(notice, SHOWN),
        }
    }

    /// Hides a notice of what the chat shows, which has just been opened.
    pub(super) fn yield_to_chat(self) {
        if self.event.notice.with_untracked(|event| event.as_ref().is_some_and(Notice::is_in_chat))
        {
            self.event.notice.set(None);
        }
    }

    /// Does what is offered.
    pub fn accept(self) {
        let offer = self.offer.notice.get_untracked();
        self.offer.notice.set(None);
        if let (Some(offer), Some(action)) = (offer, self.action.get_value()) {
            action.run(offer);
        }
    }

    /// Sets what carries out an accepted offer.
    pub(super) fn on_accept(self, action: impl Fn(Notice) + Send + Sync + 'static) {
        self.action.set_value(Some(Callback::new(action)));
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
            self.show(Notice::RecordingStarting(name));
        } else if let Some(name) = changed(after, before) {
            self.show(Notice::RecordingStopped(name));
        }
    }

    /// Announces who joined or left while this person was in the call.
    pub(super) fn compare(self, before: &View, after: &View) {
        let inside = |view: &View| matches!(view.phase, Phase::InCall { .. });
        if inside(after) && !inside(before) {
            // Behind a gate, the person could not know earlier.
            let recorder = after.tiles.iter().find(|tile| tile.presence.recording);
            recorder
                .into_iter()
                .for_each(|tile| self.show(Notice::RecordingStarting(tile.presence.name.clone())));
        }
        if !inside(before) || !inside(after) {
            return;
        }
        let missing = |from: &View, other: &View| {
            let known = |id| {
                other.tiles.iter().any(|tile| tile.key.id == id)
                    || other.state.people.iter().any(|person| person.id == id)
            };
            let tile = from.tiles.iter().find(|tile| !known(tile.key.id));
            tile.map(|tile| tile.presence.name.as_str().to_owned())
        };
        if let Some(name) = missing(after, before) {
            self.show(Notice::Joined(name));
        } else if let Some(name) = missing(before, after) {
            self.show(Notice::Left(name));
        } else if let Some(name) = raised(before, after) {
            self.show(Notice::HandRaised(name));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_that_opens_a_tab_counts_as_an_offer() {
        assert!(Notice::NotShared(Problem::Framed).offers());
        assert!(!Notice::NotShared(Problem::Forbidden).offers());
    }
}
