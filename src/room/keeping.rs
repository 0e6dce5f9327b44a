//! What the hosts of a room decided. It outlives the call, and the server.

use crate::protocol::{DisplayName, Gate, Invitation, PeerId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest an invitation is good for.
pub const INVITED_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The most invitations of a room that are not over.
pub const INVITATIONS: usize = 50;
/// A room in which nobody was for so long is forgotten with all that was decided.
pub const KEPT_FOR: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How exactly it is known when somebody was in a room last.
const USED_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);
/// How many people who were put out are remembered, and how many who may come back; the proofs of
/// seats end before there are that many in earnest.
const REMEMBERED: usize = 500;

/// All of it. Times are since the Unix epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keeping {
    /// Nobody is let in any more.
    pub locked: bool,
    /// Newcomers wait until a host lets them in.
    pub waiting_room: bool,
    /// The hash of the passcode.
    pub passcode: Option<String>,
    /// How often another person was made the host: the host keys from before are void.
    pub handovers: u64,
    /// Who was put out. Their seats are void.
    pub removed: Vec<PeerId>,
    /// When the doors were closed last. Seats from before open them no more, but for those below.
    pub closed: Duration,
    /// Whose seats from before then are good: who was inside.
    pub spared: Vec<PeerId>,
    /// When the call was ended for all.
    pub ended: Duration,
    /// To whom the host role was handed over last: a host also without the key, which may not have
    /// reached them.
    pub heir: Option<PeerId>,
    /// The invitations that were given.
    pub invitations: Vec<Invited>,
    /// When somebody was inside last, about.
    pub used: Duration,
}

/// An invitation that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    /// Its number, which its token proves.
    pub id: u64,
    /// Its token.
    pub token: String,
    /// Whether it is for one person only.
    pub once: bool,
    /// When it ends.
    pub ends: Duration,
    /// Whom it brought in last.
    pub used_by: Option<(PeerId, DisplayName)>,
}

impl Keeping {
    /// What stands between a newcomer and the room.
    #[must_use]
    pub fn gate(&self) -> Option<Gate> {
        match self {
            Self { locked: true, .. } => Some(Gate::Locked),
            Self { passcode: Some(_), .. } => Some(Gate::Passcode),
            Self { waiting_room: true, .. } => Some(Gate::WaitingRoom),
            Self { .. } => None,
        }
    }

    /// The invitation that lets this person in, if it does.
    pub(super) fn invitation(
        &mut self,
        id: u64,
        person: PeerId,
        now: Duration,
    ) -> Option<&mut Invited> {
        let fits = |invited: &&mut Invited| {
            let free =
                !invited.once || invited.used_by.as_ref().is_none_or(|(by, _)| *by == person);
            invited.id == id && now < invited.ends && free
        };
        self.invitations.iter_mut().find(fits)
    }

    /// Those that are not over, as hosts see them.
    pub(super) fn invitations(&self, now: Duration) -> Vec<Invitation> {
        let shown = |invited: &Invited| Invitation {
            token: invited.token.clone(),
            once: invited.once,
            seconds: Some(invited.ends.saturating_sub(now).as_secs()),
            used_by: invited.used_by.as_ref().map(|(_, name)| name.clone()),
        };
        self.invitations.iter().filter(|invited| now < invited.ends).map(shown).collect()
    }

    pub(super) fn remove(&mut self, id: PeerId) {
        if self.removed.len() >= REMEMBERED {
            self.removed.remove(0);
        }
        self.removed.push(id);
    }

    /// From now on only those who are inside can come back by the proof of a seat: there may be
    /// proofs of which nobody knows any more.
    pub(super) fn close(&mut self, inside: Vec<PeerId>, now: Duration) {
        (self.closed, self.spared) = (now, inside);
    }

    /// Whether the proof of a seat that was taken then opens the doors.
    pub(super) fn honours(&self, id: PeerId, since: Duration) -> bool {
        since > self.closed || self.spared.contains(&id)
    }

    /// Notes who has taken a seat, where the time alone does not tell.
    pub(super) fn spare(&mut self, id: PeerId, since: Duration) {
        if !self.honours(id, since) {
            if self.spared.len() >= REMEMBERED {
                self.spared.remove(0);
            }
            self.spared.push(id);
        }
    }

    /// Whether it stands in nobody's way. Whose seats open doors matters only where there are doors.
    pub(super) fn is_open(&self) -> bool {
        self.gate().is_none()
            && self.handovers == 0
            && self.removed.is_empty()
            && self.invitations.is_empty()
    }

    /// Notes that somebody is inside, and returns whether that is news.
    pub(super) fn touch(&mut self, now: Duration) -> bool {
        let news = now >= self.used + USED_WITHIN;
        if news {
            self.used = now;
        }
        news
    }

    pub(super) fn is_over(&self, now: Duration) -> bool {
        // Seats from before the end of a call are told of it for as long as they are good.
        let kept_for = if self.is_open() { USED_WITHIN } else { KEPT_FOR };
        // A key that was void would be good again.
        now >= self.used + kept_for && self.handovers == 0
    }
}
