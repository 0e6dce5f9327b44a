//! Small signs without words.

use serde::{Deserialize, Serialize};

/// A sign that is shown for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reaction {
    /// Yes, or well done.
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
    /// A party.
    #[serde(rename = "🎉")]
    Party,
}

impl Reaction {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 6] =
        [Self::ThumbsUp, Self::Heart, Self::Clap, Self::Laugh, Self::Surprise, Self::Party];

    /// As it is shown, and sent.
    #[must_use]
    pub fn emoji(self) -> &'static str {
        match self {
            Self::ThumbsUp => "👍",
            Self::Heart => "❤️",
            Self::Clap => "👏",
            Self::Laugh => "😂",
            Self::Surprise => "😮",
            Self::Party => "🎉",
        }
    }
}
