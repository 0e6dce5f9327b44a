//! What pages store in the browser, for a later page.

mod own_name;
mod recent_rooms;
mod room_keys;
mod saved_seat;

pub use own_name::{save_name, saved_name};
pub use recent_rooms::{recent_rooms, remember_room};
pub use room_keys::{
    drop_host_key, host_key, host_link, invitation_link, keep_host_key, keep_secret, stored_pass,
    take_from_address,
};
pub use saved_seat::SavedSeat;
