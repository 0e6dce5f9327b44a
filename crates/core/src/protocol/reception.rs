//! How well participants receive each other, as they report it.

use super::json::{object, word};
use serde::{Deserialize, Serialize};

/// The quality of received audio and video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Hard to follow.
    Poor,
    /// With interruptions.
    Weak,
    /// Without noticeable problems.
    #[default]
    Good,
}

word!(Grade { Poor = "poor", Weak = "weak", Good = "good" });

/// How well a participant is received, reported to them by the receiver. It includes how the receiver's
/// other connections do, so that both sides can tell whose link is weak. Missing fields mean that
/// there is no problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reception {
    /// Whether audio arrives, if it should.
    #[serde(default = "yes")]
    pub sound: bool,
    /// Whether video arrives, if it should.
    #[serde(default = "yes")]
    pub picture: bool,
    /// The quality of what arrives.
    #[serde(default)]
    pub grade: Grade,
    /// How well the reporter receives the best-received other participant, if there is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_received: Option<Grade>,
    /// How well the reporter is received by the other participant with the best reception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_sent: Option<Grade>,
    /// Why the connection cannot be established on the reporter's side; `None` while it still may be,
    /// and once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

object!(Reception {
    sound = true,
    picture = true,
    grade = Grade::Good,
    ;
    best_received as "bestReceived" = None,
    best_sent as "bestSent" = None,
    failure = None,
});

/// Why a connection cannot be established on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The browser creates no peer connection: WebRTC is turned off, or too many are open.
    NoConnection,
    /// The browser has gathered no ICE candidate.
    NoCandidates,
    /// The browser applies none of the other side's descriptions, or cannot answer one.
    BadDescription,
    /// The other side has sent no description.
    NoAnswer,
    /// A reason that this build does not know.
    #[serde(other)]
    Other,
}

word!(Failure {
    NoConnection = "no-connection",
    NoCandidates = "no-candidates",
    BadDescription = "bad-description",
    NoAnswer = "no-answer",
    Other = "other",
} else Other);

fn yes() -> bool {
    true
}

impl Default for Reception {
    fn default() -> Self {
        let (sound, picture, grade) = (true, true, Grade::Good);
        Self { sound, picture, grade, best_received: None, best_sent: None, failure: None }
    }
}
