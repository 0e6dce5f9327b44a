//! What a session stores in the browser.

pub(super) mod chat_history;
mod recent_rooms;
pub(super) mod room_keys;
mod saved_seat;

pub use recent_rooms::recent_rooms;
pub(super) use recent_rooms::remember_room;
pub use room_keys::{host_link, invitation_link, keep_host_key, keep_secret};
pub(super) use saved_seat::SavedSeat;
