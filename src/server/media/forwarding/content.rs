//! What of an RTP packet is read, and what is sent on as it came.

use super::sections::{Incoming, Outgoing};
use crate::protocol::TrackOf;
use salon_sfu::{Packet, Rewritten, parse_vp8};
use std::{sync::Arc, time::Instant};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, VideoOrientation, Vp8Descriptor, Vp8Patch};

/// What is sent on of a packet as it came.
#[derive(Clone, Debug)]
pub(super) struct Content {
    payload: Arc<[u8]>,
    /// The audio level, and whether it is that of a voice (RFC 6464).
    audio_level: Option<i8>,
    voice_activity: Option<bool>,
    /// How a phone holds its camera (3GPP TS 26.114, section 7.4.5).
    orientation: Option<VideoOrientation>,
}

/// Reads a packet of an encoding. Nothing if it is not in the form that was agreed on.
pub(super) fn read(rtp: &RtpPacket, incoming: &Incoming) -> Option<(Packet, Content)> {
    let is_audio = incoming.source.track.is_audio();
    let extensions = &rtp.header.ext_vals;
    let packet = Packet {
        source: incoming.source,
        spatial: incoming.spatial,
        sequence: *rtp.seq_no,
        timestamp: rtp.header.timestamp,
        marker: rtp.header.marker,
        bytes: u16::try_from(rtp.payload.len()).ok()?,
        frame: if is_audio { None } else { Some(parse_vp8(&rtp.payload)?) },
    };
    let content = Content {
        payload: rtp.payload.clone(),
        audio_level: extensions.audio_level,
        voice_activity: extensions.voice_activity,
        orientation: extensions.video_orientation,
    };
    Some((packet, content))
}

impl Content {
    /// Size of the payload in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.payload.len()
    }

    /// The audio level, from 0 for the loudest to 127 for silence.
    pub(super) fn level(&self) -> Option<u8> {
        self.audio_level.map(i8::unsigned_abs)
    }

    /// The packet in a slot. Each says whose it is, so that a message about it can be late.
    pub(super) fn write(
        &self,
        outgoing: &Outgoing,
        of: TrackOf,
        rewritten: &Rewritten,
        now: Instant,
    ) -> RtpWrite {
        let extensions = ExtensionValues {
            audio_level: self.audio_level,
            voice_activity: self.voice_activity,
            video_orientation: self.orientation,
            ..ExtensionValues::default()
        };
        let write = RtpWrite::new(
            outgoing.payload_type,
            rewritten.sequence.into(),
            rewritten.timestamp,
            now,
            self.payload.clone(),
        );
        let write = write
            .csrc(&of.contributing_sources())
            .ext_vals(extensions)
            .marker(rewritten.marker)
            .nackable(!of.source.is_audio());
        match patch(rewritten, &self.payload) {
            Some(patch) => write.vp8_patch(patch),
            None => write,
        }
    }
}

/// The bytes to replace in the payload descriptor (RFC 7741, section 4.2).
fn patch(rewritten: &Rewritten, payload: &[u8]) -> Option<Vp8Patch> {
    let (picture_id, tl0) = (rewritten.picture_id, rewritten.tl0_picture);
    if picture_id.is_none() && tl0.is_none() {
        return None;
    }
    let mut patch = Vp8Descriptor::parse(payload).ok()?.patch();
    if let Some(id) = picture_id {
        patch = patch.picture_id(id);
    }
    if let Some(tl0) = tl0 {
        patch = patch.tl0_pic_idx(tl0);
    }
    patch.build().ok()
}
