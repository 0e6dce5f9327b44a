//! A participant, with str0m: publishes as a browser does, and notes what comes.

use crate::protocol::{
    ControlMessage, Envelope, Mid as TrackMid, PeerId, SdpType, SessionDescription, TrackInfo,
    TrackOf, TrackSource,
};
use std::{
    collections::HashMap,
    fmt,
    net::SocketAddr,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    change::{SdpAnswer, SdpPendingOffer},
    channel::{ChannelConfig, ChannelId},
    media::{Direction, MediaKind, Mid, Rid, Simulcast, SimulcastLayer},
    net::{Protocol, Receive},
    rtp::{Extension, ExtensionValues, RtpPacket, RtpWrite},
};
use tokio::net::UdpSocket;

const ENCODINGS: [&str; 3] = ["q", "h", "f"];
const AUDIO_EVERY: Duration = Duration::from_millis(20);
const FRAME_EVERY: Duration = Duration::from_millis(40);
const LOUD: i8 = -20;
const SILENT: i8 = -90;

/// How a participant connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As Salon's own pages do: a section for each track and slot, with a data channel.
    Page,
    /// As a simple program does: audio and video in both directions.
    Program,
}

/// A video that is sent: its section, and whether a keyframe of each encoding was asked for.
struct Video {
    mid: Mid,
    encodings: Vec<(Option<Rid>, bool)>,
}

pub(super) struct Client {
    pub(super) seat: PeerId,
    /// Whether there is a connection, and the data channel is open if there is one.
    pub(super) is_up: bool,
    pub(super) is_closed: bool,
    pub(super) is_loud: bool,
    /// Number of datagrams so far, without those of STUN, which answers strangers as well.
    pub(super) datagrams: usize,
    pub(super) messages: Vec<(PeerId, String)>,
    pub(super) told: Vec<ControlMessage>,
    /// Number of packets by contributing sources.
    heard: HashMap<[u32; 2], usize>,
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    microphone: Mid,
    videos: Vec<Video>,
    channel: Option<ChannelId>,
    next: [(u64, Instant); 2],
    due: Instant,
}

/// An offer that waits for its answer.
pub(super) struct Offered {
    pub(super) description: SessionDescription,
    pub(super) pending: SdpPendingOffer,
}

impl Client {
    pub(super) async fn new(seat: u64, shape: Shape) -> (Self, Offered) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (address, now) = (socket.local_addr().unwrap(), Instant::now());
        let is_page = shape == Shape::Page;
        let mut config = Rtc::builder()
            .clear_codecs()
            .enable_vp8(true)
            .enable_opus(true, false)
            .set_rtp_mode(true);
        if is_page {
            // Without feedback on the transport, the bandwidth is not estimated, which a busy machine would distort.
            let extensions = [
                (1, Extension::AudioLevel),
                (4, Extension::RtpMid),
                (10, Extension::RtpStreamId),
                (11, Extension::RepairedRtpStreamId),
            ];
            config = config.clear_extension_map();
            for (number, extension) in extensions {
                config = config.set_extension(number, extension);
            }
        }
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let direction = if is_page { Direction::SendOnly } else { Direction::SendRecv };
        let mut api = rtc.sdp_api();
        let microphone = api.add_media(MediaKind::Audio, direction, None, None, None);
        let send = ENCODINGS.map(SimulcastLayer::new).to_vec();
        let simulcast = is_page.then_some(Simulcast { send, recv: Vec::new() });
        let camera = api.add_media(MediaKind::Video, direction, None, None, simulcast);
        let negotiated = ChannelConfig { negotiated: Some(0), ..ChannelConfig::default() };
        let channel = is_page.then(|| api.add_channel_with_config(negotiated));
        let slots = if is_page { [4, 9] } else { [0, 0] };
        for (kind, count) in [MediaKind::Audio, MediaKind::Video].into_iter().zip(slots) {
            for _ in 0..count {
                api.add_media(kind, Direction::RecvOnly, None, None, None);
            }
        }
        let (offer, pending) = api.apply().unwrap();
        let named = [(microphone, TrackSource::Microphone), (camera, TrackSource::Camera)];
        let description = describe(&offer.to_sdp_string(), if is_page { &named } else { &[] });
        let rids = ENCODINGS.map(|name| (Some(Rid::from(name)), false)).to_vec();
        let encodings = if is_page { rids } else { vec![(None, false)] };
        let client = Self {
            seat: PeerId(seat),
            is_up: false,
            is_closed: false,
            is_loud: false,
            datagrams: 0,
            messages: Vec::new(),
            told: Vec::new(),
            heard: HashMap::new(),
            rtc,
            socket,
            address,
            microphone,
            videos: vec![Video { mid: camera, encodings }],
            channel,
            next: [(0, now); 2],
            due: now,
        };
        (client, Offered { description, pending })
    }

    /// Offers to send a screen as well.
    pub(super) fn share_screen(&mut self) -> Offered {
        let mut api = self.rtc.sdp_api();
        let mid = api.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
        let (offer, pending) = api.apply().unwrap();
        let camera = (self.videos[0].mid, TrackSource::Camera);
        let named =
            [(self.microphone, TrackSource::Microphone), camera, (mid, TrackSource::Screen)];
        self.videos.push(Video { mid, encodings: vec![(None, false)] });
        Offered { description: describe(&offer.to_sdp_string(), &named), pending }
    }

    pub(super) fn accept(&mut self, answer: &SessionDescription, pending: SdpPendingOffer) {
        assert_eq!(answer.kind, SdpType::Answer);
        let answer = SdpAnswer::from_sdp_string(&answer.sdp).unwrap();
        self.rtc.sdp_api().accept_answer(pending, answer).unwrap();
        self.due = Instant::now();
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends bytes that are no packet of the connection.
    pub(super) fn send_raw(&self, bytes: &[u8], to: SocketAddr) {
        self.socket.try_send_to(bytes, to).unwrap();
    }

    /// Sends a message to a participant, to everyone or to the server.
    pub(super) fn say(&mut self, peer: PeerId, text: &str) {
        let mut channel = self.rtc.channel(self.channel.unwrap()).unwrap();
        assert!(channel.write(true, &Envelope { peer, text }.to_bytes()).unwrap());
        self.due = Instant::now();
    }

    /// Number of packets of a track since [`Self::forget`].
    pub(super) fn heard(&self, of: u64, source: TrackSource) -> usize {
        let of = TrackOf { of: PeerId(of), source };
        self.heard.get(&of.contributing_sources()).copied().unwrap_or_default()
    }

    pub(super) fn heard_anything(&self) -> bool {
        !self.heard.is_empty()
    }

    pub(super) fn forget(&mut self) {
        self.heard.clear();
    }

    /// Whether a track is in a slot, by the last message about them.
    pub(super) fn has_slot(&self, of: u64, source: TrackSource) -> bool {
        let wanted = Some(TrackOf { of: PeerId(of), source });
        let slots = self.told.iter().rev().find_map(|message| match message {
            ControlMessage::Slots { video, audio } => Some([&video[..], &audio[..]].concat()),
            _ => None,
        });
        slots.is_some_and(|slots| slots.contains(&wanted))
    }

    /// When to call [`Self::turn`] at the latest.
    pub(super) fn due(&self) -> Instant {
        let [audio, video] = self.next.map(|(_, at)| at);
        if self.is_up { self.due.min(audio).min(video) } else { self.due }
    }

    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.socket.poll_recv_ready(cx).map(drop)
    }

    /// Sends and receives what is due.
    pub(super) fn turn(&mut self, now: Instant) {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = self.socket.try_recv_from(&mut buffer) {
            self.datagrams += usize::from(buffer[0] > 3);
            let receive =
                Receive::new(Protocol::Udp, from, self.address, &buffer[..length]).unwrap();
            self.rtc.handle_input(Input::Receive(now, receive)).unwrap();
            self.drain();
        }
        if self.is_up && !self.is_closed {
            self.publish(now);
        }
        if self.due <= now {
            self.rtc.handle_input(Input::Timeout(now)).unwrap();
            self.drain();
        }
    }

    fn publish(&mut self, now: Instant) {
        if self.next[0].1 <= now {
            let number = advance(&mut self.next[0], AUDIO_EVERY, now);
            let extensions = ExtensionValues {
                audio_level: Some(if self.is_loud { LOUD } else { SILENT }),
                voice_activity: Some(self.is_loud),
                ..Default::default()
            };
            let payload = vec![1; 80];
            self.write(self.microphone, None, number, number as u32 * 960, (payload, extensions));
        }
        if self.next[1].1 <= now {
            let number = advance(&mut self.next[1], FRAME_EVERY, now);
            let mut frames = Vec::new();
            for video in &mut self.videos {
                for (encoding, (rid, is_asked)) in video.encodings.iter_mut().enumerate() {
                    let payload = frame(number, encoding, std::mem::take(is_asked));
                    frames.push((video.mid, *rid, payload));
                }
            }
            for (mid, rid, payload) in frames {
                let content = (payload, ExtensionValues::default());
                self.write(mid, rid, number, number as u32 * 3600, content);
            }
        }
        self.due = now;
    }

    fn write(
        &mut self,
        mid: Mid,
        rid: Option<Rid>,
        number: u64,
        timestamp: u32,
        (payload, extensions): (Vec<u8>, ExtensionValues),
    ) {
        let payload_type = self.rtc.media(mid).unwrap().remote_pts()[0];
        let now = Instant::now();
        let packet = RtpWrite::new(payload_type, number.into(), timestamp, now, payload);
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx_by_mid(mid, rid).unwrap();
        stream.write_rtp(packet.marker(true).ext_vals(extensions));
    }

    fn drain(&mut self) {
        loop {
            // An error is that of a connection which the other side has closed.
            let Ok(output) = self.rtc.poll_output() else {
                self.is_closed = true;
                return self.rtc.disconnect();
            };
            match output {
                Output::Timeout(due) => {
                    self.due = due;
                    return;
                }
                Output::Transmit(transmit) => {
                    // A full buffer loses a packet, as networks do.
                    let _ = self.socket.try_send_to(&transmit.contents, transmit.destination);
                }
                Output::Event(event) => self.event(event),
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Connected => self.is_up = self.channel.is_none(),
            Event::ChannelOpen(..) => self.is_up = true,
            Event::Closed => self.is_closed = true,
            Event::ChannelData(message) => self.message(&message.data),
            Event::RtpPacket(packet) => self.packet(&packet),
            Event::KeyframeRequest(request) => {
                let video = self.videos.iter_mut().find(|video| video.mid == request.mid);
                let encodings = video.into_iter().flat_map(|video| &mut video.encodings);
                for (rid, is_asked) in encodings {
                    *is_asked |= *rid == request.rid;
                }
            }
            _ => {}
        }
    }

    fn message(&mut self, message: &[u8]) {
        let Envelope { peer, text } = Envelope::parse(message).unwrap();
        match peer {
            PeerId::SERVER => self.told.push(ControlMessage::parse(text).unwrap()),
            _ => self.messages.push((peer, text.to_owned())),
        }
    }

    fn packet(&mut self, packet: &RtpPacket) {
        assert_eq!(packet.header.csrc_count, 2, "each packet says whose it is");
        let [of, source, ..] = packet.header.csrc;
        *self.heard.entry([of, source]).or_default() += 1;
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("seat", &self.seat)
            .field("is_up", &self.is_up)
            .field("is_closed", &self.is_closed)
            .field("heard", &self.heard)
            .field("messages", &self.messages)
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}

fn describe(sdp: &str, named: &[(Mid, TrackSource)]) -> SessionDescription {
    let track = |(mid, source): &(Mid, TrackSource)| TrackInfo {
        mid: TrackMid::try_from(mid.to_string()).unwrap(),
        source: *source,
    };
    let tracks = named.iter().map(track).collect();
    SessionDescription { tracks, ..SessionDescription::new(SdpType::Offer, sdp) }
}

/// The number of what is due, and sets when the next one is.
fn advance((number, at): &mut (u64, Instant), every: Duration, now: Instant) -> u64 {
    (*number, *at) = (*number + 1, now.max(*at + every));
    *number
}

/// A frame of VP8 in one packet (RFC 7741).
fn frame(number: u64, encoding: usize, is_keyframe: bool) -> Vec<u8> {
    let [high, low] = (number as u16).to_be_bytes();
    let descriptor = [0x90, 0xe0, 0x80 | high, low, low, 0x20];
    let tag = [u8::from(!is_keyframe), 0, 0, 0x9d, 0x01, 0x2a, 64, 1 << encoding, 180, 0];
    [&descriptor[..], &tag, &[7; 100]].concat()
}
