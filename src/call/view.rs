//! What the person is to see, as plain values.

use super::{Link, PeerKey};
use crate::protocol::{Presence, RoomState};
use std::time::Duration;

/// How far this person is on the way into the call, or out of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Looking in from outside.
    #[default]
    Lobby,
    /// Join was pressed; the server has not answered yet.
    Joining,
    /// The room is full: in as soon as somebody leaves.
    Waiting,
    /// Inside.
    InCall {
        /// Since when.
        since: Duration,
    },
    /// Outside again.
    Left {
        /// How long the person was inside.
        after: Duration,
    },
}

/// One other person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Whose connection.
    pub key: PeerKey,
    /// What they say of themselves.
    pub presence: Presence,
    /// How the connection to them is.
    pub link: Link,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Where the person is.
    pub phase: Phase,
    /// Who was inside when the server last said so to somebody outside.
    pub state: RoomState,
    /// What the others are told of this person.
    pub presence: Presence,
    /// Everybody else in the call, in a stable order.
    pub tiles: Vec<Tile>,
    /// Whether the connection to somebody inside is being made for the first time.
    pub introducing: bool,
    /// Whether the server can be reached, as far as is known.
    pub signalling: bool,
}

impl View {
    /// Whether the person is in the call, or will be as soon as the server has answered.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        match self.phase {
            Phase::InCall { .. } => true,
            Phase::Joining => self.signalling && self.state.has_space(),
            Phase::Lobby | Phase::Waiting | Phase::Left { .. } => false,
        }
    }

    /// Whether nobody else is in the call, nor about to be shown.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        matches!(self.phase, Phase::InCall { .. }) && self.tiles.is_empty() && !self.introducing
    }

    /// Whether everybody in `next` is in this view as well.
    #[must_use]
    pub fn has_tiles_of(&self, next: &Self) -> bool {
        let has = |tile: &Tile| self.tiles.iter().any(|other| other.key == tile.key);
        next.tiles.iter().all(has)
    }
}
