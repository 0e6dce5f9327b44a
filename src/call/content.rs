//! What people give each other past the server: words, files and signs. It is addressed to people; that
//! a person is reached over a connection of their own is known here alone ([`Call::key_of`]).

use super::{Call, ChannelInput, Command, Peer, PeerKey, chat::ChatCommand, files};
use crate::protocol::{PeerId, Reaction, Talk};

impl Call {
    pub(super) fn show(&mut self, sign: Reaction) {
        self.sign = Some((sign, self.now));
        self.tell_everybody(&Talk::Sign(sign));
    }

    /// Says something to everybody who can be talked to past the server.
    pub(super) fn tell_everybody(&mut self, talk: &Talk) {
        let reached: Vec<_> = self.chat.reached().filter_map(|id| self.key_of(id)).collect();
        self.commands.extend(reached.into_iter().map(|key| Command::Talk(key, talk.clone())));
    }

    pub(super) fn channel(&mut self, id: PeerId, input: ChannelInput) {
        match input {
            ChannelInput::Opened => {
                if self.chat.opened(id, self.epoch + self.now) {
                    self.files.opened(id);
                }
            }
            ChannelInput::Heard(text) => self.hear(id, Talk::parse(&text)),
            ChannelInput::Bytes(bytes) => {
                if !self.files.take_in(id, &bytes) {
                    self.hear(id, None);
                }
            }
            ChannelInput::Drained => self.files.drained(id),
            ChannelInput::Closed => {
                self.chat.closed(id);
                self.files.closed(id);
            }
        }
    }

    /// Somebody says something on a channel; what is not understood counts, too.
    pub(super) fn hear(&mut self, id: PeerId, talk: Option<Talk>) {
        let peer = self.peers.iter().find(|peer| peer.key().id == id);
        let name = peer.map(|peer| peer.name().clone()).unwrap_or_default();
        let is_other =
            |talk: &Talk| matches!(talk, Talk::File(..) | Talk::Sign(_) | Talk::Presence(_));
        let others = talk.as_ref().filter(|talk| is_other(talk)).cloned();
        let heard = self.chat.hear(id, &name, talk, self.epoch + self.now);
        match others {
            // Nor is anything given to them.
            _ if !heard => self.files.closed(id),
            Some(Talk::File(number, news)) => self.files.hear(id, &name, number, news),
            Some(Talk::Presence(presence)) => {
                let now = self.now;
                self.with_peer(id, |peer| peer.switch(&presence, now));
            }
            Some(Talk::Sign(sign)) => {
                let now = self.now;
                self.with_peer(id, |peer| peer.show(sign, now));
            }
            _ => {}
        }
    }

    pub(super) fn look_after_files(&mut self) {
        while let Some(command) = self.files.poll() {
            let command = match command {
                files::Command::Send(id, talk) => {
                    self.key_of(id).map(|key| Command::Talk(key, talk))
                }
                files::Command::Pour(id, bytes) => {
                    self.key_of(id).map(|key| Command::Pour(key, bytes))
                }
                files::Command::Do(command) => Some(Command::File(command)),
            };
            self.commands.extend(command);
        }
    }

    pub(super) fn look_after_chat(&mut self) {
        self.chat.tick(self.epoch + self.now);
        while let Some(command) = self.chat.poll() {
            let (ChatCommand::Send(id, _) | ChatCommand::Close(id)) = command;
            self.commands.extend(self.key_of(id).map(|key| match command {
                ChatCommand::Send(_, talk) => Command::Talk(key, talk),
                ChatCommand::Close(_) => Command::CloseChannel(key),
            }));
        }
    }

    /// The connection to somebody that is in use.
    pub(super) fn key_of(&self, id: PeerId) -> Option<PeerKey> {
        self.peers.iter().map(Peer::key).find(|key| key.id == id)
    }
}
