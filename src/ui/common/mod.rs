//! Components that several areas share.

pub(super) mod brand;
pub(super) mod confirm_button;
pub(super) mod icon;
pub(super) mod notice_bar;
pub(super) mod panel;
pub(super) mod playback;
pub(super) mod radio_option;
pub(super) mod room_status;
pub(super) mod server_banner;
pub(super) mod show;
pub(super) mod toggle;
