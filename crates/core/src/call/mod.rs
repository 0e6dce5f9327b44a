//! A call as one client sees it: its phases, its WebSocket, the other participants
//! (`participants`), and the connections to them (`connection`). Pure: no browser, clock or
//! randomness.
//!
//! Contract: call [`Call::handle`] with an input and the time, then drain [`Call::poll`], then call
//! `handle` with [`Input::Tick`] at [`Call::poll_timeout`] unless another input comes first.

mod backoff;
mod client_metrics;
mod connection;
mod connections;
mod data_channels;
mod forwarded;
mod generation;
mod host_tools;
mod ice;
mod input;
mod join;
mod participant;
mod participants;
mod rehearsal;
mod server_connection;
#[cfg(test)]
mod tests;
mod view;
#[cfg(any(test, fuzzing))]
pub mod world;

use crate::{
    admission::Phase,
    content::Content,
    protocol::{
        ClientMessage, ClientMetrics, IceGrant, PeerId, Presence, Reaction, RoomName, RoomState,
        ServerMessage, Talk,
    },
};
use client_metrics::JoinTimer;
use connection::Connection;
pub use connection::{
    Arrival, ConnectionState, IceConnectionState, Intent, Link, Obstacle, Pace, Path, PeerCommand,
    PeerInput, PeerKey, Reading, SignalingState, TrackReading, WeakLink, sdp,
};
pub use generation::Generation;
use host_tools::HostTools;
use ice::Ice;
pub use ice::PeerConfig;
pub use input::{Command, Input};
use join::Admission;
use participant::Participant;
use participants::Participants;
pub use rehearsal::Rehearsal;
pub use server_connection::ServerStatus;
use server_connection::{Socket, Step};
use std::{collections::VecDeque, time::Duration};
pub use view::{Hosting, Tile, View};

/// One client's part in one room.
#[derive(Debug, Default)]
pub struct Call {
    clock: Clock,
    room: WatchedRoom,
    me: Option<PeerId>,
    presence: Presence,
    /// This participant's last reaction and its time.
    reaction: Option<(Reaction, Duration)>,
    admission: Admission,
    host_tools: HostTools,
    socket: Socket,
    ice: Ice,
    participants: Participants,
    content: Content,
    join_timer: JoinTimer,
    generations: Generation,
    commands: VecDeque<Command>,
    /// Whether the view may have changed.
    has_changed: bool,
}

/// The room that is watched.
#[derive(Debug, Default)]
struct WatchedRoom {
    /// Its name, once there is one.
    name: Option<RoomName>,
    /// What the server reported last.
    state: RoomState,
}

/// The time of the inputs.
#[derive(Debug, Default)]
struct Clock {
    /// The time of the last input.
    now: Duration,
    /// The Unix time at which the time of the inputs starts.
    epoch: Duration,
}

impl Clock {
    /// The time since the Unix epoch.
    fn since_epoch(&self) -> Duration {
        self.epoch + self.now
    }
}

impl Call {
    /// A client that has not opened a room yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Handles an input at `now`, a time since some fixed start that never runs backwards.
    pub fn handle(&mut self, input: Input, now: Duration) {
        // Until then, nothing that is shown changes by itself.
        let is_due = self.poll_timeout().is_some_and(|due| due <= now);
        self.clock.now = now;
        let before = (input.is_about_connections() && !is_due).then(|| self.view_of_connections());
        self.take(input, now);
        self.has_changed |= before.is_none_or(|before| before != self.view_of_connections());
    }

    /// Whether [`Call::view`] may have changed since the last call. Most events of connections change
    /// nothing that is shown.
    pub fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    fn take(&mut self, input: Input, now: Duration) {
        match input {
            Input::Epoch(epoch) => self.set_clock(epoch),
            Input::Watch(room) => self.watch(room, now),
            Input::RestoreSeat(token, since) => {
                let seat = &mut self.admission.seat;
                (seat.token, seat.joined_at) = (Some(token), Some(since));
            }
            Input::RestoreChat(messages) => self.content.restore_chat(messages),
            Input::Say(text) => {
                self.content.say(self.presence.name.clone(), text, self.clock.since_epoch());
            }
            Input::File(input) => self.content.handle_file(input),
            Input::SendReaction(reaction) => self.send_reaction(reaction),
            Input::SetPass(pass, spare_key) => self.set_pass(pass, spare_key),
            Input::Host(action) => self.host(action),
            Input::Join(presence, passcode) => {
                self.set_presence(presence, now);
                self.admission.pass.passcode = passcode;
                self.join();
            }
            Input::Leave => self.leave(now),
            Input::SetPresence(presence) => self.set_presence(presence, now),
            Input::HideAddress(hidden) => self.hide_address(hidden),
            Input::SocketOpened(generation) => {
                if self.socket.opened(generation, now) {
                    self.send_first_message();
                }
            }
            Input::SocketMessage(generation, message) => {
                if self.socket.received(generation, message.answers(), now) {
                    self.message(message, now);
                }
            }
            Input::SocketClosed { generation, restarting, jitter } => {
                self.socket.closed(generation, restarting, jitter, now);
            }
            Input::CheckServer => self.check_server(),
            Input::ReconnectNow => self.socket.abandon(now),
            Input::NetworkChanged => {
                self.admission.seat.network_changed = true;
                self.socket.abandon(now);
            }
            Input::Show(videos) => self.show(videos),
            Input::FirstFrame => {
                let report = self.join_timer.first_frame(now);
                self.report(report);
            }
            Input::Peer(key, input) => self.handle_connection(key, input),
            Input::Tick => {}
        }
        self.poll_content();
        self.poll_connections();
        self.poll_forwarded();
        if self.can_send() && self.ice.step(now) {
            self.send(ClientMessage::Ice);
        }
        self.socket.set_media(self.participants.has_media());
        if let Some(step) = self.socket.step(now) {
            self.step_socket(step);
        }
        self.poll_join_timer(now);
    }

    /// The next command, until there is none.
    pub fn poll(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// When to call [`Call::handle`] with [`Input::Tick`] at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let can_send = self.can_send();
        let now = self.clock.now;
        let connections = || self.participants.connections();
        let repairs = connections().filter(|_| can_send).filter_map(Connection::due);
        let links = connections().filter_map(|connection| connection.link_changes_at(now));
        let socket = self.socket.due().into_iter().chain(self.socket.status_changes_at(now));
        let credentials = self.ice.due().filter(|_| can_send);
        let questions = self.content.poll_timeout().map(|due| due.saturating_sub(self.clock.epoch));
        let own = credentials.into_iter().chain(self.join_timer.due()).chain(questions);
        let own = own.chain(self.participants.forwarded.due());
        socket.chain(repairs).chain(links).chain(own).min()
    }

    /// Sets the clock. A clock that was set back does not shorten the time inside. One that was set
    /// forward counts as one that stood still while the device slept.
    fn set_clock(&mut self, epoch: Duration) {
        self.admission.set_back(self.clock.epoch.saturating_sub(epoch));
        self.clock.epoch = epoch;
    }

    /// What to store for [`Input::RestoreSeat`] while the user is in the call, and their presence.
    #[must_use]
    pub fn seat(&self) -> Option<(&str, Duration, &Presence)> {
        let Admission { phase, seat, .. } = &self.admission;
        let inside = matches!(phase, Phase::Joining | Phase::InCall { .. });
        let seat = seat.token.as_deref().filter(|_| inside).zip(seat.joined_at);
        seat.map(|(seat, since)| (seat, since, &self.presence))
    }

    fn set_presence(&mut self, presence: Presence, now: Duration) {
        // The place of a raised hand comes from the server.
        let hand = presence.hand.map(|hand| self.presence.hand.unwrap_or(hand));
        let presence = Presence { hand, ..presence };
        if presence == self.presence {
            return;
        }
        self.presence = presence.clone();
        self.participants.set_quality(presence.quality, now);
        if matches!(
            self.admission.phase,
            Phase::Joining | Phase::Knocking { .. } | Phase::InCall { .. }
        ) {
            self.send(ClientMessage::Presence(presence.clone()));
        }
        // The server may be unreachable, and the participants must not play a muted microphone.
        self.content.send_to_all(&Talk::Presence(presence));
    }

    fn hide_address(&mut self, hidden: bool) {
        if self.ice.set_hidden(hidden) {
            self.participants.mark_outdated(self.generations);
            self.rejoin_to_hide();
        }
    }

    fn message(&mut self, message: ServerMessage, now: Duration) {
        match message {
            ServerMessage::RoomState { room, state } => self.room_changed(&room, state),
            ServerMessage::Joined { id, state, ice, seat_token, settings } => {
                self.store_seat(id, seat_token, settings);
                self.joined(id, state, now);
                self.granted(ice, now);
                self.rejoin_to_hide();
            }
            ServerMessage::Ready { peer, link, .. } if peer.id == PeerId::SERVER => {
                self.connect_to_server(link);
            }
            ServerMessage::Ready { role, peer, link } => self.connect(role, peer, link),
            ServerMessage::PeerJoined(person) => self.peer_joined(person),
            ServerMessage::Signal { from, link, signal } => {
                // Signals for a replaced connection are dropped.
                let is_meant = |connection: &&Connection| {
                    connection.key().id == from
                        && link.is_none_or(|link| link == connection.link_number())
                };
                let key = self.participants.connections().find(is_meant).map(Connection::key);
                if let Some(key) = key {
                    self.handle_connection(key, PeerInput::Signal(signal));
                }
            }
            ServerMessage::Presence { from, presence } if Some(from) == self.me => {
                let hand = &mut self.presence.hand;
                *hand = hand.and(presence.hand);
            }
            ServerMessage::Presence { from, presence } => {
                let mut people = self.room.state.people.iter_mut();
                if let Some(person) = people.find(|person| person.id == from) {
                    person.presence = presence.clone();
                }
                self.change_participant(from, |participant| participant.set_presence(presence));
            }
            ServerMessage::PeerReconnected { peer, presence } => {
                self.change_participant(peer, |participant| participant.set_presence(presence));
                self.with_connections(peer, Connection::repeat);
            }
            ServerMessage::Waiting { position, host_present, locked } => {
                if self.admission.wait(position, host_present, locked, now) {
                    // From here on, the user waits for a host, not for the server.
                    self.join_timer = JoinTimer::default();
                }
            }
            ServerMessage::RoomSettings(settings) => {
                self.host_tools.set_settings(settings, self.me);
            }
            ServerMessage::HostState(state) => self.host_tools.hosting.host_state = state,
            ServerMessage::HostKey(key) => self.store_host_key(key),
            ServerMessage::Muted(what) => self.commands.push_back(Command::Mute(what)),
            ServerMessage::Pong => {}
            ServerMessage::Ice(grant) => self.granted(grant, now),
            ServerMessage::PeerLeft { peer } => {
                self.room.state.people.retain(|person| person.id != peer);
                self.remove_participant(peer);
            }
            ServerMessage::Error { code, .. } => self.on_error(code, now),
        }
    }

    fn room_changed(&mut self, room: &RoomName, state: RoomState) {
        if Some(room) != self.room.name.as_ref() {
            return;
        }
        self.room.state = state;
        if self.admission.phase == Phase::WaitingForSeat && self.room.state.has_space() {
            self.send_join();
        }
    }

    fn granted(&mut self, grant: IceGrant, now: Duration) {
        self.ice.granted(grant, now);
        if !self.participants.is_empty() {
            self.commands.push_back(Command::Configure(self.ice.config().clone()));
        }
    }

    fn can_send(&self) -> bool {
        self.me.is_some() && self.socket.is_connected()
    }

    /// Measures how long the user waits.
    fn poll_join_timer(&mut self, now: Duration) {
        if self.admission.is_in_call() && !self.socket.is_connected() {
            self.join_timer.disconnected(now);
        }
        let report = self.join_timer.step(now);
        self.report(report);
    }

    fn report(&mut self, report: Option<ClientMetrics>) {
        if let Some(report) = report {
            self.send(ClientMessage::ClientMetrics(report));
        }
    }

    fn step_socket(&mut self, step: Step) {
        match step {
            Step::Ping => self.send(ClientMessage::Ping),
            Step::Open => self.open_socket(),
        }
    }

    /// Reconnects without delay, or checks whether the open WebSocket still works.
    fn check_server(&mut self) {
        if let Some(step) = self.socket.check(self.clock.now) {
            self.step_socket(step);
        }
    }

    fn open_socket(&mut self) {
        let generation = self.next_generation();
        self.socket.open(generation, self.clock.now);
        self.commands.push_back(Command::OpenSocket(generation));
    }

    fn next_generation(&mut self) -> Generation {
        self.generations += 1;
        self.generations
    }

    /// Sends a message. Without an open WebSocket it is dropped: [`Call::send_first_message`] sends
    /// the state again.
    fn send(&mut self, message: ClientMessage) {
        if self.socket.is_connected() {
            self.commands.push_back(Command::Send(message));
        }
    }
}
