//! The call together with the socket, timers and connections that it commands.

mod call_handle;
mod file_store;
mod inputs;
mod rehearsing;

use super::{Barriers, Media, Notice, host_link};
use crate::{
    call::{Call, Command, Generation, Input, PeerConfig, PeerInput, PeerKey, View},
    content::FileKey,
    diagnostics::StatsSnapshot,
    lobby::RoomLinks,
    notices::Notices,
    platform::{
        self, Kind, PeerConnection, PerKind, PerSource, Screen, Socket, SocketEvent, StoredBytes,
        Stream, Timer, Track, random_fraction,
    },
    protocol::{
        ClientMessage, FileNumber, IceServer, PeerId, Presence, Role, ServerMessage, TrackOf,
    },
    storage::{SavedSeat, drop_host_key, keep_host_key},
};
pub(super) use call_handle::CallHandle;
use file_store::FileStore;
pub(super) use inputs::Inputs;
use leptos::prelude::*;
use std::time::Duration;

/// The interval between two writes of an unchanged seat: it has to look fresh after a reload, for
/// which [`SavedSeat`] allows a minute.
const KEEP: Duration = Duration::from_secs(20);

/// The parts of the session that the engine reads and reports to. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) inputs: Inputs,
    pub(super) room: RoomLinks,
    pub(super) streams: RwSignal<Vec<(PeerKey, PerSource<Stream>)>>,
    pub(super) media: Media,
    pub(super) notices: Notices,
    pub(super) barriers: Barriers,
}

impl Context {
    fn send(self, input: Input) {
        self.inputs.send(input);
    }
}

/// How soon the outcome of an input is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redraw {
    /// There is nothing to show.
    Never,
    /// Together with what else a file transfer brings within a moment.
    Progress,
    /// Together with the messages that follow within a moment.
    Soon,
    /// At once, if something changed.
    Now,
}

pub(super) struct Engine {
    session: Context,
    call: Call,
    socket: Option<Socket>,
    peers: Vec<(PeerKey, PeerConnection)>,
    tracks: PerKind<Track>,
    screen: Option<Screen>,
    files: FileStore,
    timer: Option<(Duration, Timer)>,
    /// The seat as it was stored last.
    seat: Option<(String, Duration, Presence)>,
    kept_at: Duration,
    snapshots_at: Duration,
}

impl Engine {
    fn new(session: Context) -> Self {
        Self {
            session,
            call: Call::new(),
            socket: None,
            peers: Vec::new(),
            tracks: PerKind::default(),
            screen: None,
            files: FileStore::default(),
            timer: None,
            seat: None,
            kept_at: Duration::ZERO,
            snapshots_at: Duration::ZERO,
        }
    }

    /// Handles an input, carries out what follows from it, and returns when to show the outcome.
    fn handle(&mut self, input: Input, now: Duration) -> Redraw {
        let (is_bulk, is_message) = (input.is_bulk(), input.is_message());
        if matches!(input, Input::Tick) {
            // It has run, perhaps a little early: then it is due again at the same time.
            self.timer = None;
        }
        self.call.handle(input, now);
        while let Some(command) = self.call.poll() {
            self.run(command);
        }
        self.set_timer(now);
        let has_changed = self.call.take_change();
        if is_bulk {
            return Redraw::Progress;
        }
        if !has_changed {
            return Redraw::Never;
        }
        self.renew_seat(now);
        if is_message { Redraw::Soon } else { Redraw::Now }
    }

    /// Stores the seat as it is now, as the page may be reloaded.
    pub(super) fn keep_seat(&mut self) {
        self.seat = None;
        self.renew_seat(platform::elapsed());
    }

    /// Stores the seat when it has changed, and now and then, which records when the page was last there.
    fn renew_seat(&mut self, now: Duration) {
        let seat = self.call.seat();
        let kept = self.seat.as_ref();
        let kept = kept.map(|(token, since, presence)| (token.as_str(), *since, presence));
        let is_due = seat.is_some() && now >= self.kept_at + KEEP;
        if kept != seat || is_due {
            SavedSeat::save(&self.session.room.name.get_value(), seat);
            self.seat =
                seat.map(|(token, since, presence)| (token.to_owned(), since, presence.clone()));
            self.kept_at = now;
        }
    }

    /// Does what is due now and then. `measuring`: the person looks at the statistics.
    pub(super) fn tick(&mut self, measuring: bool, now: Duration) {
        self.renew_seat(now);
        if measuring {
            self.peers.iter().for_each(|(_, peer)| peer.read());
        }
    }

    /// The last statistics of each participant, by the connection that carries them, if the last
    /// snapshots are that old.
    pub(super) fn snapshots(
        &mut self,
        period: Duration,
        now: Duration,
    ) -> Vec<(PeerKey, StatsSnapshot)> {
        if now < self.snapshots_at + period {
            return Vec::new();
        }
        self.snapshots_at = now;
        let snapshot = |id| {
            let (key, peer) = self.carrier(id)?;
            Some((PeerKey { id, ..*key }, peer.stats(id)?))
        };
        self.call.participants().filter_map(snapshot).collect()
    }

    /// How loud everybody else is at this moment, from 0 to 1.
    pub(super) fn levels(&self) -> Vec<(PeerId, f64)> {
        let carries =
            |key: &PeerKey| self.call.participants().any(|id| self.call.route(id) == Some(*key));
        let carriers = self.peers.iter().filter(|(key, _)| carries(key));
        carriers.flat_map(|(key, peer)| peer.levels(key.id)).collect()
    }

    /// The connection that carries a participant now.
    fn carrier(&self, id: PeerId) -> Option<&(PeerKey, PeerConnection)> {
        let route = self.call.route(id)?;
        self.peers.iter().find(|(key, _)| *key == route)
    }

    /// Whether the server has answered all that it was asked.
    pub(super) fn server_answers(&self) -> bool {
        self.call.server_answers()
    }

    /// How long the server took for its last answer, if there is one now.
    pub(super) fn server_round_trip(&self) -> Option<Duration> {
        self.call.server_round_trip()
    }

    /// The servers for connections, with this person's credentials.
    pub(super) fn ice_servers(&self) -> Vec<IceServer> {
        self.call.ice_servers().to_vec()
    }

    pub(super) fn view(&self) -> View {
        self.call.view()
    }

    /// Takes a file that is about to be offered.
    pub(super) fn add_file(&mut self, number: FileNumber, source: StoredBytes) {
        self.files.add(number, source);
    }

    /// Saves a file once more that this person has received.
    pub(super) fn save_file(&self, key: FileKey, name: &str) {
        self.files.save(key, name);
    }

    /// Stores the seat and closes the socket, by which the server learns that the page goes away.
    pub(super) fn hang_up(&mut self) {
        self.keep_seat();
        self.socket = None;
    }

    pub(super) fn set_tracks(&mut self, tracks: PerKind<Track>) {
        for (_, peer) in &self.peers {
            for kind in Kind::ALL {
                peer.set_track(kind, tracks.get(kind));
            }
        }
        self.tracks = tracks;
    }

    pub(super) fn set_screen(&mut self, screen: Option<Screen>) {
        self.peers.iter().for_each(|(_, peer)| peer.set_screen(screen.as_ref()));
        self.screen = screen;
    }

    fn run(&mut self, command: Command) {
        match command {
            Command::OpenSocket(generation) => self.open_socket(generation),
            Command::Send(message) => self.send(&message),
            Command::OpenPeer { key, role, config } => self.open_peer(key, role, &config),
            Command::Configure(config) => {
                for (key, peer) in &self.peers {
                    // The server knows the address anyway.
                    let hidden = config.hidden && key.id.is_participant();
                    peer.configure(&PeerConfig { hidden, ..config.clone() });
                }
            }
            Command::ClosePeer(key) => {
                self.peers.retain(|(other, _)| *other != key);
                // That to the server carries several, whose keys have its generation.
                let is_of = |other: &PeerKey| other.generation == key.generation;
                self.session.streams.update(|streams| streams.retain(|(other, _)| !is_of(other)));
            }
            Command::KeepHostKey(key) => {
                keep_host_key(&self.session.room.name.get_value(), &key);
            }
            Command::HandOutHostKey(key) => {
                host_link::hand_out(self.session.room, self.session.notices, &key);
            }
            Command::DropHostKey => drop_host_key(),
            Command::Mute(what) => self.session.media.muted_by_host(what),
            Command::Notify(code) => self.session.notices.show(&Notice::Refused(code)),
            Command::Peer(key, command) => self.with_peer(key, |peer| peer.run(command)),
            Command::SendMessage(key, talk) => {
                self.with_peer(key, |peer| peer.send_text(&talk.to_json()));
            }
            Command::SendThroughServer(key, to, talk) => {
                self.with_peer(key, |peer| peer.send_envelope(to, &talk.to_json()));
            }
            Command::SendControl(key, request) => {
                self.with_peer(key, |peer| peer.send_envelope(PeerId::SERVER, &request.to_json()));
            }
            Command::Slots { key, video, audio } => self.assign_slots(key, &video, &audio),
            Command::SendBytes(key, messages) => {
                self.with_peer(key, |peer| peer.send_bytes(&messages));
            }
            Command::CloseChannel(key) => self.with_peer(key, PeerConnection::close_channels),
            Command::File(command) => self.files.run(self.session.inputs, command),
        }
    }

    fn with_peer(&self, key: PeerKey, action: impl FnOnce(&PeerConnection)) {
        if let Some((_, peer)) = self.peers.iter().find(|(other, _)| *other == key) {
            action(peer);
        }
    }

    fn open_socket(&mut self, generation: Generation) {
        let session = self.session;
        session.barriers.opening();
        let closed = move |restarting| {
            let jitter = random_fraction();
            Input::SocketClosed { generation, restarting, jitter }
        };
        // One that is still connecting would hold up the next.
        if let Some(before) = self.socket.take() {
            before.abandon();
        }
        self.socket = Socket::open(move |event| match event {
            SocketEvent::Opened => {
                session.barriers.opened();
                session.send(Input::SocketOpened(generation));
            }
            SocketEvent::Message(text) => {
                // Messages of later versions are not for this client.
                if let Ok(message) = ServerMessage::parse(&text) {
                    session.send(Input::SocketMessage(generation, message));
                }
            }
            SocketEvent::Closed { restarting } => session.send(closed(restarting)),
        });
    }

    fn send(&self, message: &ClientMessage) {
        if let Some(socket) = &self.socket {
            socket.send(&message.to_json());
        }
    }

    fn open_peer(&mut self, key: PeerKey, role: Role, config: &PeerConfig) {
        let session = self.session;
        let report = move |input| session.send(Input::Peer(key, input));
        let (tracks, screen) = (self.tracks.clone(), self.screen.clone());
        let Some(peer) = PeerConnection::open(key.id, role, config, tracks, screen, report) else {
            return session.send(Input::Peer(key, PeerInput::NotOpened));
        };
        if key.id.is_participant() {
            session.streams.update(|streams| streams.push((key, peer.streams())));
        }
        self.peers.push((key, peer));
    }

    /// Plays what is in the slots of the connection to the server.
    fn assign_slots(&self, key: PeerKey, video: &[Option<TrackOf>], audio: &[Option<TrackOf>]) {
        let Some((_, peer)) = self.peers.iter().find(|(other, _)| *other == key) else { return };
        peer.assign_slots(video, audio);
        let is_inside = |id: PeerId| self.call.participants().any(|other| other == id);
        peer.forget_streams(&is_inside);
        let is_old = |other: &PeerKey| other.generation == key.generation && !is_inside(other.id);
        if self.session.streams.with_untracked(|all| all.iter().any(|(other, _)| is_old(other))) {
            self.session.streams.update(|all| all.retain(|(other, _)| !is_old(other)));
        }
        let known = self
            .session
            .streams
            .with_untracked(|streams| streams.iter().map(|(other, _)| *other).collect::<Vec<_>>());
        let new = peer.forwarded_streams().into_iter();
        let new = new.map(|(id, streams)| (PeerKey { id, ..key }, streams));
        let new: Vec<_> = new.filter(|(key, _)| !known.contains(key)).collect();
        if !new.is_empty() {
            self.session.streams.update(|streams| streams.extend(new));
        }
    }

    fn set_timer(&mut self, now: Duration) {
        let due = self.call.poll_timeout();
        if due == self.timer.as_ref().map(|(due, _)| *due) {
            return;
        }
        let session = self.session;
        self.timer = due.map(|due| {
            let tick = move || session.send(Input::Tick);
            (due, Timer::new(due.saturating_sub(now), tick))
        });
    }
}
