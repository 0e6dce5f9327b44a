//! Presence: a participant's name, devices, and place in the order of raised hands.

use super::{Context, Rate, Room};
use crate::protocol::{PeerId, Presence, ServerMessage};
use std::time::Duration;

/// Maximum rate of presence updates about one person; further changes are combined.
pub(super) const UPDATE_RATE: Rate = Rate::new(16, Duration::from_secs(2));

/// The highest place in the order of raised hands that a client may claim.
const LAST_HAND: u32 = 1 << 24;

impl Room {
    /// Gives a raised hand its place. A hand that was already raised keeps its place, even across a
    /// restart.
    pub(super) fn assign_hand(&mut self, before: Option<u32>, presence: &mut Presence) {
        presence.hand = presence.hand.map(|said| match (before, said) {
            (Some(place), _) => place,
            (None, 1..LAST_HAND) => said,
            (None, _) => self.hands.saturating_add(1),
        });
        self.hands = self.hands.max(presence.hand.unwrap_or_default());
    }

    /// Changes a participant's presence, and tells the others.
    pub(super) fn set_presence(
        &mut self,
        from: PeerId,
        mut presence: Presence,
        cx: &mut Context<'_>,
    ) {
        let said = presence.hand;
        // Only people who return keep their place.
        presence.hand = said.map(|_| 0);
        let before = self.seats.get(from).and_then(|seat| seat.presence.hand);
        self.assign_hand(before, &mut presence);
        let Some(seat) = self.seats.get_mut(from).filter(|seat| seat.presence != presence) else {
            return;
        };
        seat.presence = presence;
        self.forward_sources(from);
        self.tell_hand(from, said);
        self.tell_presence(from, cx);
        self.tell_watchers(cx);
    }

    /// Tells a participant the place of their raised hand, unless it is the one they named.
    pub(super) fn tell_hand(&mut self, id: PeerId, named: Option<u32>) {
        let seat = self.seats.get(id).filter(|seat| seat.presence.hand != named);
        if let Some((conn, presence)) = seat.and_then(|seat| seat.conn().zip(Some(&seat.presence)))
        {
            let presence = presence.clone();
            self.send(conn, ServerMessage::Presence { from: id, presence });
        }
    }

    /// Sends a participant's presence to the others: at once or, during many changes, a little
    /// later.
    pub(super) fn tell_presence(&mut self, from: PeerId, cx: &Context<'_>) {
        let Some(seat) = self.seats.get_mut(from) else { return };
        let taken = seat.updates.take(UPDATE_RATE, cx.now);
        seat.is_update_pending = taken.is_err();
        let presence = seat.presence.clone();
        match taken {
            Ok(()) => self.tell_others(from, ServerMessage::Presence { from, presence }),
            Err(wait) => drop(self.deadlines.insert(cx.now + wait)),
        }
    }

    /// Sends a message to everyone else who knows about a participant.
    pub(super) fn tell_others(&mut self, id: PeerId, message: ServerMessage) {
        self.broadcast(self.seats.others_here(id), message);
    }
}
