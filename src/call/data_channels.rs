//! What goes over data channels, past the server. Content is addressed to people; that a person is
//! reached over a connection of their own is known here alone ([`Call::key_of`]).

use super::{Call, Command, Peer, PeerKey};
use crate::{
    content::{Announcement, ChannelInput, ContentCommand},
    protocol::{DisplayName, PeerId, Reaction, Talk},
};

impl Call {
    pub(super) fn show(&mut self, sign: Reaction) {
        self.sign = Some((sign, self.now));
        self.content.send_to_all(&Talk::Reaction(sign));
    }

    pub(super) fn handle_channel(&mut self, id: PeerId, input: ChannelInput) {
        let now = self.now;
        let unnamed = DisplayName::default();
        let peer = self.peers.iter().find(|peer| peer.key().id == id);
        let name = peer.map_or(&unnamed, Peer::name);
        match self.content.handle_channel(id, name, input, self.epoch + now) {
            Some(Announcement::Presence(presence)) => {
                self.with_peer(id, |peer| peer.switch(&presence, now));
            }
            Some(Announcement::Reaction(reaction)) => {
                self.with_peer(id, |peer| peer.show(reaction, now));
            }
            None => {}
        }
    }

    pub(super) fn poll_content(&mut self) {
        self.content.tick(self.epoch + self.now);
        while let Some(command) = self.content.poll() {
            let connection = |id| self.key_of(id);
            let command = match command {
                ContentCommand::Send(id, talk) => {
                    connection(id).map(|key| Command::Talk(key, talk))
                }
                ContentCommand::SendBytes(id, bytes) => {
                    connection(id).map(|key| Command::Pour(key, bytes))
                }
                ContentCommand::Close(id) => connection(id).map(Command::CloseChannel),
                ContentCommand::File(command) => Some(Command::File(command)),
            };
            self.commands.extend(command);
        }
    }

    /// The connection to somebody that is in use.
    fn key_of(&self, id: PeerId) -> Option<PeerKey> {
        self.peers.iter().map(Peer::key).find(|key| key.id == id)
    }
}
