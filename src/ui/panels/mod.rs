//! The panels above the controls. Their code is loaded after the rest.

mod chat_panel;
mod connection_button;
mod files;
mod host_tools;
pub(super) mod join_requests;
pub(super) mod lazy;
mod links;
mod lock;
mod more_panel;
mod people_panel;
mod shortcut_list;
mod volume;
