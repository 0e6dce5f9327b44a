//! The chat as a tab stores it, so that a reload loses nothing.

use crate::{
    content::Message,
    platform::session_storage,
    protocol::{
        RoomName,
        json::{self, Json, Object, field},
    },
};

const KEY: &str = "salon.chat";

/// The messages of a room, as far as this tab received them.
pub(in crate::session) fn load(room: &RoomName) -> Vec<Message> {
    let text = session_storage::get(KEY).unwrap_or_default();
    let history = Json::parse(&text).filter(|history| history.field("room").as_ref() == Some(room));
    history.and_then(|history| history.field("messages")).unwrap_or_default()
}

/// Stores messages in place of those before.
pub(in crate::session) fn save(room: &RoomName, messages: &[Message]) {
    let history = Object(&[field("room", room), field("messages", &messages)]);
    let text = (!messages.is_empty()).then(|| json::to_string(&history));
    session_storage::set(KEY, text.as_deref());
}
