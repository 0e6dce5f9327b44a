//! What the others know of somebody: their name, what they have switched on, and their place in the
//! line of raised hands.

use super::{Context, Rate, Room};
use crate::protocol::{PeerId, Presence, ServerMessage};
use std::time::Duration;

/// How often the others are told of one person's presence: of many changes together.
pub(super) const NEWS: Rate = Rate::new(16, Duration::from_secs(2));

/// The last place in the line of raised hands that somebody may claim.
const LAST_HAND: u32 = 1 << 24;

impl Room {
    /// Puts somebody in line who has raised a hand. Who stood there keeps the place, also from the
    /// rooms that were here before.
    pub(super) fn line_up(&mut self, before: Option<u32>, presence: &mut Presence) {
        presence.hand = presence.hand.map(|said| match (before, said) {
            (Some(place), _) => place,
            (None, 1..LAST_HAND) => said,
            (None, _) => self.hands.saturating_add(1),
        });
        self.hands = self.hands.max(presence.hand.unwrap_or_default());
    }

    /// Changes what the others know of somebody, and tells them.
    pub(super) fn set_presence(
        &mut self,
        from: PeerId,
        mut presence: Presence,
        cx: &mut Context<'_>,
    ) {
        let said = presence.hand;
        // A place is for who comes back to it.
        presence.hand = said.map(|_| 0);
        let before = self.seats.get(from).and_then(|seat| seat.presence.hand);
        self.line_up(before, &mut presence);
        let Some(seat) = self.seats.get_mut(from).filter(|seat| seat.presence != presence) else {
            return;
        };
        seat.presence.clone_from(&presence);
        let conn = seat.conn().filter(|_| presence.hand != said);
        if let Some(conn) = conn {
            self.send(conn, ServerMessage::Presence { from, presence });
        }
        self.tell_presence(from, cx);
        self.tell_watchers(cx);
    }

    /// Tells the others somebody's presence: at once, or, where it changes much, soon.
    pub(super) fn tell_presence(&mut self, from: PeerId, cx: &Context<'_>) {
        let Some(seat) = self.seats.get_mut(from) else { return };
        let taken = seat.news.take(NEWS, cx.now);
        seat.is_news = taken.is_err();
        let presence = seat.presence.clone();
        match taken {
            Ok(()) => self.tell_others(from, ServerMessage::Presence { from, presence }),
            Err(wait) => drop(self.deadlines.insert(cx.now + wait)),
        }
    }

    /// Tells everybody else who knows of somebody.
    pub(super) fn tell_others(&mut self, id: PeerId, message: ServerMessage) {
        self.broadcast(self.seats.others_here(id), message);
    }
}
