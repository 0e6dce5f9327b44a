//! The page of a call: the stage, and the controls below it.

pub(super) mod call_view;
mod controls;
mod file_drop;
mod hint_line;
mod invite;
mod panel_button;
mod shortcuts;
