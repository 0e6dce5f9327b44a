//! The chat as a tab stores it, so that a reload loses nothing.

use crate::{content::Message, platform::session_storage, protocol::RoomName};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

const KEY: &str = "salon.chat";

#[derive(Serialize, Deserialize)]
struct History<'a> {
    room: Cow<'a, RoomName>,
    messages: Cow<'a, [Message]>,
}

/// The messages of a room, as far as this tab received them.
pub(super) fn load(room: &RoomName) -> Vec<Message> {
    let text = session_storage::get(KEY).unwrap_or_default();
    let history =
        serde_json::from_str(&text).ok().filter(|history: &History| *history.room == *room);
    history.map(|history| history.messages.into_owned()).unwrap_or_default()
}

/// Stores messages in place of those before.
pub(super) fn save(room: &RoomName, messages: &[Message]) {
    let history = History { room: Cow::Borrowed(room), messages: Cow::Borrowed(messages) };
    let text = serde_json::to_string(&history).ok().filter(|_| !messages.is_empty());
    session_storage::set(KEY, text.as_deref());
}
