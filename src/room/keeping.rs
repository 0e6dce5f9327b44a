//! What the hosts of a room decided. It outlives the call, and the server.

use super::SEAT_VALID;
use crate::protocol::{DisplayName, Gate, Invitation, PeerId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest an invitation is good for.
pub const INVITED_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The most invitations of a room that are not over.
pub const INVITATIONS: usize = 50;
/// A room in which nobody was for so long is forgotten with all that was decided.
pub const KEPT_FOR: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// The same for a room that was used on one day only: the longest that its invitations last.
pub const KEPT_BRIEFLY: Duration = INVITED_FOR;
/// How exactly it is known when somebody was in a room last.
const USED_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);
/// How many people who were put out are remembered, how many who may come back, and how many who
/// came by an invitation; the proofs of seats end before there are that many in earnest.
const REMEMBERED: usize = 500;

/// All of it. Times are since the Unix epoch. It is stored as JSON: where a field is renamed, the store
/// needs a migration, because a missing field counts as its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Keeping {
    /// Nobody is let in any more.
    pub locked: bool,
    /// Newcomers wait until a host lets them in.
    pub waiting_room: bool,
    /// The hash of the passcode.
    pub passcode: Option<String>,
    /// The generation of the host key: those of earlier ones are void.
    pub generation: u64,
    /// Who was put out. Their seats are void.
    pub removed: Vec<PeerId>,
    /// When the doors were closed last. Seats from before open them no more, but for those below.
    pub seats_void_before: Duration,
    /// Whose seats from before then are good: who was inside.
    pub valid_seats: Vec<PeerId>,
    /// When the call was ended for all.
    pub ended: Duration,
    /// To whom the host role was handed over last: a host also without the key, which may not have
    /// reached them.
    pub designated_host: Option<PeerId>,
    /// The invitations that were given.
    pub invitations: Vec<Invited>,
    /// Who came by them, as far as they can come back.
    pub guests: Vec<Guest>,
    /// When somebody was inside last, about.
    pub used: Duration,
    /// Whether the room was used on one day only.
    pub brief: bool,
}

/// An invitation that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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

/// Somebody who came by an invitation: it is theirs, however they come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// Who.
    pub id: PeerId,
    /// The invitation's number.
    pub invitation: u64,
    /// Until when this matters: the proof of their seat is good for less.
    pub until: Duration,
}

/// Adds something to a list of what is remembered, in place of the first if it is full.
pub(super) fn remember<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= REMEMBERED {
        list.remove(0);
    }
    list.push(item);
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
            ttl: Some(invited.ends.saturating_sub(now).as_secs()),
            used_by: invited.used_by.as_ref().map(|(_, name)| name.clone()),
        };
        self.invitations.iter().filter(|invited| now < invited.ends).map(shown).collect()
    }

    /// Notes that somebody has sat down, by an invitation that lets them in or as somebody who had
    /// one before; returns whether that is to be written down.
    pub(super) fn welcome(&mut self, id: PeerId, invitation: Option<u64>, now: Duration) -> bool {
        let by = invitation.filter(|by| self.invitation(*by, id, now).is_some());
        if let Some(by) = by
            && !self.came_by(id).any(|known| known == by)
        {
            self.make_place_for_guest(now);
            self.guests.push(Guest { id, invitation: by, until: now });
        }
        let mut news = false;
        for guest in self.guests.iter_mut().filter(|guest| guest.id == id) {
            if guest.until < now + SEAT_VALID {
                (guest.until, news) = (now + 2 * SEAT_VALID, true);
            }
        }
        news
    }

    /// The invitations by which somebody came.
    pub(super) fn came_by(&self, id: PeerId) -> impl Iterator<Item = u64> {
        self.guests.iter().filter(move |guest| guest.id == id).map(|guest| guest.invitation)
    }

    /// Forgets guests who cannot come back as such. If there are still too many, the invitation that
    /// brought in most of them ends: it would let those in again who are put out.
    fn make_place_for_guest(&mut self, now: Duration) {
        self.guests.retain(|guest| {
            let is_given = self.invitations.iter().any(|given| given.id == guest.invitation);
            is_given && now < guest.until
        });
        if self.guests.len() < REMEMBERED {
            return;
        }
        let brought = |id| self.guests.iter().filter(|guest| guest.invitation == id).count();
        let most = self.invitations.iter().map(|given| given.id).max_by_key(|id| brought(*id));
        self.invitations.retain(|given| Some(given.id) != most);
        self.guests.retain(|guest| Some(guest.invitation) != most);
    }

    pub(super) fn remove(&mut self, id: PeerId) {
        remember(&mut self.removed, id);
    }

    /// From now on only those who are inside can come back by the proof of a seat: there may be
    /// proofs of which nobody knows any more.
    pub(super) fn close(&mut self, inside: Vec<PeerId>, now: Duration) {
        (self.seats_void_before, self.valid_seats) = (now, inside);
    }

    /// Whether the proof of a seat that was taken then opens the doors.
    pub(super) fn accepts_seat(&self, id: PeerId, since: Duration) -> bool {
        since > self.seats_void_before || self.valid_seats.contains(&id)
    }

    /// Notes who has taken a seat, where the time alone does not tell.
    pub(super) fn accept_seat(&mut self, id: PeerId, since: Duration) {
        if !self.accepts_seat(id, since) {
            remember(&mut self.valid_seats, id);
        }
    }

    /// Whether it stands in nobody's way. Whose seats open doors matters only where there are doors.
    pub(super) fn is_open(&self) -> bool {
        self.gate().is_none()
            && self.generation == 0
            && self.removed.is_empty()
            && self.invitations.is_empty()
    }

    /// Whether there is nothing to remember.
    pub(super) fn is_nothing(&self) -> bool {
        self.is_open() && self.ended.is_zero()
    }

    /// Notes that somebody is inside, and returns whether that is news.
    pub(super) fn touch(&mut self, now: Duration) -> bool {
        let news = now >= self.used + USED_WITHIN;
        if news {
            (self.used, self.brief) = (now, false);
        }
        news
    }

    /// When it need not be kept any more. Host keys that were void are good again then, until somebody
    /// shows a newer one.
    #[must_use]
    pub fn expires(&self) -> Duration {
        let kept_for = match self {
            // Seats from before the end of a call are told of it for as long as they are good.
            kept if kept.is_open() => USED_WITHIN,
            Self { brief: true, .. } => KEPT_BRIEFLY,
            Self { .. } => KEPT_FOR,
        };
        self.used + kept_for
    }

    pub(super) fn is_over(&self, now: Duration) -> bool {
        now >= self.expires()
    }
}
