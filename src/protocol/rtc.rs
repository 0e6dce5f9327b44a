//! The WebRTC values that are relayed, in the shape browsers give them.

use super::{TrackInfo, wire::number::whole};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who makes the first offer in a pair of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Was in the room first: offers, and is the impolite peer of the negotiation.
    Caller,
    /// Came later: answers, and is the polite peer.
    Callee,
}

/// `RTCSdpType` (W3C WebRTC, section 4.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SdpType {
    /// Proposes a session.
    Offer,
    /// Accepts part of a session for now.
    Pranswer,
    /// Accepts a session.
    Answer,
    /// Takes an offer back.
    Rollback,
}

/// `RTCSessionDescriptionInit` (W3C WebRTC, section 4.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDescription {
    /// What the description is for.
    #[serde(rename = "type")]
    pub kind: SdpType,
    /// The session in the format of RFC 8866. Never logged: it holds addresses.
    pub sdp: String,
    /// The sources of the sender's media sections; empty if they are not named. In a message they
    /// are next to the description.
    #[serde(skip)]
    pub tracks: Vec<TrackInfo>,
}

impl SessionDescription {
    /// A description that does not name the sources of its sections.
    #[must_use]
    pub fn new(kind: SdpType, sdp: impl Into<String>) -> Self {
        Self { kind, sdp: sdp.into(), tracks: Vec::new() }
    }
}

/// `RTCIceCandidateInit` (W3C WebRTC, section 4.8.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IceCandidate {
    /// The candidate attribute of RFC 8839, section 5.1; empty at the end of candidates.
    pub candidate: String,
    /// The media section it belongs to, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// The media section it belongs to, by place.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub sdp_m_line_index: Option<u16>,
    /// The ICE generation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_fragment: Option<String>,
}

/// `RTCIceServer` (W3C WebRTC, section 4.2.2). Its `Debug` form leaves the credential out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// A `stun:`, `turn:` or `turns:` address (RFC 7064, RFC 7065).
    pub urls: String,
    /// For TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// Whether a URL is that of a TURN server (RFC 7065).
#[must_use]
pub fn is_relay(url: &str) -> bool {
    url.starts_with("turn:") || url.starts_with("turns:")
}

/// What somebody configures their peer connections with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "ice")]
pub struct IceGrant {
    /// In the order in which the operator named them.
    #[serde(rename = "iceServers")]
    pub servers: Vec<IceServer>,
    /// For how many seconds the credentials are good; none if they do not end.
    #[serde(rename = "iceTtl", default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
}

impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer").field("urls", &self.urls).finish_non_exhaustive()
    }
}
