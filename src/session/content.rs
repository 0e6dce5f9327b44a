//! Content sent past the server: chat, reactions and files, and what the person has not seen yet.

use super::{Notice, Session, naming::file_name};
use crate::{
    call::{Input, View},
    content::{ChatView, FileInput, FileKey, FileState, FileView, Message, OFFERS},
    platform::{self, StoredBytes},
    protocol::{FileName, Reaction},
    reactive::{effect, holding},
};
use leptos::prelude::*;
use std::time::Duration;

/// How many messages were not seen when the page was there last.
const UNREAD_KEY: &str = "salon.unread";
/// What was said longer ago is no news.
const NEWS: Duration = Duration::from_secs(10);

impl Session {
    /// Says something to everybody in the room.
    pub fn say(self, text: &str) {
        self.send(Input::Say(text.into()));
    }

    /// Shows a sign to everybody in the room.
    pub fn show(self, sign: Reaction) {
        self.send(Input::Show(sign));
    }

    /// Offers files to everybody in the room, as many as the others take notice of.
    pub fn give(self, sources: Vec<StoredBytes>) {
        let is_open =
            |file: &&FileView| file.key.owner.is_none() && file.state == FileState::Offered;
        let open = |view: &View| view.files.files.iter().filter(is_open).count();
        let left = OFFERS.saturating_sub(self.view.with_untracked(open));
        if sources.len() > left {
            self.notices.show(Notice::TooManyFiles);
        }
        for source in sources.into_iter().take(left) {
            let (name, size) = (file_name(&source.name()), source.size());
            // Greater than all before, also those of before a reload.
            let now = u64::try_from(platform::wall_clock().as_millis()).unwrap_or_default();
            let number = now.max(self.last_file.get_value() + 1);
            self.last_file.set_value(number);
            self.order(move |engine| engine.files.add(number, source));
            self.send(Input::File(FileInput::Give(number, name, size)));
        }
    }

    /// Says that folders are not given.
    pub fn refuse_folders(self, names: &[String]) {
        if !names.is_empty() {
            let names = names.iter().map(|name| FileName::from(name.as_str())).collect();
            self.notices.show(Notice::Folders(names));
        }
    }

    /// Does something with a file.
    pub fn handle_file(self, input: FileInput) {
        self.send(Input::File(input));
    }

    /// Hands a file to the person once more that they have got.
    pub fn save_file(self, key: FileKey, name: &FileName) {
        let name = name.clone();
        self.order(move |engine| engine.files.save(key, name.as_str()));
    }

    /// Counts what was not seen, and has the browser ask before files that are on their way are lost.
    pub(super) fn watch_over_reading(self) {
        effect(move || {
            let heard = self.view.with(heard);
            if self.is_reading() {
                self.unseen.set(0);
                self.notices.yield_to_chat();
            }
            if self.is_reading() || heard == (0, 0) {
                self.read.set(heard);
            }
        });
        effect(move || {
            // Files are offered again.
            let (unread, _) = self.unread_of_each();
            platform::keep(UNREAD_KEY, (unread > 0).then(|| unread.to_string()).as_deref());
        });
        let moving = Memo::new(move |_| {
            self.view.with(|view| {
                let is_there = |file: &&FileView| file.key.owner.is_none_or(|id| view.has(id));
                view.files.files.iter().filter(is_there).any(FileView::is_moving)
            })
        });
        holding(move || moving.get().then(platform::ask_before_leaving));
    }

    /// How much was not seen when the page was there last is not seen yet.
    pub(super) fn recall_unseen(self) {
        let unseen = platform::recall(UNREAD_KEY).and_then(|count| count.parse().ok());
        self.unseen.set(unseen.unwrap_or_default());
    }

    /// Whether the chat is open, and looked at.
    pub(super) fn is_reading(self) -> bool {
        self.reading.get() && !self.hidden.get()
    }

    /// How many messages and files of others were not seen.
    #[must_use]
    pub fn unread(self) -> usize {
        let (messages, files) = self.unread_of_each();
        messages + files
    }

    fn unread_of_each(self) -> (usize, usize) {
        let ((messages, files), (read, seen)) = (self.view.with(heard), self.read.get());
        let messages = self.unseen.get() + messages.saturating_sub(read);
        (messages, files.saturating_sub(seen))
    }

    /// Shows what somebody says while the chat is closed.
    pub(super) fn tell_of_words(self, before: &ChatView, chat: &ChatView) {
        if chat.heard <= before.heard || untrack(|| self.is_reading()) {
            return;
        }
        let said = chat.messages.last();
        let said = said.filter(|message| !chat.is_own(message) && !message.is_hearsay());
        if let Some(Message { name, text, at, .. }) = said
            && platform::wall_clock().saturating_sub(*at) < NEWS
        {
            self.notices.show(Notice::Said(name.clone(), text.clone()));
        }
    }

    /// Shows what becomes of files while the chat is closed.
    pub(super) fn tell_of_files(self, before: &View, view: &View) {
        if before.files == view.files || untrack(|| self.is_reading()) {
            return;
        }
        let was_moving =
            |key| before.files.files.iter().any(|one| one.key == key && one.is_moving());
        let ended = view.files.files.iter().find(|file| !file.is_moving() && was_moving(file.key));
        if let Some(file) = ended.filter(|file| file.key.owner.is_some()) {
            self.notices.show(Notice::FileEnded(file.name.clone(), file.state));
        }
        if view.files.heard > before.files.heard {
            let new = view.files.files.iter().rev().find(|file| file.state == FileState::Offered);
            let owner = new.and_then(|file| {
                view.tiles.iter().find(|tile| Some(tile.key.id) == file.key.owner)
            });
            if let (Some(file), Some(owner)) = (new, owner) {
                self.notices.show(Notice::Offers(owner.presence.name.clone(), file.name.clone()));
            }
        }
    }
}

/// How many messages and files came from others.
fn heard(view: &View) -> (usize, usize) {
    (view.chat.heard, view.files.heard)
}
