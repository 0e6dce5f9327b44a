//! The media sections of a connection.

use super::externs;
use crate::protocol::Mid;
use js_sys::{Array, Reflect};
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

/// Lets a section for video use VP8 and its retransmissions only (RFC 4588), which keeps descriptions with many
/// sections small. Browsers without the method, or without VP8, use what they have.
pub(super) fn prefer_vp8(section: &externs::Transceiver) {
    let codecs = || {
        let capabilities = externs::Receiver::capabilities("video").ok()?;
        let codecs = Array::from(&Reflect::get(&capabilities, &"codecs".into()).ok()?);
        Some(codecs.filter(&mut |codec, _, _| {
            let name =
                Reflect::get(&codec, &"mimeType".into()).ok().and_then(|name| name.as_string());
            name.is_some_and(|name| ["video/VP8", "video/rtx"].contains(&name.as_str()))
        }))
    };
    if let Some(codecs) = codecs() {
        let _ = section.set_codec_preferences(&codecs);
    }
}
