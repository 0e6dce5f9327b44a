//! The connection of one participant to the forwarding server: the only place that knows str0m.

use salon_core::protocol::{PeerId, TrackSource};
use salon_sfu::{Packet, Rewritten, Slot, Source, Spatial, parse_vp8};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    bwe::{Bitrate, BweKind},
    change::SdpOffer,
    media::{Direction, KeyframeRequestKind, MediaAdded, MediaKind, Mid, Pt, Rid},
    net::{Protocol, Receive},
    rtp::{RtpPacket, RtpWrite, Ssrc, Vp8Descriptor},
};
use thiserror::Error;

/// The names of the encodings of a camera, from the smallest on.
const RIDS: [&str; 3] = ["q", "h", "f"];
/// Packets of a slot that are kept to be sent again, and for how long.
const VIDEO_CACHE: usize = 512;
const CACHED_FOR: Duration = Duration::from_secs(1);
/// The bandwidth that is assumed at first.
const FIRST_BANDWIDTH: Bitrate = Bitrate::kbps(1000);

/// Why an offer is refused.
#[derive(Debug, Error)]
pub(crate) enum LegError {
    /// It is no session description, or not one that can be answered.
    #[error("the offer cannot be answered: {0}")]
    Offer(String),
    /// An address of this server is no candidate.
    #[error("an address of this server is no candidate: {0}")]
    Address(String),
}

/// An encoding that comes in.
#[derive(Clone, Copy, Debug)]
struct Incoming {
    source: Source,
    spatial: Spatial,
    mid: Mid,
    rid: Option<Rid>,
}

/// The stream of a slot.
#[derive(Clone, Copy, Debug)]
struct Outgoing {
    ssrc: Ssrc,
    payload_type: Pt,
}

/// What a connection does.
#[derive(Debug)]
pub(crate) enum LegOutput {
    /// Send this to the participant.
    Transmit { to: SocketAddr, bytes: Vec<u8> },
    /// It is connected.
    Up,
    /// It has failed, or was closed.
    Gone,
    /// A packet has come.
    Packet { packet: Packet, level: Option<u8>, payload: Arc<[u8]> },
    /// The participant cannot show a slot for video.
    KeyframeNeeded(usize),
    /// An estimate of the bandwidth to the participant, in bits per second.
    Bandwidth(u64),
    /// Nothing more; call [`Leg::tick`] at this time.
    Idle(Instant),
}

/// A connection.
pub(crate) struct Leg {
    rtc: Rtc,
    seat: PeerId,
    /// What the participant says that it sends, by section.
    tracks: HashMap<Mid, TrackSource>,
    incoming: HashMap<Ssrc, Incoming>,
    video: Vec<Mid>,
    audio: Vec<Mid>,
    outgoing: HashMap<Slot, Outgoing>,
    /// It is connected, and its sections are not known yet.
    is_new: bool,
}

impl Leg {
    /// Answers an offer, as an ICE-lite server at these addresses. `tracks` says what comes in each section.
    pub(crate) fn answer(
        seat: PeerId,
        offer: &str,
        tracks: impl IntoIterator<Item = (String, TrackSource)>,
        addresses: &[SocketAddr],
        now: Instant,
    ) -> Result<(Self, String), LegError> {
        let mut rtc = Rtc::builder()
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_stats_interval(None)
            .enable_bwe(Some(FIRST_BANDWIDTH))
            .build(now);
        for address in addresses {
            let candidate = Candidate::host(*address, "udp");
            let candidate = candidate.map_err(|error| LegError::Address(error.to_string()))?;
            rtc.add_local_candidate(candidate);
        }
        let refused = |error: &dyn ToString| LegError::Offer(error.to_string());
        let offer = SdpOffer::from_sdp_string(offer).map_err(|error| refused(&error))?;
        let answer = rtc.sdp_api().accept_offer(offer).map_err(|error| refused(&error))?;
        let tracks =
            tracks.into_iter().map(|(mid, track)| (Mid::from(mid.as_str()), track)).collect();
        let leg = Self {
            rtc,
            seat,
            tracks,
            incoming: HashMap::new(),
            video: Vec::new(),
            audio: Vec::new(),
            outgoing: HashMap::new(),
            is_new: false,
        };
        Ok((leg, answer.to_sdp_string()))
    }

    /// Handles a datagram of the participant.
    pub(crate) fn receive(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8], now: Instant) {
        // What is no packet of WebRTC is dropped.
        let Ok(receive) = Receive::new(Protocol::Udp, from, to, bytes) else { return };
        self.input(Input::Receive(now, receive));
    }

    /// Lets time pass: what was forwarded leaves.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.input(Input::Timeout(now));
    }

    fn input(&mut self, input: Input<'_>) {
        if self.rtc.handle_input(input).is_err() {
            self.rtc.disconnect();
        }
    }

    /// What to do next.
    pub(crate) fn poll(&mut self) -> LegOutput {
        loop {
            let output = match self.rtc.poll_output() {
                Ok(Output::Timeout(_)) | Err(_) if !self.rtc.is_alive() => return LegOutput::Gone,
                // What str0m tells of the sections comes after the connection.
                Ok(Output::Timeout(_)) if std::mem::take(&mut self.is_new) => Some(LegOutput::Up),
                Ok(Output::Timeout(at)) => return LegOutput::Idle(at),
                Ok(Output::Transmit(transmit)) => Some(LegOutput::Transmit {
                    to: transmit.destination,
                    bytes: transmit.contents.into(),
                }),
                Ok(Output::Event(event)) => self.event(event),
                Err(_) => {
                    self.rtc.disconnect();
                    None
                }
            };
            if let Some(output) = output {
                return output;
            }
        }
    }

    fn event(&mut self, event: Event) -> Option<LegOutput> {
        match event {
            Event::Connected => {
                self.is_new = true;
                None
            }
            Event::Closed => Some(LegOutput::Gone),
            Event::MediaAdded(added) => {
                self.add(&added);
                None
            }
            Event::RtpPacket(packet) => self.packet(&packet),
            Event::KeyframeRequest(request) => {
                let slot = self.video.iter().position(|mid| *mid == request.mid)?;
                Some(LegOutput::KeyframeNeeded(slot))
            }
            Event::EgressBitrateEstimate(
                BweKind::Twcc { estimate, .. } | BweKind::Remb { estimate, .. },
            ) => Some(LegOutput::Bandwidth(estimate.as_u64())),
            _ => None,
        }
    }

    /// A section of the participant's description: what they receive is a slot.
    fn add(&mut self, added: &MediaAdded) {
        if added.direction != Direction::SendOnly {
            return;
        }
        let slots = match added.kind {
            MediaKind::Video => &mut self.video,
            MediaKind::Audio => &mut self.audio,
        };
        slots.push(added.mid);
        let number = slots.len() - 1;
        let payload_type =
            self.rtc.media(added.mid).and_then(|media| media.remote_pts().first().copied());
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx_by_mid(added.mid, None);
        let (Some(payload_type), Some(stream)) = (payload_type, stream) else { return };
        let (slot, cached) = match added.kind {
            MediaKind::Video => (Slot::Video(number), VIDEO_CACHE),
            MediaKind::Audio => (Slot::Audio(number), 0),
        };
        stream.set_rtx_cache(cached, CACHED_FOR, None);
        self.outgoing.insert(slot, Outgoing { ssrc: stream.ssrc(), payload_type });
    }

    /// The number of slots for video and for audio.
    pub(crate) fn slots(&self) -> (usize, usize) {
        (self.video.len(), self.audio.len())
    }

    fn packet(&mut self, rtp: &RtpPacket) -> Option<LegOutput> {
        let incoming = match self.incoming.get(&rtp.header.ssrc) {
            Some(incoming) => *incoming,
            None => self.identify(rtp.header.ssrc)?,
        };
        let is_audio = incoming.source.track.is_audio();
        let frame = if is_audio { None } else { Some(parse_vp8(&rtp.payload)?) };
        let level = rtp.header.ext_vals.audio_level.map(i8::unsigned_abs);
        let packet = Packet {
            source: incoming.source,
            spatial: incoming.spatial,
            sequence: *rtp.seq_no,
            timestamp: rtp.header.timestamp,
            marker: rtp.header.marker,
            bytes: u16::try_from(rtp.payload.len()).ok()?,
            frame,
        };
        Some(LegOutput::Packet { packet, level, payload: rtp.payload.clone() })
    }

    /// Which track and encoding an SSRC is, by its section and its name in it.
    fn identify(&mut self, ssrc: Ssrc) -> Option<Incoming> {
        let mut api = self.rtc.direct_api();
        let stream = api.stream_rx(&ssrc)?;
        let (mid, rid) = (stream.mid(), stream.rid());
        let track = *self.tracks.get(&mid)?;
        let spatial = match rid {
            Some(rid) => RIDS.iter().position(|name| *rid == **name)?,
            None => 0,
        };
        let source = Source { seat: self.seat, track };
        let incoming = Incoming { source, spatial: u8::try_from(spatial).ok()?, mid, rid };
        self.incoming.insert(ssrc, incoming);
        Some(incoming)
    }

    /// Forwards a packet in a slot. It leaves at the next [`Self::tick`].
    pub(crate) fn forward(
        &mut self,
        slot: Slot,
        source: Source,
        rewritten: Rewritten,
        payload: &Arc<[u8]>,
        now: Instant,
    ) {
        let Some(outgoing) = self.outgoing.get(&slot).copied() else { return };
        let mut write = RtpWrite::new(
            outgoing.payload_type,
            rewritten.sequence.into(),
            rewritten.timestamp,
            now,
            payload.clone(),
        )
        .csrc(&owner(source))
        .marker(rewritten.marker)
        .nackable(matches!(slot, Slot::Video(_)));
        if let Some(patch) = patch(&rewritten, payload) {
            write = write.vp8_patch(patch);
        }
        let mut api = self.rtc.direct_api();
        if let Some(stream) = api.stream_tx(&outgoing.ssrc) {
            stream.write_rtp(write);
        }
    }

    /// Asks the participant for a keyframe of an encoding.
    pub(crate) fn ask_for_keyframe(&mut self, track: TrackSource, spatial: Spatial) {
        let of =
            |incoming: &&Incoming| (incoming.source.track, incoming.spatial) == (track, spatial);
        let Some(incoming) = self.incoming.values().find(of).copied() else { return };
        let mut api = self.rtc.direct_api();
        if let Some(stream) = api.stream_rx_by_mid(incoming.mid, incoming.rid) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }

    /// Ends it.
    pub(crate) fn close(&mut self) {
        self.rtc.disconnect();
    }
}

/// The bytes to replace in the payload descriptor.
fn patch(rewritten: &Rewritten, payload: &[u8]) -> Option<str0m::rtp::Vp8Patch> {
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

/// Says in each packet whose it is, so that a message about it can be late: the lower half of the seat, which is
/// random, and the kind of the track (RFC 3550, section 5.1).
fn owner(source: Source) -> [u32; 2] {
    let track =
        TrackSource::ALL.iter().position(|track| *track == source.track).unwrap_or_default();
    [(source.seat.0 & u64::from(u32::MAX)) as u32, track as u32]
}
