//! A call whose media the server forwards: one connection, to [`PeerId::SERVER`], carries everyone.

use super::{Call, Command, Connection, PeerCommand, PeerKey, participants::Participants};
use crate::{
    content::ChannelInput,
    protocol::{
        ClientMessage, ControlMessage, ControlRequest, PeerId, Person, Rank, Role, SLOTS_MAX,
        TrackOf, TrackSource, WantedVideo,
    },
};
use std::time::Duration;

/// Time for which direct connections are kept once the server's is up: its media comes within it.
const HANDOVER: Duration = Duration::from_secs(3);
/// The same for one to a participant who is not known to be connected to the server. Some clients have no data
/// channel, by which that is known.
const LONGEST_HANDOVER: Duration = Duration::from_secs(20);
/// Number of messages that are kept of participants who have not been announced.
const EARLY: usize = 64;
/// Heights that are asked for until the page says what it shows, in pixels.
const SCREEN_HEIGHT: u16 = 1080;
const TILE_HEIGHT: u16 = 360;

/// What is known of a call that the server forwards.
#[derive(Debug, Default)]
pub(super) struct Forwarded {
    /// The tracks in the slots.
    slots: Vec<TrackOf>,
    /// The videos that the bandwidth is too low for.
    paused: Vec<TrackOf>,
    /// What the page shows; `None` if it has not said so.
    shown: Option<Vec<WantedVideo>>,
    /// What was asked for last on the current data channel.
    wanted: Option<Vec<WantedVideo>>,
    /// Since when the connection to the server is up beside direct ones.
    up_since: Option<Duration>,
    /// When direct connections are closed.
    hands_over_at: Option<Duration>,
    /// Messages of participants whom the server has not announced yet: that comes over the WebSocket.
    early: Vec<(PeerId, String)>,
}

impl Forwarded {
    /// Whether a track is in a slot.
    pub(super) fn carries(&self, of: PeerId, source: TrackSource) -> bool {
        self.slots.contains(&TrackOf { of, source })
    }

    /// Whether a participant's camera is paused because of the bandwidth.
    pub(super) fn is_paused(&self, of: PeerId) -> bool {
        self.paused.contains(&TrackOf { of, source: TrackSource::Camera })
    }

    /// When direct connections are closed.
    pub(super) fn due(&self) -> Option<Duration> {
        self.hands_over_at
    }

    /// What to ask for: what the page shows, or else everyone in their order, screens first.
    fn wants(&self, participants: &Participants) -> Vec<WantedVideo> {
        if let Some(shown) = &self.shown {
            return shown.clone();
        }
        let expected =
            participants.iter().map(|one| (one.id(), one.expected(participants.own_quality())));
        let expected: Vec<_> = expected.collect();
        let video = |of, source, rank, height| WantedVideo { of, source, rank, height };
        let screens = expected.iter().filter(|(_, expected)| expected.screen);
        let screens =
            screens.map(|(id, _)| video(*id, TrackSource::Screen, Rank::Screen, SCREEN_HEIGHT));
        let cameras = expected.iter().filter(|(_, expected)| expected.camera);
        let cameras =
            cameras.map(|(id, _)| video(*id, TrackSource::Camera, Rank::Tile, TILE_HEIGHT));
        screens.chain(cameras).take(SLOTS_MAX).collect()
    }
}

impl Call {
    /// Connects to the server, which forwards the media of the room from now on.
    pub(super) fn connect_to_server(&mut self, link: u64) {
        if self.me.is_none() {
            return;
        }
        self.meet_everyone();
        self.participants.forwarded.wanted = None;
        self.replace_connection(PeerId::SERVER, Role::Caller, link);
    }

    /// Closes the connection to the server: the room is not forwarded any more, or there will be another one.
    pub(super) fn disconnect_from_server(&mut self) {
        self.participants.forwarded.early.clear();
        let closed = self.participants.disconnect(PeerId::SERVER);
        self.commands.extend(closed.iter().map(|connection| Command::ClosePeer(connection.key())));
        self.reroute();
    }

    /// Somebody has joined, and comes through the server.
    pub(super) fn peer_joined(&mut self, person: Person) {
        if self.me.is_some() {
            self.meet(person);
            self.catch_up();
        }
    }

    /// Adds everyone inside who is not known yet.
    pub(super) fn meet_everyone(&mut self) {
        for person in self.room.state.people.clone() {
            if self.participants.get(person.id).is_none() {
                self.meet(person);
            }
        }
        self.catch_up();
    }

    /// Handles what has come of participants who were not announced before.
    fn catch_up(&mut self) {
        self.reroute();
        let early = std::mem::take(&mut self.participants.forwarded.early);
        let is_known = |(from, _): &(PeerId, String)| self.participants.get(*from).is_some();
        let (known, unknown): (Vec<_>, Vec<_>) = early.into_iter().partition(is_known);
        self.participants.forwarded.early = unknown;
        for (from, text) in known {
            self.handle_channel(from, ChannelInput::Text(text));
        }
    }

    fn meet(&mut self, person: Person) {
        let id = person.id;
        if self.participants.add_or_update(id, person.presence) {
            self.content.peer_joined(id);
        }
    }

    /// What the page shows: the server is asked for that.
    pub(super) fn show(&mut self, videos: Vec<WantedVideo>) {
        self.participants.forwarded.shown = Some(videos);
    }

    /// Handles a message on the data channel of the connection to the server.
    pub(super) fn handle_envelope(&mut self, key: PeerKey, from: PeerId, text: String) {
        if from != PeerId::SERVER {
            if self.participants.get(from).is_some() {
                self.handle_channel(from, ChannelInput::Text(text));
            } else if self.participants.forwarded.early.len() < EARLY {
                self.participants.forwarded.early.push((from, text));
            }
            return;
        }
        match ControlMessage::parse(&text) {
            Some(ControlMessage::Slots { video, audio }) => {
                self.participants.forwarded.slots =
                    video.iter().chain(&audio).flatten().copied().collect();
                self.commands.push_back(Command::Slots { key, video, audio });
            }
            Some(ControlMessage::Demand { source, encodings }) => {
                let command = PeerCommand::Encodings(source, encodings);
                self.commands.push_back(Command::Peer(key, command));
            }
            Some(ControlMessage::Channels { open, closed }) => {
                for id in closed {
                    self.participants.forwarded.early.retain(|(from, _)| *from != id);
                    self.set_channel(key, id, false);
                }
                for id in open {
                    self.set_channel(key, id, true);
                }
            }
            Some(ControlMessage::Paused { videos }) => self.participants.forwarded.paused = videos,
            // The page sees who speaks by the levels of what it plays.
            Some(ControlMessage::ActiveSpeaker { .. }) | None => {}
        }
    }

    /// The data channel of a participant to the server is open, or is not any more.
    fn set_channel(&mut self, key: PeerKey, id: PeerId, is_open: bool) {
        let has_changed = self.participants.set_reachable(id, is_open);
        if has_changed && self.participants.route(id) == Some(key) {
            let input = if is_open { ChannelInput::Opened } else { ChannelInput::Closed };
            self.handle_channel(id, input);
        }
    }

    /// The data channel to the server is closed.
    pub(super) fn server_channel_closed(&mut self, key: PeerKey) {
        for id in self.participants.carried_by(key) {
            self.set_channel(key, id, false);
        }
    }

    /// Asks for another connection to the server, whose data channel is closed although it is up.
    pub(super) fn replace_server_connection(&mut self, key: PeerKey) {
        let server = self.participants.connection_to(PeerId::SERVER);
        let current = server.filter(|server| server.key() == key && server.is_up());
        if let Some(link) = current.map(Connection::link_number) {
            self.send(ClientMessage::Reconnect { to: PeerId::SERVER, link });
        }
    }

    /// Asks the server for what is shown, and closes what its connection has replaced.
    pub(super) fn poll_forwarded(&mut self) {
        let server = self.participants.connection_to(PeerId::SERVER);
        let Some((key, is_up, has_channel)) =
            server.map(|server| (server.key(), server.is_up(), server.channels().are_open))
        else {
            let shown = self.participants.forwarded.shown.take();
            self.participants.forwarded = Forwarded { shown, ..Forwarded::default() };
            return;
        };
        self.ask_for_videos(key, has_channel);
        self.hand_over(is_up);
    }

    fn ask_for_videos(&mut self, key: PeerKey, has_channel: bool) {
        let wants = has_channel.then(|| self.participants.forwarded.wants(&self.participants));
        if self.participants.forwarded.wanted != wants {
            let request = wants.clone().map(ControlRequest::Want);
            self.participants.forwarded.wanted = wants;
            self.commands.extend(request.map(|request| Command::SendControl(key, request)));
        }
    }

    /// Closes direct connections a while after both sides are connected to the server.
    fn hand_over(&mut self, is_up: bool) {
        let direct = self.participants.direct_keys();
        let now = self.clock.now;
        let since = &mut self.participants.forwarded.up_since;
        if !is_up || direct.is_empty() {
            *since = None;
            self.participants.forwarded.hands_over_at = None;
            return;
        }
        let since = *since.get_or_insert(now);
        let (near, far) = (since + HANDOVER, since + LONGEST_HANDOVER);
        let due = if now < near { near } else { far };
        self.participants.forwarded.hands_over_at = Some(due).filter(|due| *due > now);
        let is_over =
            |key: &PeerKey| now >= far || now >= near && self.participants.is_reachable(key.id);
        let over: Vec<PeerKey> = direct.into_iter().filter(is_over).collect();
        if over.is_empty() {
            return;
        }
        for key in over {
            self.participants.drop_connection(key);
            self.commands.push_back(Command::ClosePeer(key));
        }
        self.reroute();
    }
}

impl Participants {
    /// The connection to somebody, or to the server.
    pub(super) fn connection_to(&self, id: PeerId) -> Option<&Connection> {
        self.connections().find(|connection| connection.key().id == id)
    }

    /// The keys of the connections to participants.
    fn direct_keys(&self) -> Vec<PeerKey> {
        let keys = self.connections().map(Connection::key);
        keys.filter(|key| key.id.is_participant()).collect()
    }
}
