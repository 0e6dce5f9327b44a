//! The rooms that were joined last on this device.

use crate::{platform::local_storage, protocol::RoomName};
use std::iter;

const KEY: &str = "salon.recent";

/// The number of rooms that are stored and listed: a short list on a phone.
const ROOMS: usize = 5;

/// The rooms that were joined last on this device, newest first.
#[must_use]
pub fn recent_rooms() -> Vec<RoomName> {
    let text = local_storage::get(KEY).unwrap_or_default();
    text.split_whitespace().filter_map(|name| name.parse().ok()).take(ROOMS).collect()
}

/// Puts a room at the top of the list.
pub fn remember_room(room: &RoomName) {
    let others = recent_rooms().into_iter().filter(|other| other != room);
    let rooms = iter::once(room.clone()).chain(others).take(ROOMS);
    let names: Vec<_> = rooms.map(|room| room.to_string()).collect();
    local_storage::set(KEY, &names.join(" "));
}
