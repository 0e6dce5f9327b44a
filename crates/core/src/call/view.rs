//! The state of a call as the person sees it.

use super::{
    Call,
    connection::{Connection, Link, Path, PeerKey, WeakLink, weak_link},
    forwarded::Forwarded,
    participant::Participant,
    server_connection::ServerStatus,
};
use crate::{
    admission::{AdmissionView, Phase},
    content::{ChatView, FilesView},
    protocol::{
        Grade, HostState, IceServer, PeerId, Person, Presence, Reaction, RoomSettings, TrackSource,
    },
};
use std::{sync::Arc, time::Duration};

/// Another participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The participant, and the connection that carries them.
    pub key: PeerKey,
    /// Their presence.
    pub presence: Presence,
    /// Whether video of their camera is expected.
    pub camera: bool,
    /// Whether video of their screen is expected.
    pub screen: bool,
    /// Their last reaction, and its time.
    pub reaction: Option<(Reaction, Duration)>,
    /// The state of the connection to them.
    pub link: Link,
    /// Whether media flows, including video if it is expected.
    pub up: bool,
    /// Whether expected video has stopped.
    pub frozen: bool,
    /// Whether the server does not send their video, because the bandwidth is too low for all.
    pub paused: bool,
    /// Whether they hear this person. True if this person is muted.
    pub hears: bool,
    /// Whether they see this person. True if this person's camera is off.
    pub sees: bool,
    /// The grade of the worse direction.
    pub grade: Grade,
    /// The network path in use.
    pub path: Option<Path>,
    /// The fingerprints that both sides can compare.
    pub fingerprints: Option<Arc<str>>,
}

impl Tile {
    /// The tile of a participant whom this connection carries, as `me` sees it.
    pub(super) fn of(
        participant: &Participant,
        connection: &Connection,
        me: &Presence,
        forwarded: &Forwarded,
        now: Duration,
    ) -> Self {
        let id = participant.id();
        let expected = participant.expected(me.quality);
        let has_slot = !expected.camera || forwarded.carries(id, TrackSource::Camera);
        Self {
            key: PeerKey { id, ..connection.key() },
            presence: participant.presence().clone(),
            camera: expected.camera,
            screen: expected.screen,
            reaction: participant.reaction(),
            link: connection.link(now),
            up: connection.shows() && (has_slot || !connection.is_to_server()),
            frozen: connection.is_frozen(),
            paused: connection.is_to_server() && expected.camera && forwarded.is_paused(id),
            hears: connection.is_heard(me),
            sees: connection.is_seen(me),
            grade: connection.grade(),
            path: connection.path(),
            fingerprints: connection.fingerprints(),
        }
    }

    /// The network path in use, if both sides can verify that it is not intercepted.
    #[must_use]
    pub fn protected(&self) -> Option<Path> {
        self.path.filter(|_| self.fingerprints.is_some())
    }
}

/// The room settings, and this person's role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosting {
    /// The room settings.
    pub settings: RoomSettings,
    /// Whether the person is a host. Remains true while they reconnect.
    pub is_host: bool,
    /// What only hosts see.
    pub host_state: HostState,
}

/// The state of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// How far the person is on the way into the room, and who is inside.
    pub admission: AdmissionView,
    /// This person's presence.
    pub presence: Presence,
    /// The other participants, in a stable order.
    pub tiles: Vec<Tile>,
    /// Whether there is no path to a new participant yet, or the first one is about to come.
    pub introducing: bool,
    /// The room settings, and this person's role.
    pub hosting: Hosting,
    /// How the server can be reached.
    pub server: ServerStatus,
    /// The weak link of the call.
    pub weak_link: WeakLink,
    /// The chat.
    pub chat: ChatView,
    /// The files.
    pub files: FilesView,
    /// This person's last reaction, and its time.
    pub reaction: Option<(Reaction, Duration)>,
}

impl View {
    /// Whether the person is alone in the call, and no other participant is about to be shown.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.admission.is_in_call() && self.tiles.is_empty() && !self.introducing
    }

    /// Whether the server forwards the media of anybody, and so could see it.
    #[must_use]
    pub fn is_forwarded(&self) -> bool {
        self.tiles.iter().any(|tile| tile.path == Some(Path::Server))
    }

    /// The position of a raised hand among all raised hands; 1 is first.
    #[must_use]
    pub fn place_of(&self, hand: u32) -> usize {
        let others = self.tiles.iter().map(|tile| &tile.presence).chain([&self.presence]);
        1 + others.filter_map(|presence| presence.hand).filter(|other| *other < hand).count()
    }

    /// Whether there is a tile of this participant.
    #[must_use]
    pub fn has(&self, id: PeerId) -> bool {
        self.tiles.iter().any(|tile| tile.key.id == id)
    }

    /// Whether to delay showing `next` in place of this view, because it has a new participant, or
    /// the first ones are about to come: drawing takes a while, and the signals for the connection
    /// are more urgent.
    #[must_use]
    pub fn can_wait_for(&self, next: &Self) -> bool {
        let is_shown = |tile: &Tile| self.has(tile.key.id);
        let is_met = |person: &Person| next.has(person.id);
        let before = &self.admission;
        let enters = before.phase == Phase::Joining && before.inside;
        let expects = enters && !next.admission.state.people.iter().all(is_met);
        next.introducing && (expects || !next.tiles.iter().all(is_shown))
    }
}

impl Call {
    /// What the user sees.
    #[must_use]
    pub fn view(&self) -> View {
        let admission = &self.admission;
        let server = self.server_status();
        View {
            admission: AdmissionView {
                phase: admission.phase,
                state: self.room.state.clone(),
                outdated: server.is_unreachable(),
                inside: admission.shows_inside(),
                moved: admission.seat.moved,
                refusal: admission.refusal,
                has_pass: admission.has_pass(),
            },
            presence: self.presence.clone(),
            tiles: self.participants.tiles(&self.presence, self.clock.now),
            introducing: self.is_introducing(),
            hosting: self.host_tools.hosting.clone(),
            server,
            weak_link: weak_link(&self.participants.pairs()),
            chat: self.content.chat(),
            files: self.content.files(),
            reaction: self.reaction,
        }
    }

    /// The other participants.
    pub fn participants(&self) -> impl Iterator<Item = PeerId> {
        self.participants.iter().map(Participant::id)
    }

    /// The connection that carries a participant now.
    #[must_use]
    pub fn route(&self, id: PeerId) -> Option<PeerKey> {
        self.participants.route(id)
    }

    /// Whether the server has answered all requests.
    #[must_use]
    pub fn server_answers(&self) -> bool {
        self.socket.answers()
    }

    /// The round-trip time of the server's last answer, while it can be reached.
    #[must_use]
    pub fn server_round_trip(&self) -> Option<Duration> {
        self.socket.round_trip()
    }

    /// The ICE servers for connections, with this participant's credentials. Empty before they have
    /// a seat.
    #[must_use]
    pub fn ice_servers(&self) -> &[IceServer] {
        &self.ice.config().ice_servers
    }

    /// The parts of the view that connections, and the one to the server, contribute to.
    pub(super) fn view_of_connections(&self) -> impl PartialEq + use<> {
        let tiles = self.participants.tiles(&self.presence, self.clock.now);
        (tiles, self.is_introducing(), self.server_status(), weak_link(&self.participants.pairs()))
    }

    fn server_status(&self) -> ServerStatus {
        self.socket.status(self.participants.are_all_lost(), self.clock.now)
    }

    fn is_introducing(&self) -> bool {
        let is_somebody_there = !self.room.state.people.is_empty();
        // Once one has come, those who are missing may never do: a seat is reserved for a while after its
        // owner has gone.
        self.admission.is_in_call()
            && (self.me.is_none()
                || self.participants.is_introducing(self.clock.now)
                || self.participants.is_empty() && is_somebody_there)
    }
}
