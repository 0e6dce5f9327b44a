//! Connections in numbers, and their test before a call.

pub(super) mod connection_panel;
pub(super) mod connection_test;
mod graph;
mod report;
