//! Decisions of a room's hosts. They outlive the call and the server process.

use super::SEAT_TOKEN_TTL;
use crate::protocol::{DisplayName, Gate, Invitation, PeerId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Maximum validity of an invitation.
pub const MAX_INVITATION_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Maximum number of valid invitations of a room.
pub const MAX_INVITATIONS: usize = 50;
/// An unused room is deleted after this time, with all decisions.
pub const STORED_FOR: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// The same for a room used on a single day: as long as an invitation can be valid.
pub const STORED_BRIEFLY_FOR: Duration = MAX_INVITATION_TTL;
/// Resolution of the time of last use.
const USE_RESOLUTION: Duration = Duration::from_secs(24 * 60 * 60);
/// Maximum length of each list of people: removed ones, those who may come back, and users of
/// invitations. In practice, seat tokens expire before a list is full.
const MAX_REMEMBERED: usize = 500;

/// The decisions of a room's hosts. Times are since the Unix epoch. Stored as JSON: where a stored name
/// changes, the store needs a migration, because a missing field counts as its default. Unknown fields are
/// an error, so that a forgotten migration locks a room instead of opening it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Decisions {
    /// Whether the room is locked.
    pub locked: bool,
    /// Newcomers wait until a host admits them.
    pub waiting_room: bool,
    /// The hash of the passcode.
    #[serde(rename = "passcode")]
    pub passcode_hash: Option<String>,
    /// The generation of the host key: keys of earlier ones are void.
    pub generation: u64,
    /// People who were removed. Their seats are void.
    pub removed: Vec<PeerId>,
    /// When access was last restricted. Earlier seat tokens no longer grant access, except for
    /// those below.
    pub seats_void_before: Duration,
    /// People who were inside then, whose seat tokens remain valid.
    pub valid_seats: Vec<PeerId>,
    /// When the call was ended for all.
    pub ended: Duration,
    /// The person to whom the host role was last transferred: a host even without the key, which
    /// may not have reached them.
    pub designated_host: Option<PeerId>,
    /// The invitations that were given.
    pub invitations: Vec<StoredInvitation>,
    /// The users of invitations, as long as they can come back.
    pub guests: Vec<Guest>,
    /// Approximate time of last use.
    pub used: Duration,
    /// Whether the room was used on a single day only.
    pub brief: bool,
}

/// An invitation that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StoredInvitation {
    /// Its number, which its token proves.
    pub id: u64,
    /// Its token.
    pub token: String,
    /// Whether it is for one person only.
    pub once: bool,
    /// When it expires.
    pub ends: Duration,
    /// The last person that it admitted.
    pub used_by: Option<(PeerId, DisplayName)>,
}

/// A person who used an invitation, which counts as theirs however they come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// The person.
    pub id: PeerId,
    /// The invitation's number.
    pub invitation: u64,
    /// When this entry expires: later than their seat token.
    pub until: Duration,
}

/// Appends to a list of limited length, replacing the first entry if it is full.
pub(super) fn remember<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= MAX_REMEMBERED {
        list.remove(0);
    }
    list.push(item);
}

impl Decisions {
    /// The barrier between a newcomer and the room.
    #[must_use]
    pub fn gate(&self) -> Option<Gate> {
        match self {
            Self { locked: true, .. } => Some(Gate::Locked),
            Self { passcode_hash: Some(_), .. } => Some(Gate::Passcode),
            Self { waiting_room: true, .. } => Some(Gate::WaitingRoom),
            Self { .. } => None,
        }
    }

    /// The invitation that admits this person, if it does.
    pub(super) fn invitation(
        &mut self,
        id: u64,
        person: PeerId,
        now: Duration,
    ) -> Option<&mut StoredInvitation> {
        let fits = |invited: &&mut StoredInvitation| {
            let free =
                !invited.once || invited.used_by.as_ref().is_none_or(|(by, _)| *by == person);
            invited.id == id && now < invited.ends && free
        };
        self.invitations.iter_mut().find(fits)
    }

    /// The valid invitations, as hosts see them.
    pub(super) fn invitations(&self, now: Duration) -> Vec<Invitation> {
        let shown = |invited: &StoredInvitation| Invitation {
            token: invited.token.clone(),
            once: invited.once,
            ttl: Some(invited.ends.saturating_sub(now).as_secs()),
            used_by: invited.used_by.as_ref().map(|(_, name)| name.clone()),
        };
        self.invitations.iter().filter(|invited| now < invited.ends).map(shown).collect()
    }

    /// Records that a person has joined, by a valid invitation or with one they used before;
    /// returns whether that has to be stored.
    pub(super) fn record_guest(
        &mut self,
        id: PeerId,
        invitation: Option<u64>,
        now: Duration,
    ) -> bool {
        let by = invitation.filter(|by| self.invitation(*by, id, now).is_some());
        if let Some(by) = by
            && !self.invitations_of(id).any(|known| known == by)
        {
            self.make_place_for_guest(now);
            self.guests.push(Guest { id, invitation: by, until: now });
        }
        let mut changed = false;
        for guest in self.guests.iter_mut().filter(|guest| guest.id == id) {
            if guest.until < now + SEAT_TOKEN_TTL {
                (guest.until, changed) = (now + 2 * SEAT_TOKEN_TTL, true);
            }
        }
        changed
    }

    /// The invitations that a person has used.
    pub(super) fn invitations_of(&self, id: PeerId) -> impl Iterator<Item = u64> {
        self.guests.iter().filter(move |guest| guest.id == id).map(|guest| guest.invitation)
    }

    /// Forgets guests who cannot come back as such. If there are still too many, the invitation
    /// with most of them expires, because forgetting it would readmit people who were removed.
    fn make_place_for_guest(&mut self, now: Duration) {
        self.guests.retain(|guest| {
            let is_given = self.invitations.iter().any(|given| given.id == guest.invitation);
            is_given && now < guest.until
        });
        if self.guests.len() < MAX_REMEMBERED {
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

    /// From now on, only the seat tokens of people inside grant access, because others may hold
    /// tokens unknown to the room.
    pub(super) fn close(&mut self, inside: Vec<PeerId>, now: Duration) {
        (self.seats_void_before, self.valid_seats) = (now, inside);
    }

    /// Whether a seat token from this time grants access.
    pub(super) fn accepts_seat(&self, id: PeerId, since: Duration) -> bool {
        since > self.seats_void_before || self.valid_seats.contains(&id)
    }

    /// Records who has taken a seat, where the time alone is ambiguous.
    pub(super) fn accept_seat(&mut self, id: PeerId, since: Duration) {
        if !self.accepts_seat(id, since) {
            remember(&mut self.valid_seats, id);
        }
    }

    /// Whether the room has no barriers. Seat tokens matter only where there are some.
    pub(super) fn is_open(&self) -> bool {
        self.gate().is_none()
            && self.generation == 0
            && self.removed.is_empty()
            && self.invitations.is_empty()
    }

    /// Whether there is nothing to store.
    pub(super) fn is_nothing(&self) -> bool {
        self.is_open() && self.ended.is_zero()
    }

    /// Records that the room is in use, and returns whether that changes the stored time.
    pub(super) fn touch(&mut self, now: Duration) -> bool {
        let changed = now >= self.used + USE_RESOLUTION;
        if changed {
            (self.used, self.brief) = (now, false);
        }
        changed
    }

    /// When it expires. Host keys that were void are valid again after that, until a newer one is
    /// shown.
    #[must_use]
    pub fn expires(&self) -> Duration {
        let kept_for = match self {
            // Seats from before the end of a call are told about it while they are valid.
            decisions if decisions.is_open() => USE_RESOLUTION,
            Self { brief: true, .. } => STORED_BRIEFLY_FOR,
            Self { .. } => STORED_FOR,
        };
        self.used + kept_for
    }

    pub(super) fn is_expired(&self, now: Duration) -> bool {
        now >= self.expires()
    }
}
