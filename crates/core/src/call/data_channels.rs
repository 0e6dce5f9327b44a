//! Content over data channels, past the server. It is addressed to participants; only
//! [`Participants::route`] chooses the connection.
//!
//! [`Participants::route`]: super::participants::Participants::route

use super::{Call, Command, Connection, Participant, PeerKey};
use crate::{
    content::{Announcement, ChannelInput, ContentCommand},
    protocol::{DisplayName, PeerId, Reaction, Talk},
};

impl Call {
    pub(super) fn send_reaction(&mut self, reaction: Reaction) {
        self.reaction = Some((reaction, self.clock.now));
        self.content.send_to_all(&Talk::Reaction(reaction));
    }

    /// Handles an event of a connection's channels. Received content counts on every connection; other
    /// events count only on the one that is used for sending.
    pub(super) fn handle_channel_event(&mut self, key: PeerKey, input: ChannelInput) {
        let comes = matches!(input, ChannelInput::Text(_) | ChannelInput::Bytes(_));
        if key.id == PeerId::SERVER {
            // Messages come in envelopes, and no bytes are forwarded. The server tells whom they reach.
            if input == ChannelInput::Closed {
                self.server_channel_closed(key);
                self.replace_server_connection(key);
            }
            return;
        }
        if comes || self.participants.route(key.id) == Some(key) {
            self.handle_channel(key.id, input);
        }
    }

    pub(super) fn handle_channel(&mut self, id: PeerId, input: ChannelInput) {
        let now = self.clock.now;
        let unnamed = DisplayName::default();
        let name = self.participants.get(id).map_or(&unnamed, Participant::name);
        match self.content.handle_channel(id, name, input, self.clock.since_epoch()) {
            Some(Announcement::Presence(presence)) => {
                self.change_participant(id, |participant| participant.switch(&presence));
            }
            Some(Announcement::Reaction(reaction)) => {
                self.change_participant(id, |participant| participant.react(reaction, now));
            }
            None => {}
        }
    }

    pub(super) fn poll_content(&mut self) {
        self.content.tick(self.clock.since_epoch());
        // The same message to several participants: they follow each other.
        let mut same: Option<(Talk, Vec<PeerId>)> = None;
        while let Some(command) = self.content.poll() {
            if let ContentCommand::Send(id, talk) = command {
                match &mut same {
                    Some((last, ids)) if *last == talk => ids.push(id),
                    _ => self.send_messages(same.replace((talk, vec![id]))),
                }
                continue;
            }
            self.send_messages(same.take());
            let command = match command {
                ContentCommand::Send(..) => None,
                ContentCommand::SendBytes(id, bytes) => self.send_bytes(id, bytes),
                ContentCommand::Close(id) => self.close_channels(id),
                ContentCommand::File(command) => Some(Command::File(command)),
            };
            self.commands.extend(command);
        }
        self.send_messages(same);
    }

    /// Sends a message to participants: once, if the server passes it on to everyone.
    fn send_messages(&mut self, message: Option<(Talk, Vec<PeerId>)>) {
        let Some((talk, ids)) = message else { return };
        let server = self.participants.connection_to(PeerId::SERVER).map(Connection::key);
        if let Some(key) = server.filter(|key| self.participants.are_all_of(*key, &ids)) {
            let everyone = Command::SendThroughServer(key, PeerId::EVERYONE, talk);
            return self.commands.push_back(everyone);
        }
        for id in ids {
            let command = self.send_message(id, talk.clone());
            self.commands.extend(command);
        }
    }

    fn send_message(&self, id: PeerId, talk: Talk) -> Option<Command> {
        let key = self.participants.route(id)?;
        Some(match key.id {
            PeerId::SERVER => Command::SendThroughServer(key, id, talk),
            _ => Command::SendMessage(key, talk),
        })
    }

    fn send_bytes(&mut self, id: PeerId, bytes: Vec<Vec<u8>>) -> Option<Command> {
        let key = self.participants.route(id)?;
        self.participants.connection_mut(key)?.note_sent_bytes();
        Some(Command::SendBytes(key, bytes))
    }

    /// Closes the channels to a participant.
    fn close_channels(&mut self, id: PeerId) -> Option<Command> {
        let key = self.participants.route(id)?;
        if key.id == PeerId::SERVER {
            // It carries everyone's messages: only those of this participant are not listened to any more.
            return None;
        }
        self.participants.connection_mut(key)?.note_channel(&ChannelInput::Closed);
        Some(Command::CloseChannel(key))
    }
}
