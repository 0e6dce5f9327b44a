//! Content between participants, sent over data channels past the server: chat, files, and their
//! own presence. Pure: no browser, clock or randomness.
//!
//! Contract: report events with their time since the Unix epoch, then call [`Content::tick`], and
//! drain [`Content::poll`]. Content names participants; the owner of the connections decides how to
//! reach them.

mod chat;
mod command;
mod files;
mod flood_limit;
mod message;
#[cfg(test)]
mod tests;

use crate::protocol::{ChatText, DisplayName, PeerId, Presence, Reaction, Talk};
use chat::Chat;
pub use command::ContentCommand;
use files::Files;
pub use files::{FileCommand, FileInput, FileKey, FileState, FileView, FilesView, OFFERS};
use flood_limit::FloodLimit;
pub use message::{ChatView, Message};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// What the data channels to one person report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelInput {
    /// Messages can be sent.
    Opened,
    /// Text came on the first channel.
    Text(String),
    /// Bytes came on the second channel.
    Bytes(Vec<u8>),
    /// The second channel is open and has little left to send.
    Drained,
    /// The channel is closed.
    Closed,
}

/// A participant's statement about themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// They have switched something.
    Presence(Presence),
    /// They react to something.
    Reaction(Reaction),
}

/// All that one person gives and gets in a room.
#[derive(Debug, Default)]
pub struct Content {
    chat: Chat,
    files: Files,
    flood_limit: FloodLimit,
    commands: VecDeque<ContentCommand>,
}

impl Content {
    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<ContentCommand> {
        let command = self.commands.pop_front().or_else(|| self.chat.poll());
        command.or_else(|| self.files.poll())
    }

    /// When to call [`Content::tick`] at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.chat.poll_timeout()
    }

    /// Performs what is due.
    pub fn tick(&mut self, now: Duration) {
        self.chat.tick(now);
    }

    /// The chat as shown.
    #[must_use]
    pub fn chat(&self) -> ChatView {
        self.chat.view()
    }

    /// The list of files.
    #[must_use]
    pub fn files(&self) -> FilesView {
        self.files.view()
    }

    /// All that was said.
    #[must_use]
    pub fn messages(&self) -> Arc<Vec<Message>> {
        self.chat.view().messages
    }

    /// Restores messages from before a reload.
    pub fn restore_chat(&mut self, messages: Vec<Message>) {
        self.chat.restore(messages);
    }

    /// This person is in the room as `me`, with these others.
    pub fn joined(&mut self, me: PeerId, present: &[PeerId]) {
        self.chat.joined(me);
        self.chat.set_present(present);
        self.files.meet(present);
        self.flood_limit.retain(|id| present.contains(&id));
    }

    /// A participant has joined.
    pub fn peer_joined(&mut self, id: PeerId) {
        self.chat.peer_joined(id);
    }

    /// A participant has left for good.
    pub fn peer_left(&mut self, id: PeerId) {
        self.chat.peer_left(id);
        self.files.left(id);
        self.flood_limit.retain(|other| other != id);
    }

    /// This person leaves the room.
    pub fn leave(&mut self) {
        self.chat = Chat::default();
        self.files.leave();
        self.flood_limit = FloodLimit::default();
    }

    /// This person, with this name, sends a message to everyone in the room.
    pub fn say(&mut self, name: DisplayName, text: ChatText, now: Duration) {
        self.chat.say(name, text, now);
    }

    /// Does something with files.
    pub fn handle_file(&mut self, input: FileInput) {
        self.files.handle(input);
    }

    /// Sends something to everybody who can be reached past the server.
    pub fn send_to_all(&mut self, talk: &Talk) {
        let peers = self.chat.reachable();
        self.commands.extend(peers.map(|id| ContentCommand::Send(id, talk.clone())));
    }

    /// Handles an event of the channels to a participant with this name. Their statements about
    /// themselves are returned to the caller.
    pub fn handle_channel(
        &mut self,
        id: PeerId,
        name: &DisplayName,
        input: ChannelInput,
        now: Duration,
    ) -> Option<Announcement> {
        match input {
            ChannelInput::Opened => self.opened(id, now),
            ChannelInput::Text(text) => return self.on_message(id, name, Talk::parse(&text), now),
            ChannelInput::Bytes(bytes) => {
                if !self.files.take_in(id, &bytes) {
                    return self.on_message(id, name, None, now);
                }
            }
            ChannelInput::Drained => self.files.drained(id),
            ChannelInput::Closed => self.closed(id),
        }
        None
    }

    fn opened(&mut self, id: PeerId, now: Duration) {
        if !self.flood_limit.admits(id, now) {
            self.commands.push_back(ContentCommand::Close(id));
        } else if self.chat.opened(id, now) {
            self.files.opened(id);
        }
    }

    fn closed(&mut self, id: PeerId) {
        self.chat.closed(id);
        self.files.closed(id);
    }

    /// A participant has sent a message; `None` if it could not be parsed.
    fn on_message(
        &mut self,
        id: PeerId,
        name: &DisplayName,
        talk: Option<Talk>,
        now: Duration,
    ) -> Option<Announcement> {
        let is_reachable = self.chat.is_reachable(id);
        if !is_reachable || !self.flood_limit.allows(id, talk.as_ref(), now) {
            let close = is_reachable.then_some(ContentCommand::Close(id));
            self.commands.extend(close);
            self.closed(id);
            return None;
        }
        match talk? {
            Talk::Sync(sync) => self.chat.on_sync(id, &sync, now),
            Talk::Ack(number) => self.chat.on_ack(id, number),
            Talk::Message(message) => self.chat.on_message(id, name, message, now),
            Talk::File(number, news) => self.files.on_message(id, name, number, news),
            Talk::Presence(presence) => return Some(Announcement::Presence(presence)),
            Talk::Reaction(reaction) => return Some(Announcement::Reaction(reaction)),
        }
        None
    }
}
