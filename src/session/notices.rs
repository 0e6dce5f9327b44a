//! Short messages to the person: shown for a while, and read out by screen readers.

use crate::{
    call::{Phase, View},
    platform::{Kind, Timer},
};
use leptos::prelude::*;
use std::time::Duration;

/// How long a notice stands.
const SHOWN: Duration = Duration::from_secs(5);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Somebody came in; their name may be empty.
    Came(String),
    /// Somebody is gone; their name may be empty.
    Went(String),
    /// The link is on the clipboard.
    LinkCopied,
    /// The browser did not allow it.
    LinkNotCopied,
    /// A device went away and another took its place.
    Replaced {
        /// What went away.
        gone: String,
        /// What is used now.
        now: String,
    },
    /// A device went away and there is no other.
    Unplugged(Kind),
}

/// The notice that is shown now, if any.
#[derive(Clone, Copy, Default)]
pub struct Notices {
    current: RwSignal<Option<Notice>>,
    timer: StoredValue<Option<Timer>>,
}

impl Notices {
    /// The notice to show.
    #[must_use]
    pub fn current(self) -> Option<Notice> {
        self.current.get()
    }

    /// Shows a notice in place of the one before.
    pub fn show(self, notice: Notice) {
        self.current.set(Some(notice));
        let end = move || {
            let _ = self.current.try_set(None);
        };
        self.timer.set_value(Some(Timer::new(SHOWN, end)));
    }

    /// Tells of people who came or went while this person was inside.
    pub(super) fn compare(self, before: &View, after: &View) {
        let inside = |view: &View| matches!(view.phase, Phase::InCall { .. });
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
            self.show(Notice::Came(name));
        } else if let Some(name) = missing(before, after) {
            self.show(Notice::Went(name));
        }
    }
}
