//! The events of a peer connection, as inputs.

use crate::{
    call::{ConnectionState, IceConnectionState, PeerInput},
    protocol::IceCandidate,
};
use js_sys::Reflect;
use wasm_bindgen::JsCast;
use web_sys::RtcPeerConnectionIceEvent;

/// An empty candidate ends one generation and null ends them all; only the latter is passed on.
pub(super) fn local_candidate(event: &web_sys::Event) -> Option<PeerInput> {
    let event: &RtcPeerConnectionIceEvent = event.dyn_ref()?;
    let Some(candidate) = event.candidate() else { return Some(PeerInput::LocalCandidate(None)) };
    if candidate.candidate().is_empty() {
        return None;
    }
    let fragment = Reflect::get(&candidate, &"usernameFragment".into()).ok();
    Some(PeerInput::LocalCandidate(Some(IceCandidate {
        candidate: candidate.candidate(),
        sdp_mid: candidate.sdp_mid(),
        sdp_m_line_index: candidate.sdp_m_line_index(),
        username_fragment: fragment.and_then(|fragment| fragment.as_string()),
    })))
}

pub(super) fn connection_state(state: &str) -> ConnectionState {
    match state {
        "connecting" => ConnectionState::Connecting,
        "connected" => ConnectionState::Connected,
        "disconnected" => ConnectionState::Disconnected,
        "failed" => ConnectionState::Failed,
        "closed" => ConnectionState::Closed,
        _ => ConnectionState::New,
    }
}

pub(super) fn ice_state(state: &str) -> IceConnectionState {
    match state {
        "checking" => IceConnectionState::Checking,
        "connected" => IceConnectionState::Connected,
        "completed" => IceConnectionState::Completed,
        "disconnected" => IceConnectionState::Disconnected,
        "failed" => IceConnectionState::Failed,
        "closed" => IceConnectionState::Closed,
        _ => IceConnectionState::New,
    }
}
