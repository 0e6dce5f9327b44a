//! How connections are configured.

use crate::{call::PeerConfig, protocol::json};
use js_sys::JSON;
use wasm_bindgen::JsCast;
use web_sys::RtcConfiguration;

/// The configuration of a connection (W3C WebRTC, section 4.2.1). Its bundle policy cannot be changed
/// later.
pub(super) fn configuration(config: &PeerConfig) -> Option<RtcConfiguration> {
    let servers = json::to_string(&config.ice_servers);
    let policy = if config.hidden { "relay" } else { "all" };
    // One transport for everything: fewer candidates, and one allocation on a relay instead of three.
    let text = format!(
        r#"{{"iceServers":{servers},"iceTransportPolicy":"{policy}","bundlePolicy":"max-bundle"}}"#
    );
    Some(JSON::parse(&text).ok()?.unchecked_into())
}
