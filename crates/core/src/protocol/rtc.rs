//! WebRTC dictionaries in signalling messages, as defined by the W3C.

use super::{
    TrackInfo,
    json::{FromJson, Json, Object, ToJson, Writer, field, object, word},
    wire::number::whole,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The role in a pair of participants: who makes the first offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Joined first: makes the first offer, and is the impolite peer of perfect negotiation.
    Caller,
    /// Joined later: answers, and is the polite peer.
    Callee,
}

word!(Role { Caller = "caller", Callee = "callee" });

/// `RTCSdpType` (W3C WebRTC, section 4.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SdpType {
    /// An offer.
    Offer,
    /// A provisional answer.
    Pranswer,
    /// A final answer.
    Answer,
    /// Cancels an offer.
    Rollback,
}

word!(SdpType {
    Offer = "offer",
    Pranswer = "pranswer",
    Answer = "answer",
    Rollback = "rollback",
});

/// `RTCSessionDescriptionInit` (W3C WebRTC, section 4.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDescription {
    /// The type of the description.
    #[serde(rename = "type")]
    pub kind: SdpType,
    /// The SDP (RFC 8866). Never logged, because it contains addresses.
    pub sdp: String,
    /// The sources of the sender's media sections; empty if they are not named. In messages this is a
    /// field next to the description.
    #[serde(skip)]
    pub tracks: Vec<TrackInfo>,
}

impl FromJson for SessionDescription {
    fn from_json(json: &Json) -> Option<Self> {
        Some(Self { kind: json.field("type")?, sdp: json.field("sdp")?, tracks: Vec::new() })
    }
}

impl ToJson for SessionDescription {
    fn write(&self, out: &mut Writer) {
        Object(&[field("type", &self.kind), field("sdp", &self.sdp)]).write(out);
    }
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
    /// The `mid` of its media section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// The index of its media section.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub sdp_m_line_index: Option<u16>,
    /// The username fragment of its ICE generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_fragment: Option<String>,
}

object!(IceCandidate {
    candidate;
    sdp_mid as "sdpMid" = None,
    sdp_m_line_index as "sdpMLineIndex" = None,
    username_fragment as "usernameFragment" = None,
});

/// `RTCIceServer` (W3C WebRTC, section 4.2.2). `Debug` omits the credentials.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// A `stun:`, `turn:` or `turns:` address (RFC 7064, RFC 7065).
    pub urls: String,
    /// The username for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The credential for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

object!(IceServer { urls; username = None, credential = None });

/// Whether a URL is that of a TURN server (RFC 7065).
#[must_use]
pub fn is_relay(url: &str) -> bool {
    url.starts_with("turn:") || url.starts_with("turns:")
}

/// The ICE servers that a participant may use, with credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "ice")]
pub struct IceGrant {
    /// The servers, in the order of the operator's options.
    #[serde(rename = "iceServers")]
    pub servers: Vec<IceServer>,
    /// Validity of the credentials in seconds; `None` if they do not expire.
    #[serde(rename = "iceTtl", default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
}

object!(IceGrant: "ice" { servers as "iceServers"; ttl as "iceTtl" = None });

impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer").field("urls", &self.urls).finish_non_exhaustive()
    }
}
