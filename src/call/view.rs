//! What the person is to see, as plain values.

use super::{
    connection::{Connection, Link, Path, PeerKey, Verdict},
    participant::Participant,
    signaling::Contact,
};
use crate::{
    content::{ChatView, FilesView},
    protocol::{ErrorCode, Grade, HostState, PeerId, Presence, Reaction, RoomSettings, RoomState},
};
use std::{sync::Arc, time::Duration};

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
    /// Waiting until a host lets them in.
    Knocking {
        /// Since when.
        since: Duration,
        /// The place in the line; 1 is next.
        position: usize,
        /// Whether a host is there to see it.
        host_present: bool,
        /// Whether they come in as soon as the room is unlocked.
        locked: bool,
    },
    /// Inside.
    InCall {
        /// Since when, in time since the Unix epoch: perhaps since before the page was loaded again.
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
    /// Who, and by which connection.
    pub key: PeerKey,
    /// What they say of themselves.
    pub presence: Presence,
    /// Whether the picture of their camera is to come.
    pub camera: bool,
    /// Whether that of their screen is.
    pub screen: bool,
    /// Their last reaction, and its time.
    pub reaction: Option<(Reaction, Duration)>,
    /// How the connection to them is.
    pub link: Link,
    /// Whether media flows at this moment, and with it the picture, if there is to be one.
    pub up: bool,
    /// Whether the picture that should come has stopped.
    pub frozen: bool,
    /// Whether they hear this person, unless that one is muted.
    pub hears: bool,
    /// Whether they see this person, unless that one's camera is off.
    pub sees: bool,
    /// How well sound and picture get through, in the worse direction.
    pub grade: Grade,
    /// The way to them that is in use.
    pub path: Option<Path>,
    /// What both sides of the connection can compare.
    pub fingerprints: Option<Arc<str>>,
}

impl Tile {
    /// That of somebody who is reached by this connection, for this person.
    pub(super) fn of(
        participant: &Participant,
        connection: &Connection,
        me: &Presence,
        now: Duration,
    ) -> Self {
        let expected = participant.expected(me.quality);
        Self {
            key: PeerKey { id: participant.id(), ..connection.key() },
            presence: participant.presence().clone(),
            camera: expected.camera,
            screen: expected.screen,
            reaction: participant.reaction(),
            link: connection.link(now),
            up: connection.shows(),
            frozen: connection.is_frozen(),
            hears: connection.is_heard(me),
            sees: connection.is_seen(me),
            grade: connection.grade(),
            path: connection.path(),
            fingerprints: connection.fingerprints(),
        }
    }

    /// The way to them that is in use, if both sides can make sure that nobody sits on it.
    #[must_use]
    pub fn protected(&self) -> Option<Path> {
        self.path.filter(|_| self.fingerprints.is_some())
    }
}

/// How the room is kept, and this person's part in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosting {
    /// What everybody inside may know.
    pub settings: RoomSettings,
    /// Whether the person is a host, as far as is known: also while they come back.
    pub is_host: bool,
    /// What the person sees as a host.
    pub host_state: HostState,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Where the person is.
    pub phase: Phase,
    /// Who is inside: for somebody outside, as the server last said; for somebody inside, who of
    /// those that were there before them has stayed.
    pub state: RoomState,
    /// What the others are told of this person.
    pub presence: Presence,
    /// Everybody else in the call, in a stable order.
    pub tiles: Vec<Tile>,
    /// Whether to show the person inside: they are, or will be as soon as the server has answered.
    pub inside: bool,
    /// Whether the connection to somebody inside is being made for the first time.
    pub introducing: bool,
    /// Whether the person left because they came in through another tab.
    pub moved: bool,
    /// Why the person is not, or no longer, inside.
    pub refusal: Option<ErrorCode>,
    /// How the room is kept, and this person's part in it.
    pub hosting: Hosting,
    /// Whether the person has something to show at the door.
    pub has_pass: bool,
    /// How the server can be reached.
    pub contact: Contact,
    /// Where the call suffers.
    pub verdict: Verdict,
    /// What was said.
    pub chat: ChatView,
    /// The files.
    pub files: FilesView,
    /// This person's last reaction, and its time.
    pub reaction: Option<(Reaction, Duration)>,
}

impl View {
    /// Whether nobody else is in the call, nor about to be shown.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        matches!(self.phase, Phase::InCall { .. }) && self.tiles.is_empty() && !self.introducing
    }

    /// The place of a raised hand among all that are raised; 1 is first.
    #[must_use]
    pub fn place_of(&self, hand: u32) -> usize {
        let others = self.tiles.iter().map(|tile| &tile.presence).chain([&self.presence]);
        1 + others.filter_map(|presence| presence.hand).filter(|other| *other < hand).count()
    }

    /// Whether this person is in the call.
    #[must_use]
    pub fn has(&self, id: PeerId) -> bool {
        self.tiles.iter().any(|tile| tile.key.id == id)
    }

    /// Whether to wait with showing `next` in place of this, because it has somebody more in it:
    /// to draw them takes a while, and what is to be said to connect to them is more urgent.
    #[must_use]
    pub fn can_wait_for(&self, next: &Self) -> bool {
        next.introducing && !next.tiles.iter().all(|tile| self.has(tile.key.id))
    }
}
