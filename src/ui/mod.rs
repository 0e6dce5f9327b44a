//! The parts that pages are made of, one component per file.

mod advice_line;
mod brand;
mod call_view;
mod chat_panel;
mod controls;
mod derived;
mod devices;
mod files;
mod hide_address;
mod icon;
mod inside;
mod invite;
mod lazy;
mod links;
mod lock;
mod notice_bar;
mod panel;
mod people_panel;
mod playback;
mod preview;
mod screen_tile;
mod self_tile;
mod server_banner;
mod stage;
mod tile;

pub use brand::Brand;
pub use call_view::CallView;
pub use derived::{flag, text, word};
pub use devices::DeviceChoices;
pub use hide_address::HideAddress;
pub use icon::{Icon, icons};
pub use inside::Inside;
pub use notice_bar::NoticeBar;
pub use preview::Preview;
pub use server_banner::ServerBanner;
