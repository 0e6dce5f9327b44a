//! The call together with the socket, timers and connections that it commands.

use super::{Notice, Session, files::FileStore, inbox::Inbox, pass, seat::KeptSeat};
use crate::{
    call::{Call, Command, Generation, Input, PeerConfig, PeerInput, PeerKey, View},
    diagnostics::StatsSnapshot,
    platform::{
        self, Interval, Kind, PageWatch, PeerConnection, PerKind, Screen, Socket, SocketEvent,
        Timer, Track, random_fraction, watch_page,
    },
    protocol::{ClientMessage, IceServer, PeerId, Presence, Role, ServerMessage},
};
use leptos::prelude::*;
use std::{cell::RefCell, time::Duration};

/// How often what is kept of the seat is brought up to date.
const KEEP: Duration = Duration::from_secs(20);

/// What the engine is to do.
pub(super) enum Order {
    /// To handle this and show what comes of it.
    Handle(Input),
    /// Something with what it owns.
    Act(Box<dyn FnOnce(&mut Engine)>),
}

/// The engine, and what waits until it has done what it is at.
pub(super) struct Running {
    pub(super) engine: RefCell<Engine>,
    pub(super) orders: Inbox<Order>,
}

impl Running {
    pub(super) fn new(session: Session) -> Self {
        Self { engine: RefCell::new(Engine::new(session)), orders: Inbox::default() }
    }
}

pub(super) struct Engine {
    session: Session,
    call: Call,
    socket: Option<Socket>,
    peers: Vec<(PeerKey, PeerConnection)>,
    tracks: PerKind<Track>,
    screen: Option<Screen>,
    pub(super) files: FileStore,
    /// Files have gone further since the view was shown last.
    unshown: bool,
    timer: Option<(Duration, Timer)>,
    /// What is kept of the seat.
    seat: Option<(String, Duration, Presence)>,
    kept_at: Duration,
    _clock: Interval,
    _page: PageWatch,
}

impl Engine {
    pub(super) fn new(session: Session) -> Self {
        let clock = Interval::new(Duration::from_secs(1), move || session.tick());
        Self {
            session,
            call: Call::new(),
            socket: None,
            peers: Vec::new(),
            tracks: PerKind::default(),
            screen: None,
            files: FileStore::default(),
            unshown: false,
            timer: None,
            seat: None,
            kept_at: Duration::ZERO,
            _clock: clock,
            _page: watch_page(move |event| session.page_event(event)),
        }
    }

    /// Handles an input, carries out what follows from it, and returns what is to be shown, unless
    /// that can wait.
    pub(super) fn handle(&mut self, input: Input, now: Duration) -> Option<View> {
        let (is_bulk, is_word) = (input.is_bulk(), input.is_word());
        if matches!(input, Input::Tick) {
            // It has run, perhaps a little early: then it is due again, at the same time.
            self.timer = None;
        }
        self.call.handle(input, now);
        while let Some(command) = self.call.poll() {
            self.run(command);
        }
        self.set_timer(now);
        if is_bulk {
            self.unshown = true;
            return None;
        }
        self.renew_seat(now);
        (!is_word).then(|| self.call.view())
    }

    /// Keeps the seat as it is now, because the page may be loaded again.
    pub(super) fn keep_seat(&mut self) {
        self.seat = None;
        self.renew_seat(platform::elapsed());
    }

    /// Keeps the seat when it changes, and now and then, which tells when the page was last there.
    fn renew_seat(&mut self, now: Duration) {
        let seat = self.call.seat();
        let kept = self.seat.as_ref();
        let kept = kept.map(|(token, since, presence)| (token.as_str(), *since, presence));
        let is_due = seat.is_some() && now >= self.kept_at + KEEP;
        if kept != seat || is_due {
            KeptSeat::save(&self.session.room.get_value(), seat);
            self.seat =
                seat.map(|(token, since, presence)| (token.to_owned(), since, presence.clone()));
            self.kept_at = now;
        }
    }

    /// A second has passed.
    pub(super) fn tick(&mut self, now: Duration) {
        self.renew_seat(now);
        self.peers.iter().for_each(|(_, peer)| peer.read());
    }

    /// What is to be shown, if files have gone further since it was shown last.
    pub(super) fn view_of_files(&mut self) -> Option<View> {
        std::mem::take(&mut self.unshown).then(|| self.call.view())
    }

    /// What the browser said last of each connection.
    pub(super) fn snapshots(&self) -> Vec<(PeerKey, StatsSnapshot)> {
        let snapshot = |(key, peer): &(PeerKey, PeerConnection)| Some((*key, peer.snapshot()?));
        self.peers.iter().filter_map(snapshot).collect()
    }

    /// How loud everybody else is at this moment, from 0 to 1.
    pub(super) fn levels(&self) -> Vec<(PeerId, f64)> {
        self.peers.iter().map(|(key, peer)| (key.id, peer.level())).collect()
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

    /// Keeps the seat and tells the server that the page is being unloaded: without a return, the person has
    /// left.
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
                self.peers.iter().for_each(|(_, peer)| peer.configure(&config));
            }
            Command::ClosePeer(key) => {
                self.peers.retain(|(other, _)| *other != key);
                self.session.streams.update(|streams| streams.retain(|(other, _)| *other != key));
            }
            Command::KeepHostKey(key) => {
                pass::keep_host_key(&self.session.room.get_value(), &key);
            }
            Command::HandOutHostKey(key) => self.session.hand_out_host_link(&key),
            Command::DropHostKey => pass::drop_host_key(),
            Command::Mute(what) => self.session.muted_by_host(what),
            Command::Tell(code) => self.session.notices.show(Notice::Refused(code)),
            Command::Peer(key, command) => self.with_peer(key, |peer| peer.run(command)),
            Command::Talk(key, talk) => self.with_peer(key, |peer| peer.talk(&talk.to_json())),
            Command::Pour(key, messages) => self.with_peer(key, |peer| peer.pour(&messages)),
            Command::CloseChannel(key) => self.with_peer(key, PeerConnection::close_channels),
            Command::File(command) => self.files.run(self.session, command),
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
        let peer =
            PeerConnection::open(role, config, self.tracks.clone(), self.screen.clone(), report);
        let Some(peer) = peer else {
            return session.send(Input::Peer(key, PeerInput::NotOpened));
        };
        session.streams.update(|streams| streams.push((key, peer.streams())));
        self.peers.push((key, peer));
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
