//! What the forwarding unit knows of a packet.

use salon_core::protocol::{PeerId, TrackSource};

/// A track that a participant publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Whose it is.
    pub seat: PeerId,
    /// What it is of.
    pub track: TrackSource,
}

/// A simulcast encoding of a source: 0 is the smallest. Audio and screens have only that.
pub type Spatial = u8;

/// Facts of an RTP packet (RFC 3550, section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The track.
    pub source: Source,
    /// Its encoding.
    pub spatial: Spatial,
    /// The sequence number, extended: it does not wrap.
    pub sequence: u64,
    /// In ticks of the clock of its kind: 48,000 a second for audio, 90,000 for video.
    pub timestamp: u32,
    /// The marker: the last packet of a frame.
    pub marker: bool,
    /// Size of the payload in bytes.
    pub bytes: u16,
    /// The frame that it is part of, if it is video.
    pub frame: Option<Frame>,
}

/// Facts of a frame, from the payload descriptor of VP8 (RFC 7741, section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whether the packet is the first one of a keyframe.
    pub starts_keyframe: bool,
    /// Width and height in pixels, which keyframes tell.
    pub size: Option<(u16, u16)>,
    /// The temporal layer; 0 is the lowest, on which all others depend.
    pub temporal: u8,
    /// Whether it depends on temporal layer 0 only, so that its layer can be entered here.
    pub is_sync: bool,
    /// The picture id, of 15 bits.
    pub picture_id: Option<u16>,
    /// The number of the last frame of temporal layer 0.
    pub tl0_picture: Option<u8>,
}

/// What of a packet is replaced when it is sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The sequence number, extended.
    pub sequence: u64,
    /// The timestamp.
    pub timestamp: u32,
    /// The marker.
    pub marker: bool,
    /// The picture id, if the packet has one.
    pub picture_id: Option<u16>,
    /// The number of the last frame of temporal layer 0, if the packet has one.
    pub tl0_picture: Option<u8>,
}
