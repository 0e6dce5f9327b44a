//! A participant, with str0m: publishes as Chromium does, and counts what comes.

use anyhow::{Context, Result};
use salon_core::protocol::{PeerId, TrackSource};
use std::{
    net::{SocketAddr, UdpSocket},
    time::{Duration, Instant},
};
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    change::{SdpAnswer, SdpPendingOffer},
    media::{Direction, MediaKind, Mid, Simulcast, SimulcastLayer},
    net::{Protocol, Receive},
    rtp::{ExtensionValues, RtpWrite},
};

/// The encodings of a camera: their names, and the packets of a frame.
const ENCODINGS: [(&str, u64); 3] = [("q", 1), ("h", 2), ("f", 6)];
const AUDIO_EVERY: Duration = Duration::from_millis(20);
const FRAME_EVERY: Duration = Duration::from_millis(40);

pub struct Client {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    pub seat: PeerId,
    pub is_up: bool,
    pub received: u64,
    publishes: bool,
    microphone: Mid,
    camera: Mid,
    next_audio: (u64, Instant),
    next_frame: (u64, Instant),
    keyframes: [bool; ENCODINGS.len()],
    due: Instant,
}

/// An offer, and what it says of its sections.
pub struct Offered {
    pub description: String,
    pub tracks: Vec<(String, TrackSource, u8)>,
    pub pending: SdpPendingOffer,
}

impl Client {
    /// Offers a microphone and a camera, 4 slots for audio and 9 for video.
    pub fn new(number: u64, publishes: bool, now: Instant) -> Result<(Self, Offered)> {
        let socket = UdpSocket::bind(format!("127.0.{}.{}:0", 1 + number / 250, 1 + number % 250))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let mut rtc = Rtc::builder()
            .clear_codecs()
            .enable_vp8(true)
            .enable_opus(true, false)
            .set_rtp_mode(true)
            .build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp")?);
        let mut api = rtc.sdp_api();
        let microphone = api.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let send = ENCODINGS.map(|(name, _)| SimulcastLayer::new(name.into())).to_vec();
        let simulcast = Simulcast { send, recv: Vec::new() };
        let camera =
            api.add_media(MediaKind::Video, Direction::SendOnly, None, None, Some(simulcast));
        api.add_channel("salon".to_owned());
        for (kind, slots) in [(MediaKind::Audio, 4), (MediaKind::Video, 9)] {
            for _ in 0..slots {
                api.add_media(kind, Direction::RecvOnly, None, None, None);
            }
        }
        let (offer, pending) = api.apply().context("nothing to offer")?;
        let tracks = vec![
            (microphone.to_string(), TrackSource::Microphone, 1),
            (camera.to_string(), TrackSource::Camera, 3),
        ];
        let client = Self {
            rtc,
            socket,
            address,
            seat: PeerId(number),
            is_up: false,
            received: 0,
            publishes,
            microphone,
            camera,
            next_audio: (0, now),
            next_frame: (0, now),
            keyframes: [false; ENCODINGS.len()],
            due: now,
        };
        Ok((client, Offered { description: offer.to_sdp_string(), tracks, pending }))
    }

    pub fn accept(&mut self, answer: &str, pending: SdpPendingOffer) -> Result<()> {
        Ok(self.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(answer)?)?)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends and receives what is due.
    pub fn turn(&mut self, now: Instant, buffer: &mut [u8]) -> Result<()> {
        while let Ok((length, from)) = self.socket.recv_from(buffer) {
            if let Ok(receive) = Receive::new(Protocol::Udp, from, self.address, &buffer[..length])
            {
                self.rtc.handle_input(Input::Receive(now, receive))?;
            }
            self.drain()?;
        }
        let publishes = self.publishes && self.is_up;
        if publishes && self.next_audio.1 <= now {
            self.speak(now)?;
        }
        if publishes && self.next_frame.1 <= now {
            self.film(now)?;
        }
        if self.due <= now {
            self.rtc.handle_input(Input::Timeout(now))?;
            self.drain()?;
        }
        Ok(())
    }

    fn speak(&mut self, now: Instant) -> Result<()> {
        let number = advance(&mut self.next_audio, AUDIO_EVERY, now);
        let payload_type = self.rtc.media(self.microphone).context("no audio")?.remote_pts()[0];
        let level = ExtensionValues {
            audio_level: Some(-30),
            voice_activity: Some(true),
            ..Default::default()
        };
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx_by_mid(self.microphone, None).context("no audio")?;
        let packet =
            RtpWrite::new(payload_type, number.into(), number as u32 * 960, now, vec![1; 80]);
        stream.write_rtp(packet.ext_vals(level));
        self.due = now;
        Ok(())
    }

    fn film(&mut self, now: Instant) -> Result<()> {
        let frame = advance(&mut self.next_frame, FRAME_EVERY, now);
        let payload_type = self.rtc.media(self.camera).context("no video")?.remote_pts()[0];
        for (encoding, (name, packets)) in ENCODINGS.into_iter().enumerate() {
            let is_keyframe = std::mem::take(&mut self.keyframes[encoding]);
            for packet in 0..packets {
                let mut api = self.rtc.direct_api();
                let stream =
                    api.stream_tx_by_mid(self.camera, Some(name.into())).context("no video")?;
                let sequence = frame * packets + packet + 1;
                let payload = payload(frame, encoding, packet == 0, is_keyframe);
                let write =
                    RtpWrite::new(payload_type, sequence.into(), frame as u32 * 3600, now, payload);
                stream.write_rtp(write.marker(packet + 1 == packets).nackable(true));
            }
        }
        self.due = now;
        Ok(())
    }

    fn drain(&mut self) -> Result<()> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(due) => {
                    self.due = due;
                    return Ok(());
                }
                Output::Transmit(transmit) => {
                    // A full buffer loses a packet, as networks do.
                    let _ = self.socket.send_to(&transmit.contents, transmit.destination);
                }
                Output::Event(Event::Connected) => self.is_up = true,
                Output::Event(Event::RtpPacket(_)) => self.received += 1,
                Output::Event(Event::KeyframeRequest(request)) => {
                    let is_meant =
                        |(name, _): &(&str, u64)| request.rid.is_some_and(|rid| *rid == **name);
                    if let Some(encoding) = ENCODINGS.iter().position(is_meant) {
                        self.keyframes[encoding] = true;
                    }
                }
                Output::Event(_) => {}
            }
        }
    }
}

/// The number of what is due, and sets when the next one is.
fn advance((number, at): &mut (u64, Instant), every: Duration, now: Instant) -> u64 {
    (*number, *at) = (*number + 1, now.max(*at + every));
    *number
}

/// A packet of VP8 of 1,000 bytes (RFC 7741).
fn payload(frame: u64, encoding: usize, is_first: bool, is_keyframe: bool) -> Vec<u8> {
    let start = if is_first { 0x10 } else { 0 };
    let [high, low] = (frame as u16).to_be_bytes();
    let descriptor = [0x80 | start, 0xe0, 0x80 | high, low, low, 0x20];
    let tag = [u8::from(!is_keyframe), 0, 0, 0x9d, 0x01, 0x2a, 64, 1 << encoding, 180, 0];
    let mut payload = [&descriptor[..], &tag].concat();
    payload.resize(1000, 7);
    payload
}
