//! How much of the picture is sent over a connection.

use super::types::PeerCommand;
use crate::protocol::{Grade, Quality};
use std::time::Duration;

/// How long sending has to go well before more is sent again.
const MORE_AFTER: Duration = Duration::from_secs(10);

/// The limits of what is sent over one connection.
#[derive(Debug)]
pub(super) struct Sending {
    /// How much both people want to spend on pictures.
    pub(super) quality: Quality,
    /// How little is sent so that the sound gets through.
    limit: Grade,
    /// Since when more could be sent.
    better_since: Option<Duration>,
    /// What of the picture the browser was told to send: at most so good, or nothing.
    picture: Option<Grade>,
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            quality: Quality::Auto,
            limit: Grade::Good,
            better_since: None,
            picture: Some(Grade::Good),
        }
    }
}

impl Sending {
    pub(super) fn limit(&self) -> Grade {
        self.limit
    }

    /// Sends less where little arrives, at once, and more again when that has gone well for a while.
    /// Returns whether that changes the limit.
    pub(super) fn adapt(&mut self, arrives: Grade, now: Duration) -> bool {
        let since = *self.better_since.get_or_insert(now);
        if arrives > self.limit && now < since + MORE_AFTER {
            return false;
        }
        self.better_since = None;
        std::mem::replace(&mut self.limit, arrives) != arrives
    }

    /// The new limit of the picture, if it has changed: what the line carries and both people want.
    pub(super) fn limit_picture(&mut self) -> Option<PeerCommand> {
        let picture = match self.quality {
            Quality::AudioOnly => None,
            Quality::SaveData => Some(self.limit.min(Grade::Weak)),
            Quality::Auto => Some(self.limit),
        };
        let before = std::mem::replace(&mut self.picture, picture);
        (before != picture).then_some(PeerCommand::LimitPicture(picture))
    }
}
