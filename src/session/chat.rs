//! Messages and files as this person exchanges them with the others, and which of them are unread.

pub(super) mod history;

use super::{Notice, engine::CallHandle, naming::file_name};
use crate::{
    call::{Input, View},
    content::{ChatView, FileInput, FileKey, FileState, FileView, Message, OFFERS},
    i18n::call_texts,
    notices::Notices,
    platform::{self, StoredBytes, session_storage},
    protocol::{FileName, FileNumber},
    reactive::{effect, effect_holding},
};
use leptos::prelude::*;
use std::time::Duration;

/// The number of unread messages, for the page after a reload.
const UNREAD_KEY: &str = "salon.unread";
/// The age above which a message is not announced: it comes from somebody's history.
const NEWS: Duration = Duration::from_secs(10);

/// The chat of this page. Cheap to copy.
#[derive(Clone, Copy)]
pub struct ChatUi {
    /// Whether the chat is open.
    pub reading: RwSignal<bool>,
    /// The message that is being written.
    pub draft: StoredValue<String>,
    /// How many messages and files of others have been read.
    read: RwSignal<(usize, usize)>,
    /// How many messages were unread when the page was reloaded, and still are.
    unseen: RwSignal<usize>,
    /// The number of the last file that this person offered.
    last_file: StoredValue<FileNumber>,
    /// What was announced last while the chat was closed.
    announced: StoredValue<String>,
    /// Whether the page is in the background.
    hidden: RwSignal<bool>,
    view: RwSignal<View>,
    call: CallHandle,
    notices: Notices,
}

impl ChatUi {
    pub(super) fn new(
        view: RwSignal<View>,
        hidden: RwSignal<bool>,
        call: CallHandle,
        notices: Notices,
    ) -> Self {
        Self {
            reading: RwSignal::new(false),
            draft: StoredValue::default(),
            read: RwSignal::default(),
            unseen: RwSignal::new(0),
            last_file: StoredValue::new(0),
            announced: StoredValue::default(),
            hidden,
            view,
            call,
            notices,
        }
    }

    /// Sends a message to everybody in the room.
    pub fn say(self, text: &str) {
        self.call.send(Input::Say(text.into()));
    }

    /// Offers files to everybody in the room, as many as the others accept.
    pub fn offer_files(self, sources: Vec<StoredBytes>) {
        if self.view.with_untracked(View::is_forwarded) {
            return self.notices.show(&Notice::FilesUnavailable);
        }
        let is_open =
            |file: &&FileView| file.key.owner.is_none() && file.state == FileState::Offered;
        let open = |view: &View| view.files.files.iter().filter(is_open).count();
        let left = OFFERS.saturating_sub(self.view.with_untracked(open));
        if sources.len() > left {
            self.notices.show(&Notice::TooManyFiles);
        }
        for source in sources.into_iter().take(left) {
            let (name, size) = (file_name(&source.name()), source.size());
            // Greater than all before, also those of before a reload.
            let now = u64::try_from(platform::wall_clock().as_millis()).unwrap_or_default();
            let number = now.max(self.last_file.get_value() + 1);
            self.last_file.set_value(number);
            self.call.order(move |engine| engine.add_file(number, source));
            self.call.send(Input::File(FileInput::Offer(number, name, size)));
        }
    }

    /// Tells the person that folders cannot be offered.
    pub fn refuse_folders(self, names: &[String]) {
        if !names.is_empty() {
            let names = names.iter().map(|name| FileName::from(name.as_str())).collect();
            self.notices.show(&Notice::FoldersRefused(names));
        }
    }

    /// Does something with a file.
    pub fn handle_file(self, input: FileInput) {
        self.call.send(Input::File(input));
    }

    /// Saves a file once more that this person has received.
    pub fn save_file(self, key: FileKey, name: &FileName) {
        let name = name.clone();
        self.call.order(move |engine| engine.save_file(key, name.as_str()));
    }

    /// Counts what is unread, and has the browser ask before a transfer is lost.
    pub(super) fn start(self) {
        effect(move || {
            let received = self.view.with(received);
            if self.is_reading() {
                self.unseen.set(0);
                self.announced.with_value(|text| self.notices.retract(text));
            }
            if self.is_reading() || received == (0, 0) {
                self.read.set(received);
            }
        });
        effect(move || {
            // Files are offered again.
            let (unread, _) = self.unread_of_each();
            session_storage::set(UNREAD_KEY, (unread > 0).then(|| unread.to_string()).as_deref());
        });
        let moving = Memo::new(move |_| {
            self.view.with(|view| {
                let is_there = |file: &&FileView| file.key.owner.is_none_or(|id| view.has(id));
                view.files.files.iter().filter(is_there).any(FileView::is_moving)
            })
        });
        effect_holding(move || moving.get().then(platform::ask_before_leaving));
    }

    /// Takes over the number of unread messages from before a reload.
    pub(super) fn restore_unseen(self) {
        let unseen = session_storage::get(UNREAD_KEY).and_then(|count| count.parse().ok());
        self.unseen.set(unseen.unwrap_or_default());
    }

    /// Forgets what belongs to a call that is over.
    pub(super) fn reset(self) {
        self.unseen.set(0);
        self.draft.set_value(String::new());
    }

    /// Whether the chat is open, and looked at.
    fn is_reading(self) -> bool {
        self.reading.get() && !self.hidden.get()
    }

    /// How many messages and files of others are unread.
    #[must_use]
    pub fn unread(self) -> usize {
        let (messages, files) = self.unread_of_each();
        messages + files
    }

    fn unread_of_each(self) -> (usize, usize) {
        let ((messages, files), (read, seen)) = (self.view.with(received), self.read.get());
        let messages = self.unseen.get() + messages.saturating_sub(read);
        (messages, files.saturating_sub(seen))
    }

    /// Announces a message while the chat is closed.
    pub(super) fn announce_message(self, before: &ChatView, chat: &ChatView) {
        if chat.received <= before.received || untrack(|| self.is_reading()) {
            return;
        }
        let said = chat.messages.last();
        let said = said.filter(|message| !chat.is_own(message) && !message.is_hearsay());
        if let Some(Message { name, text, at, .. }) = said
            && platform::wall_clock().saturating_sub(*at) < NEWS
        {
            self.announce(&Notice::Message(name.clone(), text.clone()));
        }
    }

    /// Shows a notice of what the open chat shows as well.
    fn announce(self, notice: &Notice) {
        let text = (call_texts().notice)(notice);
        self.announced.set_value(text.clone());
        self.notices.say(text);
    }

    /// Announces offers and ends of transfers while the chat is closed.
    pub(super) fn announce_files(self, before: &View, view: &View) {
        if before.files == view.files || untrack(|| self.is_reading()) {
            return;
        }
        let was_moving =
            |key| before.files.files.iter().any(|one| one.key == key && one.is_moving());
        let ended = view.files.files.iter().find(|file| !file.is_moving() && was_moving(file.key));
        if let Some(file) = ended.filter(|file| file.key.owner.is_some()) {
            self.announce(&Notice::FileEnded(file.name.clone(), file.state));
        }
        if view.files.offered > before.files.offered {
            let new = view.files.files.iter().rev().find(|file| file.state == FileState::Offered);
            let owner = new.and_then(|file| {
                view.tiles.iter().find(|tile| Some(tile.key.id) == file.key.owner)
            });
            if let (Some(file), Some(owner)) = (new, owner) {
                self.announce(&Notice::FileOffered(owner.presence.name.clone(), file.name.clone()));
            }
        }
    }
}

/// How many messages and files came from others.
fn received(view: &View) -> (usize, usize) {
    (view.chat.received, view.files.offered)
}
