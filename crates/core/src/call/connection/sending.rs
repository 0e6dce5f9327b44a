//! Limits the video that is sent over a connection.

use super::types::PeerCommand;
use crate::protocol::{Grade, Quality};
use std::time::Duration;

/// Time for which reception has to be good before the limit is raised.
const MORE_AFTER: Duration = Duration::from_secs(10);

/// The limits of the media sent over one connection.
#[derive(Debug)]
pub(super) struct Sending {
    /// The video quality that both participants want.
    pub(super) quality: Quality,
    /// The limit that keeps bandwidth free for audio.
    limit: Grade,
    /// Since when a higher limit seems possible.
    better_since: Option<Duration>,
    /// The last video limit passed to the browser; `None` for no video.
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

    /// Lowers the limit at once if media arrives badly, and raises it after a while without
    /// problems. Returns whether the limit changes.
    pub(super) fn adapt(&mut self, arrives: Grade, now: Duration) -> bool {
        let since = *self.better_since.get_or_insert(now);
        if arrives > self.limit && now < since + MORE_AFTER {
            return false;
        }
        self.better_since = None;
        std::mem::replace(&mut self.limit, arrives) != arrives
    }

    /// The video limit for the browser, if it has changed: what the connection carries and both
    /// participants want.
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
