//! The media sections of a connection.

use super::externs;
use crate::protocol::Mid;
use wasm_bindgen::JsCast;

/// Whether either side has stopped a section (W3C WebRTC, section 5.4.1).
pub(super) fn is_stopped(section: &externs::Transceiver) -> bool {
    let directions = [section.direction_text(), section.current_direction_text()];
    directions.iter().flatten().any(|direction| direction == "stopped")
}

pub(super) fn sender_of(section: &externs::Transceiver) -> externs::Sender {
    section.sender().unchecked_into()
}

/// All sections of a connection.
pub(super) fn transceivers(pc: &externs::Pc) -> Vec<externs::Transceiver> {
    let list = pc.transceivers().unwrap_or_default();
    list.iter().map(JsCast::unchecked_into).collect()
}

/// The `mid` of a section, once it is negotiated.
pub(super) fn mid_of(section: &externs::Transceiver) -> Option<Mid> {
    section.mid()?.try_into().ok()
}
