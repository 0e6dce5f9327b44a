//! One file per page. Pages compose components and contain no logic.

mod call_part;
mod home;
mod left;
mod lobby;
mod navigator;
mod not_found;
mod room;

pub use call_part::CallPart;
pub use home::Home;
pub use navigator::Navigator;
pub use not_found::NotFound;
pub use room::RoomPage;
