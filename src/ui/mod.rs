//! The components of the pages, one per file, in a folder for each area.

mod call;
mod common;
mod connection;
mod devices;
mod panels;
mod recording;
mod stage;

pub use call::call_view::CallView;
pub use common::{
    brand::Brand,
    icon::{Icon, icons},
    notice_bar::NoticeBar,
    room_status::RoomStatus,
    server_banner::ServerBanner,
    show::Show,
};
pub use devices::{device_choices::DeviceChoices, hide_address::HideAddress, preview::Preview};
pub use panels::lazy::{LazyRecordings, LazyTest};
