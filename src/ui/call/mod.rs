//! The page of a call: the stage, and the controls below it.

mod advice_line;
pub(super) mod call_view;
mod controls;
mod file_drop;
mod invite;
mod panel_button;
mod shortcuts;
