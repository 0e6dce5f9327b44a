//! Reactions: emoji that are shown for a moment.

use super::json::word;
use serde::{Deserialize, Serialize};

/// A reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reaction {
    /// Agreement or praise.
    #[serde(rename = "👍")]
    ThumbsUp,
    /// Love.
    #[serde(rename = "❤️")]
    Heart,
    /// Applause.
    #[serde(rename = "👏")]
    Clap,
    /// Laughter.
    #[serde(rename = "😂")]
    Laugh,
    /// Surprise.
    #[serde(rename = "😮")]
    Surprise,
    /// Celebration.
    #[serde(rename = "🎉")]
    Party,
}

impl Reaction {
    /// All reactions, in the order in which they are offered.
    pub const ALL: [Self; 6] =
        [Self::ThumbsUp, Self::Heart, Self::Clap, Self::Laugh, Self::Surprise, Self::Party];

    /// The emoji, as shown and sent.
    #[must_use]
    pub fn emoji(self) -> &'static str {
        self.word()
    }
}

word!(Reaction {
    ThumbsUp = "👍",
    Heart = "❤️",
    Clap = "👏",
    Laugh = "😂",
    Surprise = "😮",
    Party = "🎉",
});
