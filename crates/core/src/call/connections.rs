//! Opens, repairs and closes the connections to the participants.

use super::{
    Call, Command, Participant, PeerCommand, PeerInput, PeerKey, connection::Connection,
    participants::Rerouted,
};
use crate::{
    content::ChannelInput,
    protocol::{ClientMessage, PeerId, Person, Role, Signal},
};

impl Call {
    /// Connects to a participant, in place of any existing connection to them.
    pub(super) fn connect(&mut self, role: Role, peer: Person, link: u64) {
        if self.me.is_none() {
            return;
        }
        let id = peer.id;
        if self.participants.add_or_update(id, peer.presence) {
            self.content.peer_joined(id);
        }
        self.replace_connection(id, role, link);
    }

    /// Opens a connection in place of any existing one to the same side.
    pub(super) fn replace_connection(&mut self, id: PeerId, role: Role, link: u64) {
        let now = self.clock.now;
        let key = PeerKey { id, generation: self.next_generation() };
        let before = self.participants.disconnect(id);
        self.commands.extend(before.iter().map(|connection| Command::ClosePeer(connection.key())));
        let fresh = Connection::new(key, role, link, now);
        let fresh = match before.last() {
            Some(before) => fresh.succeed(before, now),
            None => fresh,
        };
        self.participants.connect(fresh, self.presence.quality, now);
        self.reroute();
        let mut config = self.ice.config().clone();
        // The server knows the address, and tells nobody.
        config.hidden &= id.is_participant();
        self.commands.push_back(Command::OpenPeer { key, role, config });
        self.with_connections(id, |connection| connection.update(now));
    }

    pub(super) fn handle_connection(&mut self, key: PeerKey, input: PeerInput) {
        let now = self.clock.now;
        let Some(connection) = self.participants.connection_mut(key) else { return };
        match input {
            PeerInput::Channel(input) => {
                connection.note_channel(&input);
                return self.handle_channel_event(key, input);
            }
            // Only the server knows its author.
            PeerInput::Envelope(from, text) if connection.is_to_server() => {
                return self.handle_envelope(key, from, text);
            }
            _ => {}
        }
        connection.handle(input, now);
        let doubtful = connection.doubts();
        self.execute_commands(key);
        self.reroute();
        if doubtful {
            self.check_server();
        }
    }

    /// Moves content to the connections that carry the participants now.
    pub(super) fn reroute(&mut self) {
        for Rerouted { id, was_reached, channels } in self.participants.reroute() {
            if was_reached {
                self.handle_channel(id, ChannelInput::Closed);
            }
            if channels.are_open {
                self.handle_channel(id, ChannelInput::Opened);
            }
            if channels.are_drained {
                self.handle_channel(id, ChannelInput::Drained);
            }
        }
    }

    /// Repairs connections and sends reception reports, while the server can forward them.
    pub(super) fn poll_connections(&mut self) {
        if !self.can_send() {
            return;
        }
        let (now, pairs) = (self.clock.now, self.participants.pairs());
        let keys: Vec<_> = self.participants.connections().map(Connection::key).collect();
        for key in keys {
            let Some(connection) = self.participants.connection_mut(key) else { continue };
            let link = connection.link_number();
            let report = connection.reception_report(&pairs, now);
            let is_broken = connection.step(now);
            // Comes first: signals for a replaced connection are dropped.
            if let Some(report) = report {
                let (to, signal) = (Some(key.id), Signal::Reception(report));
                self.send(ClientMessage::Signal { to, link: Some(link), signal });
            }
            if is_broken {
                self.send(ClientMessage::Reconnect { to: key.id, link });
            }
            self.execute_commands(key);
        }
    }

    pub(super) fn change_participant(&mut self, id: PeerId, action: impl FnOnce(&mut Participant)) {
        self.participants.change(id, self.presence.quality, self.clock.now, action);
        self.with_connections(id, |_| ());
    }

    /// Performs an action on each connection to a participant, and executes the resulting commands.
    pub(super) fn with_connections(&mut self, id: PeerId, action: impl Fn(&mut Connection)) {
        for key in self.participants.keys_of(id) {
            self.participants.connection_mut(key).into_iter().for_each(&action);
            self.execute_commands(key);
        }
    }

    /// Executes the commands of a connection. Signals are lost while the server cannot be reached,
    /// which is recorded.
    pub(super) fn execute_commands(&mut self, key: PeerKey) {
        let can_send = self.can_send();
        let Some(connection) = self.participants.connection_mut(key) else { return };
        let link = Some(connection.link_number());
        let commands: Vec<_> = std::iter::from_fn(|| connection.poll()).collect();
        if !can_send && commands.iter().any(|command| matches!(command, PeerCommand::Send(_))) {
            connection.note_lost_signal();
        }
        for command in commands {
            match command {
                PeerCommand::Send(signal) if can_send => {
                    self.send(ClientMessage::Signal { to: Some(key.id), link, signal });
                }
                PeerCommand::Send(_) => {}
                command => self.commands.push_back(Command::Peer(key, command)),
            }
        }
    }

    pub(super) fn remove_participant(&mut self, id: PeerId) {
        self.content.peer_left(id);
        let closed = self.participants.remove(id);
        self.commands.extend(closed.into_iter().map(Command::ClosePeer));
    }

    pub(super) fn remove_participants(&mut self) {
        let closed = self.participants.clear();
        self.commands.extend(closed.into_iter().map(Command::ClosePeer));
    }
}
