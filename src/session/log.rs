//! What a tab keeps of the chat, so that loading the page again loses nothing.

use crate::{content::Message, platform, protocol::RoomName};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

const KEY: &str = "salon.chat";

#[derive(Serialize, Deserialize)]
struct Log<'a> {
    room: Cow<'a, RoomName>,
    messages: Cow<'a, [Message]>,
}

/// What was said in this room, as far as this tab heard it.
pub(super) fn load(room: &RoomName) -> Vec<Message> {
    let text = platform::session_storage::get(KEY).unwrap_or_default();
    let log = serde_json::from_str(&text).ok().filter(|log: &Log| *log.room == *room);
    log.map(|log| log.messages.into_owned()).unwrap_or_default()
}

/// Keeps it in place of what was kept before.
pub(super) fn save(room: &RoomName, messages: &[Message]) {
    let log = Log { room: Cow::Borrowed(room), messages: Cow::Borrowed(messages) };
    let text = serde_json::to_string(&log).ok().filter(|_| !messages.is_empty());
    platform::session_storage::set(KEY, text.as_deref());
}
